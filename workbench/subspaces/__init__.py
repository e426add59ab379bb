"""Dimensions, heads, models and their versions."""
