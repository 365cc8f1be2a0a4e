"""Networks and images from other people's files."""
