"""A training corpus from scores: many renditions of each, with a truth that needs no ears."""
