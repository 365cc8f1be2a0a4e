"""Calls and transactions of each contract."""
