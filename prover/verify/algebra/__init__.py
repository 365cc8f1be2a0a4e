"""The field, the curve and its groups, the domain."""
