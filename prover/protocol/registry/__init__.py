"""The models that contracts know: states, events."""
