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
`ceiling.pairs_that_agree`
    How often two raters decide alike: the human ceiling of a model.
`krippendorff_alpha`
    Agreement beyond chance: 1 is perfect, 0 what chance gives (Krippendorff 2011).
`agreement_with_others`
    How often a rater says what most of the others say.
`bootstrap_interval`
    An interval for any of these, by drawing tasks or raters again.
`evaluate`, `agreement_by_dimension`
    All of them at once, as plain numbers, with raters' accuracy by `consensus.dawid_skene`.
`agreement_table`
    What is said of a dimension in short, quickly.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from workbench.evaluation.scores import Score
from workbench.judgements.answer_table import AnswerTable, answer_table, label_counts, validate
from workbench.judgements.ceiling import human_ceiling
from workbench.judgements.consensus import dawid_skene

if TYPE_CHECKING:
    import pandas as pd

ALL = "all dimensions"  # the summary; "overall" is a dimension people may judge
_FEWEST_RATERS = 4  # of whom a half is a pair


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


def agreement_by_dimension(
    judgements: pd.DataFrame, *, draws: int = 1000, seed: int = 0
) -> dict[str, dict[str, Any]]:
    """Return `evaluate` of every dimension's judgements, and of all as ``all dimensions``.

    Parameters
    ----------
    judgements
        As `JudgementLog.table` returns them.
    draws, seed
        Of the bootstrap.
    """
    found = {
        str(name): evaluate(answer_table(rows), draws=draws, seed=seed)
        for name, rows in judgements.groupby("dimension")
    }
    if len(found) == 1:  # the summary of one dimension is that dimension
        return found | {ALL: next(iter(found.values()))}
    return found | {ALL: evaluate(answer_table(judgements), draws=draws, seed=seed)}


def agreement_table(judgements: pd.DataFrame, *, draws: int = 200, seed: int = 0) -> pd.DataFrame:
    """Return how far raters agree in each dimension that two of them judged, in short.

    Parameters
    ----------
    judgements
        As `JudgementLog.table` returns them.
    draws, seed
        Of the bootstrap.

    Returns
    -------
    DataFrame
        Indexed by dimension: same, same_low, same_high: how often two raters say the same of a
        triplet (`human_ceiling`); alpha, alpha_low, alpha_high: Krippendorff's, over triplets, NaN
        where nothing can be said; triplets: judged by two or more.
    """
    import pandas as pd

    rows: dict[str, list[float | None]] = {}
    for name, ceiling in human_ceiling(judgements).items():
        if not ceiling.n:
            continue
        labels = answer_table(judgements[judgements["dimension"] == name]).labels
        shared = labels[(labels >= 0).sum(axis=1) >= 2]
        interval = bootstrap_interval(shared, krippendorff_alpha, draws=draws, seed=seed)
        same = ceiling.as_dict()
        rows[name] = [same["score"], same["low"], same["high"], krippendorff_alpha(shared),
                      *(interval or (None, None)), ceiling.triplets]  # fmt: skip
    columns = ["same", "same_low", "same_high", "alpha", "alpha_low", "alpha_high", "triplets"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns, dtype=float)
    return table.astype({"triplets": int}).rename_axis("dimension")
