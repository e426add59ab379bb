"""Stored vectors and the queries over them."""
