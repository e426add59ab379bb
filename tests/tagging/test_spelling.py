from __future__ import annotations

from itertools import combinations

import pytest

from workbench.tagging.spelling import spelling_key


@pytest.mark.parametrize(
    "spellings",
    [
        ("Hip-Hop", "hip hop", "HipHop", " hip_hop "),
        ("R&B", "rnb", "r & b", "R'n'B", "r and b", "RNB"),
        ("rock & roll", "rock and roll", "rock 'n' roll", "Rock\u2019n\u2019Roll", "rock+roll"),
        ("Drum and Bass", "drum & bass", "drum n bass", "drum-n-bass"),
        ("80s", "1980s", "80's", "the 80s", "1980's"),
        ("00s", "2000s"),
        ("female vocalist", "female vocalists", "Female-Vocalists"),
        ("chanson française", "Chanson Francaise", "CHANSON franc\u0327aise"),
        ("guitar", "guitars"),
    ],
)
def test_spellings_of_one_tag_have_one_key(spellings: tuple[str, ...]) -> None:
    assert len({spelling_key(value) for value in spellings}) == 1


@pytest.mark.parametrize(
    "tags",
    [
        ("bass", "bas"),
        ("1980s", "1980", "1880s", "80", "90s"),
        ("20s", "1920s", "2020s"),
        ("C# minor", "C minor"),
        ("funk", "punk"),
        ("chorus", "choru"),
        ("が", "か"),  # marks make other letters there
        ("!!!", "???"),
        ("sand", "snd"),
        ("land", "lnd"),
        ("rock", "rock and roll"),
    ],
)
def test_other_tags_have_other_keys(tags: tuple[str, ...]) -> None:
    assert all(spelling_key(a) != spelling_key(b) for a, b in combinations(tags, 2))
