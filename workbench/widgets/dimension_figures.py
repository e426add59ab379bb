"""What the report on a dimension shows: scores, leakage and confusions as figures and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from workbench.evaluation.confusions import Confusion, most_asked
from workbench.evaluation.scores import Score
from workbench.widgets import present
from workbench.widgets.comparison_figures import dots_figure
from workbench.widgets.present import Markup
from workbench.widgets.present import Score as Counts

MOST_KINDS = 10  # rows and columns of the table of confusions
PEOPLE = "two people"
FLOOR_WORDS = {
    "encoder": "sound alone, nothing learned",
    "MFCC statistics": "timbre statistics (MFCC)",
    "MFCC-VQ": "timbre words (MFCC-VQ)",
}


def score_rows(
    versions: Mapping[str, Score], floors: Mapping[str, Score], people: Score, current: str
) -> dict[str, Counts]:
    """Return scores by the words of their row: versions, the human ceiling, floors.

    Parameters
    ----------
    versions, floors, people
        As `workbench.evaluation.dimension_report` finds them.
    current
        The version in use.
    """
    rows = {_version(name, current): score.as_dict() for name, score in versions.items()}
    if people.n:
        rows[PEOPLE] = people.as_dict()
    return rows | {FLOOR_WORDS.get(name, name): score.as_dict() for name, score in floors.items()}


def _version(name: str, current: str) -> str:
    return f"{name}, in use" if name == current else name


def score_columns(rows: Mapping[str, Counts]) -> dict[str, list[Any]]:
    """Return scores as columns for their CSV."""
    names = ("k", "n", "score", "low", "high")
    return {"answered by": list(rows)} | {n: [row[n] for row in rows.values()] for n in names}


def score_figure(rows: Mapping[str, Counts]) -> dict[str, Any]:
    """Return scores as dots, a row for each."""
    figure = dots_figure({"score": rows})
    figure["layout"]["margin"]["l"] = 190
    return figure


def leakage_series(
    leakage: Mapping[str, Mapping[str, Counts]], name: str, dimensions: Sequence[str]
) -> dict[str, dict[str, Counts]]:
    """Return both directions in which a dimension may leak, per other dimension.

    Parameters
    ----------
    leakage
        Of a model's card: subspace, then the dimension asked about.
    name
        The dimension.
    dimensions
        All of the model.
    """
    others = [other for other in dimensions if other != name]
    return {
        f"the other’s subspace, asked about {name}": {  # noqa: RUF001
            other: leakage.get(other, {}).get(name, {}) for other in others
        },
        f"the subspace of {name}, asked about the other": {
            other: leakage.get(name, {}).get(other, {}) for other in others
        },
    }


def leakage_columns(
    plain: Mapping[str, Mapping[str, Counts]],
    strict: Mapping[str, Mapping[str, Counts]],
    name: str,
    dimensions: Sequence[str],
) -> dict[str, list[Any]]:
    """Return leakage as columns for its CSV, plain and strict."""
    pairs = [(other, name) for other in dimensions if other != name]
    pairs += [(asked, subspace) for subspace, asked in pairs]
    columns: dict[str, list[Any]] = {
        "subspace": [subspace for subspace, _ in pairs],
        "asked about": [asked for _, asked in pairs],
    }
    for words, table in (("", plain), ("strict ", strict)):
        cells = [table.get(subspace, {}).get(asked, {}) for subspace, asked in pairs]
        for value in ("k", "n", "score", "low", "high"):
            columns[words + value] = [cell.get(value) for cell in cells]
    return columns


def confusion_words(confusion: Confusion) -> str:
    """Say a confusion in one line.

    Examples
    --------
    >>> import numpy as np
    >>> confusion_words(Confusion("jazz", "folk", Score(14, 40), np.zeros(0, int)))
    'jazz, took folk: 14 of 40 wrong, 0.35 (0.22 to 0.50)'
    """
    wrong = confusion.wrong.as_dict()
    return (
        f"{confusion.anchor}, took {confusion.taken}: {wrong['k']} of {wrong['n']} wrong, "
        f"{wrong['score']:.2f} ({wrong['low']:.2f} to {wrong['high']:.2f})"
    )


def confusion_table(found: Sequence[Confusion]) -> tuple[list[object], list[list[object]]]:
    """Return header and rows of the confusions: a row per anchor, a column per what B is."""
    rows, columns = most_asked(found, most=MOST_KINDS)
    by_pair = {(c.anchor, c.taken): c for c in found}
    header: list[object] = [Markup("B, which was taken&nbsp;→"), *columns]
    return header, [[row, *(_cell(by_pair.get((row, c))) for c in columns)] for row in rows]


def _cell(confusion: Confusion | None) -> Markup:
    if confusion is None:
        return Markup('<span class="wb-soft" title="not asked">·</span>')
    score = confusion.wrong
    share = 100 * (score.value or 0.0)
    return Markup(
        f'<span class="wb-shade" title="{escape(confusion_words(confusion))}" style="background:'
        f'color-mix(in srgb, var(--wb-bad) {0.6 * share:.0f}%, transparent)">'
        f"{share:.0f} %<small>{score.k} of {score.n}</small></span>"
    )


def confusion_columns(found: Sequence[Confusion]) -> dict[str, list[Any]]:
    """Return confusions as columns for their CSV."""
    scores = [confusion.wrong.as_dict() for confusion in found]
    return {
        "anchor": [confusion.anchor for confusion in found],
        "taken": [confusion.taken for confusion in found],
        "wrong": [score["k"] for score in scores],
        "asked": [score["n"] for score in scores],
        "share": [score["score"] for score in scores],
        "low": [score["low"] for score in scores],
        "high": [score["high"] for score in scores],
    }


def standing_words(name: str, rows: Mapping[str, Counts], current: str) -> str:
    """Say in a sentence how the version in use does, and what stands beside it."""
    own = rows[_version(current, current)]
    words = f"{current} answers {present.score_words(own)}."
    if own["low"] <= 0.5:
        words += f" It is not known to hear {name} better than guessing would."
    if PEOPLE in rows:
        people = rows[PEOPLE]
        words += (
            f" Two people who judge the same triplet say the same in {people['k']} of "
            f"{people['n']} cases; no model can be expected to agree with people more."
        )
    else:
        words += " How far people agree is not known: no two have judged the same triplet."
    return words
