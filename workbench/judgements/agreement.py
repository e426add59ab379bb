"""How far raters agree with each other.

Conventions
-----------
Answers are a table of labels, int [tasks, raters]: one row per triplet (or any question), one
column per rater, -1 where the rater gave no answer. `workbench.judgements.answer_table` makes it
from the judgement log. Labels are nominal: no order. A task that fewer than two raters answered
says nothing about agreement.

Metrics
-------
`majority_share`
    How large a share of its raters the commonest answer of a task has, on average.
`krippendorff_alpha`
    Agreement beyond chance: 1 is perfect, 0 what chance gives (Krippendorff 2011).
`dawid_skene`
    What is probably right, and how often each rater is (Dawid and Skene 1979, one coin each).
`agreement_with_others`
    How often a rater says what most of the others say.
`bootstrap_interval`
    An interval for any of these, by drawing tasks or raters again.
`evaluate`, `agreement_by_dimension`
    All of them at once, as plain numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from workbench.errors import WorkbenchError
from workbench.evaluation.scores import Score
from workbench.judgements.answer_table import AnswerTable, answer_table

if TYPE_CHECKING:
    import pandas as pd

_ROUNDS = 100  # of expectation and maximisation
_FEWEST_RATERS = 4  # of whom a half is a pair
_SETTLED = 1e-6  # largest change of an accuracy that ends them


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


def label_counts(labels: np.ndarray) -> np.ndarray:
    """Return how many raters gave each label to each task, int64 [tasks, labels]."""
    kinds = int(labels.max(initial=-1)) + 1
    return (labels[..., None] == np.arange(kinds)).sum(axis=1)


def majority_share(labels: np.ndarray) -> float | None:
    """Return the mean share of a task's raters who gave its commonest answer; None without any."""
    validate(labels)
    counts = label_counts(labels)
    counts = counts[counts.sum(axis=1) >= 2]
    return float((counts.max(axis=1) / counts.sum(axis=1)).mean()) if len(counts) else None


def krippendorff_alpha(labels: np.ndarray) -> float | None:
    """Return Krippendorff's alpha for nominal labels.

    Returns
    -------
    float or None
        1 minus the observed disagreement over the one expected by chance; None where nothing can
        disagree, because no task has two answers or all answers are the same.

    Examples
    --------
    >>> import numpy as np
    >>> krippendorff_alpha(np.array([[0, 0], [1, 1], [0, 1], [1, 1]])).__round__(3)
    0.533
    """
    validate(labels)
    counts = label_counts(labels).astype(float)
    answers = counts.sum(axis=1)
    counts, answers = counts[answers >= 2], answers[answers >= 2]
    total = counts.sum(axis=0)
    pairable = total.sum()
    expected = pairable**2 - (total**2).sum()
    if expected == 0:
        return None
    agreeing = (counts * (counts - 1) / (answers - 1)[:, None]).sum()
    return float(1.0 - (pairable - 1) * (pairable - agreeing) / expected)


class Consensus(NamedTuple):
    """What raters say together.

    Attributes
    ----------
    chances : float64 [tasks, labels]
        How probable each label is; rows sum to 1.
    accuracy : float64 [raters]
        How often each rater gives the right label.
    """

    chances: np.ndarray
    accuracy: np.ndarray


def dawid_skene(labels: np.ndarray) -> Consensus:
    """Weigh raters by how often they agree with what raters say together.

    Every rater is right with a chance of their own and, when wrong, gives any other label alike.
    One right and one wrong answer are added to each rater, so that nobody is infallible.

    References
    ----------
    Dawid and Skene 1979; the one-coin form of Zhang et al. 2016.
    """
    validate(labels)
    kinds = max(int(labels.max(initial=-1)) + 1, 2)
    given = labels >= 0
    gave = labels[..., None] == np.arange(kinds)  # [tasks, raters, labels]
    votes = gave.sum(axis=1) + 1.0 / kinds
    chances = votes / votes.sum(axis=1, keepdims=True)
    accuracy = np.full(labels.shape[1], 0.5)
    for _ in range(_ROUNDS):
        right = np.einsum("trl,tl->r", gave, chances)
        before, accuracy = accuracy, (right + 1.0) / (given.sum(axis=0) + 2.0)
        prior = chances.mean(axis=0) if len(chances) else np.full(kinds, 1.0 / kinds)
        # An answer speaks for its label by log(accuracy), for each other by the rest's share.
        gain = np.log(accuracy * (kinds - 1) / (1.0 - accuracy))
        weight = np.log(np.maximum(prior, 1e-9)) + np.einsum("trl,r->tl", gave, gain)
        weight = np.exp(weight - weight.max(axis=1, keepdims=True))
        chances = weight / weight.sum(axis=1, keepdims=True)
        if np.abs(accuracy - before).max(initial=0.0) < _SETTLED:
            break
    return Consensus(chances, accuracy)


def agreement_with_others(labels: np.ndarray) -> list[Score]:
    """Return, per rater, how often they gave the others' commonest answer, where there is one."""
    validate(labels)
    counts = label_counts(labels)
    scores = []
    for mine in labels.T:
        others = counts - (mine[:, None] == np.arange(counts.shape[1]))
        top = np.sort(others, axis=1)
        second = top[:, -2] if top.shape[1] > 1 else np.zeros(len(top), dtype=int)
        decided = (mine >= 0) & (others.max(axis=1, initial=0) > second)
        right = others.argmax(axis=1)[decided] == mine[decided] if decided.any() else decided[:0]
        scores.append(Score(int(np.sum(right)), int(decided.sum())))
    return scores


def bootstrap_interval(
    labels: np.ndarray,
    metric: Callable[[np.ndarray], float | None],
    *,
    by: Literal["task", "rater"] = "task",
    draws: int = 1000,
    seed: int = 0,
) -> tuple[float, float] | None:
    """Return the 95 % percentile interval of a metric over tasks or raters drawn again.

    Drawing tasks says how sure the number is for these raters; drawing raters, for other raters.
    Tasks are drawn with replacement. A rater drawn twice would agree with himself, so of raters
    every draw is a random half, which spreads as much (the delete-half jackknife, Shao and Wu
    1989).

    Returns
    -------
    (low, high), or None where the metric says nothing about most draws, or for under four raters.
    """
    validate(labels)
    rng = np.random.default_rng(seed)
    tasks, raters = labels.shape
    if tasks == 0 or (by == "rater" and raters < _FEWEST_RATERS):
        return None

    def drawn() -> np.ndarray:
        if by == "task":
            return labels[rng.integers(0, tasks, tasks)]
        return labels[:, rng.permutation(raters)[: raters // 2]]

    found = [metric(drawn()) for _ in range(draws)]
    values = [value for value in found if value is not None]
    if len(values) < draws / 2:
        return None
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def evaluate(table: AnswerTable, *, draws: int = 1000, seed: int = 0) -> dict[str, Any]:
    """Return every metric of a table of answers, as plain numbers.

    Returns
    -------
    ``tasks``, ``shared_tasks`` (answered by two raters or more), ``answers``, ``majority_share``
    and ``alpha`` with ``alpha_by_task`` and ``alpha_by_rater`` (intervals or None), and
    ``raters``: per name ``answers``, ``accuracy`` and ``agreement`` with the others.
    """
    labels = table.labels
    answered = (labels >= 0).sum(axis=1)
    accuracy = dawid_skene(labels).accuracy
    agreeing = agreement_with_others(labels)

    def interval(by: Literal["task", "rater"]) -> tuple[float, float] | None:
        return bootstrap_interval(labels, krippendorff_alpha, by=by, draws=draws, seed=seed)

    return {
        "tasks": len(labels),
        "shared_tasks": int((answered >= 2).sum()),
        "answers": int(answered.sum()),
        "majority_share": majority_share(labels),
        "alpha": krippendorff_alpha(labels),
        "alpha_by_task": interval("task"),
        "alpha_by_rater": interval("rater"),
        "raters": {
            name: {
                "answers": int((labels[:, i] >= 0).sum()),
                "accuracy": float(accuracy[i]),
                "agreement": agreeing[i].as_dict(),
            }
            for i, name in enumerate(table.raters)
        },
    }


def agreement_by_dimension(judgements: pd.DataFrame, *, seed: int = 0) -> dict[str, dict[str, Any]]:
    """Return `evaluate` of every dimension's judgements, and of all as ``overall``.

    Parameters
    ----------
    judgements
        As `JudgementLog.table` returns them.
    seed
        Of the bootstrap.
    """
    parts = {str(name): rows for name, rows in judgements.groupby("dimension")}
    return {
        name: evaluate(answer_table(rows), seed=seed)
        for name, rows in (parts | {"overall": judgements}).items()
    }
