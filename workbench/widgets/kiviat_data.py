"""What a Kiviat diagram shows, however it is drawn: on a page, as SVG, as a table or in words."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from workbench.widgets import present
from workbench.widgets.present import Score

if TYPE_CHECKING:
    import pandas as pd

CHANCE = 0.5  # a triplet has two candidates
# Outlines differ by more than their colour, in the names of plotly and in those of SVG.
MARKERS = ("circle", "square", "diamond", "triangle-up")
DASHES = ("solid", "longdash", "dashdot", "dot")
COLUMNS = ("what", "name", "dimension", "value", "low", "high", "k", "n")


@dataclass(frozen=True, kw_only=True)
class Kiviat:
    """One or more outlines over the same dimensions, and what they are to be compared with.

    Attributes
    ----------
    outlines
        Name of each outline (a model, a pair) with its score per dimension; their axes are those
        of the first, then what others have besides. A score without ``low`` and ``high`` is drawn
        without interval, one without a number leaves a gap.
    ceiling
        Per dimension how far people agree, with an interval: a band. Dimensions may be missing.
    chance
        Radius of the dashed circle of guessing; None for none.
    usual
        Per dimension what is usual: a dashed outline.
    usual_name
        What the legend calls it.
    """

    outlines: Mapping[str, Mapping[str, Score]]
    ceiling: Mapping[str, Score] = field(default_factory=dict)
    chance: float | None = CHANCE
    usual: Mapping[str, Score] = field(default_factory=dict)
    usual_name: str = "catalogue"

    @property
    def axes(self) -> list[str]:
        """The dimensions in their order."""
        return list(dict.fromkeys(name for scores in self.outlines.values() for name in scores))

    @property
    def top(self) -> float:
        """Where the axes end: 1 for scores, for relevance the next quarter above all of it."""
        if self.chance is not None:
            return 1.0
        rows = [*self.outlines.values(), self.usual]
        ends = [
            end
            for row in rows
            for score in row.values()
            for end in (value_of(score), *(interval_of(score) or ()))
            if end is not None
        ]
        return min(1.0, math.ceil(4 * max(ends, default=1.0)) / 4) or 1.0  # fmt: skip

    @property
    def ticks(self) -> list[float]:
        """Where the rings are."""
        step = 0.25 if self.top > 0.5 else self.top / 5
        return [round(step * ring, 4) for ring in range(1, round(self.top / step) + 1)]

    def table(self) -> pd.DataFrame:
        """Return everything shown as rows: `what` is outline, ceiling or usual."""
        import pandas as pd

        return pd.DataFrame(list(self._rows()), columns=list(COLUMNS))

    def words(self) -> str:
        """Return everything shown as sentences, for those who cannot see it."""
        parts = [
            f"{name}: {', '.join(f'{axis} {value_words(scores.get(axis))}' for axis in self.axes)}."
            for name, scores in self.outlines.items()
        ]
        count = present.plural(len(self.axes), "dimension")
        return " ".join([f"Kiviat diagram over {count}.", *parts])

    def _rows(self) -> Iterator[list[Any]]:
        for name, scores in self.outlines.items():
            yield from (_row("outline", name, axis, scores.get(axis)) for axis in self.axes)
        for what, name, scores in (
            ("ceiling", "listeners agree", self.ceiling),
            ("usual", self.usual_name, self.usual),
        ):
            yield from (
                _row(what, name, axis, scores[axis]) for axis in self.axes if axis in scores
            )


def number(value: Any) -> float | None:
    """Return a number, None where it is missing or not finite."""
    return float(value) if value is not None and math.isfinite(value) else None


def value_of(score: Score | None) -> float | None:
    """Return the number of a score, None where nothing was measured."""
    return number(score.get("score")) if score else None


def interval_of(score: Score | None) -> tuple[float, float] | None:
    """Return the interval of a score, None where there is none."""
    low, high = (number(score.get(end)) if score else None for end in ("low", "high"))
    return None if low is None or high is None or value_of(score) is None else (low, high)


def value_words(score: Score | None) -> str:
    """Return a score in words, with counts and interval where it has them.

    Examples
    --------
    >>> value_words({"score": 0.5, "low": 0.25, "high": 0.75}), value_words({})
    ('0.50 (0.25 to 0.75)', 'not measured')
    """
    value, interval = value_of(score), interval_of(score)
    if score is None or value is None:
        return "not measured"
    if present.measured(score):
        return present.score_words(score)
    return f"{value:.2f}" + (f" ({interval[0]:.2f} to {interval[1]:.2f})" if interval else "")


def short(name: str, *, width: int = 16, lines: int = 2) -> list[str]:
    """Return a name in lines that fit beside an axis.

    Examples
    --------
    >>> short("tempo"), short("a dimension somebody has given a very long name")
    (['tempo'], ['a dimension', 'somebody has …'])
    """
    return textwrap.wrap(name, width, max_lines=lines, placeholder=" …") or [""]


def _row(what: str, name: str, axis: str, score: Score | None) -> list[Any]:
    low, high = interval_of(score) or (None, None)
    counts = [score.get("k"), score.get("n")] if score else [None, None]
    return [what, name, axis, value_of(score), low, high, *counts]
