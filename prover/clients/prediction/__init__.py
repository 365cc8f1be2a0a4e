"""Predictions: both sides, and what is said of them."""
