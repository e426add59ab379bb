"""Queries: an item, a file, or a set of items that are heard together; one span of any of these."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from workbench.errors import WorkbenchError


@dataclass(frozen=True)
class Part:
    """One item of a set: how loud it is and when it begins."""

    item: int
    gain_db: float = 0.0
    offset_s: float = 0.0


@dataclass(frozen=True)
class Query:
    """What something related is looked for to. Use `of_item`, `of_file` or `of_parts`.

    Attributes
    ----------
    parts
        The items, one or several; several are compared as what they sound like together.
    file
        A sound or a score outside the catalogue, instead of items.
    span_s
        (start, end) in seconds: only this much of it counts.
    render
        Compare a score by the sound it is rendered to, for models that do not read scores.
    """

    parts: tuple[Part, ...] = ()
    file: Path | None = None
    span_s: tuple[float, float] | None = None
    render: bool = False

    def __post_init__(self) -> None:
        """Refuse what holds nothing, or cannot be played."""
        if self.file is None and not self.parts:
            raise WorkbenchError("There is nothing to start from: the set holds no items.")
        if self.file is not None and self.parts:
            raise WorkbenchError("A query is a file or a set of items, not both.")
        for part in self.parts:
            if not (math.isfinite(part.gain_db) and math.isfinite(part.offset_s)):
                raise WorkbenchError(f"Gain and offset of item {part.item} must be numbers.")
            if part.offset_s < 0:
                raise WorkbenchError(
                    f"Item {part.item} cannot begin before the start; give it an offset of 0 or "
                    "more."
                )
        if self.span_s is not None:
            start, end = self.span_s
            if not (math.isfinite(start) and math.isfinite(end) and 0 <= start < end):
                raise WorkbenchError(
                    f"A span ends after it begins, not {start:g} to {end:g} s; write it like 10:20."
                )

    @classmethod
    def of_item(
        cls, item: int, *, span_s: tuple[float, float] | None = None, render: bool = False
    ) -> Query:
        """Return the query for one item of the catalogue."""
        return cls(parts=(Part(int(item)),), span_s=span_s, render=render)

    @classmethod
    def of_file(
        cls, file: Path, *, span_s: tuple[float, float] | None = None, render: bool = False
    ) -> Query:
        """Return the query for a sound or a score that is not in the catalogue."""
        return cls(file=Path(file), span_s=span_s, render=render)

    @classmethod
    def of_parts(
        cls,
        parts: Sequence[Part | int],
        *,
        span_s: tuple[float, float] | None = None,
        render: bool = False,
    ) -> Query:
        """Return the query for items that are heard together, such as a partly built song."""
        made = tuple(part if isinstance(part, Part) else Part(int(part)) for part in parts)
        return cls(parts=made, span_s=span_s, render=render)

    @property
    def items(self) -> tuple[int, ...]:
        """The items it is made of, empty for a file."""
        return tuple(part.item for part in self.parts)

    @property
    def is_plain_item(self) -> bool:
        """Whether it is one whole item, whose vector is stored."""
        return len(self.parts) == 1 and self.span_s is None and not self.render

    def rendered(self) -> Query:
        """Return the same query, scores compared by their sound."""
        return replace(self, render=True)


def as_query(query: Query | int | Path) -> Query:
    """Return a query for an item's id or a file; a query stays what it is."""
    if isinstance(query, Query):
        return query
    return Query.of_file(query) if isinstance(query, Path) else Query.of_item(int(query))
