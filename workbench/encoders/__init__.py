"""Encoders: from an item to a vector, and the registry that names them."""
