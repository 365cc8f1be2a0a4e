"""The commands of predictions."""
