"""What the clients of all four protocols share."""
