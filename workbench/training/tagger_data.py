"""What a tagger learns from: the items of a workspace, their labels, and who is held out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from workbench.backbones.tagger_card import TagName
from workbench.errors import NotReadyError
from workbench.progress import Progress
from workbench.tagging.labels import Labels, check_labels, labels_of
from workbench.tagging.splits import split_workspace
from workbench.training.excerpts import Excerpts, keep_excerpts

if TYPE_CHECKING:
    from workbench.workspace import Workspace


@dataclass(frozen=True)
class TaggerData:
    """Items with sound.

    Attributes
    ----------
    table
        One row per item: ``item_id``, ``composition`` (its title, for messages), ``group``,
        ``split`` and ``labels``, a hash of what is known of it.
    labels
        What people said.
    excerpts
        The sounds.
    failures
        Items that could not be read, and why.
    """

    table: pd.DataFrame
    labels: Labels
    excerpts: Excerpts
    failures: dict[int, str]

    def rows(self, split: str, *, labelled: bool) -> np.ndarray:
        """Return the rows of a split to learn from, or that wait for labels, int [n].

        Labelled is an item of which anything is known, unlabelled one of which no dimension was
        filled in: a few verdicts of a reviewer make it both.
        """
        wanted = self.labels.labelled if labelled else ~self.labels.filled
        return np.flatnonzero((self.table["split"] == split).to_numpy() & wanted)

    @property
    def split(self) -> dict[int, str]:
        """The side of each item, by its id."""
        ids = self.table["item_id"].astype(int)
        return dict(zip(ids.tolist(), self.table["split"].tolist(), strict=True))

    def without_rare(self, fewest: int) -> TaggerData:
        """Return the data without tags that have fewer examples in training.

        Raises
        ------
        NotReadyError
            If none is left.
        """
        rows = self.rows("train", labelled=True)
        kept = self.labels.truth[rows].sum(axis=0) >= fewest
        if not kept.any():
            raise NotReadyError(
                f"No tag has {fewest} examples to learn from; tag more items, of several artists."
            )
        tags = tuple(name for name, stays in zip(self.labels.tags, kept, strict=True) if stays)
        labels = replace(
            self.labels,
            tags=tags,
            truth=self.labels.truth[:, kept],
            known=self.labels.known[:, kept],
        )
        return replace(self, labels=labels, table=self.table.assign(labels=_digests(labels)))


def tagger_data(
    ws: Workspace,
    vocabulary: Sequence[TagName],
    *,
    tags: pd.DataFrame,
    clip_s: float,
    seed: int = 0,
    kinds: Sequence[str] = ("song",),
    accepted: pd.DataFrame | None = None,
    rejected: pd.DataFrame | None = None,
    kept: Mapping[int, str] | None = None,
    fewest: int = 2,
    progress: Progress | None = None,
) -> TaggerData:
    """Gather the items that have a file, with and without tags.

    Parameters
    ----------
    ws
        The workspace.
    vocabulary
        The tags to learn.
    tags
        What people filled in, cleaned: `workbench.tagging.cleaning.Cleaning.apply`.
    clip_s
        How much of each item is kept, from its middle.
    seed
        Of the split; see `workbench.tagging.splits.split_workspace`.
    kinds
        Which items.
    accepted, rejected
        What reviewers said, see `labels_of`. They were asked what a tagger suggested, so their
        verdicts are learned from and taggers are not measured by them, unless nothing else is known
        of what is held out.
    kept
        An earlier split that is gone on with, sides by item id.
    fewest
        Examples that every tag must have in training.
    progress
        Told about every item that is decoded.

    Raises
    ------
    NotReadyError
        If there is no music, or nothing to learn from.
    WorkbenchError
        If a tag has too few examples to learn from.
    """
    items = ws.catalogue.items(domain="audio")
    items = items[items["kind"].isin(kinds) & items["media_id"].notna()]
    if items.empty:
        raise NotReadyError(
            "There are no songs to learn from; import some with `workbench import`."
        )
    both = tags if accepted is None else pd.concat([tags, accepted], ignore_index=True)
    split = split_workspace(ws, ids=items.index.to_numpy(), tags=both, kept=kept, seed=seed)
    known = [int(i) for i in items.index]
    excerpts, ids, failures = keep_excerpts(ws, known, clip_s, progress=progress)
    labels = labels_of(tags, ids, vocabulary, accepted=accepted, rejected=rejected)
    plain = labels_of(tags, ids, vocabulary)
    for side in ("validation", "test"):
        rows = np.flatnonzero(split.loc[ids, "split"].to_numpy() == side)
        if plain.truth[rows].any():
            labels.truth[rows], labels.known[rows] = plain.truth[rows], plain.known[rows]
    table = pd.DataFrame(
        {
            "item_id": ids,
            "composition": items.loc[ids, "title"].to_numpy(),
            "group": split.loc[ids, "group"].to_numpy(),
            "split": split.loc[ids, "split"].to_numpy(),
            "labels": _digests(labels),
        }
    )
    data = TaggerData(table, labels, excerpts, failures)
    check_labels(labels, data.rows("train", labelled=True), fewest=fewest)
    return data


def _digests(labels: Labels) -> list[str]:
    """Return a hash of what is known of each item."""
    bits = np.packbits(np.concatenate([labels.truth, labels.known], axis=1), axis=1)
    return [hashlib.sha256(row.tobytes()).hexdigest()[:16] for row in bits]
