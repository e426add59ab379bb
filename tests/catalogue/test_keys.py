from __future__ import annotations

import pytest

from workbench.catalogue.keys import TONICS, key_name, parse_key

PITCHES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
ACCIDENTALS = {"": 0, "#": 1, "b": -1, "\u266f": 1, "\u266d": -1}


@pytest.mark.parametrize("letter", PITCHES)
@pytest.mark.parametrize("accidental", ACCIDENTALS)
def test_every_spelling_of_a_key_is_understood(letter: str, accidental: str) -> None:
    pitch = (PITCHES[letter] + ACCIDENTALS[accidental]) % 12
    tonic = letter + accidental
    for major in ("{} major", "{}:maj", "{} Maj", "{}-major", "{}maj", " {} MAJOR ", "{}"):
        assert parse_key(major.format(tonic)) == (pitch, True), major
    for minor in ("{} minor", "{}:min", "{} Min", "{}-minor", "{}min", "{}m"):
        assert parse_key(minor.format(tonic)) == (pitch, False), minor
    assert parse_key(f"{tonic.lower()} minor") == (pitch, False)


def test_music21_writes_a_flat_as_minus() -> None:
    assert parse_key("e- major") == (3, True)
    assert parse_key("b- minor") == (10, False)
    assert parse_key("e-major") == (4, True)


@pytest.mark.parametrize(
    "text", ["", "blue", "H", "a", "major", "C##", "8A", "o", "C sharp", "Am7"]
)
def test_what_is_no_key_is_none(text: str) -> None:
    assert parse_key(text) is None


def test_names_are_one_spelling_for_every_key() -> None:
    names = {key_name(tonic, major=major) for tonic in range(12) for major in (True, False)}
    assert len(names) == 24
    for tonic in range(12):
        for major in (True, False):
            assert parse_key(key_name(tonic, major=major)) == (tonic, major)
    assert key_name(13, major=False) == "C# minor"
    assert TONICS[10] == "Bb"
