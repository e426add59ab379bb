"""Scores as items: note events of every file format, and their rendering to sound."""
