"""Figures say what they rest on and give their data away."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from workbench.subspaces.store import ModelCard
from workbench.widgets import present
from workbench.widgets.chart import PlotlyChart
from workbench.widgets.sources import SourceLine, figure, source_words

_MAY = datetime(2026, 5, 3, tzinfo=UTC)


def test_words_name_model_data_and_date() -> None:
    card = ModelCard(
        "v4",
        encoder="tones",
        head="mask",
        dimensions=["key"],
        subspace_dim=8,
        created_at="2026-04-30T10:00:00",
    )
    assert (
        source_words(card, "12 triplets", read_at=_MAY)
        == "Model v4 of 30 April 2026 · 12 triplets · read on 3 May 2026"
    )
    assert source_words(None, "12 judgements", read_at=_MAY) == (
        "12 judgements · read on 3 May 2026"
    )


def test_a_table_travels_as_columns_and_rows_of_plain_json() -> None:
    table = pd.DataFrame({"dimension": ["key", "mood"], "score": np.float32([0.5, np.nan])})
    line = SourceLine("words", name="scores", table=table)
    assert line.table == {
        "columns": ["dimension", "score"],
        "rows": [["key", 0.5], ["mood", None]],
    }
    assert json.loads(json.dumps(line.table)) == line.table
    assert SourceLine("words", name="none", table={}).table == {"columns": [], "rows": []}


def test_columns_of_unequal_length_are_no_table() -> None:
    with pytest.raises(ValueError, match="zip"):
        SourceLine("words", name="bad", table={"a": [1], "b": [1, 2]})


def test_charts_are_offered_as_pictures_and_tables_are_not() -> None:
    shown = {"name": "counts", "table": {"n": [1]}}
    assert figure(PlotlyChart({}), "words", **shown).children[1].picture
    assert not figure(present.table(["n"], [[1]]), "words", **shown).children[1].picture
