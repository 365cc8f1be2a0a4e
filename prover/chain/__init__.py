"""The chain as the rest of the package sees it: typed views, events, errors and transactions."""
