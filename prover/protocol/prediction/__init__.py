"""The rules of predictions: states, events."""
