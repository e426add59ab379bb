"""Areas under the ROC and precision-recall curves, of all items and of many draws of them.

A draw says how often each item counts, so one ordering of the scores serves all draws: cumulative
sums of the counts, down the ranking, are the curves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

_DRAWN_AT_ONCE = 200_000  # counts of 8 bytes: what fits into a processor's cache


def drawn_areas(
    truth: np.ndarray,
    scores: Sequence[np.ndarray],
    known: np.ndarray,
    members: np.ndarray,
    *,
    draws: int,
    seed: int,
) -> np.ndarray:
    """Return ROC-AUC and average precision of several models over the same draws.

    Parameters
    ----------
    truth, known
        Bool [n, tags].
    scores
        Of each model, float64 [n, tags].
    members
        The number of each item's group, int64 [n]; -1 for items that are never drawn.
    draws
        How often groups are drawn with replacement.
    seed
        Of the draws.

    Returns
    -------
    float64 [models, 2, 1 + draws, tags]; first of all items, then of each draw; NaN where a draw
    has no positive or no negative of a tag, and in every draw where there are fewer than two groups
    to draw.
    """
    areas = np.full((len(scores), 2, 1 + draws, truth.shape[1]), np.nan)
    ranked = [
        [Ranked(truth[rows, tag], given[rows, tag], rows) for given in scores]
        for tag, rows in enumerate(np.flatnonzero(column) for column in known.T)
    ]
    row = 0
    for counts in _drawn(members, draws, np.random.default_rng(seed)):
        for tag, models in enumerate(ranked):
            for model, ranking in enumerate(models):
                areas[model, :, row : row + counts.shape[1], tag] = ranking.areas(counts)
        row += counts.shape[1]
    return areas


def _drawn(members: np.ndarray, draws: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield how often each item counts, float64 [n, some draws]; at first once, then as drawn."""
    yield np.ones((len(members), 1))
    groups, place = np.unique(members[members >= 0], return_inverse=True)
    if len(groups) < 2:  # every draw would be the same, and an interval of no width
        return
    at_once = max(1, _DRAWN_AT_ONCE // len(members))
    for start in range(0, draws, at_once):
        count = min(at_once, draws - start)
        picked = rng.integers(len(groups), size=(count, len(groups)))
        picked += len(groups) * np.arange(count)[:, None]
        times = np.bincount(picked.ravel(), minlength=picked.size).reshape(count, -1)
        counts = np.zeros((len(members), count))
        counts[members >= 0] = times.T[place]
        yield counts


class Ranked:
    """The known items of one tag from the highest score down, to be counted as often as wanted.

    Parameters
    ----------
    truth
        Whether each has the tag, bool [k].
    scores
        Float64 [k].
    rows
        Which rows of a table of counts they are, int64 [k].
    """

    def __init__(self, truth: np.ndarray, scores: np.ndarray, rows: np.ndarray) -> None:
        order = np.argsort(-scores, kind="stable")
        truth, scores = truth[order], scores[order]
        changes = np.flatnonzero(np.diff(scores)) + 1
        begins, ends = np.r_[0, changes], np.r_[changes, len(scores)]  # of runs of equal scores
        run = np.searchsorted(ends, np.flatnonzero(truth), side="right")  # of each positive
        with_positives, self._first = np.unique(run, return_index=True)
        self._begins, self._ends = begins[with_positives], ends[with_positives]
        self._rows, self._positives = rows[order], rows[order][truth]

    def areas(self, counts: np.ndarray) -> np.ndarray:
        """Return ROC-AUC and average precision of each draw, float64 [2, draws].

        Parameters
        ----------
        counts
            How often each item counts, float64 [n, draws].

        Returns
        -------
        NaN where a draw has no positive or no negative.
        """
        draws = counts.shape[1]
        if not 0 < len(self._positives) < len(self._rows):
            return np.full((2, draws), np.nan)
        above = np.zeros((len(self._rows) + 1, draws))
        np.cumsum(counts[self._rows], axis=0, out=above[1:])
        gained = np.add.reduceat(counts[self._positives], self._first, axis=0)
        hits = np.cumsum(gained, axis=0)
        found = above[self._ends]
        tied = found - above[self._begins] - gained  # negatives of the same score
        positives, negatives = hits[-1], above[-1] - hits[-1]
        below = negatives - (found - hits) + tied / 2
        precision = hits / np.maximum(found, 1.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            roc = (gained * below).sum(axis=0) / (positives * negatives)
            pr = (gained * precision).sum(axis=0) / positives
        return np.where((positives > 0) & (negatives > 0), np.stack([roc, pr]), np.nan)
