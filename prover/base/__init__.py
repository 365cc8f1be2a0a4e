"""What every room uses and knows none: errors, files, settings, text."""
