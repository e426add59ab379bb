"""The demo's recipe: which pieces of the music21 corpus, and what is known of them."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import StorageError
from workbench.resources import resource

# The year an era ends; a piece belongs to the era of its composer's fortieth year.
ERAS = (
    (1420, "medieval"),
    (1600, "renaissance"),
    (1750, "baroque"),
    (1820, "classical"),
    (1900, "romantic"),
    (9999, "modern"),
)
TRADITIONAL = "traditional"


@dataclass(frozen=True)
class Piece:
    """One piece of the recipe.

    Attributes
    ----------
    slug
        Its name in paths.
    path, number
        Where it lies in the corpus, and its number in files that hold many tunes.
    first_bar, parts
        Where the excerpt starts (0: at the first note) and which parts play (none: all).
    artist
        The composer, or the collection of a traditional tune.
    born, died, year
        The composer's dates; where nobody knows the composer, the year of the source.
    beat
        The length of the beat in quarter notes (1.5 in 6/8).
    key, key_source, key_confidence
        The key of its opening as written, such as ``"F# minor"``; ``"key signature"`` where the
        score states it, else ``"key analysis"`` with the correlation of the key profile; empty
        for music without a key.
    """

    slug: str
    path: str
    number: int | None
    first_bar: int
    parts: tuple[int, ...]
    title: str
    artist: str
    born: int | None
    died: int | None
    year: int | None
    genre: str
    beat: float
    key: str
    key_source: str
    key_confidence: float

    @property
    def mode(self) -> str:
        """``"major"``, ``"minor"`` or empty."""
        return self.key.partition(" ")[2]

    @property
    def era(self) -> str:
        """The era's name; traditional where neither composer nor source has a date."""
        year = self.year
        if self.born is not None:
            year = min(self.born + 40, self.died or 9999)
        if year is None:
            return TRADITIONAL
        return next(name for end, name in ERAS if year < end)

    @property
    def era_source(self) -> str:
        """Who says which era it is."""
        if self.born is not None:
            return "composer's dates"
        return "collection" if self.year is None else "date of the source"


def read_recipe(path: Path | None = None) -> list[Piece]:
    """Read the pieces in the recipe's order; every beginning of at least twelve is balanced."""
    path = path or resource("data/demo_pieces.csv")
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            return [_piece(row) for row in csv.DictReader(stream)]
    except (KeyError, ValueError, TypeError) as error:
        raise StorageError(f"{path} is damaged ({error}); install the package again.") from error


def _piece(row: dict[str, str]) -> Piece:
    return Piece(
        slug=row["slug"],
        path=row["path"],
        number=_integer(row["number"]),
        first_bar=int(row["first_bar"] or 0),
        parts=tuple(int(part) - 1 for part in row["parts"].split()),
        title=row["title"],
        artist=row["artist"],
        born=_integer(row["born"]),
        died=_integer(row["died"]),
        year=_integer(row["year"]),
        genre=row["genre"],
        beat=float(row["beat"]),
        key=row["key"],
        key_source=row["key_source"],
        key_confidence=float(row["key_confidence"] or 0),
    )


def _integer(text: str) -> int | None:
    return int(text) if text else None
