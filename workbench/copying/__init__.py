"""Workspaces copied whole, between SQLite and PostgreSQL either way."""
