"""Parts get an instrument of their family that can play them."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.demo.instruments import FAMILIES, choose_instrument


@pytest.mark.parametrize(
    ("family", "pitch", "name"),
    [
        ("strings", 78, "violin"),
        ("strings", 51, "cello"),
        ("woodwinds", 80, "flute"),
        ("woodwinds", 42, "bassoon"),
        ("brass", 72, "trumpet"),
        ("brass", 36, "tuba"),
    ],
)
def test_high_parts_get_high_instruments(family: str, pitch: int, name: str) -> None:
    instrument, octaves = choose_instrument(family, np.arange(pitch - 4, pitch + 5))
    assert instrument.name == name
    assert octaves == 0


def test_a_part_that_nobody_reaches_moves_by_octaves() -> None:
    instrument, octaves = choose_instrument("guitar", np.array([30, 33, 36]))
    assert octaves == 1
    assert (instrument.low, instrument.high) == (40, 84)


@pytest.mark.parametrize("family", list(FAMILIES))
@pytest.mark.parametrize("pitch", [34, 48, 60, 72, 86])
def test_every_family_plays_every_register_within_its_ranges(family: str, pitch: int) -> None:
    instrument, octaves = choose_instrument(family, np.array([pitch - 2, pitch, pitch + 2]))
    assert instrument.low - 2 <= pitch + 12 * octaves <= instrument.high + 2
