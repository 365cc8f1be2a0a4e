"""The command line: `zkescrow`. Commands are imported when they are called, not before."""

from prover.cli.app import main

__all__ = ["main"]
