"""The rules of predictions: states, events, gas, default amounts."""
