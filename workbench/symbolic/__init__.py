"""Scores as items: MIDI and MusicXML, and their rendering to sound."""
