"""Triplets from tags: anchor, one item similar to it, one dissimilar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench.subspaces.dimensions import Dimension, dimensions_of
from workbench.subspaces.structure import PartNotion, SoundingTogether, song_groups

if TYPE_CHECKING:
    import pandas as pd

    from workbench.workspace import Workspace

_COMPARED = 4000  # 16 million pairs, 16 MB for each dimension


@dataclass(frozen=True)
class Triplets:
    """Answered triplets over a list of items.

    Attributes
    ----------
    rows : int64 [t, 3]
        Row numbers of anchor, a and b.
    share : float32 [t]
        The share of raters who found a closer; 1 for triplets from tags.
    """

    rows: np.ndarray
    share: np.ndarray

    def __len__(self) -> int:
        """Return the number of triplets."""
        return len(self.rows)

    def subset(self, chosen: np.ndarray) -> Triplets:
        """Return some of the triplets by a boolean array or row numbers."""
        return Triplets(self.rows[chosen], self.share[chosen])


NO_TRIPLETS = Triplets(np.zeros((0, 3), np.int64), np.zeros(0, np.float32))


def relations(
    ws: Workspace, ids: Sequence[int], dimensions: Mapping[str, Dimension] | None = None
) -> dict[str, np.ndarray]:
    """Return each dimension's relation of items.

    Parameters
    ----------
    ws
        The workspace, for items, tags and dimensions.
    ids
        The n items.
    dimensions
        Which; by default all of the workspace.

    Returns
    -------
    For each dimension int8 [n, n]: 1 similar, -1 dissimilar, 0 unknown. Tags leave pairs within a
    song unknown, since its parts share them by descent.
    """
    wanted = dimensions_of(ws) if dimensions is None else dimensions
    # Parts of songs are told apart by tempo and key, whatever they are asked about.
    alone = [
        n for n, d in wanted.items() if len(wanted) == 1 and not isinstance(d.notion, PartNotion)
    ]
    tags, items = ws.catalogue.tags(*alone), ws.catalogue.items()
    found = {name: dimension.relation(tags, ids, items) for name, dimension in wanted.items()}
    for name, dimension in wanted.items():
        if isinstance(dimension.notion, SoundingTogether):
            found[name] = _with_uses(found[name], ids, ws.catalogue.used_together())
    return found


def _with_uses(relation: np.ndarray, ids: Sequence[int], used: pd.DataFrame) -> np.ndarray:
    """Return a relation in which items that somebody put into one song sound good together."""
    place = {item: row for row, item in enumerate(ids)}
    pairs = used[used["a_id"].isin(place) & used["b_id"].isin(place)]
    relation[pairs["a_id"].map(place), pairs["b_id"].map(place)] = 1
    return relation


def artist_groups(items: pd.DataFrame, ids: np.ndarray, *, fewest: int) -> np.ndarray:
    """Return a number for the artist of each item's song, int64 [n], to split items by.

    Songs by one artist resemble each other, so a split that parts them flatters a model. A song
    without an artist counts as an artist of its own.

    Parameters
    ----------
    items
        The whole catalogue, as ``Catalogue.items`` returns it.
    ids
        The n items.
    fewest
        Where there are fewer artists than this, songs are the groups.
    """
    songs = song_groups(items.loc[ids])
    artists = items["artist"].reindex(songs).fillna("").str.casefold().to_numpy()
    names = [artist or f"song {song}" for artist, song in zip(artists, songs, strict=True)]
    groups = np.unique(names, return_inverse=True)[1]
    return groups if len(np.unique(groups)) >= fewest else songs


def compared(groups: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the rows of items whose pairs are compared, int64 [m], ascending: at most 4,000.

    Pairs grow as the square of items, and the few hundred triplets that are drawn from them need
    no more. Of more items whole songs are drawn.

    Parameters
    ----------
    groups
        The song of each item, int [n].
    rng
        The source of chance; up to 4,000 items are all taken, and it is left alone.

    Examples
    --------
    >>> compared(np.array([7, 7, 9]), np.random.default_rng(0)).tolist()
    [0, 1, 2]
    """
    if len(groups) <= _COMPARED:
        return np.arange(len(groups))
    members, sizes = np.unique(groups, return_inverse=True, return_counts=True)[1:]
    order = rng.permutation(len(sizes))
    chosen = order[np.cumsum(sizes[order]) <= _COMPARED]
    return np.flatnonzero(np.isin(members, chosen))


def sample_triplets(relation: np.ndarray, count: int, rng: np.random.Generator) -> Triplets:
    """Return up to `count` random triplets in which a is similar to the anchor and b is not.

    Parameters
    ----------
    relation
        int8 [n, n]: 1 similar, -1 dissimilar, 0 unknown.
    count
        How many to draw; duplicates are removed, so small catalogues give fewer.
    rng
        The source of chance.
    """
    anchors = np.flatnonzero((relation > 0).any(axis=1) & (relation < 0).any(axis=1))
    if not len(anchors):
        return NO_TRIPLETS
    chosen = np.resize(rng.permutation(anchors), count)
    near = _random_column(relation[chosen] > 0, rng)
    far = _random_column(relation[chosen] < 0, rng)
    rows = np.unique(np.stack([chosen, near, far], axis=1), axis=0).astype(np.int64)
    return Triplets(rows, np.ones(len(rows), np.float32))


def _random_column(allowed: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return one allowed column per row, all equally likely."""
    return np.where(allowed, rng.random(allowed.shape), -1.0).argmax(axis=1)
