"""Arrays of items: how they are stored, and how a catalogue is worked through for them."""
