"""Decode, segment and describe sound files."""
