"""The rules of retrieval bounties: states, events, predicates, gas, default amounts."""
