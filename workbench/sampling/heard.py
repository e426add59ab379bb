"""Triplets chosen by what a machine heard, for dimensions that nobody has tagged yet.

Machine tags only choose what is asked here. What is learned and measured is what raters answer;
no machine tag is ever taken for an answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from workbench.sampling.chance import TagGuidedSampler
from workbench.search.heard_tags import heard_tags
from workbench.search.index import catalogue_index
from workbench.subspaces.structure import song_groups

if TYPE_CHECKING:
    from workbench.workspace import Workspace

_UNHEARD = 0.5  # of the threshold: below it a tag is taken as not heard


class MachineTagSampler(TagGuidedSampler):
    """Triplets in which anchor and one candidate share a tag that a machine heard for sure.

    The other candidate has none of the anchor's. Tags are those of the tagger that ran last.

    Parameters
    ----------
    ws
        The workspace.
    items
        Ids of the items to choose from.
    """

    name = "machine_tags"

    def __init__(self, ws: Workspace, items: Sequence[int]) -> None:
        def relation(dimension: str, ids: Sequence[int]) -> np.ndarray:
            return _relation(ws, dimension, ids)

        super().__init__(items, relation)


def heard_relation(scores: np.ndarray, threshold: float) -> np.ndarray:
    """Return which items share a tag that was heard for sure, and which surely do not.

    Parameters
    ----------
    scores
        Of each tag, float32 [n, tags]; NaN for items that were not heard.
    threshold
        The score from which on a tag was heard; below half of it, it was not.

    Returns
    -------
    int8 [n, n]: 1 where both have one of the tags, -1 where the second has none of the first's, 0
    where it may; rows and columns do not change places.
    """
    has = (scores >= threshold).astype(np.int64)
    lacks = (scores < _UNHEARD * threshold).astype(np.int64)
    count = has.sum(axis=1)
    shared = has @ has.T > 0
    none = (count[:, None] > 0) & (has @ lacks.T == count[:, None])
    relation = np.where(shared, 1, np.where(none, -1, 0)).astype(np.int8)
    np.fill_diagonal(relation, 0)
    return relation


def _relation(ws: Workspace, dimension: str, ids: Sequence[int]) -> np.ndarray:
    """Return `heard_relation` of items of different songs; parts of one song say nothing."""
    index = catalogue_index(ws)
    heard = heard_tags(ws, index=index)
    columns = [place for place, name in enumerate(heard.names) if name[0] == dimension]
    scores = heard.scores[index.rows(ids)][:, columns]
    songs = song_groups(ws.catalogue.items().loc[list(ids)])
    apart = songs[:, None] != songs
    return heard_relation(scores, heard.threshold) * apart.astype(np.int8)
