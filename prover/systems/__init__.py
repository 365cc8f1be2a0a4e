"""Proof systems: set-up, witness, proof and verification behind one protocol."""
