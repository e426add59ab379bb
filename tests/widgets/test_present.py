"""Pieces of pages show text as text, and scores never without their counts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from workbench.widgets import present

SCORE = {"k": 51, "n": 60, "score": 0.85, "low": 0.739, "high": 0.919}
NOTHING = {"k": 0, "n": 0, "score": None, "low": None, "high": None}


def test_score_has_counts_and_interval_in_words():
    assert present.score_words(SCORE) == "51 of 60 right: 0.85 (0.74 to 0.92)"
    assert present.score_words(NOTHING) == present.score_words(None) == "not measured"


def test_cells_are_escaped_unless_made_here():
    value = present.table(["<i>Head</i>"], [["<b>row</b>", "a & b", present.Markup("<u>x</u>")]])
    assert "&lt;i&gt;Head&lt;/i&gt;" in value.value
    assert "&lt;b&gt;row&lt;/b&gt;" in value.value
    assert "a &amp; b" in value.value
    assert "<u>x</u>" in value.value


@pytest.mark.parametrize(
    "make", [present.heading, present.note, present.empty, lambda t: present.tiles([("1", t)])]
)
def test_words_are_escaped(make):
    assert "<script" not in make("<script>alert(1)</script>").value
    assert "&lt;script&gt;" in make("<script>alert(1)</script>").value


def test_bars_stay_within_their_frame():
    assert "width:100.0%" in present.bar(1.7, "x")
    assert "width:0.0%" in present.bar(-1, "x")


def test_dates_are_words():
    assert present.date_words("2026-05-03T10:00:00+00:00") == "3 May 2026"
    assert present.date_words(datetime(2026, 12, 24, tzinfo=UTC)) == "24 December 2026"
    assert present.date_words(None) == "date unknown"


def test_counts_agree_with_their_nouns():
    assert present.plural(1, "song") == "1 song"
    assert present.plural(0, "entry", "entries") == "0 entries"
    assert present.plural(12345, "song") == "12,345 songs"
