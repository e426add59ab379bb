from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from workbench import Workspace
from workbench.catalogue.keys import key_name
from workbench.errors import UnknownNameError, WorkbenchError
from workbench.subspaces.dimensions import (
    DIMENSIONS,
    SameKey,
    SharedTag,
    TempoWithin,
    dimensions_of,
    get_dimension,
)


def table(rows: list[tuple[int, str]], *, dimension: str = "genre") -> pd.DataFrame:
    return pd.DataFrame(
        [(i, dimension, value, None) for i, value in rows],
        columns=["item_id", "dimension", "value", "number"],
    )


def tempi(bpm: dict[int, float | None]) -> pd.DataFrame:
    return pd.DataFrame(
        [(i, "tempo", str(b), b) for i, b in bpm.items()],
        columns=["item_id", "dimension", "value", "number"],
    )


def test_shared_tags_relate_as_a_double_loop_says() -> None:
    rng = np.random.default_rng(0)
    tags = {i: set(rng.choice(list("abcd"), rng.integers(0, 3), replace=False)) for i in range(20)}
    rows = [(i, value) for i, values in tags.items() for value in sorted(values)]
    ids = rng.permutation(20).tolist()
    found = SharedTag().relation(table(rows), ids)
    for (r, i), (c, j) in itertools.product(enumerate(ids), repeat=2):
        known = i != j and tags[i] and tags[j]
        expected = (1 if tags[i] & tags[j] else -1) if known else 0
        assert found[r, c] == expected, (i, j)
    assert {-1, 0, 1} == set(np.unique(found))


def tempo_alike(first: float, second: float) -> bool:
    """Halve the faster one any number of times; is it ever within 5 bpm of the slower?"""
    slow, fast = sorted((first, second))
    return any(abs(fast / 2**k - slow) <= 5 for k in range(12))


def test_tempi_relate_as_a_double_loop_over_octaves_says() -> None:
    rng = np.random.default_rng(1)
    bpm = dict(enumerate([60, 120, 240, 90, 65, 130, 123, 30, *rng.uniform(40, 240, 30)]))
    found = TempoWithin().relation(tempi(bpm), list(bpm))
    for i, j in itertools.permutations(bpm, 2):
        assert found[i, j] == (1 if tempo_alike(bpm[i], bpm[j]) else -1), (bpm[i], bpm[j])
    np.testing.assert_array_equal(found, found.T)


@pytest.mark.parametrize(
    ("first", "second", "similar"),
    [
        (120, 125, True),
        (120, 125.1, False),
        (60, 240, True),
        (60, 123, True),
        (60, 90, False),
        (80, 115, False),
    ],
)
def test_examples_of_tempi(first: float, second: float, similar: bool) -> None:
    found = TempoWithin().relation(tempi({1: first, 2: second}), [1, 2])
    assert found[0, 1] == (1 if similar else -1)


def test_without_octaves_only_the_margin_counts() -> None:
    found = TempoWithin(octaves=False).relation(tempi({1: 60, 2: 120, 3: 64}), [1, 2, 3])
    np.testing.assert_array_equal(found, [[0, -1, 1], [-1, 0, -1], [1, -1, 0]])


def test_a_tempo_that_is_missing_or_not_above_zero_is_unknown() -> None:
    found = TempoWithin().relation(tempi({1: 60, 2: None, 3: 0, 4: 61}), [1, 2, 3, 4, 5])
    assert found[0].tolist() == [0, 0, 0, 1, 0]
    assert not found[[1, 2, 4]].any()


def key_alike(first: str, second: str, relation: str) -> bool:
    """By names alone: relative keys share their notes, parallel ones their tonic."""
    (tonic_1, mode_1), (tonic_2, mode_2) = first.split(), second.split()
    if first == second:
        return True
    steps = {"major": [0, 2, 4, 5, 7, 9, 11], "minor": [0, 2, 3, 5, 7, 8, 10]}
    names = [key_name(n, major=True).split()[0] for n in range(12)]
    notes = [
        frozenset((names.index(t) + s) % 12 for s in steps[m])
        for t, m in ((tonic_1, mode_1), (tonic_2, mode_2))
    ]
    relative = notes[0] == notes[1]
    parallel = tonic_1 == tonic_2
    return ("relative" in relation and relative) or ("parallel" in relation and parallel)


@pytest.mark.parametrize("relation", ["same", "relative", "parallel", "relative_and_parallel"])
def test_all_24_keys_relate_as_their_notes_and_tonics_say(relation: str) -> None:
    names = [key_name(t, major=m) for m in (True, False) for t in range(12)]
    found = SameKey(relation).relation(table(list(enumerate(names)), dimension="key"), range(24))
    for i, j in itertools.permutations(range(24), 2):
        assert found[i, j] == (1 if key_alike(names[i], names[j], relation) else -1)
    per_key = {"same": 0, "relative": 1, "parallel": 1, "relative_and_parallel": 2}[relation]
    assert ((found == 1).sum(axis=1) == per_key).all()


def test_spellings_of_one_key_agree_and_what_is_no_key_is_unknown() -> None:
    rows = [(1, "F# minor"), (2, "f# min"), (3, "Gb:min"), (4, "sunny"), (5, "A major")]
    found = SameKey("relative").relation(table(rows, dimension="key"), [1, 2, 3, 4, 5, 6])
    assert found[0].tolist() == [0, 1, 1, 0, 1, 0]
    assert not found[3].any()
    assert not found[5].any()


@pytest.mark.parametrize("notion", [SharedTag(), TempoWithin(), SameKey()])
def test_without_tags_nothing_is_known(notion: SharedTag) -> None:
    assert not notion.relation(tempi({}), [1, 2, 3]).any()
    assert notion.relation(tempi({}), []).shape == (0, 0)


def test_the_six_dimensions_of_the_paper_are_there(ws: Workspace) -> None:
    found = dimensions_of(ws)
    assert tuple(found) == DIMENSIONS == ("genre", "mood", "instrument", "era", "tempo", "key")
    assert all(dimension.question for dimension in found.values())


def test_a_dimension_reads_its_own_tags_only(ws: Workspace) -> None:
    rows = pd.concat([table([(1, "x"), (2, "x")], dimension="mood"), table([(1, "x"), (2, "y")])])
    assert get_dimension(ws, "mood").relation(rows, [1, 2])[0, 1] == 1
    assert get_dimension(ws, "genre").relation(rows, [1, 2])[0, 1] == -1


def declare(ws: Workspace, text: str) -> Workspace:
    with (ws.root / "workbench.toml").open("a") as config:
        config.write(text)
    return Workspace(ws.root)


def test_a_team_declares_dimensions_of_its_own(ws: Workspace) -> None:
    text = '[dimensions.pace]\nnotion = "tempo"\nmargin_bpm = 20\noctaves = false\n'
    ws = declare(ws, text + '[dimensions.groove]\nquestion = "Does it swing?"\n')
    assert tuple(dimensions_of(ws)) == (*DIMENSIONS, "pace", "groove")
    assert get_dimension(ws, "pace").notion == TempoWithin(margin_bpm=20, octaves=False)
    assert get_dimension(ws, "groove").notion == SharedTag()
    assert get_dimension(ws, "groove").question == "Does it swing?"


def test_an_option_of_a_built_in_dimension_leaves_the_rest_as_it_was(ws: Workspace) -> None:
    plain = get_dimension(ws, "key")
    changed = get_dimension(declare(ws, '[dimensions.key]\nrelation_name = "relative"\n'), "key")
    assert changed.notion == SameKey("relative")
    assert changed.question == plain.question


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('[dimensions.x]\nnotion = "magic"\n', "notions are"),
        ('[dimensions.x]\nnotion = ["tempo"]\n', "notions are"),
        ("[dimensions.x]\nmargin = 3\n", "unknown notion or option"),
        ('[dimensions.x]\nnotion = "tempo"\nmargin_bpm = "wide"\n', "number of bpm"),
        ('[dimensions.x]\nnotion = "key"\nrelation_name = "cousin"\n', "choose one of"),
        ('[dimensions]\nx = "shared_tag"\n', r"\[dimensions.x\]"),
        ("[dimensions.overall]\n", "cannot name a dimension"),
        ('[dimensions."a.b"]\n', "cannot name a dimension"),
    ],
)
def test_a_wrong_declaration_is_told_in_one_sentence(ws: Workspace, text: str, reason: str) -> None:
    with pytest.raises(WorkbenchError, match=reason):
        dimensions_of(declare(ws, text))


def test_an_unknown_dimension_is_answered_with_the_known_ones(ws: Workspace) -> None:
    with pytest.raises(UnknownNameError, match="genre, mood, instrument, era, tempo, key"):
        get_dimension(ws, "loudness")
