"""Why a candidate is the closer one, in words that fit the notion."""

from __future__ import annotations

import pandas as pd
import pytest

from workbench.evaluation.reasons import notion_words, tag_reason, tag_words
from workbench.subspaces.dimensions import BUILT_IN, RELATIONS, Dimension
from workbench.subspaces.notions import SameKey, TempoWithin


def test_tags_are_words_with_units_and_where_they_come_from() -> None:
    rows = [
        (1, "tempo", "96.4", 96.4, False),
        (2, "tempo", "60", 60.0, True),
        (3, "tempo", "fast", None, False),
        (3, "tempo", "fast", float("nan"), False),
        (9, "tempo", "70", 70.0, False),
    ]
    tags = pd.DataFrame(rows, columns=["item_id", "dimension", "value", "number", "weak"])
    assert tag_words(tags, [1, 2, 3, 4]) == {1: ["96 bpm"], 2: ["60 bpm (derived)"], 3: ["fast"]}


@pytest.mark.parametrize("dimension", [*BUILT_IN.values(), *RELATIONS.values()])
def test_every_notion_has_words_of_its_own(dimension: Dimension) -> None:
    assert notion_words(dimension).endswith((".", "?"))
    assert tag_reason(dimension, [], []).endswith(".")


def test_options_of_a_notion_are_said() -> None:
    strict = Dimension("tempo", TempoWithin(2.5, octaves=False))
    assert notion_words(strict) == "Two pieces are similar where they are within 2.5 bpm."
    assert (
        tag_reason(strict, ["60 bpm"], ["61 bpm"]) == "A is within 2.5 bpm of the anchor; B is not."
    )
    assert "C major and A minor" in notion_words(Dimension("key", SameKey("relative")))
