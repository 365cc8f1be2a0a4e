"""What a proof says: its public instances, the job it is bound to, and the data it commits to."""
