"""One dimension of one model: how well it is heard, what is mistaken for what, what is typical."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench.errors import NotReadyError
from workbench.evaluation.answers import answers, closer_first, margins
from workbench.evaluation.comparison import held_out_by_both, subspace_rows
from workbench.evaluation.floor_store import stored_floors
from workbench.evaluation.questions import tag_questions
from workbench.evaluation.scores import Score, count_right
from workbench.evaluation.triplets import held_out_items
from workbench.evaluation.voted import votes_in
from workbench.judgements.answer_table import answer_table
from workbench.judgements.ceiling import pairs_that_agree

if TYPE_CHECKING:
    import pandas as pd

    from workbench.subspaces.store import ModelCard
    from workbench.workspace import Workspace

SONGS, TRIPLETS = 600, 2000  # drawn for confusions: enough of each kind, soon answered
_VERSIONS = 6  # shown, the latest
AGREED, RATERS = 0.9, 2  # people must agree so far, and be so many, to make a triplet exemplary


@dataclass(frozen=True)
class TagCounts:
    """How many items carry tags of a dimension, how many of these derived ones only."""

    items: int
    weak: int
    values: int


@dataclass(frozen=True)
class Answered:
    """Triplets of one dimension and how a model answers them.

    Attributes
    ----------
    items : int64 [t, 3]
        Ids of the anchor, of A, which is closer by tags or people, and of B.
    margins : float64 [t]
        How much further B is than A for the model; it is right where that is above 0.
    votes : int64 [t, 3]
        How many people said A, said B and could not tell; none for triplets from tags.
    songs, of
        How many songs were drawn from, and how many were kept aside.
    """

    items: np.ndarray
    margins: np.ndarray
    votes: np.ndarray
    songs: int = 0
    of: int = 0

    def __len__(self) -> int:
        """Return the number of triplets."""
        return len(self.items)


def tag_counts(tags: pd.DataFrame) -> TagCounts:
    """Return how much is known in a dimension.

    Parameters
    ----------
    tags
        Of the dimension, as ``Catalogue.tags`` returns them.
    """
    known = set(tags["item_id"])
    strong = set(tags.loc[~tags["weak"].astype(bool), "item_id"])
    return TagCounts(len(known), len(known - strong), int(tags["value"].nunique()))


def measured_versions(
    ws: Workspace, card: ModelCard, name: str
) -> tuple[dict[str, Score], dict[str, Score], int]:
    """Return how versions and floors answer one dimension, all on the same triplets.

    Parameters
    ----------
    ws
        The workspace.
    card
        The model in use.
    name
        The dimension.

    Returns
    -------
    versions
        By version, oldest first: those that kept the same songs aside, the latest six.
    floors
        By name what must be beaten; ``encoder`` is the model before it learned anything.
    songs
        How many songs the triplets come from.

    Raises
    ------
    NotReadyError
        If no such triplet can be asked.
    """
    asked = held_out_by_both(ws, card, card)
    ids, triplets = asked.questions.ids, asked.questions.triplets.get(name)
    if triplets is None or not len(triplets):
        raise NotReadyError(
            f"No triplet about {name} can be asked: the songs kept aside carry too few tags of it."
        )
    comparable = [
        other
        for other in ws.models.versions()
        if name in other.dimensions
        and other.encoder == card.encoder
        and set(other.held_out) == set(card.held_out)
    ]
    chosen = [c for c in comparable if c.version != card.version][-_VERSIONS + 1 :]
    chosen = [c for c in comparable if c in chosen or c.version == card.version]
    versions = {
        other.version: count_right(answers(subspace_rows(ws, other, ids)[name], triplets))
        for other in chosen
    }
    floors = {}
    for floor_name, floor in stored_floors(ws, card, ids).items():
        known = np.isfinite(floor.vectors).all(axis=1)[triplets.rows].all(axis=1)
        found = answers(floor.vectors, triplets.subset(known), distance=floor.distance)
        floors[floor_name] = count_right(found)
    return versions, floors, asked.songs


def human_ceiling(judgements: pd.DataFrame) -> Score:
    """Return how often two raters of one dimension's triplets decide alike.

    Parameters
    ----------
    judgements
        Of the dimension, as ``JudgementLog.table`` returns them.
    """
    return pairs_that_agree(answer_table(judgements).labels)


def drawn_triplets(ws: Workspace, card: ModelCard, name: str, *, seed: int = 0) -> Answered:
    """Draw many triplets from the tags of songs kept aside, and let a model answer them.

    Raises
    ------
    NotReadyError
        If fewer than three such songs have vectors.
    """
    kept = held_out_items(ws, card)
    rng = np.random.default_rng(seed)
    songs = kept if len(kept) <= SONGS else np.sort(rng.choice(kept, SONGS, replace=False))
    among = ws.vectors(card.encoder).ids
    asked = tag_questions(ws, songs, [name], among=among, seed=seed, count=TRIPLETS)
    triplets = asked.triplets.get(name)
    if triplets is None or not len(triplets):
        return Answered(*_NOTHING, len(songs), len(kept))
    space = subspace_rows(ws, card, asked.ids)[name]
    return Answered(
        asked.ids[closer_first(triplets)],
        margins(space, triplets),
        np.zeros((len(triplets), 3), np.int64),
        len(songs),
        len(kept),
    )


def agreed_triplets(
    ws: Workspace, card: ModelCard, name: str, judgements: pd.DataFrame
) -> Answered:
    """Return the triplets on which people agree, and how a model answers them.

    Parameters
    ----------
    ws, card, name
        The workspace, the model and the dimension.
    judgements
        Of the dimension, as ``JudgementLog.table`` returns them.
    """
    voted = votes_in(judgements)
    agreed = voted.agreed(agreement=AGREED, raters=RATERS)
    known = agreed.ids[np.isin(agreed.ids, ws.vectors(card.encoder).ids)]
    asked = agreed.about(known, [name])
    triplets = asked.triplets.get(name)
    if triplets is None or not len(triplets):
        return Answered(*_NOTHING)
    items = asked.ids[closer_first(triplets)]
    counts = {tuple(i): v for i, v in zip(voted.items.tolist(), voted.votes.tolist(), strict=True)}
    votes = []
    for anchor, closer, further in items.tolist():
        for_low, for_high, unsure = counts[anchor, min(closer, further), max(closer, further)]
        votes.append([*sorted((for_low, for_high), reverse=True), unsure])
    space = subspace_rows(ws, card, asked.ids)[name]
    return Answered(items, margins(space, triplets), np.array(votes, np.int64))


def exemplary(found: Answered, *, most: int, without: Iterable[int] = ()) -> list[int]:
    """Return the triplets answered right by the widest margin, no item in two of them.

    Parameters
    ----------
    found
        The triplets.
    most
        How many at most.
    without
        Items that may not occur, such as those whose tags were derived.
    """
    used = set(without)
    chosen: list[int] = []
    for row in np.argsort(-found.margins, kind="stable").tolist():
        items = found.items[row].tolist()
        if len(chosen) == most or not found.margins[row] > 0:
            break
        if used.isdisjoint(items):
            chosen.append(row)
            used.update(items)
    return chosen


def derived_only(tags: pd.DataFrame) -> set[int]:
    """Return the items of which a dimension has derived tags alone; none where all are so."""
    strong = set(tags.loc[~tags["weak"].astype(bool), "item_id"])
    return set(tags["item_id"]) - strong if strong else set()


def joined(parts: Sequence[Answered]) -> Answered:
    """Return triplets of several kinds together."""
    return Answered(
        np.concatenate([part.items for part in parts]),
        np.concatenate([part.margins for part in parts]),
        np.concatenate([part.votes for part in parts]),
    )


_NOTHING = (np.zeros((0, 3), np.int64), np.zeros(0), np.zeros((0, 3), np.int64))
