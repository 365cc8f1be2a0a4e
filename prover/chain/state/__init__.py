"""The state of all jobs from kept events."""
