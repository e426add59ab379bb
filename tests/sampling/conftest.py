"""Twelve short tones to judge, and songs that have vectors and a model."""

from songs_workspace import songs_ws  # noqa: F401
from tone_workspace import answer, make_ws, ws  # noqa: F401
