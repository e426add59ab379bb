"""Scores, dates and tables as people read them.

Everything that comes from files (titles, tags, paths, raters' names) is escaped: a cell is shown
as text unless this module made it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets as W

from workbench.widgets.assets import css

if TYPE_CHECKING:
    from workbench.subspaces.store import ModelCard

Score = Mapping[str, Any]  # {"k", "n", "score", "low", "high"}; nulls where n is 0


ALL_AT_ONCE = "all at once"  # how pages call the score that cards store as "overall"


class Markup(str):
    """HTML this module made; any other text is escaped before it is shown."""

    __slots__ = ()


# -- words --------------------------------------------------------------------------------------


def measured(score: Score | None) -> bool:
    """Return whether a score rests on at least one answer."""
    return bool(score and score.get("n"))


def score_words(score: Score | None) -> str:
    """Return a score with its counts and 95 % interval.

    Examples
    --------
    >>> score_words({"k": 51, "n": 60, "score": 0.85, "low": 0.739, "high": 0.919})
    '51 of 60 right: 0.85 (0.74 to 0.92)'
    >>> score_words({"k": 0, "n": 0, "score": None, "low": None, "high": None})
    'not measured'
    """
    if score is None or not measured(score):
        return "not measured"
    return (
        f"{count_words(score['k'])} of {count_words(score['n'])} right: {score['score']:.2f} "
        f"({score['low']:.2f} to {score['high']:.2f})"
    )


def score_cell(score: Score | None) -> Markup:
    """Return the same as a table cell: the score, and below it counts and interval."""
    if score is None or not measured(score):
        return Markup('<span class="wb-soft">not measured</span>')
    return Markup(
        f"<b>{score['score']:.2f}</b><small>{count_words(score['k'])} of "
        f"{count_words(score['n'])} · {score['low']:.2f} to {score['high']:.2f}</small>"
    )


def count_words(number: float) -> str:
    """Return a count with thousands separated: ``12,345``."""
    return f"{int(number):,}"


def plural(number: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun.

    Examples
    --------
    >>> plural(1, "song"), plural(2400, "song"), plural(0, "entry", "entries")
    ('1 song', '2,400 songs', '0 entries')
    """
    return f"{count_words(number)} {one if number == 1 else many or one + 's'}"


def chance_words(p: float) -> str:
    """Return a p value as how often chance alone makes such a difference.

    Examples
    --------
    >>> chance_words(0.143), chance_words(0.004), chance_words(1e-9)
    ('in 14 of 100 cases', 'in 4 of 1,000 cases', 'in fewer than 1 of 1,000 cases')
    >>> chance_words(1.0)
    'nearly always'
    """
    if p < 0.001:
        return "in fewer than 1 of 1,000 cases"
    if p < 0.01:
        return f"in {p * 1000:.0f} of 1,000 cases"
    return "nearly always" if p >= 0.995 else f"in {p * 100:.0f} of 100 cases"


def difference_words(difference: Mapping[str, float | None]) -> str:
    """Return a difference of two scores with its 95 % interval.

    Examples
    --------
    >>> difference_words({"value": 0.1, "low": -0.02, "high": 0.21})
    '+0.10 (\N{MINUS SIGN}0.02 to +0.21)'
    """
    if difference["value"] is None:
        return "not measured"
    value, low, high = (f"{difference[name]:+.2f}" for name in ("value", "low", "high"))
    return f"{value} ({low} to {high})".replace("-", "\N{MINUS SIGN}")


def date_words(moment: str | datetime | None) -> str:
    """Return a moment as a date, such as ``3 May 2026``."""
    if not moment:
        return "date unknown"
    when = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return f"{when.day} {when:%B %Y}"


def model_words(card: ModelCard) -> str:
    """Return a model's version and date, as every figure names its model."""
    return f"model {card.version} of {date_words(card.created_at)}"


# -- pieces of a page ---------------------------------------------------------------------------


def text(value: object) -> Markup:
    """Return any value as HTML that shows it literally."""
    return value if isinstance(value, Markup) else Markup(escape(str(value)))


def bar(fraction: float, words: str) -> Markup:
    """Return a small horizontal bar with words beside it."""
    percent = 100 * min(max(fraction, 0.0), 1.0)
    return Markup(
        f'<span class="wb-level"><i style="width:{percent:.1f}%"></i></span>'
        f'<span class="wb-level-words">{escape(words)}</span>'
    )


def table(
    header: Sequence[object], rows: Iterable[Sequence[object]], *, caption: str = ""
) -> W.HTML:
    """Return a table; the first column names the row."""
    head = "".join(f'<th scope="col">{text(cell)}</th>' for cell in header)
    body = "".join(
        "<tr>"
        + f'<th scope="row">{text(row[0])}</th>'
        + "".join(f"<td>{text(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in rows
    )
    kind = "wb-table wb-wide" if len(header) > 4 else "wb-table"
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    return _html(
        f'<div class="wb-scroll"><table class="{kind}">{title}<thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def tiles(values: Sequence[tuple[str, str]]) -> W.HTML:
    """Return a row of numbers with their names: ``[("60", "songs"), ...]``."""
    cells = "".join(
        f'<div class="wb-tile"><b>{escape(number)}</b><span>{escape(name)}</span></div>'
        for number, name in values
    )
    return _html(f'<div class="wb-tiles">{cells}</div>')


def heading(title: str, words: str = "") -> W.HTML:
    """Return the heading of a section, with one line of explanation."""
    below = f'<p class="wb-quiet">{escape(words)}</p>' if words else ""
    return _html(f'<h2 class="wb-heading">{escape(title)}</h2>{below}')


def card(title: str, pieces: Sequence[W.Widget], *, words: str = "") -> W.VBox:
    """Return a section: a heading with one line of explanation, and what stands below it."""
    box = W.VBox([heading(title, words), *pieces])
    box.add_class("wb-card")
    return box


def row(parts: Sequence[W.Widget]) -> W.HBox:
    """Return widgets side by side; they wrap where the page is narrow."""
    box = W.HBox(list(parts))
    box.add_class("wb-row")
    return box


def columns(parts: Sequence[W.Widget]) -> W.HBox:
    """Return widgets as columns of equal width; below one another where the page is narrow."""
    box = row(parts)
    box.add_class("wb-columns")
    return box


def note(words: str) -> W.HTML:
    """Return a quiet line of text."""
    return _html(f'<p class="wb-quiet">{escape(words)}</p>')


def passage(words: str) -> W.HTML:
    """Return a text that somebody wrote, with its lines as they are."""
    return _html(f'<div class="wb-passage">{escape(words)}</div>')


def empty(words: str) -> W.HTML:
    """Return what stands where there is nothing to show yet: a sentence that says what to do."""
    return _html(f'<div class="wb-note">{escape(words)}</div>')


def command(words: str) -> W.HTML:
    """Return a command to copy into a terminal."""
    return _html(f'<pre class="wb-command">{escape(words)}</pre>')


def let_go(piece: W.Widget) -> None:
    """Close a piece that is no longer shown, and all inside it."""
    for inner in getattr(piece, "children", ()):
        let_go(inner)
    piece.close()


def replace(box: W.Box, pieces: Sequence[W.Widget]) -> None:
    """Show these pieces in a box, and let go of those that it no longer shows."""
    former, box.children = box.children, tuple(pieces)
    for piece in former:
        if piece not in pieces:
            let_go(piece)


class Page(W.VBox):
    """A column of pieces with their style sheet."""

    def __init__(self, pieces: Sequence[W.Widget] = ()) -> None:
        super().__init__()
        for name in ("wb", "wb-page"):
            self.add_class(name)
        self.fill(pieces)

    def fill(self, pieces: Sequence[W.Widget]) -> None:
        """Show these pieces."""
        style = _html(f"<style>{css('pages.css')}</style>")
        style.add_class("wb-style")
        self.children = (style, *pieces)


def _html(markup: str) -> W.HTML:
    widget = W.HTML(f'<div class="tex2jax_ignore mathjax_ignore">{markup}</div>')
    widget.add_class("wb-piece")
    return widget
