"""A demo workspace of real music, made with pip alone."""
