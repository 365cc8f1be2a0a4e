"""Reads, checks and keeps the events of the contracts."""
