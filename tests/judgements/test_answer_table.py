from __future__ import annotations

import pandas as pd

from workbench.judgements.answer_table import answer_table


def judgements(*rows: tuple[str, str, int, int, int, str]) -> pd.DataFrame:
    columns = ["rater", "dimension", "anchor_id", "a_id", "b_id", "choice"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.assign(at=pd.date_range("2026-01-01", periods=len(frame), tz="UTC"))


def test_a_triplet_is_one_task_whichever_way_round_it_was_asked() -> None:
    table = answer_table(
        judgements(
            ("Ada", "genre", 1, 2, 3, "a"),
            ("Bo", "genre", 1, 3, 2, "b"),
            ("Bo", "tempo", 1, 3, 2, "a"),
            ("Cy", "genre", 1, 3, 2, "cannot_tell"),
            ("Cy", "key", 1, 3, 2, "skip"),
        )
    )
    assert table.raters == ["Ada", "Bo", "Cy"]
    assert table.tasks == [("genre", 1, 2, 3), ("tempo", 1, 2, 3)]
    assert table.labels.tolist() == [[0, 0, 2], [-1, 1, -1]]


def test_a_raters_first_answer_to_a_triplet_counts() -> None:
    table = answer_table(judgements(("Ada", "genre", 1, 2, 3, "b"), ("Ada", "genre", 1, 3, 2, "b")))
    assert table.labels.tolist() == [[1]]


def test_no_judgements_are_an_empty_table() -> None:
    table = answer_table(judgements())
    assert table.labels.shape == (0, 0)
    assert (table.tasks, table.raters) == ([], [])
