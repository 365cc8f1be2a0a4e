"""The most that a statement's documents hold, as the contracts of every chain take it."""

MAX_ITEMS = 65_536  # of a round, a test set or a dataset: leaves of a tree
MAX_ELEMENTS = 1_024  # that a circuit hashes into a digest of a sealed item, salt included
MAX_CHUNKS = 64  # digests of a sealed item
