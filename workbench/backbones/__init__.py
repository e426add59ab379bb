"""Networks that map input representations into the vector space."""
