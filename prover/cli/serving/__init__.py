"""The commands of serving rounds."""
