"""The files whose hashes are on the chain."""
