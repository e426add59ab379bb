"""Triplets to be answered about some items, and how a model answers them.

Metrics
-------
`model_answers`
    Right or wrong: each dimension's triplets by its own subspace, and all triplets of all
    dimensions by all subspaces together (the mean cosine distance) as ``overall``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench.evaluation.answers import answers
from workbench.subspaces.dimensions import dimensions_of
from workbench.subspaces.structure import PartNotion, parts_below, song_groups
from workbench.subspaces.triplets import (
    NO_TRIPLETS,
    Triplets,
    compared,
    relations,
    sample_triplets,
)

if TYPE_CHECKING:
    from workbench.workspace import Workspace

OVERALL = "overall"
TRIPLETS_PER_DIMENSION = 500


@dataclass(frozen=True)
class Questions:
    """Triplets to be answered about some items.

    Attributes
    ----------
    ids : int64 [n]
        The items; rows of the triplets refer to them.
    triplets
        Per dimension; those of no dimension under ``overall``.
    relations
        What the tags say of the items, per dimension int8 [n, n]; empty where nobody asked.
    """

    ids: np.ndarray
    triplets: dict[str, Triplets]
    relations: dict[str, np.ndarray]

    @property
    def named(self) -> dict[str, Triplets]:
        """The triplets that ask about one dimension."""
        return {name: asked for name, asked in self.triplets.items() if name != OVERALL}

    @property
    def pooled(self) -> Triplets:
        """All triplets, dimension after dimension."""
        parts = list(self.triplets.values()) or [NO_TRIPLETS]
        return Triplets(
            np.concatenate([p.rows for p in parts]), np.concatenate([p.share for p in parts])
        )

    def __len__(self) -> int:
        """Return the number of triplets."""
        return sum(len(asked) for asked in self.triplets.values())

    def about(self, ids: np.ndarray, names: Sequence[str]) -> Questions:
        """Return the triplets whose three items are among `ids`, about `names` or no dimension."""
        usable = np.isin(self.ids, ids)
        kept = {
            name: asked.subset(usable[asked.rows].all(axis=1))
            for name, asked in self.triplets.items()
            if name == OVERALL or name in names
        }
        parts = [asked.rows.reshape(-1) for asked in kept.values()]
        used = np.unique(np.concatenate([*parts, np.zeros(0, np.int64)]))
        moved = {
            name: Triplets(np.searchsorted(used, asked.rows), asked.share)
            for name, asked in kept.items()
            if len(asked)
        }
        relations = {name: r[np.ix_(used, used)] for name, r in self.relations.items()}
        return Questions(self.ids[used], moved, relations)


def tag_questions(
    ws: Workspace,
    ids: np.ndarray,
    names: Sequence[str],
    *,
    among: np.ndarray | None = None,
    seed: int = 0,
    count: int = TRIPLETS_PER_DIMENSION,
) -> Questions:
    """Draw triplets from the tags of songs, and from what songs are made of.

    Parameters
    ----------
    ws
        The workspace.
    ids
        The songs, int64 [n].
    names
        The dimensions.
    among
        Items with vectors: relations between parts of songs are asked about those parts of `ids`
        that are among them. None asks about no parts.
    seed
        Chooses the triplets.
    count
        How many of each dimension, at most.

    Returns
    -------
    Questions whose `ids` are the songs, followed by the parts that something is asked about; of
    very many, some (`subspaces.triplets.compared`).
    """
    rng = np.random.default_rng(seed)
    dimensions = {n: d for n, d in dimensions_of(ws).items() if n in names}
    structural = {n for n, d in dimensions.items() if isinstance(d.notion, PartNotion)}
    parts = np.zeros(0, np.int64)
    if structural and among is not None:
        parts = parts_below(ws.catalogue.items(), ids, among)
    everything = np.concatenate([ids, parts])
    some = compared(song_groups(ws.catalogue.items().loc[everything]), rng)
    everything, is_part = everything[some], some >= len(ids)
    related = relations(ws, everything.tolist(), dimensions)
    for name in related.keys() - structural:  # tags are those of whole songs
        related[name][is_part, :] = 0
        related[name][:, is_part] = 0
    asked = {name: sample_triplets(relation, count, rng) for name, relation in related.items()}
    return Questions(everything, asked, related)


def model_answers(
    vectors: np.ndarray,
    blocks: Mapping[str, slice],
    questions: Questions,
    *,
    distance: str = "euclidean",
) -> dict[str, np.ndarray]:
    """Return which triplets a model answers right, bool [t] per dimension and ``overall``.

    Parameters
    ----------
    vectors
        Subspace vectors of the questions' items side by side, float32 [n, width].
    blocks
        The columns of each dimension: its own triplets are answered by them, all triplets
        together (``overall``, in the order of `Questions.pooled`) by all columns.
    questions
        The triplets.
    distance
        ``euclidean`` or ``cosine``.
    """
    right = {
        name: answers(vectors[:, blocks[name]], asked, distance=distance)
        for name, asked in questions.named.items()
    }
    right[OVERALL] = answers(vectors, questions.pooled, distance=distance)
    return right
