"""The commands of accuracy bounties."""
