"""The interfaces of the contracts, and their reverts as text."""
