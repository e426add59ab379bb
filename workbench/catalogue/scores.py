"""The notes of an item."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.catalogue.tables import Item
from workbench.errors import MediaError, UnknownNameError
from workbench.symbolic.reading import read_score
from workbench.symbolic.score import Score

if TYPE_CHECKING:
    from workbench.catalogue.reading import CatalogueReader

SPANS = ("segment", "bar")


def score_of(catalogue: CatalogueReader, item_id: int) -> Score:
    """Return the notes of a symbolic item, see `MusicCatalogue.score_of`."""
    item = catalogue.item(item_id)
    if item.domain != "symbolic":
        raise UnknownNameError(f"Item {item_id} is sound; only scores and their parts have notes.")
    base = base_of(catalogue, item)
    parts = [catalogue.item(part) for part, _, _ in catalogue.submix_parts(base.id)]
    tracks = [part.track_number for part in parts] or [base.track_number]
    score = whole_score(catalogue.media_path(parts[0].id if parts else item_id))
    numbers = sorted(number for number in tracks if number is not None)
    return _spanned(_only(score, item, numbers) if numbers else score, item)


def whole_score(path: Path) -> Score:
    """Return the score of a file; those read last are kept, as tracks follow each other."""
    try:
        stat = path.stat()
    except OSError as error:
        raise MediaError(f"{path.name}: cannot be read ({error.strerror or error})") from error
    return _read(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=4)
def _read(path: Path, _changed_ns: int, _size: int) -> Score:
    return read_score(path)


def base_of(catalogue: CatalogueReader, item: Item) -> Item:
    """Return the item that a segment or bar is cut from; any other is cut from nothing else."""
    while item.kind in SPANS and item.parent_id is not None:
        item = catalogue.item(item.parent_id)
    return item


def _spanned(score: Score, item: Item) -> Score:
    """Return what of a score lies in the span of a segment or bar; else all of it."""
    if item.kind not in SPANS:
        return score
    return score.span(item.start_s, item.start_s + (item.duration_s or 0.0))


def _only(score: Score, item: Item, numbers: list[int]) -> Score:
    try:
        return score.only_tracks(numbers)
    except IndexError as error:
        raise MediaError(
            f"The score of item {item.id} has changed: {error}; import it again."
        ) from error
