"""zkescrow: pay for a machine-learning answer only when a proof says it is right."""
