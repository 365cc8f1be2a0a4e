"""The rules of accuracy bounties: states, events, gas, default amounts."""
