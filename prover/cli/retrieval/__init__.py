"""The commands of retrieval bounties."""
