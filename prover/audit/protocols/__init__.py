"""What the auditor checks in each protocol."""
