"""Labels to learn tags from: what people said of items, and of what nothing is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from workbench.backbones.tagger_card import TagName
from workbench.errors import NotReadyError, WorkbenchError


@dataclass(frozen=True)
class Labels:
    """What is known of some items.

    Attributes
    ----------
    tags
        The vocabulary, in the order of the columns.
    truth : bool [n, tags]
        Whether an item has a tag.
    known : bool [n, tags]
        Whether anybody has said so, or the contrary: an item that has tags of a dimension lacks
        the dimension's others; where a dimension was not filled in, nothing is known of its tags.
        What a reviewer accepted or rejected is known by itself and says nothing of other tags.
    filled : bool [n]
        Whether any dimension of an item was filled in.
    """

    tags: tuple[TagName, ...]
    truth: np.ndarray
    known: np.ndarray
    filled: np.ndarray

    @property
    def labelled(self) -> np.ndarray:
        """Whether anything is known of an item, bool [n]."""
        return np.asarray(self.known.any(axis=1))


def labels_of(
    tags: pd.DataFrame,
    ids: Sequence[int] | np.ndarray,
    vocabulary: Sequence[TagName],
    *,
    accepted: pd.DataFrame | None = None,
    rejected: pd.DataFrame | None = None,
) -> Labels:
    """Return what people said of items.

    Parameters
    ----------
    tags
        What people filled in, as `Catalogue.tags` returns it; weak ones, which are derived, do not
        count.
    ids
        The n items.
    vocabulary
        The tags that matter.
    accepted, rejected
        Tags that a reviewer has said an item has, or has not: ``item_id``, ``dimension``,
        ``value``. What nobody was asked about stays open.
    """
    row = {int(item_id): i for i, item_id in enumerate(ids)}
    column = {name: i for i, name in enumerate(vocabulary)}
    dimensions = np.array([name.dimension for name in vocabulary])
    truth = np.zeros((len(row), len(column)), bool)
    known = np.zeros_like(truth)
    said = tags[~tags["weak"].astype(bool)] if "weak" in tags else tags
    for item, name in _rows(said):
        if item in row:
            known[row[item], dimensions == name.dimension] = True
            if name in column:
                truth[row[item], column[name]] = True
    filled = np.asarray(known.any(axis=1))
    for item, name in _rows(accepted):
        if item in row and name in column:
            truth[row[item], column[name]] = known[row[item], column[name]] = True
    for item, name in _rows(rejected):
        if item in row and name in column and not truth[row[item], column[name]]:
            known[row[item], column[name]] = True
    return Labels(tuple(vocabulary), truth, known, filled)


def _rows(tags: pd.DataFrame | None) -> Iterator[tuple[int, TagName]]:
    if tags is not None:
        columns = tags[["item_id", "dimension", "value"]].itertuples(index=False, name=None)
        yield from ((int(item), TagName(dimension, value)) for item, dimension, value in columns)


def check_labels(labels: Labels, rows: np.ndarray, *, fewest: int = 2) -> None:
    """Refuse to learn from labels of which there are too few.

    Parameters
    ----------
    labels
        Of all items.
    rows
        Those that are learned from, int [n].
    fewest
        Examples that every tag must have among them.

    Raises
    ------
    NotReadyError
        If no item has a tag.
    WorkbenchError
        If a tag has fewer examples, with its name.
    """
    if not len(rows) or not labels.truth[rows].any():
        raise NotReadyError(
            "No item to learn from has a tag; tag some in a manifest or on the page Review tags."
        )
    counts = labels.truth[rows].sum(axis=0)
    few = np.flatnonzero(counts < fewest)
    if len(few):
        name = labels.tags[int(few[0])]
        more = f" (and {len(few) - 1} more tags)" if len(few) > 1 else ""
        raise WorkbenchError(
            f"The tag {name.value!r} of {name.dimension} has {_examples(counts[few[0]])} to learn "
            f"from{more}; tag more items, or leave it out of the table of tags "
            "(`workbench tags clean`)."
        )


def _examples(count: int) -> str:
    return ("no example", "a single example")[count] if count < 2 else f"{count} examples"
