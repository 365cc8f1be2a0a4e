"""The native circuit: where each value lies, and what each row computes."""
