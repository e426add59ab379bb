"""Tags: what people say of items, what taggers hear in them, and how the two meet."""
