"""Judgements in and out: files for spreadsheets, other workspaces and other programs."""
