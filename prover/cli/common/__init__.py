"""What the commands of all protocols share."""
