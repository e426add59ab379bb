"""Triplet scores, intervals, leakage."""
