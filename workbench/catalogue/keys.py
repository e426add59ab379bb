"""Names of keys: one spelling for all, whatever a file says."""

from __future__ import annotations

import re

TONICS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
# A minus before a space is music21's flat ("e- major"); before a word it separates ("e-major").
_KEY = re.compile(r"([A-Ga-g])(#|b|\u266f|\u266d|-(?=\s))?[\s:-]*(maj|min)\w*", re.IGNORECASE)
_SHORT = re.compile(r"([A-G])(#|b|\u266f|\u266d)?(m?)")  # as sound files carry it (ID3: TKEY)


def parse_key(text: str) -> tuple[int, bool] | None:
    """Return (pitch class of the tonic, is major) of a key's name, None if it is no key.

    Examples
    --------
    >>> parse_key("F# minor"), parse_key("e- major"), parse_key("Bbm"), parse_key("blue")
    ((6, False), (3, True), (10, False), None)
    """
    match = _KEY.fullmatch(text.strip()) or _SHORT.fullmatch(text.strip())
    if match is None:
        return None
    letter, accidental, mode = match.groups()
    step = {"#": 1, "\u266f": 1, "b": -1, "-": -1, "\u266d": -1, None: 0}[accidental]
    return (_STEPS[letter.upper()] + step) % 12, mode.lower() in ("maj", "")


def key_name(tonic: int, *, major: bool) -> str:
    """Return the name of a key, such as ``"Eb minor"``."""
    return f"{TONICS[tonic % 12]} {'major' if major else 'minor'}"
