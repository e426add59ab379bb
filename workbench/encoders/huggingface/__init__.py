"""Encoders from Hugging Face: CLAP, MERT, MuQ, and whatever transformers loads for audio."""
