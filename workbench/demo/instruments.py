"""Instrument families and which of their instruments suits a part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Instrument:
    """A General MIDI sound with the range (MIDI pitches) in which it sounds natural."""

    name: str
    program: int
    low: int
    high: int


FAMILIES: dict[str, tuple[Instrument, ...]] = {
    "piano": (Instrument("piano", 0, 28, 100),),
    "harpsichord": (Instrument("harpsichord", 6, 34, 88),),
    "organ": (Instrument("organ", 19, 36, 88),),
    "strings": (
        Instrument("violin", 40, 57, 94),
        Instrument("viola", 41, 50, 80),
        Instrument("cello", 42, 38, 72),
        Instrument("double bass", 43, 28, 55),
    ),
    "woodwinds": (
        Instrument("flute", 73, 62, 94),
        Instrument("oboe", 68, 59, 84),
        Instrument("clarinet", 71, 50, 80),
        Instrument("bassoon", 70, 34, 65),
    ),
    "brass": (
        Instrument("trumpet", 56, 57, 84),
        Instrument("horn", 60, 45, 74),
        Instrument("trombone", 57, 38, 67),
        Instrument("tuba", 58, 26, 53),
    ),
    "guitar": (Instrument("guitar", 24, 40, 84),),
    "choir": (Instrument("choir", 52, 40, 82),),
    "mallets": (Instrument("vibraphone", 11, 58, 92), Instrument("marimba", 12, 40, 80)),
    "synth": (Instrument("synth lead", 81, 55, 92), Instrument("synth bass", 38, 28, 60)),
}


def choose_instrument(family: str, pitches: np.ndarray) -> tuple[Instrument, int]:
    """Return the instrument of `family` that suits a part, and the octaves to move the part by.

    Parameters
    ----------
    family
        A key of `FAMILIES`.
    pitches
        The part's MIDI pitches, int [n], n > 0.
    """

    def strain(instrument: Instrument, octaves: int) -> tuple[float, int, float]:
        moved = pitches + 12 * octaves
        outside = np.maximum(instrument.low - moved, 0) + np.maximum(moved - instrument.high, 0)
        middle = (instrument.low + instrument.high) / 2
        return float(outside.mean()), abs(octaves), abs(float(moved.mean()) - middle)

    choices = [(i, octaves) for i in FAMILIES[family] for octaves in (0, 1, -1, 2, -2)]
    return min(choices, key=lambda choice: strain(*choice))
