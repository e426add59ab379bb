"""Notions of similarity over what songs are made of: what sounds together, follows, is one track.

Relations of US 12,394,399 that no tag says: they hold between the parts of one song. Parts of two
songs are dissimilar only where both are known to be in the same tempo and key, so that a subspace
cannot answer by those.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from workbench.subspaces.notions import SameKey, TempoWithin

if TYPE_CHECKING:
    import pandas as pd

_SPANS = ("segment", "bar")
_TOUCH_S = 0.25  # spans this far apart, or overlapping so much, follow each other


@runtime_checkable
class PartNotion(Protocol):
    """A notion over the parts of songs."""

    def between(self, chosen: pd.DataFrame, items: pd.DataFrame, tags: pd.DataFrame) -> np.ndarray:
        """Return int8 [n, n]: 1 similar, -1 dissimilar, 0 unknown; the diagonal is 0.

        Parameters
        ----------
        chosen
            The n items, rows of `items`.
        items
            The catalogue, as ``Catalogue.items`` returns it.
        tags
            Of any dimension, for tempo and key.
        """
        ...


@dataclass(frozen=True)
class SoundingTogether:
    """Similar: two tracks of one song. Dissimilar: tracks of two songs in one tempo and key."""

    def between(self, chosen: pd.DataFrame, items: pd.DataFrame, tags: pd.DataFrame) -> np.ndarray:
        """Return the relation of all pairs, int8 [n, n]."""
        tracks = chosen["parent_id"].notna().to_numpy() & (chosen["kind"] == "track").to_numpy()
        songs = song_groups(chosen)
        together = songs[:, None] == songs
        return _signed(together, ~together & _matched(songs, tags), tracks)


@dataclass(frozen=True)
class FollowingEachOther:
    """Similar: spans of one item, one of which begins where the other ends.

    Dissimilar: other spans of that item, and those of other songs in the same tempo and key.
    """

    def between(self, chosen: pd.DataFrame, items: pd.DataFrame, tags: pd.DataFrame) -> np.ndarray:
        """Return the relation of all pairs, int8 [n, n]."""
        spans = chosen["kind"].isin(_SPANS).to_numpy()
        parent = chosen["parent_id"].to_numpy(dtype=float)
        one = parent[:, None] == parent
        start = chosen["start_s"].to_numpy(dtype=float)
        end = start + chosen["duration_s"].fillna(0.0).to_numpy(dtype=float)
        after = np.abs(start[None, :] - end[:, None]) <= _TOUCH_S
        songs = _top(chosen, items)
        elsewhere = (songs[:, None] != songs) & _matched(songs, tags)
        follows = one & (after | after.T)
        return _signed(follows, (one & ~follows) | elsewhere, spans)


@dataclass(frozen=True)
class SameTrack:
    """Similar: spans of one track. Dissimilar: spans of other tracks, of this song or not."""

    def between(self, chosen: pd.DataFrame, items: pd.DataFrame, tags: pd.DataFrame) -> np.ndarray:
        """Return the relation of all pairs, int8 [n, n]."""
        parent = chosen["parent_id"].to_numpy(dtype=float)
        kinds = items["kind"].reindex(chosen["parent_id"]).to_numpy()
        spans = chosen["kind"].isin(_SPANS).to_numpy() & (kinds == "track")
        one = parent[:, None] == parent
        return _signed(one, ~one, spans)


def song_groups(items: pd.DataFrame) -> np.ndarray:
    """Return the song each item belongs to (itself if it is no part), int64 [n]."""
    parents = items["parent_id"].to_numpy(dtype=float)
    return np.where(np.isnan(parents), items.index.to_numpy(), np.nan_to_num(parents)).astype(int)


def parts_below(items: pd.DataFrame, songs: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Return the tracks of songs, and the segments and bars of both, int64 [m], ascending.

    Parameters
    ----------
    items
        The catalogue.
    songs
        Their ids.
    among
        Only parts that are among these.
    """
    below = items.index[items["parent_id"].isin(songs)]
    further = items.index[items["parent_id"].isin(below)]
    parts = np.union1d(below, further)
    return parts[np.isin(parts, among)].astype(np.int64)


def _top(chosen: pd.DataFrame, items: pd.DataFrame) -> np.ndarray:
    """Return the song that each span belongs to, through its track if it is one's."""
    parents = song_groups(chosen)
    above = items["parent_id"].reindex(parents).to_numpy(dtype=float)
    return np.where(np.isnan(above), parents, np.nan_to_num(above)).astype(int)


def _matched(songs: np.ndarray, tags: pd.DataFrame) -> np.ndarray:
    """Say of every pair of parts whether their songs are known to share tempo and key."""
    ids, place = np.unique(songs, return_inverse=True)
    same = [
        notion.relation(tags[tags["dimension"] == name], ids.tolist()) > 0
        for name, notion in (("tempo", TempoWithin()), ("key", SameKey()))
    ]
    both: np.ndarray = same[0] & same[1]
    return both[np.ix_(place, place)]


def _signed(similar: np.ndarray, dissimilar: np.ndarray, valid: np.ndarray) -> np.ndarray:
    known = valid[:, None] & valid
    relation = np.where(similar & known, 1, np.where(dissimilar & known, -1, 0)).astype(np.int8)
    np.fill_diagonal(relation, 0)
    return relation
