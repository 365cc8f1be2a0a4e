"""Jobs of any protocol: what they are called, finding and ending one, what was done from here."""
