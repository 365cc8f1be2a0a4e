"""The integers of an ezkl circuit: scales, ranges, tensors."""
