"""Judgements as a table of labels: a row per triplet, a column per rater."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    import pandas as pd

# The candidate with the lower id, the other, and neither; skipped triplets have no label.
_LABELS = {"a": 0, "b": 1, "cannot_tell": 2}
CANNOT_TELL = _LABELS["cannot_tell"]


class AnswerTable(NamedTuple):
    """Labels with the names of rows and columns.

    Attributes
    ----------
    labels : int64 [tasks, raters]
        -1 where there is no answer.
    tasks
        The dimension, the anchor and the candidates of each row, lower id first.
    raters
        The name of each column.
    """

    labels: np.ndarray
    tasks: list[tuple[str, int, int, int]]
    raters: list[str]


def answer_table(judgements: pd.DataFrame) -> AnswerTable:
    """Return the judgements of the log as a table of labels, whichever side a clip was on.

    A label is 0 for the candidate with the lower id, 1 for the other, 2 for "cannot tell". Skipped
    triplets and all but a rater's first answer to a triplet are left out.

    Parameters
    ----------
    judgements
        As `JudgementLog.table` returns them.
    """
    given = judgements[judgements["choice"].isin(_LABELS)].sort_values("at", kind="stable")
    low = given[["a_id", "b_id"]].min(axis=1)
    high = given[["a_id", "b_id"]].max(axis=1)
    labels = given["choice"].map(_LABELS).to_numpy(dtype=np.int64)
    turned = (given["a_id"] > given["b_id"]).to_numpy() & (labels < 2)
    labels = np.where(turned, 1 - labels, labels)
    asked = list(zip(given["dimension"], given["anchor_id"], low, high, strict=True))
    tasks = sorted(set(asked))
    raters = sorted(set(given["rater"]))
    row = {task: i for i, task in enumerate(tasks)}
    column = {rater: i for i, rater in enumerate(raters)}
    table = np.full((len(tasks), len(raters)), -1, dtype=np.int64)
    for task, rater, label in zip(asked, given["rater"], labels.tolist(), strict=True):
        place = row[task], column[rater]
        if table[place] < 0:
            table[place] = label
    return AnswerTable(table, [(str(d), int(x), int(a), int(b)) for d, x, a, b in tasks], raters)


def validate(labels: np.ndarray) -> None:
    """Refuse what is no table of labels.

    Raises
    ------
    WorkbenchError
        If it has not two axes, or holds anything but whole numbers from -1.
    """
    if labels.ndim != 2 or not np.issubdtype(labels.dtype, np.integer):
        raise WorkbenchError("Answers are a table of whole numbers, one column per rater.")
    if labels.size and labels.min() < -1:
        raise WorkbenchError("Labels are numbered from 0; -1 stands for no answer.")


def label_counts(labels: np.ndarray, *, kinds: int | None = None) -> np.ndarray:
    """Return how many raters gave each label to each task, int64 [tasks, labels].

    There are as many labels as `kinds` says, by default up to the highest that was given.
    """
    kinds = int(labels.max(initial=-1)) + 1 if kinds is None else kinds
    return (labels[..., None] == np.arange(kinds)).sum(axis=1)
