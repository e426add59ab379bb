"""What a machine heard, by the rows of the catalogue's index, for whoever asks for it by name.

Machine tags are searched only where a person wants them to be: `index.CatalogueIndex.tags` has
those of people and of what is derived, and nothing here is ever put among them. What a reviewer
has rejected was not heard.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.search.index import TagRows, catalogue_index

if TYPE_CHECKING:
    from workbench.search.filters import Filters
    from workbench.search.index import CatalogueIndex
    from workbench.tagging.machine_tags import MachineTags
    from workbench.workspace import Workspace


@dataclass(frozen=True, eq=False)
class HeardTags:
    """The scores of one tagger, by the rows of an index.

    Attributes
    ----------
    tagger
        Its key: name and version.
    threshold
        The score from which on a tag counts as heard.
    names
        (dimension, value) of each column.
    scores : float32 [n, tags]
        NaN for items that it has not heard, 0 for tags that a reviewer has rejected.
    """

    tagger: str
    threshold: float
    names: tuple[tuple[str, str], ...]
    scores: np.ndarray

    @cached_property
    def tags(self) -> dict[str, dict[str, TagRows]]:
        """What counts as heard, as `CatalogueIndex.tags` has what is said."""
        found: dict[str, dict[str, TagRows]] = {}
        for column, (dimension, value) in enumerate(self.names):
            rows = np.flatnonzero(self.scores[:, column] >= self.threshold)
            tag = TagRows(value, rows, np.ones(len(rows), dtype=bool))
            found.setdefault(dimension, {})[value.casefold()] = tag
        return found

    def score(self, dimension: str, value: str) -> np.ndarray:
        """Return the score of one tag, float32 [n]; NaN where the tagger does not know it."""
        for column, name in enumerate(self.names):
            if (name[0], name[1].casefold()) == (dimension, value.casefold()):
                return np.asarray(self.scores[:, column])
        return np.full(len(self.scores), np.nan, dtype=np.float32)


def heard_tags(
    ws: Workspace, *, threshold: float | None = None, index: CatalogueIndex | None = None
) -> HeardTags:
    """Return what the tagger that ran last heard.

    Parameters
    ----------
    ws
        The workspace.
    threshold
        The lowest score that counts; by default that of the tagger.
    index
        Whose rows; by default the catalogue as it is now.

    Raises
    ------
    NotReadyError
        If no tagger has been run.
    """
    from workbench.tagging.machine_tags import newest

    stored = newest(ws)
    rows = catalogue_index(ws) if index is None else index
    return HeardTags(
        tagger=stored.key,
        threshold=stored.card.threshold if threshold is None else threshold,
        names=tuple((name.dimension, name.value) for name in stored.tags),
        scores=_by_row(ws, stored, rows),
    )


def machine_choices(ws: Workspace) -> dict[str, Any]:
    """Return what a page offers of machine tags, nothing where no tagger has been run.

    Returns
    -------
    ``tagger``, ``threshold``, and ``tags``: the values heard at that threshold by dimension, the
    most frequent first.
    """
    from workbench.tagging.machine_tags import machine_taggers

    if not machine_taggers(ws):
        return {}
    heard = heard_tags(ws)
    tags = {
        dimension: [
            tag.value
            for tag in sorted(values.values(), key=lambda tag: -len(tag.rows))
            if len(tag.rows)
        ]
        for dimension, values in heard.tags.items()
    }
    tags = {dimension: values for dimension, values in tags.items() if values}
    return {"tagger": heard.tagger, "threshold": heard.threshold, "tags": tags}


def passed_by(
    filters: Filters, index: CatalogueIndex, heard: HeardTags, rows: np.ndarray
) -> list[str]:
    """Return by which machine tags items pass filters, empty where people's tags suffice.

    Parameters
    ----------
    filters
        The filters.
    index, heard
        Of one workspace.
    rows
        The items that pass, int64 [k].

    Returns
    -------
    Such as ``mood calm 0.81 (tones-1)``; an item may pass by what was heard in its parts.
    """
    people = filters.by_people(index)
    wanted = filters.wanted_tags(heard.tags)
    found = []
    for row in rows:
        if people[row]:
            found.append("")
            continue
        words = [
            f"{dimension} {tag.value} {heard.score(dimension, tag.value)[row]:.2f}"
            for dimension, tag in wanted
            if row in tag.rows
        ]
        found.append(f"{', '.join(words) or 'heard in a part'} ({heard.tagger})")
    return found


def _by_row(ws: Workspace, stored: MachineTags, index: CatalogueIndex) -> np.ndarray:
    """Return stored scores by the rows of an index, float32 [n, tags]."""
    from workbench.tagging.reviews import rejected

    refused = rejected(ws)
    if refused.empty and np.array_equal(stored.ids, index.ids):
        return np.asarray(stored.store.vectors)
    known = np.flatnonzero(np.isin(stored.ids, index.ids))
    scores = np.full((len(index), len(stored.tags)), np.nan, dtype=np.float32)
    scores[index.rows(stored.ids[known])] = stored.store.vectors[known]
    column = {(d, v.casefold()): place for place, (d, v) in enumerate(stored.tags)}
    for item, dimension, value in refused[["item_id", "dimension", "value"]].itertuples(
        index=False
    ):
        place = column.get((dimension, value.casefold()))
        if place is not None:
            scores[index.rows([item]), place] = 0.0
    return scores
