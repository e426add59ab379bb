"""Twelve short tones, in SQLite or PostgreSQL."""

from __future__ import annotations

from tone_workspace import make_ws, ws  # noqa: F401
