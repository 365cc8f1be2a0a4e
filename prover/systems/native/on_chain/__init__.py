"""Native circuits as the clients of the contracts use them."""
