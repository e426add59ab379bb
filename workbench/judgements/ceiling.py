"""The human ceiling: how often two raters say the same of a triplet.

No model can be expected to agree with people more than people agree with each other. Only pairs
of different raters who both chose a candidate count; "cannot tell" is no choice.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.evaluation.scores import Score, wilson_interval
from workbench.judgements.answer_table import answer_table, label_counts

if TYPE_CHECKING:
    import pandas as pd

FEWEST_SHARED = 10  # triplets that two raters decided; from fewer a ceiling is a guess


@dataclass(frozen=True)
class Ceiling:
    """How far raters agree in one dimension.

    Attributes
    ----------
    k, n
        Pairs of raters who decided alike, of all who decided the same triplet.
    triplets
        How many triplets two raters or more decided.
    """

    k: int
    n: int
    triplets: int

    @property
    def known(self) -> bool:
        """Whether enough triplets were decided by two raters."""
        return self.triplets >= FEWEST_SHARED

    def as_dict(self) -> dict[str, Any]:
        """Return k, n and triplets with score, low and high as plain numbers.

        The interval counts triplets, not pairs: raters of one triplet rise and fall together.
        """
        if not self.n:
            return asdict(self) | {"score": None, "low": None, "high": None}
        share = self.k / self.n
        low, high = wilson_interval(share, self.triplets)
        return asdict(self) | {"score": share, "low": low, "high": high}


def human_ceiling(judgements: pd.DataFrame) -> dict[str, Ceiling]:
    """Return the ceiling of every dimension that was judged.

    Parameters
    ----------
    judgements
        As `JudgementLog.table` returns them; a rater's first answer to a triplet counts.
    """
    found = {}
    for name, rows in judgements.groupby("dimension"):
        labels = answer_table(rows).labels
        pairs = pairs_that_agree(labels)
        shared = (label_counts(labels, kinds=3)[:, :2].sum(axis=1) >= 2).sum()
        found[str(name)] = Ceiling(pairs.k, pairs.n, int(shared))
    return found


def pairs_that_agree(labels: np.ndarray) -> Score:
    """Count the pairs of different raters who decided alike, of all who decided both.

    Parameters
    ----------
    labels : int [tasks, raters]
        As `workbench.judgements.answer_table` makes them.

    Examples
    --------
    >>> import numpy as np
    >>> str(pairs_that_agree(np.array([[0, 0, 1], [1, 2, -1]])))  # 2 is "cannot tell"
    '0.333 [0.061, 0.792] (1/3)'
    """
    decided = label_counts(labels, kinds=3)[:, :2]
    answers = decided.sum(axis=1)
    agreeing = decided * (decided - 1) // 2
    return Score(int(agreeing.sum()), int((answers * (answers - 1) // 2).sum()))
