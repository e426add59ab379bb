"""Triplets, losses, the initial fit and the fine-tuning of heads."""
