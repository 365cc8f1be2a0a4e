"""The auditor: trusts nobody, and recomputes what chain and providers say."""
