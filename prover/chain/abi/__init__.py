"""The interfaces of the contracts, and their reverts in words."""
