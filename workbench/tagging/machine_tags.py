"""Stored machine tags: the scores of all tags of a tagger, per item, beside a card that names them.

They lie in files of their own and never among the tags of the catalogue, so nothing that learns
from people's tags or is measured by them can take a machine's word for a person's.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from workbench.errors import NotReadyError, StorageError, UnknownNameError
from workbench.files import from_json, write_text
from workbench.tagging.taggers import TagName
from workbench.vectors.store import VectorStore

if TYPE_CHECKING:
    import pandas as pd

    from workbench.workspace import Workspace

TABLE_COLUMNS = ["item_id", "dimension", "value", "score", "tagger", "at"]


@dataclass(frozen=True)
class TagCard:
    """Who said what is stored, under which licence, and when it was last added to.

    `threshold` is the score from which on the tagger's tags are taken as said.
    """

    key: str
    licence: str
    threshold: float
    tags: tuple[TagName, ...]
    at: str

    @property
    def moment(self) -> datetime:
        """When the scores were last added to, in UTC."""
        return datetime.fromisoformat(self.at)

    @property
    def is_sound(self) -> bool:
        """Whether a card from a file says what a card has to; ValueError where `at` is no time."""
        words = isinstance(self.key, str) and isinstance(self.licence, str)
        number = isinstance(self.threshold, int | float) and 0.0 <= self.threshold <= 1.0
        return words and number and self.moment.tzinfo is not None


class MachineTags:
    """What one tagger said of the items of a workspace.

    Parameters
    ----------
    ws
        The workspace.
    key
        Of the tagger.

    Examples
    --------
    >>> MachineTags(ws, "musicnn-msd-1").of("mood", "happy")  # doctest: +SKIP
    item_id
    1    0.31
    2    0.02
    """

    def __init__(self, ws: Workspace, key: str) -> None:
        self.key = key
        self.store = VectorStore(
            tags_folder(ws) / key, what="machine tag", command=f"workbench tag --tagger {key}"
        )

    @property
    def exists(self) -> bool:
        """Whether anything has been stored."""
        return self._card_file.is_file() and self.store.exists

    @cached_property
    def card(self) -> TagCard:
        """Who said it and when.

        Raises
        ------
        NotReadyError
            If the tagger has not been run.
        StorageError
            If the card is damaged or does not fit the scores.
        """
        try:
            stored = from_json(self._card_file.read_text(encoding="utf-8"))
            names = tuple(TagName(str(d), str(v)) for d, v in stored.pop("tags"))
            card = TagCard(**stored, tags=names)
            if not card.is_sound:
                raise ValueError("a field is something else")
        except FileNotFoundError as error:
            raise NotReadyError(
                f"There is no machine tag of {self.key} yet; run `workbench tag --tagger "
                f"{self.key}` first."
            ) from error
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise self._damaged() from error
        if self.store.exists and self.store.vectors.shape[1] != len(card.tags):
            raise self._damaged()
        return card

    @property
    def tags(self) -> tuple[TagName, ...]:
        """The tags, in the order of the columns of `scores`."""
        return self.card.tags

    @cached_property
    def columns(self) -> dict[TagName, int]:
        """The place of each tag among `tags`, by its dimension and case-folded value."""
        names = enumerate(self.tags)
        return {TagName(tag.dimension, tag.value.casefold()): place for place, tag in names}

    @property
    def ids(self) -> np.ndarray:
        """The items that have scores, int64 [n], ascending."""
        return self.store.ids

    def scores(self, ids: Sequence[int] | np.ndarray) -> np.ndarray:
        """Return the scores of items, float32 [len(ids), tags].

        Raises
        ------
        NotReadyError
            If one of them has none yet.
        """
        self.card  # noqa: B018 - scores are worth nothing without their names
        return self.store.rows(ids)

    def of(self, dimension: str, value: str) -> pd.Series:
        """Return the score of one tag by item.

        Raises
        ------
        UnknownNameError
            If the tagger does not know the tag.
        """
        import pandas as pd

        name = TagName(dimension, value)
        if name not in self.tags:
            raise UnknownNameError(f"Tagger {self.key} knows no tag {dimension}={value}.")
        column = np.asarray(self.store.vectors[:, self.tags.index(name)])
        return pd.Series(column, index=pd.Index(self.ids, name="item_id"), name=value)

    def table(
        self, ids: Sequence[int] | np.ndarray | None = None, threshold: float | None = None
    ) -> pd.DataFrame:
        """Return what was said as rows: item_id, dimension, value, score, tagger, at.

        Parameters
        ----------
        ids
            Of which items; by default of all that have scores.
        threshold
            The lowest score; by default that of the tagger.

        Returns
        -------
        Ordered by item, then by score, the highest first.
        """
        import pandas as pd

        wanted = self.ids if ids is None else np.asarray(ids, dtype=np.int64)
        scores = self.scores(wanted)
        lowest = self.card.threshold if threshold is None else threshold
        rows, columns = np.nonzero(scores >= lowest)
        order = np.lexsort((columns, -scores[rows, columns], rows))
        rows, columns = rows[order], columns[order]
        found = {
            "item_id": wanted[rows],
            "dimension": [self.tags[column].dimension for column in columns],
            "value": [self.tags[column].value for column in columns],
            "score": scores[rows, columns],
            "tagger": self.key,
            "at": pd.Timestamp(self.card.moment),
        }
        return pd.DataFrame(found, columns=TABLE_COLUMNS)

    def write_card(self, card: TagCard) -> None:
        """Store who says what the store holds, as of now."""
        stored = asdict(replace(card, at=datetime.now(UTC).isoformat()))
        write_text(self._card_file, json.dumps(stored, indent=1))
        self.__dict__.pop("card", None)

    @property
    def _card_file(self) -> Path:
        return self.store.folder / "card.json"

    def _damaged(self) -> StorageError:
        return StorageError(
            f"The card of {self.store.folder} is damaged or does not fit the scores beside it; "
            f"run `workbench tag --tagger {self.key} --again`."
        )


def tags_folder(ws: Workspace) -> Path:
    """Return where machine tags lie, a folder per tagger."""
    return ws.root / "tags"


def machine_taggers(ws: Workspace) -> list[str]:
    """Return the keys of the taggers whose tags are stored, the one that ran last first.

    What is damaged is left out, so that it keeps nobody from the others.
    """
    folder = tags_folder(ws)
    names = sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []
    found: list[tuple[datetime, str]] = []
    for tags in (MachineTags(ws, name) for name in names):
        with suppress(StorageError):
            if tags.exists:
                found.append((tags.card.moment, tags.key))
    return [key for _, key in sorted(found, reverse=True)]


def all_machine_tags(ws: Workspace) -> pd.DataFrame:
    """Return `MachineTags.table` of every tagger that was run, one below the other."""
    import pandas as pd

    tables = [MachineTags(ws, key).table() for key in machine_taggers(ws)]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=TABLE_COLUMNS)


def newest(ws: Workspace) -> MachineTags:
    """Return the machine tags that were stored last.

    Raises
    ------
    NotReadyError
        If no tagger has been run.
    """
    keys = machine_taggers(ws)
    if not keys:
        raise NotReadyError("There are no machine tags yet; run `workbench tag` first.")
    return MachineTags(ws, keys[0])
