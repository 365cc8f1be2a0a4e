"""Solidity: compiling the project's contracts, and making verifiers that are safe to call."""
