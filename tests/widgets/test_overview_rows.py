"""What the overview tabulates: counts, changes in words, raters and tags."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
from example_workspace import score

from workbench import Workspace
from workbench.evaluation.changes import Changes, Move, VersionChange
from workbench.subspaces.store import ModelCard
from workbench.widgets.overview_rows import (
    catalogue_counts,
    change_rows,
    rater_rows,
    tag_rows,
    tag_table,
)


def test_hours_count_whole_recordings_once():
    items = pd.DataFrame(
        {
            "kind": ["song", "track", "song", "song"],
            "domain": ["audio", "audio", "audio", "symbolic"],
            "parent_id": [None, 1, None, 1],
            "duration_s": [3600.0, 3600.0, 1800.0, 99.0],
        }
    )
    assert catalogue_counts(items) == [
        ("2", "songs"),
        ("1", "track (part of a song)"),
        ("1", "score (notation)"),
        ("1.5", "hours of sound"),
    ]


def test_nothing_to_hear_is_no_minutes():
    items = pd.DataFrame({"kind": ["song"], "domain": ["symbolic"], "parent_id": [None],
                          "duration_s": [3.0]})  # fmt: skip
    assert catalogue_counts(items) == [("1", "score (notation)")]


def test_a_short_sound_is_some_seconds():
    items = pd.DataFrame({"kind": ["song"], "domain": ["audio"], "parent_id": [None],
                          "duration_s": [24.0]})  # fmt: skip
    assert catalogue_counts(items) == [("1", "song"), ("24", "seconds of sound")]


def table(*rows: tuple[str, str, str]) -> pd.DataFrame:
    at = pd.date_range("2026-03-01T08:00:00Z", periods=len(rows), freq="D")
    columns = dict(zip(("rater", "dimension", "choice"), zip(*rows, strict=True), strict=True))
    return pd.DataFrame({**columns, "at": at})


JUDGED = table(
    ("Ben", "tempo", "a"), ("Ada", "genre", "b"), ("Ada", "genre", "cannot_tell"),
    ("Ada", "groove", "a"), ("Ben", "genre", "skip"),
)  # fmt: skip


def test_rater_rows_keep_skips_apart():
    assert rater_rows(JUDGED, names=True) == [
        ["Ada", "3", "1 (33 %)", "0 (0 %)", "4 March 2026"],
        ["Ben", "1", "0 (0 %)", "1 (50 %)", "5 March 2026"],
    ]


def test_raters_without_names_keep_their_order():
    assert [row[0] for row in rater_rows(JUDGED, names=False)] == ["rater 1", "rater 2"]
    unnamed = [row[1:] for row in rater_rows(JUDGED, names=False)]
    assert unnamed == [row[1:] for row in rater_rows(JUDGED, names=True)]


def test_tag_rows_count_items_and_values(lived_in: Workspace):
    items = lived_in.catalogue.items(domain="audio")
    found = tag_table(lived_in.catalogue.tags(), items)
    rows = {row[0]: row for row in tag_rows(found)}
    assert list(rows) == ["genre", "mood", "instrument", "era", "tempo", "key"]
    assert "12 of 12" in rows["genre"][1]
    assert "0 of 12" in rows["genre"][2]
    assert rows["genre"][3:] == ["3", "folk (4), ragtime (4), chorale (4)", "none"]
    assert rows["mood"][5] == "all"
    assert "0 of 12" in rows["instrument"][1]
    assert "12 of 12" in rows["instrument"][2]
    assert rows["tempo"][4] == "60 to 115 bpm, half of them below 88"


# -- what changed ---------------------------------------------------------------------------------


def changes(**found: object) -> Changes:
    """Return changes in which nothing happened but what is given."""
    items = pd.DataFrame({"kind": [], "domain": [], "parent_id": [], "duration_s": []})
    nothing = {"items": items, "judgements": {}, "raters": 0, "versions": [],
               "in_use_then": "v1", "in_use_now": "v1", "confirmed": 0, "rejected": 0,
               "failures": 0}  # fmt: skip
    return Changes(since=datetime(2026, 3, 1, tzinfo=UTC), **{**nothing, **found})


def version(parent: str | None, overall: Move | None, moved: dict[str, Move]) -> VersionChange:
    card = ModelCard("v2", encoder="tones", head="mask", dimensions=["key"], subspace_dim=8,
                     parent=parent, created_at="2026-03-02T10:00:00+00:00", judgements=120,
                     metrics={"scores": {"key": score(40)}})  # fmt: skip
    return VersionChange(card, overall, moved)


def test_what_did_not_change_is_said():
    assert change_rows(changes()) == [
        ["Catalogue", "nothing added"],
        ["Judgements", "none given"],
        ["Model in use", "v1, as before"],
        ["Tags", "none reviewed"],
    ]
    assert ["Model in use", "none yet"] in change_rows(changes(in_use_then=None, in_use_now=None))


def test_new_version_says_what_it_changed():
    moved = {"tempo": Move(0.92, 0.79), "mood": Move(0.6, 0.7)}
    rows = change_rows(changes(versions=[version("v1", Move(0.63, 0.62), moved)], in_use_now="v2"))
    assert rows[2] == [
        "Model v2",
        "made on 2 March 2026 from v1 and 120 judgements; on tags all at once 0.63 to 0.62; "
        "tempo fell from 0.92 to 0.79, mood rose from 0.60 to 0.70",
    ]
    assert rows[3] == ["Model in use", "v2, before that v1"]
    still = change_rows(changes(versions=[version("v1", Move(0.6, 0.6), {})]))
    assert still[2][1].endswith("no dimension is known to have changed")
    assert change_rows(changes(versions=[version(None, None, {})]))[2][1] == (
        "made on 2 March 2026 from tags"
    )


def test_judgements_reviews_and_failures_are_counted_in_words():
    rows = dict(
        change_rows(changes(judgements={"key": 2, "mood": 1200}, raters=1, confirmed=1, failures=2))
    )
    assert rows["Judgements"] == "1,202 by 1 rater: 1200 mood, 2 key"
    assert rows["Tags"] == "1 tag confirmed"
    assert rows["Imports"] == "2 files could not be imported"
