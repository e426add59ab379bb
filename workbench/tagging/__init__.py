"""Machine tags: what taggers say of sounds, kept apart from what people say, and its review."""
