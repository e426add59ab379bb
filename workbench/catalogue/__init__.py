"""Items, tags and media files: what the workspace knows about the music."""
