"""Scripts that measure; results are committed as JSON with the machine named."""
