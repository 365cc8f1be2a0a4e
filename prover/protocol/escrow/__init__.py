"""The money that the contracts hold: states, events."""
