"""How a provider comes by a job's files: fetched, handed over, or put into an inbox."""
