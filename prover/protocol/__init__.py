"""The contracts' rules as pure functions: apply(state, event) -> state."""
