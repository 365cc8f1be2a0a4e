"""Plans an ezkl circuit: scales, size, cost, exactness."""
