"""The rules of serving rounds: states, events, gas, default amounts."""
