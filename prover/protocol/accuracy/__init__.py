"""The rules of accuracy bounties: states, events."""
