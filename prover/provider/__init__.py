"""The provider: finds jobs it can serve at a profit, and never leaves one it has locked."""
