"""Maps: the subspaces of a model laid out in two dimensions, stored, and kept in place."""
