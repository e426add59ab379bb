"""Triplets that people voted on, from the judgement log or a file, and how far they agree."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench.errors import WorkbenchError
from workbench.evaluation.questions import OVERALL, Questions
from workbench.judgements.answer_table import answer_table, label_counts
from workbench.subspaces.triplets import Triplets

if TYPE_CHECKING:
    import pandas as pd

    from workbench.workspace import Workspace


@dataclass(frozen=True)
class Vote:
    """What some raters said of one triplet of items; no dimension means overall similarity."""

    anchor: int
    a: int
    b: int
    for_a: int = 1
    for_b: int = 0
    undecided: int = 0
    dimension: str = ""


@dataclass(frozen=True)
class VotedTriplets:
    """Each triplet once, with all its votes.

    Attributes
    ----------
    dimensions
        Of each triplet; ``overall`` where none was named.
    items : int64 [t, 3]
        Ids of anchor, a and b.
    votes : int64 [t, 3]
        Votes for a, for b, and undecided.
    """

    dimensions: list[str]
    items: np.ndarray
    votes: np.ndarray

    @classmethod
    def of(cls, votes: Iterable[Vote]) -> VotedTriplets:
        """Join the votes on each triplet, whichever way round it was asked."""
        totals: dict[tuple[str, int, int, int], list[int]] = {}
        for v in votes:
            low, high = min(v.a, v.b), max(v.a, v.b)
            found = totals.setdefault((v.dimension or OVERALL, v.anchor, low, high), [0, 0, 0])
            for_low, for_high = (v.for_a, v.for_b) if v.a < v.b else (v.for_b, v.for_a)
            found[0] += for_low
            found[1] += for_high
            found[2] += v.undecided
        return cls(
            [key[0] for key in totals],
            np.array([key[1:] for key in totals], dtype=np.int64).reshape(-1, 3),
            np.array(list(totals.values()), dtype=np.int64).reshape(-1, 3),
        )

    def __len__(self) -> int:
        """Return the number of triplets."""
        return len(self.dimensions)

    @property
    def agreement(self) -> np.ndarray:
        """The share of each triplet's raters who are of the majority's mind, float64 [t].

        As Lee et al. 2020 count it: those who could not tell agree with nobody.
        """
        return self.votes[:, :2].max(axis=1, initial=0) / np.maximum(self.votes.sum(axis=1), 1)

    def agreed(self, *, agreement: float = 0.0, raters: int = 1) -> Questions:
        """Return the triplets on which enough raters agree well enough.

        Parameters
        ----------
        agreement
            At least this share of the raters must have said the same, 0 to 1; dim-sim's "high
            agreement" is 0.9. Where as many say a as b there is no answer whatever the threshold.
        raters
            At least so many must have been asked.
        """
        if not 0 <= agreement <= 1:
            raise WorkbenchError(f"Agreement is a share between 0 and 1, not {agreement:g}.")
        decided = self.votes[:, 0] != self.votes[:, 1]
        enough = self.votes.sum(axis=1) >= raters
        kept = decided & enough & (self.agreement >= agreement - 1e-9)
        ids = np.unique(self.items[kept])
        names = np.array(self.dimensions, dtype=object)
        share = self.votes[:, 0] / np.maximum(self.votes[:, :2].sum(axis=1), 1)
        triplets = {}
        for name in dict.fromkeys(names[kept]):
            chosen = kept & (names == name)
            rows = np.searchsorted(ids, self.items[chosen])
            triplets[str(name)] = Triplets(rows, share[chosen].astype(np.float32))
        return Questions(ids, triplets, {})


def judged_votes(ws: Workspace, *, excluding: Collection[str] = ()) -> VotedTriplets:
    """Read the judgement log; of a rater who answered a triplet twice the first answer counts.

    Skipped triplets have no vote; "cannot tell" is one for neither.

    Parameters
    ----------
    ws
        The workspace.
    excluding
        Sittings to leave out, by id.
    """
    return votes_in(ws.judgements.table(excluding=excluding))


def votes_in(judgements: pd.DataFrame) -> VotedTriplets:
    """Return the votes of judgements (``JudgementLog.table``); see `judged_votes`."""
    table = answer_table(judgements)
    return VotedTriplets(
        [task[0] for task in table.tasks],
        np.array([task[1:] for task in table.tasks], dtype=np.int64).reshape(-1, 3),
        label_counts(table.labels, kinds=3),
    )
