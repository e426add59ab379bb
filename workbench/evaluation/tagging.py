"""How well tags are predicted: ROC-AUC and PR-AUC per tag and as macro means.

Conventions
-----------
Truth is bool [n, tags], scores are real numbers [n, tags], higher where the tag is more likely.
`known` says which entries count: a tag that nobody looked for in an item is unknown rather than
absent. ROC-AUC is the share of pairs of a positive and a negative that are ordered rightly, ties
counting half; chance gives 0.5. PR-AUC is the average precision, the sum of precision times the
gain in recall over the distinct scores (no interpolation); chance gives the tag's prevalence. A tag
without a positive or without a negative has neither; macro means are over the others.

Intervals are 95 % percentile intervals of the bootstrap (Efron 1979). It draws items, or whole
groups of them: the items of one artist are alike, so drawing them singly makes intervals that are
too narrow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.errors import WorkbenchError
from workbench.evaluation.areas import drawn_areas
from workbench.evaluation.scores import Estimate

if TYPE_CHECKING:
    import pandas as pd

ROC_FLOOR = 0.5  # of chance, whatever the prevalence
_ROC, _PR = 0, 1


@dataclass(frozen=True)
class TagScores:
    """ROC-AUC and PR-AUC of every tag and on average.

    Attributes
    ----------
    names : tuple of (dimension, value)
        The tags, in the order of the columns.
    roc_auc, pr_auc : ndarray
        Value, low and high, float64 [tags, 3].
    positives, negatives : ndarray
        How many known items have the tag and how many lack it, int64 [tags].
    macro_roc, macro_pr : Estimate
        Means over the tags that have both.
    items, groups : int
        How many items have a known tag, and how many groups they make.
    """

    names: tuple[tuple[str, str], ...]
    roc_auc: np.ndarray
    pr_auc: np.ndarray
    positives: np.ndarray
    negatives: np.ndarray
    macro_roc: Estimate
    macro_pr: Estimate
    items: int
    groups: int

    @property
    def scored(self) -> np.ndarray:
        """Whether a tag has both a positive and a negative, bool [tags]."""
        return (self.positives > 0) & (self.negatives > 0)

    @property
    def prevalence(self) -> np.ndarray:
        """The share of the known items that have the tag, float64 [tags]; the floor of PR-AUC."""
        known = self.positives + self.negatives
        return np.where(known > 0, self.positives / np.maximum(known, 1), np.nan)

    @property
    def pr_floor(self) -> float:
        """The macro PR-AUC of chance: the mean prevalence of the tags that are scored."""
        return float(self.prevalence[self.scored].mean()) if self.scored.any() else np.nan

    def table(self) -> pd.DataFrame:
        """Return a row per tag.

        Returns
        -------
        Columns ``dimension``, ``value``, ``roc_auc``, ``roc_low``, ``roc_high``, ``pr_auc``,
        ``pr_low``, ``pr_high``, ``positives``, ``negatives`` and ``prevalence``.
        """
        import pandas as pd

        found = pd.DataFrame(list(self.names), columns=["dimension", "value"])
        for name, numbers in (("roc", self.roc_auc), ("pr", self.pr_auc)):
            for place, column in enumerate((f"{name}_auc", f"{name}_low", f"{name}_high")):
                found[column] = numbers[:, place]
        found["positives"], found["negatives"] = self.positives, self.negatives
        return found.assign(prevalence=self.prevalence)

    def as_dict(self) -> dict[str, Any]:
        """Return the macro means, their floors and what they count as plain numbers."""
        floor = self.pr_floor
        return {
            "macro_roc_auc": self.macro_roc.as_dict() | {"floor": ROC_FLOOR},
            "macro_pr_auc": self.macro_pr.as_dict() | {"floor": None if np.isnan(floor) else floor},
            "tags": int(self.scored.sum()),
            "tags_left_out": int((~self.scored).sum()),
            "items": self.items,
            "groups": self.groups,
        }


@dataclass(frozen=True)
class TagDifference:
    """What the first of two models has over the second, as differences of macro means."""

    macro_roc: Estimate
    macro_pr: Estimate
    tags: int
    items: int
    groups: int


def tag_scores(
    truth: np.ndarray,
    scores: np.ndarray,
    known: np.ndarray | None = None,
    *,
    groups: np.ndarray | None = None,
    names: Sequence[tuple[str, str]] | None = None,
    draws: int = 1000,
    seed: int = 0,
) -> TagScores:
    """Score predictions of tags.

    Parameters
    ----------
    truth
        Whether an item has a tag, bool [n, tags].
    scores
        Higher where the tag is more likely, [n, tags]; finite wherever known.
    known
        Whether an entry counts, bool [n, tags]; by default all do.
    groups
        Whose items they are, such as artists, str [n]; drawn together for the intervals. An item
        of the group ``""`` stands alone. By default all do.
    names
        (dimension, value) of each tag; by default their numbers, of no dimension.
    draws, seed
        Of the bootstrap.

    Raises
    ------
    WorkbenchError
        If the shapes differ or a known score is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> truth = np.array([[True], [False], [True], [False]])
    >>> found = tag_scores(truth, np.array([[0.9], [0.8], [0.7], [0.1]]), names=[("genre", "jazz")])
    >>> found.macro_roc.value, round(found.macro_pr.value, 3), found.pr_floor
    (0.75, 0.833, 0.5)
    """
    truth, (found,), known = _validated(truth, [scores], known)
    names = [("", str(n)) for n in range(truth.shape[1])] if names is None else list(names)
    if len(names) != truth.shape[1]:
        raise WorkbenchError(f"{len(names)} names were given for {truth.shape[1]} tags.")
    members = _members(groups, known)
    areas = drawn_areas(truth, [found], known, members, draws=draws, seed=seed)[0]
    return TagScores(
        names=tuple((str(dimension), str(value)) for dimension, value in names),
        roc_auc=_with_interval(areas[_ROC]).T,
        pr_auc=_with_interval(areas[_PR]).T,
        positives=(truth & known).sum(axis=0),
        negatives=(~truth & known).sum(axis=0),
        macro_roc=_estimate(_macro(areas[_ROC])),
        macro_pr=_estimate(_macro(areas[_PR])),
        items=int(known.any(axis=1).sum()),
        groups=len(np.unique(members[members >= 0])),
    )


def paired_difference(
    truth: np.ndarray,
    a: np.ndarray,
    b: np.ndarray,
    known: np.ndarray | None = None,
    *,
    groups: np.ndarray | None = None,
    draws: int = 1000,
    seed: int = 0,
) -> TagDifference:
    """Return how much higher `a` scores than `b` on the same items and tags.

    Both are scored on every draw of the items, so what makes a draw easy or hard for both cancels.

    Parameters
    ----------
    truth, known, groups, draws, seed
        As of `tag_scores`.
    a, b
        The scores of two models, [n, tags].

    Raises
    ------
    WorkbenchError
        If the shapes differ or a known score is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> truth = np.array([[True], [False], [True], [False]])
    >>> paired_difference(truth, truth, ~truth).macro_roc.value
    1.0
    """
    truth, found, known = _validated(truth, [a, b], known)
    members = _members(groups, known)
    areas = drawn_areas(truth, found, known, members, draws=draws, seed=seed)

    def gained(kind: int) -> Estimate:
        return _estimate(_macro(areas[0, kind]) - _macro(areas[1, kind]))

    both = (truth & known).any(axis=0) & (~truth & known).any(axis=0)
    return TagDifference(
        macro_roc=gained(_ROC),
        macro_pr=gained(_PR),
        tags=int(both.sum()),
        items=int(known.any(axis=1).sum()),
        groups=len(np.unique(members[members >= 0])),
    )


def _validated(
    truth: np.ndarray, scores: Sequence[np.ndarray], known: np.ndarray | None
) -> tuple[np.ndarray, list[np.ndarray], np.ndarray]:
    """Return truth and known as bool and scores as float64, of one shape."""
    truth = np.asarray(truth, dtype=bool)
    counted = np.ones(truth.shape, bool) if known is None else np.asarray(known, dtype=bool)
    found = [np.asarray(given, dtype=np.float64) for given in scores]
    if truth.ndim != 2 or {given.shape for given in [counted, *found]} != {truth.shape}:
        raise WorkbenchError("Truth, scores and known must be tables of one shape, [items, tags].")
    if any(not np.isfinite(given[counted]).all() for given in found):
        raise WorkbenchError(
            "A score is no number; say with `known` which entries have none, or score them."
        )
    return truth, found, counted


def _members(groups: np.ndarray | None, known: np.ndarray) -> np.ndarray:
    """Return the number of each item's group, int64 [n]; -1 for items of which nothing is known."""
    alone = np.arange(len(known))
    if groups is None:
        members = alone
    else:
        if np.shape(groups) != (len(known),):
            raise WorkbenchError("Groups must name one group per item.")
        names, members = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
        members = np.where(names[members] == "", len(names) + alone, members)
    return np.where(known.any(axis=1), members, -1)


def _macro(areas: np.ndarray) -> np.ndarray:
    """Return the mean of the tags of each draw that have an area, float64 [1 + draws]."""
    count = np.isfinite(areas).sum(axis=1)
    return np.where(count > 0, np.nansum(areas, axis=1) / np.maximum(count, 1), np.nan)


def _with_interval(areas: np.ndarray) -> np.ndarray:
    """Return value, low and high of each column, float64 [3, columns].

    Draws that say nothing of a tag are left out; where most say nothing, so does the interval.
    """
    found = np.full((3, areas.shape[1]), np.nan)
    found[0] = areas[0]
    drawn = areas[1:]
    enough = np.isfinite(drawn).sum(axis=0) > len(drawn) / 2
    if enough.any():
        found[1:, enough] = np.nanpercentile(drawn[:, enough], [2.5, 97.5], axis=0)
    return found


def _estimate(areas: np.ndarray) -> Estimate:
    """Return the first of some numbers with the interval of the others."""
    return Estimate(*_with_interval(areas[:, None])[:, 0].tolist())
