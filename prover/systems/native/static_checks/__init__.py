"""Checks of a native circuit that trust nothing of what made it."""
