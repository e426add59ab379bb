"""Notions of similarity over tags: which pairs of items are similar, dissimilar, unknown.

Those of Ribecky et al. 2021, section 3.3: a shared tag for genre, mood, instrument and era; a tempo
within 5 bpm or any number of octaves away; the same key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from workbench.catalogue.keys import parse_key
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    import pandas as pd

KEY_RELATIONS = ("same", "relative", "parallel", "relative_and_parallel")


class Notion(Protocol):
    """A similarity notion over the tags of a dimension."""

    def relation(self, tags: pd.DataFrame, ids: Sequence[int]) -> np.ndarray:
        """Return int8 [n, n]: 1 similar, -1 dissimilar, 0 unknown; the diagonal is 0.

        Parameters
        ----------
        tags
            Tags of this dimension as ``Catalogue.tags`` returns them.
        ids
            The n items, in the order of rows and columns.
        """
        ...


@dataclass(frozen=True)
class SharedTag:
    """Similar: at least one tag in common. Dissimilar: both tagged, none in common."""

    def relation(self, tags: pd.DataFrame, ids: Sequence[int]) -> np.ndarray:
        """Return the relation of all pairs, int8 [n, n]."""
        has = _indicator(tags["item_id"].to_numpy(), tags["value"].to_numpy(), ids)
        return _signed(has @ has.T > 0, has.sum(axis=1) > 0)


@dataclass(frozen=True)
class TempoWithin:
    """Similar: tempi within `margin_bpm` once one is doubled or halved to the other's octave.

    The faster tempo is halved to the octave of the slower one and the margin is measured there,
    so that the relation is symmetric: 60 and 123 bpm (2 x 61.5) are similar.
    """

    margin_bpm: float = 5.0
    octaves: bool = True

    def __post_init__(self) -> None:
        """Refuse a margin that is no number."""
        if isinstance(self.margin_bpm, bool) or not isinstance(self.margin_bpm, int | float):
            raise WorkbenchError(f"A tempo margin is a number of bpm, not {self.margin_bpm!r}.")

    def relation(self, tags: pd.DataFrame, ids: Sequence[int]) -> np.ndarray:
        """Return the relation of all pairs, int8 [n, n]."""
        known = tags.dropna(subset=["number"]).drop_duplicates("item_id")
        bpm = known.set_index("item_id")["number"].reindex(list(ids)).to_numpy(dtype=float)
        valid = np.isfinite(bpm) & (bpm > 0)
        bpm = np.where(valid, bpm, 1.0)
        low = np.minimum(bpm[:, None], bpm[None, :])
        high = np.maximum(bpm[:, None], bpm[None, :])
        if self.octaves:
            ratio = high / low
            high = high / 2.0 ** np.round(np.log2(ratio))
        return _signed(np.abs(high - low) <= self.margin_bpm, valid)


@dataclass(frozen=True)
class SameKey:
    """Similar: the same key, or one the `relation_name` counts as such.

    The paper says "parallel"; in German usage that may mean the relative key, so the relation is
    a parameter: ``same``, ``relative`` (C major and A minor), ``parallel`` (C major and C minor)
    or ``relative_and_parallel``.
    """

    relation_name: str = "same"

    def __post_init__(self) -> None:
        """Refuse an unknown relation."""
        if self.relation_name not in KEY_RELATIONS:
            raise WorkbenchError(
                f"Key relation {self.relation_name!r} is unknown; choose one of "
                f"{', '.join(KEY_RELATIONS)}."
            )

    def relation(self, tags: pd.DataFrame, ids: Sequence[int]) -> np.ndarray:
        """Return the relation of all pairs, int8 [n, n]."""
        keys: dict[int, tuple[int, bool]] = {}
        for item_id, value in zip(tags["item_id"], tags["value"], strict=True):
            parsed = parse_key(value)
            if parsed is not None:
                keys.setdefault(int(item_id), parsed)
        valid = np.array([i in keys for i in ids], dtype=bool)
        tonic = np.array([keys.get(i, (0, True))[0] for i in ids])
        major = np.array([keys.get(i, (0, True))[1] for i in ids])
        same_mode = major[:, None] == major[None, :]
        same_tonic = tonic[:, None] == tonic[None, :]
        similar = same_mode & same_tonic
        if "relative" in self.relation_name:
            as_major = np.where(major, tonic, (tonic + 3) % 12)
            similar |= ~same_mode & (as_major[:, None] == as_major[None, :])
        if "parallel" in self.relation_name:
            similar |= ~same_mode & same_tonic
        return _signed(similar, valid)


def _indicator(item_ids: np.ndarray, values: np.ndarray, ids: Sequence[int]) -> np.ndarray:
    row = {item_id: index for index, item_id in enumerate(ids)}
    names = {value: index for index, value in enumerate(dict.fromkeys(values))}
    has = np.zeros((len(ids), max(len(names), 1)), dtype=np.float32)
    for item_id, value in zip(item_ids, values, strict=True):
        if item_id in row:
            has[row[item_id], names[value]] = 1
    return has


def _signed(similar: np.ndarray, valid: np.ndarray) -> np.ndarray:
    relation = np.where(similar, 1, -1).astype(np.int8)
    relation[~valid, :] = 0
    relation[:, ~valid] = 0
    np.fill_diagonal(relation, 0)
    return relation
