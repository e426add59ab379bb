"""Judgements leave a workspace and come back, or go to another one, unchanged."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from workbench import Workspace
from workbench.exchange.export import export_judgements, selected
from workbench.exchange.import_ import import_judgements
from workbench.judgements.log import Answer
from workbench.listening.session import RatingSession
from workbench.listening.tasks import RatingTask

ITEMS = ("anchor_id", "a_id", "b_id")
SUFFIXES = (".csv", ".parquet", ".jsonl")


def titled(ws: Workspace, history: pd.DataFrame) -> list[dict]:
    """The log with items by title, as comparable rows."""
    titles = ws.catalogue.items()["title"]
    frame = history.assign(**{name: history[name].map(titles) for name in ITEMS})
    frame = frame.astype(object).where(frame.notna(), None)
    return sorted(frame.to_dict("records"), key=lambda row: row["id"])


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_whole_history_comes_back_in_another_workspace(
    judged: Workspace, other: Workspace, tmp_path: Path, suffix: str
) -> None:
    session = judged.judgements.table()["session_id"].iloc[-1]
    for _ in range(3):
        judged.judgements.undo(session)
    judged.judgements.redo(session)
    odd = RatingSession(judged, rater="Eve", task=RatingTask(mode="odd_one_out"), seed=1)
    odd.answer(odd.next(), "second")
    odd.undo()
    odd.redo()
    file = tmp_path / f"log{suffix}"
    rows = export_judgements(judged, file, selected(judged, history=True))
    report = import_judgements(other, file)
    assert (report.rows, report.added, report.known) == (rows, rows, 0)
    assert report.refused == []
    assert titled(other, other.judgements.history()) == titled(judged, judged.judgements.history())
    assert titled(other, other.judgements.table()) == titled(judged, judged.judgements.table())

    again = import_judgements(other, file)
    assert (again.added, again.known) == (0, rows)
    back = tmp_path / f"back{suffix}"
    export_judgements(other, back, selected(other, history=True))
    assert import_judgements(judged, back).known == rows


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_text_that_a_spreadsheet_would_run_comes_back_unchanged(
    ws: Workspace, answer: Callable[..., Answer], other: Workspace, tmp_path: Path, suffix: str
) -> None:
    names = [
        "=cmd|' /C calc'!A0",
        "+1",
        "-1",
        "@SUM(A1)",
        "'=1",
        "''",
        "'Ada",
        'a "b", c',
        "Söhne 👩‍🎤",
    ]
    for i, name in enumerate(names):
        session = ws.judgements.open_session(name)
        ws.judgements.append(answer(session_id=session, rater=name, a_id=2 + i, b_id=12))
    file = tmp_path / f"log{suffix}"
    export_judgements(ws, file, selected(ws))
    if suffix == ".csv":
        with file.open(newline="") as stream:
            cells = [cell for row in csv.reader(stream) for cell in row]
        assert not [c for c in cells if c[:1] in "=@" and c]
        assert "'=cmd|' /C calc'!A0" in cells
        assert "-1" in cells  # a number, which no spreadsheet runs
    assert import_judgements(other, file).added == len(names)
    assert sorted(other.judgements.table()["rater"]) == sorted(names)


def test_a_spreadsheet_reads_what_was_heard_as_columns(judged: Workspace, tmp_path: Path) -> None:
    export_judgements(judged, tmp_path / "log.csv", selected(judged))
    frame = pd.read_csv(tmp_path / "log.csv")
    table = judged.judgements.table()
    for role in ("anchor", "a", "b"):
        for name in ("heard_ms", "gain_db", "start_s", "place"):
            expected = [clips[role][name] for clips in table["clips"]]
            assert frame[f"{role}_{name}"].tolist() == expected
    titles = judged.catalogue.items()["title"]
    assert frame["a_title"].tolist() == table["a_id"].map(titles).tolist()
    parquet = tmp_path / "log.parquet"
    export_judgements(judged, parquet, selected(judged))
    typed = pd.read_parquet(parquet)
    assert list(typed.columns) == list(frame.columns)
    assert typed["b_heard_ms"].tolist() == frame["b_heard_ms"].tolist()
    assert typed["a_is_left"].dtype == bool


def test_json_lines_hold_clips_as_the_log_does(judged: Workspace, tmp_path: Path) -> None:
    export_judgements(judged, tmp_path / "log.jsonl", selected(judged))
    rows = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [row["clips"] for row in rows] == judged.judgements.table()["clips"].tolist()


def test_what_stands_can_be_chosen_by_dimension_agreement_and_sitting(judged: Workspace) -> None:
    table = judged.judgements.table()
    assert selected(judged)["id"].tolist() == table["id"].tolist()
    tempo = selected(judged, dimension="tempo")
    assert tempo["id"].tolist() == table.query("dimension == 'tempo'")["id"].tolist()
    agreed = selected(judged, agreement=1.0, fewest=2)
    assert 0 < len(agreed) < len(table)
    said = {}
    for row in agreed.query("purpose != 'repeat'").to_dict("records"):
        closer = row[f"{row['choice']}_id"] if row["choice"] in "ab" else row["choice"]
        key = (row["dimension"], row["anchor_id"], *sorted((row["a_id"], row["b_id"])))
        said.setdefault(key, set()).add((row["rater"], closer))
    assert all(len({c for _, c in s if c != "skip"}) == 1 for s in said.values())
    first = table["session_id"].iloc[0]
    assert first not in set(selected(judged, excluding=[first])["session_id"])
    assert len(selected(judged, history=True)) == len(judged.judgements.history())
