"""Jobs of any protocol: what they are called, choosing and ending one, what was done from here."""
