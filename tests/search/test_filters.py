"""Filters, each against what the tags and items say one by one."""

from __future__ import annotations

import numpy as np
import pytest

from workbench import Workspace
from workbench.catalogue.items import TagValue
from workbench.errors import UnknownNameError, WorkbenchError
from workbench.search.filters import Filters
from workbench.search.index import catalogue_index


@pytest.fixture
def songs(ws: Workspace) -> Workspace:
    """Four songs: fast, slow and half as fast, one without tags; two have tracks."""
    add = ws.catalogue.add_item

    def tags(bpm: float, key: str, genre: str, *, weak: bool = False) -> list[TagValue]:
        return [
            TagValue("tempo", f"{bpm:g}", "test", bpm),
            TagValue("key", key, "test"),
            TagValue("genre", genre, "machine" if weak else "human", weak=weak),
        ]

    def plays(name: str) -> list[TagValue]:
        return [TagValue("instrument", name, "test")]

    add(kind="song", domain="audio", title="1", duration_s=100, tags=tags(120, "C major", "Jazz"))
    add(kind="track", domain="audio", title="2", parent_id=1, tags=plays("Lead Vocals"))
    add(kind="track", domain="audio", title="3", parent_id=1, tags=plays("drum kit"))
    add(
        kind="song",
        domain="symbolic",
        title="4",
        duration_s=50,
        tags=tags(61, "A minor", "jazz", weak=True),
    )
    add(
        kind="track",
        domain="symbolic",
        title="5",
        parent_id=4,
        tags=[*plays("piano"), *tags(90, "G major", "folk")],
    )
    add(kind="song", domain="audio", title="6", tags=tags(200, "F# major", "rock"))
    add(kind="song", domain="audio", title="7", duration_s=10)
    return ws  # fmt: skip


def passing(ws: Workspace, **filters: object) -> list[int]:
    index = catalogue_index(ws)
    return index.ids[Filters(**filters).mask(index)].tolist()


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, [1, 2, 3, 4, 5, 6, 7]),
        ({"kinds": ("track",)}, [2, 3, 5]),
        ({"kinds": ("song", "track"), "domains": ("symbolic",)}, [4, 5]),
        ({"tags": {"genre": ("JAZZ",)}}, [1, 4]),
        ({"tags": {"genre": ("jazz",)}, "certain": True}, [1]),
        ({"tags": {"genre": ("jazz", "rock")}}, [1, 4, 6]),
        ({"tags": {"genre": ("jazz",), "key": ("A minor",)}}, [4]),
        ({"tempo_bpm": (110, 130)}, [1, 2, 3]),  # tracks go in the tempo of their song
        ({"tempo_bpm": (110, 130), "tempo_octaves": True}, [1, 2, 3, 4]),
        ({"tempo_bpm": (90, 90)}, [5]),  # unless they have their own
        ({"key": "C major"}, [1, 2, 3]),
        ({"key": "C major", "key_relation": "relative"}, [1, 2, 3, 4]),
        ({"key": "C major", "key_relation": "neighbour"}, [1, 2, 3, 4, 5]),
        ({"key": "F# minor", "key_relation": "parallel"}, [6]),
        ({"has": ("vocals",)}, [1, 2]),  # a song has what its parts have
        ({"has": ("voice", "drums")}, [1]),
        ({"has": ("piano",)}, [4, 5]),
        ({"without": ("drums",)}, [2, 4, 5, 6, 7]),
        ({"used": False}, [1, 2, 3, 4, 5, 6, 7]),
        ({"part_of": (1,)}, [1, 2, 3]),
        ({"not_part_of": (1, 4)}, [6, 7]),
        ({"duration_s": (20, None)}, [1, 4]),
        ({"duration_s": (5, 60)}, [4, 7]),
    ],
)
def test_who_passes(songs: Workspace, filters: dict[str, object], expected: list[int]) -> None:
    assert passing(songs, **filters) == expected


def test_octaves_of_a_tempo_range_are_those_of_a_loop(ws: Workspace) -> None:
    rng = np.random.default_rng(0)
    tempi = rng.uniform(20, 400, 60)
    for bpm in tempi:
        tag = TagValue("tempo", f"{bpm}", "test", float(bpm))
        ws.catalogue.add_item(kind="song", domain="audio", title="x", tags=[tag])
    low, high = 92.0, 104.0
    expected = [
        i + 1
        for i, bpm in enumerate(tempi)
        if any(low <= bpm * 2.0**k <= high for k in range(-6, 7))
    ]
    assert passing(ws, tempo_bpm=(low, high), tempo_octaves=True) == expected


@pytest.mark.parametrize(
    ("filters", "error", "reason"),
    [
        ({"kinds": ("opera",)}, UnknownNameError, "song"),
        ({"domains": ("video",)}, UnknownNameError, "audio, symbolic"),
        ({"key": "blue"}, WorkbenchError, "A minor"),
        ({"key": "C major", "key_relation": "near"}, UnknownNameError, "neighbour"),
        ({"tempo_bpm": (120, 90)}, WorkbenchError, "lower one first"),
        ({"tempo_bpm": (-1, 90)}, WorkbenchError, "number of bpm"),
        ({"duration_s": (None, float("nan"))}, WorkbenchError, "number of s"),
        ({"tags": {"colour": ("red",)}}, UnknownNameError, "tags are of tempo, key, genre"),
        ({"tags": {"genre": ("polka",)}}, UnknownNameError, "there are Jazz, folk, rock"),
        ({"has": ("theremin",)}, UnknownNameError, "ask for vocals, drums"),
    ],
)
def test_what_can_match_nothing_is_refused_with_an_offer(
    songs: Workspace, filters: dict[str, object], error: type[WorkbenchError], reason: str
) -> None:
    with pytest.raises(error, match=reason):
        passing(songs, **filters)


def test_a_class_that_nobody_plays_finds_nobody(songs: Workspace) -> None:
    assert passing(songs, has=("guitar",)) == []
