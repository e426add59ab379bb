"""Samplers: which triplets are worth asking about."""
