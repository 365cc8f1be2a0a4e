"""Talks to nodes: calls, retries, answers checked; Anvil for local chains."""
