"""The asking side: what consumers and requesters do, each protocol in modules of its own."""
