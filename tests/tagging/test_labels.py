from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from workbench.backbones.tagger_card import TagName
from workbench.errors import NotReadyError, WorkbenchError
from workbench.tagging.labels import check_labels, labels_of

VOCABULARY = (
    TagName("genre", "jazz"),
    TagName("genre", "folk"),
    TagName("mood", "calm"),
    TagName("mood", "wild"),
)


def tags(*rows: tuple[int, str, str], weak: bool = False) -> pd.DataFrame:
    found = pd.DataFrame(list(rows), columns=["item_id", "dimension", "value"])
    return found.assign(weak=weak)


def test_a_tag_of_a_dimension_denies_its_others_and_leaves_other_dimensions_open() -> None:
    said = tags((7, "genre", "jazz"), (9, "mood", "calm"), (9, "mood", "wild"))
    found = labels_of(said, [7, 8, 9], VOCABULARY)
    assert found.truth.astype(int).tolist() == [[1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 1, 1]]
    assert found.known.astype(int).tolist() == [[1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 1, 1]]
    assert found.labelled.tolist() == [True, False, True]


def test_a_tag_outside_the_vocabulary_denies_those_in_it() -> None:
    found = labels_of(tags((1, "genre", "polka")), [1], VOCABULARY)
    assert not found.truth.any()
    assert found.known.astype(int).tolist() == [[1, 1, 0, 0]]


def test_weak_tags_and_items_that_were_not_asked_for_do_not_count() -> None:
    weak = tags((1, "genre", "jazz"), weak=True)
    assert not labels_of(weak, [1], VOCABULARY).known.any()
    assert not labels_of(tags((2, "genre", "jazz")), [1], VOCABULARY).known.any()


def test_what_a_person_rejected_is_known_to_be_absent_unless_somebody_said_it() -> None:
    rejected = tags((1, "mood", "wild"), (1, "genre", "jazz"), (1, "mood", "odd"))
    found = labels_of(tags((1, "genre", "jazz")), [1], VOCABULARY, rejected=rejected)
    assert found.truth.astype(int).tolist() == [[1, 0, 0, 0]]
    assert found.known.astype(int).tolist() == [[1, 1, 0, 1]]


def test_labels_equal_a_naive_reading() -> None:
    rng = np.random.default_rng(0)
    rows = [(int(rng.integers(20)), *VOCABULARY[int(rng.integers(4))]) for _ in range(30)]
    found = labels_of(tags(*rows), range(20), VOCABULARY)
    for item in range(20):
        for column, name in enumerate(VOCABULARY):
            assert found.truth[item, column] == ((item, *name) in rows)
            filled = any(r[0] == item and r[1] == name.dimension for r in rows)
            assert found.known[item, column] == filled


def test_too_few_labels_are_refused_by_name() -> None:
    labels = labels_of(tags((1, "genre", "jazz"), (2, "genre", "jazz")), [1, 2], VOCABULARY[:2])
    with pytest.raises(WorkbenchError, match="'folk' of genre has no example"):
        check_labels(labels, np.array([0, 1]))
    one = labels_of(tags((1, "genre", "jazz")), [1, 2], VOCABULARY[:1])
    with pytest.raises(WorkbenchError, match="a single example"):
        check_labels(one, np.array([0, 1]))
    check_labels(one, np.array([0, 1]), fewest=0)
    with pytest.raises(NotReadyError, match="No item to learn from has a tag"):
        check_labels(labels, np.array([], dtype=int))


def test_a_verdict_is_known_by_itself_and_leaves_its_dimension_open() -> None:
    accepted = tags((1, "genre", "jazz"), (2, "mood", "calm"))
    said = tags((2, "mood", "wild"))
    found = labels_of(said, [1, 2], VOCABULARY, accepted=accepted)
    assert found.truth.astype(int).tolist() == [[1, 0, 0, 0], [0, 0, 1, 1]]
    assert found.known.astype(int).tolist() == [[1, 0, 0, 0], [0, 0, 1, 1]]
    assert found.filled.tolist() == [False, True]
