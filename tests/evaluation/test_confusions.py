"""Confusions are what a loop over wrong answers counts, by kinds that fit the dimension."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from workbench.catalogue.keys import TONICS
from workbench.evaluation.confusions import (
    OCTAVE,
    Confusion,
    confusions,
    key_interval,
    most_asked,
    tempo_kinds,
)
from workbench.evaluation.scores import Score
from workbench.subspaces.dimensions import BUILT_IN, RELATIONS


def tags_of(values: dict[int, list[str]]) -> pd.DataFrame:
    rows = [
        (item, value, float(value) if value.replace(".", "").isdigit() else None)
        for item, several in values.items()
        for value in several
    ]
    return pd.DataFrame(rows, columns=["item_id", "value", "number"]).astype({"number": float})


def test_shared_tags_are_counted_as_a_loop_counts_them() -> None:
    rng = np.random.default_rng(0)
    genres = ("folk", "jazz", "rock", "mass")
    values = {item: [genres[item % 4]] for item in range(12)} | {12: ["folk", "jazz"]}
    triplets = [
        (x, a, b)
        for x, a, b in itertools.permutations(range(13), 3)
        if set(values[x]) & set(values[a]) and not set(values[x]) & set(values[b])
    ]
    margins = rng.normal(size=len(triplets))
    asked: Counter[tuple[str, str]] = Counter()
    wrong: Counter[tuple[str, str]] = Counter()
    for (x, a, b), margin in zip(triplets, margins.tolist(), strict=True):
        for shared in set(values[x]) & set(values[a]):
            for other in values[b]:
                asked[shared, other] += 1
                wrong[shared, other] += margin <= 0
    found = confusions(BUILT_IN["genre"], np.array(triplets), margins, tags_of(values))
    assert {(c.anchor, c.taken): (c.wrong.k, c.wrong.n) for c in found} == {
        pair: (wrong[pair], n) for pair, n in asked.items()
    }
    lows = [(c.wrong.interval or (0, 0))[0] for c in found]
    assert lows == sorted(lows, reverse=True)
    for confusion in found:
        assert (np.diff(margins[confusion.rows]) >= 0).all()  # the surest mistake first
        assert (margins[confusion.rows] <= 0).all()


def test_few_questions_do_not_come_before_many() -> None:
    values = {0: ["folk"], 1: ["folk"], 2: ["jazz"], **{i: ["rock"] for i in range(3, 33)}}
    triplets = np.array([[0, 1, b] for b in range(2, 33)])
    margins = np.array([-1.0] + [-1.0] * 25 + [1.0] * 5)
    found = confusions(BUILT_IN["genre"], triplets, margins, tags_of(values))
    assert [(c.taken, str(c.wrong.k)) for c in found] == [("rock", "25"), ("jazz", "1")]


@pytest.mark.parametrize("closer", [30.0, 59.0, 61.0, 121.0, 240.0])
def test_a_tempo_at_half_or_double_is_told_from_the_same(closer: float) -> None:
    octaves = min(range(-2, 3), key=lambda n: abs(np.log2(closer / 60) - n))
    kind, _ = tempo_kinds(60, closer, 90)
    assert (kind == OCTAVE) == (octaves != 0)


def test_tempi_are_grouped_by_how_much_faster_the_wrong_one_is() -> None:
    bands = [tempo_kinds(100, 100, bpm)[1] for bpm in (50, 80, 95, 105, 130, 170)]
    assert bands == ["B much slower", "B slower", "B about as fast", "B about as fast", "B faster",
                     "B much faster"]  # fmt: skip
    values = {0: ["60"], 1: ["120"], 2: ["66"], 3: ["bright"]}
    found = confusions(BUILT_IN["tempo"], np.array([[0, 1, 2], [0, 1, 3]]), np.array([-1.0, -1.0]),
                       tags_of(values))  # fmt: skip
    assert [(c.anchor, c.taken, c.wrong) for c in found] == [
        (OCTAVE, "B about as fast", Score(1, 1))
    ]


@pytest.mark.parametrize(("tonic", "is_major"), list(itertools.product(range(12), (True, False))))
def test_intervals_of_keys_are_those_of_the_scale(tonic: int, is_major: bool) -> None:
    """Counted in shared notes: relatives share all seven, fifths and their relatives six."""

    def notes(key: tuple[int, bool]) -> set[int]:
        steps = (0, 2, 4, 5, 7, 9, 11) if key[1] else (0, 2, 3, 5, 7, 8, 10)
        return {(key[0] + step) % 12 for step in steps}

    for second in itertools.product(range(12), (True, False)):
        shared = len(notes((tonic, is_major)) & notes(second))
        words = key_interval((tonic, is_major), second)
        assert (words in ("the same key", "the relative key")) == (shared == 7)
        assert (words in ("a fifth away", "the relative of a fifth")) == (shared == 6)
        assert (words == "the parallel key") == (second[0] == tonic and second[1] != is_major)
    assert len(TONICS) == 12


def test_keys_are_grouped_by_interval() -> None:
    values = {0: ["C major"], 1: ["C major"], 2: ["A minor"], 3: ["G major"], 4: ["no key"]}
    triplets = np.array([[0, 1, 2], [0, 1, 3], [0, 1, 4]])
    found = confusions(BUILT_IN["key"], triplets, np.array([-1.0, 1.0, -1.0]), tags_of(values))
    assert [(c.anchor, c.taken, c.wrong.k) for c in found] == [
        ("A in the same key", "B in the relative key", 1),
        ("A in the same key", "B a fifth away", 0),
    ]


def test_what_is_no_matter_of_tags_has_no_confusions() -> None:
    found = confusions(RELATIONS["complementarity"], np.array([[0, 1, 2]]), np.array([-1.0]),
                       tags_of({0: ["folk"]}))  # fmt: skip
    assert found == []


def test_kinds_that_were_asked_about_most_are_shown() -> None:
    found = [
        Confusion(anchor, taken, Score(0, n), np.zeros(0, np.int64))
        for anchor, taken, n in (("c", "x", 5), ("b", "x", 3), ("a", "y", 1))
    ]
    assert most_asked(found, most=2) == (["b", "c"], ["x", "y"])
    tempi = [
        Confusion(OCTAVE, taken, Score(0, 1), np.zeros(0, np.int64))
        for taken in ("B much faster", "B slower", "B much slower")
    ]
    assert most_asked(tempi, most=9)[1] == ["B much slower", "B slower", "B much faster"]
