"""What raters say together: who is how often right, soft labels, and what they agree on.

Conventions
-----------
Labels are those of `workbench.judgements.answer_table`: int [tasks, raters], 0 and 1 for the two
candidates, 2 for "cannot tell", -1 for no answer. A rater counts once per triplet, however often
they were asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from workbench.errors import WorkbenchError
from workbench.judgements.answer_table import CANNOT_TELL, answer_table, label_counts, validate

if TYPE_CHECKING:
    import pandas as pd

_ROUNDS = 100  # of expectation and maximisation
_SETTLED = 1e-6  # largest change of an accuracy that ends them
_FEWEST_SHARED = 10  # triplets that two raters answered; from fewer an accuracy is a guess
_FEWEST_OWN = 5  # of these a rater took part in; else they count as good as the others


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


def dawid_skene(labels: np.ndarray, *, prior: np.ndarray | None = None) -> Consensus:
    """Weigh raters by how often they agree with what raters say together.

    Every rater is right with a chance of their own and, when wrong, gives any other label alike.
    One right and one wrong answer are added to each rater, so that nobody is infallible.

    Parameters
    ----------
    labels : int [tasks, raters]
        -1 where a rater gave no answer.
    prior : float [labels]
        How probable each label is before anybody answers; by default as frequent as it turns out.

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
        usual = chances.mean(axis=0) if len(chances) else np.full(kinds, 1.0 / kinds)
        # An answer speaks for its label by log(accuracy), for each other by the rest's share.
        gain = np.log(accuracy * (kinds - 1) / (1.0 - accuracy))
        before_answers = np.log(np.maximum(usual if prior is None else prior, 1e-9))
        weight = before_answers + np.einsum("trl,r->tl", gave, gain)
        weight = np.exp(weight - weight.max(axis=1, keepdims=True))
        chances = weight / weight.sum(axis=1, keepdims=True)
        if np.abs(accuracy - before).max(initial=0.0) < _SETTLED:
            break
    return Consensus(chances, accuracy)


def soft_labels(labels: np.ndarray) -> np.ndarray:
    """Return how probably the first candidate of each task is the closer one, float64 [tasks].

    Where raters overlap, answers count by how often each rater is right (Dawid and Skene 1979);
    where fewer than ten tasks were answered by two raters, all answers count alike. Who cannot
    tell says one half.

    Parameters
    ----------
    labels : int [tasks, raters]
        0 and 1 for the candidates, 2 for "cannot tell", -1 for no answer.
    """
    validate(labels)
    decided = np.where(labels == CANNOT_TELL, -1, labels)
    unsure = (labels == CANNOT_TELL).sum(axis=1)
    given = (decided >= 0).sum(axis=1)
    log_odds = _log_odds(decided)
    if log_odds is None:
        closer = (decided == 0).sum(axis=1) / np.maximum(given, 1)
    else:
        said = (decided == 0).astype(float) - (decided == 1)
        closer = 1.0 / (1.0 + np.exp(-said @ log_odds))
    undecided = np.maximum(unsure, given + unsure == 0)  # who has no answer cannot tell either
    return (closer * given + 0.5 * undecided) / (given + undecided)


def _log_odds(decided: np.ndarray) -> np.ndarray | None:
    """Return how much each rater's answers count, float64 [raters], None where that is unknown."""
    shared = decided[(decided >= 0).sum(axis=1) >= 2]
    if len(shared) < _FEWEST_SHARED:
        return None
    # Which candidate is called 0 is arbitrary, so neither is more probable beforehand.
    accuracy = dawid_skene(shared, prior=np.full(2, 0.5)).accuracy
    own = (shared >= 0).sum(axis=0)
    accuracy = np.where(own >= _FEWEST_OWN, accuracy, np.average(accuracy, weights=own))
    accuracy = np.maximum(accuracy, 0.5)  # an answer never speaks against itself
    odds: np.ndarray = np.log(accuracy / (1.0 - accuracy))
    return odds


def agreed_triplets(
    judgements: pd.DataFrame, *, agreement: float = 0.9, raters: int = 2
) -> list[tuple[str, int, int, int, str]]:
    """Return the triplets whose raters agree, as (dimension, anchor, a, b, choice).

    Who cannot tell agrees with nobody; where as many say a as b nobody agrees. It is the rule of
    `workbench.evaluation.voted.VotedTriplets.agreed`.

    Parameters
    ----------
    judgements
        As `JudgementLog.table` returns them; a rater's first answer to a triplet counts.
    agreement
        The share of a triplet's raters who have to say the same; 0.9 is dim-sim's "high
        agreement" (Lee et al. 2020).
    raters
        How many raters it needs.

    Raises
    ------
    WorkbenchError
        If the agreement is no share.
    """
    if not 0 <= agreement <= 1:
        raise WorkbenchError(f"Agreement is a share between 0 and 1, not {agreement:g}.")
    table = answer_table(judgements)
    counts = label_counts(table.labels, kinds=3)
    answers = counts.sum(axis=1)
    best = counts[:, :2].argmax(axis=1)
    most = counts[:, :2].max(axis=1, initial=0)
    decided = counts[:, 0] != counts[:, 1]
    kept = decided & (answers >= raters) & (most >= agreement * answers - 1e-9)
    return [(*table.tasks[i], "ab"[best[i]]) for i in np.flatnonzero(kept)]
