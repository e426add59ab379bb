"""What General MIDI's programs are called by: families of instruments."""

from __future__ import annotations

from workbench.symbolic.score import Track

DRUMS = "drums"
# The first program of each family; it reaches to the one before the next.
_FIRST = (
    *((0, "piano"), (6, "harpsichord"), (8, "mallets"), (16, "organ"), (24, "guitar")),
    *((28, "electric guitar"), (32, "bass"), (40, "strings"), (47, "percussion"), (48, "strings")),
    *((52, "voice"), (55, "effects"), (56, "brass"), (64, "reed"), (72, "flute"), (80, "synth")),
    *((104, "plucked"), (109, "reed"), (110, "strings"), (111, "reed"), (112, "percussion")),
    (120, "effects"),
)
_FAMILIES = tuple(
    next(name for first, name in reversed(_FIRST) if first <= program) for program in range(128)
)


def family_of(track: Track) -> str:
    """Return the family of a track's instrument, ``"drums"`` for drums.

    Examples
    --------
    >>> family_of(Track(program=0)), family_of(Track(program=42)), family_of(Track(is_drum=True))
    ('piano', 'strings', 'drums')
    """
    return DRUMS if track.is_drum else _FAMILIES[track.program % 128]
