"""Sends transactions: once, with a fee that holds, remembered."""
