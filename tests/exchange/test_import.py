"""What is wrong with a file is told by its line; the rest is taken."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from workbench import Workspace
from workbench.errors import WorkbenchError
from workbench.evaluation.triplet_files import read_triplets
from workbench.exchange.export import export_dim_sim, export_judgements, export_triplets, selected
from workbench.exchange.import_ import import_judgements
from workbench.judgements.answer_table import answer_table
from workbench.row_files import read_rows


@pytest.fixture
def rows(judged: Workspace, tmp_path: Path) -> list[dict[str, Any]]:
    export_judgements(judged, tmp_path / "good.jsonl", selected(judged))
    return [dict(row) for _, row in read_rows(tmp_path / "good.jsonl")][:4]


def write(file: Path, rows: list[dict[str, Any]]) -> Path:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


BAD = [
    ({"choice": "c"}, "its choice is none of a, b, cannot_tell, skip, undo"),
    ({"choice": "undo"}, "it is an undo of nothing"),
    ({"choice": ["a"]}, "its choice is none of"),
    ({"id": ""}, "its id is missing"),
    ({"id": "x" * 37}, "its id is no text of at most 36 characters"),
    ({"rater": "A\0da"}, "its rater is no text"),
    ({"rater": "A\nda"}, "its rater is no text"),
    ({"rater": {"name": "Ada"}}, "its rater is no text"),
    ({"rater": "A" * 1_000_000}, "its 'rater' is longer than 100,000 characters"),
    ({"rater": "Somebody else"}, "its sitting is another rater's"),
    ({"at": "yesterday"}, "its at is no date with a time"),
    ({"at": "2999-01-01T00:00:00"}, "its at lies before 1970 or in the future"),
    ({"at": None}, "its at is no date"),
    ({"a_is_left": "left"}, "its a_is_left is neither true nor false"),
    ({"confidence": 4}, "its confidence is none of 1, 2 and 3"),
    ({"response_ms": "long"}, "its response_ms is no number"),
    ({"response_ms": 1e300}, "its response_ms is no whole number"),
    ({"sampler_score": "nan"}, "its sampler_score is no number"),
    ({"clips": [1]}, "its clips are no object"),
    ({"clips": {"a": {"heard_ms": "x"}}}, "its a_heard_ms is no number"),
    ({"a_sha256": "0" * 64, "a_title": "Nobody"}, "its a, 'Nobody', is not in this workspace"),
    ({"a_sha256": "0" * 64}, "is not in this workspace"),  # another recording of that title
    ({"supersedes": "nothing"}, "it supersedes a row that is neither here nor in the file"),
    ({"answer_id": "alone"}, "the other half of its odd-one-out answer is missing"),
    ({"purpose": "fun"}, "its purpose is none of new, repeat, gold"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "reason"), BAD, ids=lambda value: str(value)[:40])
def test_a_bad_row_is_refused_by_its_line_and_the_others_are_taken(
    rows: list[dict], other: Workspace, tmp_path: Path, changes: dict, reason: str
) -> None:
    rows = [row | {"rater": "Ada", "session_id": "s"} for row in rows]
    rows[2] |= changes
    file = write(tmp_path / "bad.jsonl", rows)
    report = import_judgements(other, file)
    assert report.added == 3
    [(place, told)] = report.refused
    assert place.endswith("bad.jsonl, line 3")
    assert reason in told
    assert len(told) < 250
    assert other.judgements.count() <= 3


def test_an_id_with_another_content_is_refused_in_the_file_and_in_the_log(
    rows: list[dict], other: Workspace, tmp_path: Path
) -> None:
    turned = {"a": "b", "b": "a"}.get(rows[0]["choice"], "a")
    forged = rows[0] | {"choice": turned}
    report = import_judgements(other, write(tmp_path / "twice.jsonl", [*rows, rows[0], forged]))
    assert (report.added, report.known) == (4, 1)
    assert "says something else" in report.refused[0][1]
    late = import_judgements(other, write(tmp_path / "late.jsonl", [forged]))
    assert (late.added, len(late.refused)) == (0, 1)
    stored = other.judgements.table().set_index("id")
    assert stored.loc[rows[0]["id"], "choice"] == rows[0]["choice"]


def test_a_refused_row_takes_along_what_supersedes_it(
    judged: Workspace, other: Workspace, tmp_path: Path
) -> None:
    judged.judgements.undo(judged.judgements.table()["session_id"].iloc[-1])
    export_judgements(judged, tmp_path / "all.jsonl", selected(judged, history=True))
    rows = [dict(row) for _, row in read_rows(tmp_path / "all.jsonl")]
    undone = {row["supersedes"] for row in rows} - {None}
    for row in rows:
        if row["id"] in undone:
            row["choice"] = "?"
    report = import_judgements(other, write(tmp_path / "broken.jsonl", rows))
    assert len(report.refused) == 2
    assert report.added == len(rows) - 2


def test_two_items_of_one_name_are_never_guessed_between(
    rows: list[dict], other: Workspace, tmp_path: Path
) -> None:
    for row in rows:
        row |= {f"{role}_sha256": None for role in ("anchor", "a", "b")}
    other.catalogue.add_item(kind="song", domain="audio", title=rows[0]["a_title"])
    report = import_judgements(other, write(tmp_path / "names.jsonl", rows))
    assert f"2 items here could be its a, {rows[0]['a_title']!r}" in report.refused[0][1]
    assert report.added == 4 - len(report.refused)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("x.csv", b"", "holds no judgements: it has no column `id`"),
        ("x.csv", b"a,b\n1,2\n", "holds no judgements: it has no column `id`"),
        ("x.csv", b"\xff\xfe", "cannot be read as UTF-8 text"),
        ("x.parquet", b"PAR1nonsense", "cannot be read as Parquet"),
        ("x.parquet", b"", "cannot be read as Parquet"),
        ("x.jsonl", b"[" * 100_000, "holds no judgements"),
        ("x.xlsx", b"PK", "needs one of the suffixes .csv, .tsv, .json, .jsonl, .parquet"),
        ("missing.csv", None, "There is no file"),
    ],
)
def test_a_file_that_is_none_is_one_sentence(
    ws: Workspace, tmp_path: Path, name: str, content: bytes | None, sentence: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(WorkbenchError) as caught:
        import_judgements(ws, tmp_path / name)
    assert sentence in str(caught.value)


def test_a_csv_with_nul_bytes_and_torn_lines_keeps_its_good_rows(
    judged: Workspace, other: Workspace, tmp_path: Path
) -> None:
    export_judgements(judged, tmp_path / "good.csv", selected(judged))
    header, *lines = (tmp_path / "good.csv").read_text().splitlines()
    torn = [lines[0], lines[1][:90], lines[2] + ",,,7,8", "\0" + lines[3], lines[4]]
    file = tmp_path / "torn.csv"
    file.write_text("\n".join([header + ",colour", *torn]))
    report = import_judgements(other, file)
    assert report.added == 2
    assert [place.rpartition(" ")[2] for place, _ in sorted(report.refused)] == ["3", "4", "5"]
    assert report.notes == ["Columns that mean nothing here were passed over: colour."]


def test_an_unknown_dimension_is_kept_and_told(
    rows: list[dict], other: Workspace, tmp_path: Path
) -> None:
    rows[0]["dimension"] = "groove"
    report = import_judgements(other, write(tmp_path / "groove.jsonl", rows))
    assert report.added == 4
    assert report.notes == ["Dimensions this workspace does not have are kept: groove."]


# -- dim-sim and plain triplets -------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
@pytest.mark.parametrize("form", [export_dim_sim, export_triplets])
def test_votes_are_read_back_by_the_evaluation(
    judged: Workspace, tmp_path: Path, form: Callable, suffix: str
) -> None:
    judgements = selected(judged)
    file = tmp_path / f"votes{suffix}"
    options = (judged, file, judgements) if form is export_dim_sim else (file, judgements)
    count = form(*options)
    read = read_triplets(judged, file)
    assert (read.rows, read.matched) == (count, count)
    table = answer_table(judgements)
    expected = {
        task: ((row == 0).sum(), (row == 1).sum())
        for task, row in zip(table.tasks, table.labels, strict=True)
        if (row >= 0).sum() > (row == 2).sum()
    }
    found = {
        (d, *items): tuple(votes[:2])
        for d, items, votes in zip(
            read.voted.dimensions, read.voted.items.tolist(), read.voted.votes.tolist(), strict=True
        )
    }
    assert found == expected


def test_dim_sims_rows_say_where_the_clips_begin(judged: Workspace, tmp_path: Path) -> None:
    export_dim_sim(judged, tmp_path / "dim.csv", selected(judged))
    _, row = read_rows(tmp_path / "dim.csv")[0]
    assert list(row)[:5] == ["triplet_id", "anchor_id", "anchor_start_seconds",
                             "anchor_start_samples", "song1_id"]  # fmt: skip
    assert row["anchor_id"].startswith("tone")
    assert (row["anchor_start_seconds"], row["anchor_start_samples"]) == ("1.5", "12000")
    assert (row["sampling_rate"], row["clip_lengths_samples"]) == ("8000", "80000")


def test_dim_sims_votes_are_the_answers_of_one_rater(
    judged: Workspace, other: Workspace, tmp_path: Path
) -> None:
    count = export_dim_sim(judged, tmp_path / "dim.csv", selected(judged, dimension="tempo"))
    report = import_judgements(other, tmp_path / "dim.csv")
    assert report.added == count
    table = other.judgements.table()
    assert set(table["rater"]) == {"votes of dim.csv"}
    assert set(table["dimension"]) == {"tempo"}
    again = import_judgements(other, tmp_path / "dim.csv")
    assert (again.added, again.known) == (0, count)
