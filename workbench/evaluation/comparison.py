"""Two model versions on the same triplets: which of them answers what the other does not.

The triplets are such that neither version has learned from: those from the tags of songs that both
kept aside, or those that people judged and neither was taught. Of judgements only random triplets
count, since those that a sampler chose for one model's doubts would tilt the comparison.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from workbench.errors import NotReadyError
from workbench.evaluation.answers import closer_first, margins
from workbench.evaluation.questions import OVERALL, Questions, tag_questions
from workbench.evaluation.report import comparisons
from workbench.evaluation.scores import compare, count_right, paired_difference
from workbench.evaluation.triplets import held_out_items
from workbench.evaluation.voted import votes_in
from workbench.judgements.learned import unlearned
from workbench.search.subspaces import read_subspaces
from workbench.subspaces.structure import song_groups

if TYPE_CHECKING:
    from workbench.subspaces.store import ModelCard
    from workbench.workspace import Workspace

Kind = Literal["tags", "judgements"]
MOST_SONGS = 1000  # of those kept aside; all pairs of them are looked at


@dataclass(frozen=True)
class Asked:
    """Triplets that neither of two versions has learned from.

    Attributes
    ----------
    questions
        The triplets.
    votes
        Of judged triplets: votes for the candidate of the lower id, for the other and undecided,
        by (dimension, anchor, lower id, higher id).
    songs, of
        How many songs the triplets come from, and how many there were to choose from.
    """

    questions: Questions
    votes: Mapping[tuple[str, int, int, int], tuple[int, int, int]] = field(default_factory=dict)
    songs: int = 0
    of: int = 0

    def votes_on(self, dimension: str, anchor: int, a: int, b: int) -> tuple[int, int, int] | None:
        """Return the votes for a, for b and undecided; None where nobody was asked."""
        found = self.votes.get((dimension, anchor, min(a, b), max(a, b)))
        if found is None or a < b:
            return found
        return found[1], found[0], found[2]


@dataclass(frozen=True)
class BothAnswers:
    """How two versions answer the triplets of one dimension.

    Attributes
    ----------
    items : int64 [t, 3]
        Ids of the anchor, of the candidate that is closer by tags or people, and of the other.
    margins : float64 [t, 2]
        Of the first and the second version: how much further the other candidate is from the
        anchor than the closer one. The answer is right where it is above 0; subspace vectors have
        unit length, so it lies between -2 and 2.
    songs : int64 [t]
        The anchor's song.
    """

    items: np.ndarray
    margins: np.ndarray
    songs: np.ndarray

    def __len__(self) -> int:
        """Return the number of triplets."""
        return len(self.items)

    @property
    def right(self) -> tuple[np.ndarray, np.ndarray]:
        """Whether the first and the second version are right, bool [t] twice."""
        return self.margins[:, 0] > 0, self.margins[:, 1] > 0

    @property
    def disagreed(self) -> np.ndarray:
        """The triplets that exactly one version answers right, the surest first, int64 [m].

        A disagreement is as sure as the less sure of the two answers.
        """
        first, second = self.right
        differ = np.flatnonzero(first != second)
        sureness = np.abs(self.margins[differ]).min(axis=1)
        return differ[np.argsort(-sureness, kind="stable")]


def held_out_by_both(ws: Workspace, first: ModelCard, second: ModelCard, *, seed: int = 0) -> Asked:
    """Return triplets from the tags of songs that both versions kept aside.

    Where both kept the same songs aside, and not more than `MOST_SONGS`, these are the triplets
    that the scores on their cards come from.

    Raises
    ------
    NotReadyError
        If they have fewer than three such songs with vectors in common.
    """
    songs = np.intersect1d(held_out_items(ws, first), held_out_items(ws, second))
    if len(songs) < 3:
        raise NotReadyError(
            f"{first.version} and {second.version} have kept fewer than three songs aside in "
            "common, too few to compare them by; choose two versions of one descent."
        )
    found = songs
    if len(songs) > MOST_SONGS:
        found = np.sort(np.random.default_rng(seed).choice(songs, MOST_SONGS, replace=False))
    among = np.intersect1d(ws.vectors(first.encoder).ids, ws.vectors(second.encoder).ids)
    # In the order of the card, which is that of the draw.
    kept = [i for i in second.held_out if i in set(found.tolist())]
    ids = np.asarray(kept, dtype=np.int64)
    asked = tag_questions(ws, ids, shared_dimensions(first, second), among=among, seed=seed)
    return Asked(asked, songs=len(found), of=len(songs))


def judged_by_people(ws: Workspace, first: ModelCard, second: ModelCard) -> Asked:
    """Return the random triplets on which a majority decided and neither version learned from."""
    table = ws.judgements.table()
    wanted = [*shared_dimensions(first, second), OVERALL]
    table = table[(table["sampler"] == "random") & table["dimension"].isin(wanted)]
    voted = votes_in(unlearned(ws, [first, second], table))
    among = np.intersect1d(ws.vectors(first.encoder).ids, ws.vectors(second.encoder).ids)
    agreed = voted.agreed()
    ids = agreed.ids[np.isin(agreed.ids, among)]
    questions = agreed.about(ids, wanted)
    votes = {
        (name, *items): tuple(counts)
        for name, items, counts in zip(
            voted.dimensions, voted.items.tolist(), voted.votes.tolist(), strict=True
        )
    }
    return Asked(questions, votes, len(questions.ids), len(questions.ids))


def shared_dimensions(first: ModelCard, second: ModelCard) -> list[str]:
    """Return the dimensions that both versions have."""
    return [name for name in second.dimensions if name in first.dimensions]


def answer_both(
    ws: Workspace, first: ModelCard, second: ModelCard, questions: Questions
) -> dict[str, BothAnswers]:
    """Return how two versions answer triplets, per dimension; ``overall`` by all dimensions.

    Parameters
    ----------
    ws
        The workspace, which stores the versions' subspace vectors.
    first, second
        The versions.
    questions
        About items that both versions have vectors of.
    """
    if not len(questions):
        return {}
    spaces = [subspace_rows(ws, card, questions.ids) for card in (first, second)]
    songs = song_groups(ws.catalogue.items().loc[questions.ids])
    found = {}
    for name, triplets in questions.triplets.items():
        if not len(triplets):
            continue
        both = np.stack([margins(space[name], triplets) for space in spaces], axis=1)
        rows = closer_first(triplets)
        found[name] = BothAnswers(questions.ids[rows], both, songs[rows[:, 0]])
    return found


def subspace_rows(ws: Workspace, card: ModelCard, ids: np.ndarray) -> dict[str, np.ndarray]:
    """Return stored subspace vectors of items, float32 [n, d] per dimension and ``overall``."""
    store, blocks = read_subspaces(ws, card.version)
    rows = store.rows(ids)
    return {name: rows[:, block] for name, block in blocks.items()} | {OVERALL: rows}


def pooled(found: Mapping[str, BothAnswers]) -> BothAnswers:
    """Return the triplets of all dimensions together, each answered by its own dimension."""
    parts = list(found.values()) or [
        BothAnswers(np.zeros((0, 3), np.int64), np.zeros((0, 2)), np.zeros(0, np.int64))
    ]
    return BothAnswers(
        np.concatenate([part.items for part in parts]),
        np.concatenate([part.margins for part in parts]),
        np.concatenate([part.songs for part in parts]),
    )


def comparison_table(found: Mapping[str, BothAnswers]) -> dict[str, dict[str, Any]]:
    """Return scores, difference and tests per dimension, as plain numbers.

    Returns
    -------
    Per dimension what `compare` returns, corrected for several dimensions as
    `workbench.evaluation.report.comparisons` says (``p_holm``, ``p_grouped_holm``), and ``first``,
    ``second`` (scores), ``difference`` (value, low and high), ``both`` and ``neither``.
    """
    right = {name: answers.right for name, answers in found.items()}
    tests = comparisons(
        {name: first for name, (first, _) in right.items()},
        {name: second for name, (_, second) in right.items()},
        {name: answers.songs for name, answers in found.items()},
    )
    return {name: tests[name] | _counts(*right[name]) for name in found}


def summary(answers: BothAnswers) -> dict[str, Any]:
    """Return the same for triplets taken together, with no correction."""
    first, second = answers.right
    return compare(first, second, groups=answers.songs) | _counts(first, second)


def _counts(first: np.ndarray, second: np.ndarray) -> dict[str, Any]:
    return {
        "first": count_right(first).as_dict(),
        "second": count_right(second).as_dict(),
        "difference": paired_difference(first, second).as_dict(),
        "both": int(np.count_nonzero(first & second)),
        "neither": int(np.count_nonzero(~first & ~second)),
    }


def surest(found: Mapping[str, BothAnswers], *, most: int) -> list[tuple[str, int]]:
    """Return dimension and row of the surest disagreements, `most` of each dimension at most."""
    chosen = [(name, int(row)) for name, part in found.items() for row in part.disagreed[:most]]
    return sorted(chosen, key=lambda c: -np.abs(found[c[0]].margins[c[1]]).min())


def defaults(cards: Sequence[ModelCard], current: str | None) -> tuple[str, str]:
    """Return the two versions to compare: the current one with its parent, else the latest two.

    Parameters
    ----------
    cards
        All versions, oldest first; at least two.
    current
        The version in use.
    """
    known = {card.version: card for card in cards}
    parent = known[current].parent if current in known else None
    if current and parent in known:
        return str(parent), current
    return cards[-2].version, cards[-1].version
