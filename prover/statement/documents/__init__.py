"""The files whose hashes stand on the chain."""
