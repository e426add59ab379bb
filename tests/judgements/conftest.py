"""Twelve short tones to judge."""

from tone_workspace import answer, make_ws, ws  # noqa: F401
