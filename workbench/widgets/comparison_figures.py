"""What the comparison of two versions shows: dots, tables and sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.evaluation.questions import OVERALL
from workbench.widgets import present
from workbench.widgets.chart import plain
from workbench.widgets.kiviat_data import CHANCE
from workbench.widgets.present import ALL_AT_ONCE, Markup, Score
from workbench.widgets.theme import MUTED, PALETTE, plot_layout

ROW = 40  # pixels


def dots_figure(
    series: Mapping[str, Mapping[str, Score]], *, guessing: float | None = CHANCE
) -> dict[str, Any]:
    """Return scores as dots with their intervals: a row per name, a colour per series.

    Parameters
    ----------
    series
        By name (a model version), the score of each row (a dimension). Rows are those of the first
        series, in its order; a score that was not measured leaves a gap.
    guessing
        Where the dashed line of guessing stands; None for none.
    """
    names = list(next(iter(series.values()), {}))
    middle = (len(series) - 1) / 2
    shapes = [] if guessing is None else [_line(guessing)]
    return {
        "data": [
            _dots(name, names, scores, PALETTE[index % len(PALETTE)], (index - middle) * 0.24)
            for index, (name, scores) in enumerate(series.items())
        ],
        "layout": plot_layout(
            margin={"l": 100, "r": 16, "t": 34, "b": 40},
            shapes=shapes,
            showlegend=len(series) > 1,
            legend={"y": 1.0, "yanchor": "bottom"},
            xaxis={
                "range": [min(0.4, _lowest(series)) - 0.02, 1.02],
                "title": {"text": "share answered right"},
                "tickformat": ".1f",
                "zeroline": False,
            },
            yaxis={
                "tickvals": list(range(len(names))),
                "ticktext": [plain(words_of(name)) for name in names],
                "range": [len(names) - 0.4, -0.6],
                "showgrid": False,
                "zeroline": False,
            },
        ),
    }


def dots_height(rows: int) -> int:
    """Return how high a figure of so many rows is, in pixels."""
    return 90 + ROW * max(rows, 2)


def _dots(
    name: str, names: Sequence[str], scores: Mapping[str, Score], colour: str, shift: float
) -> dict[str, Any]:
    known = [(row, scores[n]) for row, n in enumerate(names) if present.measured(scores.get(n))]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": plain(name),
        "x": [score["score"] for _, score in known],
        "y": [row + shift for row, _ in known],
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [score["high"] - score["score"] for _, score in known],
            "arrayminus": [score["score"] - score["low"] for _, score in known],
            "color": colour,
            "thickness": 2,
            "width": 4,
        },
        "marker": {"size": 10, "color": colour},
        "text": [f"{plain(words_of(names[row]))}: {present.score_words(s)}" for row, s in known],
        "hovertemplate": f"<b>{plain(name)}</b><br>%{{text}}<extra></extra>",
    }


def _line(x: float) -> dict[str, Any]:
    line = {"color": MUTED, "width": 1.2, "dash": "dash"}
    place = {"x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper", "layer": "below"}
    return {"type": "line", "line": line, **place}


def _lowest(series: Mapping[str, Mapping[str, Score]]) -> float:
    every = [score for scores in series.values() for score in scores.values()]
    return min((score["low"] for score in every if present.measured(score)), default=0.5)


def words_of(dimension: str) -> str:
    """Return how pages call a dimension."""
    return ALL_AT_ONCE if dimension == OVERALL else dimension


def header(first: str, second: str) -> list[object]:
    """Return the header of `comparison_rows`."""
    return [
        "Dimension",
        first,
        second,
        "Difference",
        f"{first} alone right",
        f"{second} alone right",
        Markup("Such a difference<br>arises by chance"),
    ]


def comparison_rows(table: Mapping[str, Mapping[str, Any]]) -> list[list[object]]:
    """Return a row per dimension: both scores, their difference, who alone is right, and chance.

    Parameters
    ----------
    table
        As `workbench.evaluation.comparison.comparison_table` returns it.
    """
    return [
        [
            words_of(name),
            present.score_cell(row["first"]),
            present.score_cell(row["second"]),
            present.difference_words(row["difference"]),
            present.count_words(row["lost"]),
            present.count_words(row["gained"]),
            Markup(
                f"{present.chance_words(row['p_holm'])}"
                f"<small>counting songs: {present.chance_words(row['p_grouped_holm'])}</small>"
            ),
        ]
        for name, row in table.items()
    ]


def summary_words(first: str, second: str, found: Mapping[str, Any]) -> str:
    """Say in sentences what one version gains over another.

    Parameters
    ----------
    first, second
        Their names.
    found
        As `workbench.evaluation.comparison.summary` returns it.
    """
    chance = f"Such a difference arises by chance {present.chance_words(found['p'])}"
    if found["gained"] + found["lost"] == 0:
        return f"{first} and {second} answer all of these triplets alike."
    return (
        f"{second} answers {present.count_words(found['gained'])} of these that {first} did not; "
        f"{first} answers {present.count_words(found['lost'])} that {second} does not. {chance}; "
        f"where the triplets of one song count as one, {present.chance_words(found['p_grouped'])}. "
        f"The difference is {present.difference_words(found['difference'])}."
    )


def csv_columns(
    first: str, second: str, table: Mapping[str, Mapping[str, Any]]
) -> dict[str, list[Any]]:
    """Return the same as columns of plain numbers, for the CSV."""
    columns: dict[str, list[Any]] = {"dimension": list(table)}
    for name, key in ((first, "first"), (second, "second")):
        for value in ("k", "n", "score", "low", "high"):
            columns[f"{name}_{value}"] = [row[key][value] for row in table.values()]
    for value in ("value", "low", "high"):
        columns[f"difference_{value}"] = [row["difference"][value] for row in table.values()]
    columns["both_right"] = [row["both"] for row in table.values()]
    columns[f"only_{second}_right"] = [row["gained"] for row in table.values()]
    columns[f"only_{first}_right"] = [row["lost"] for row in table.values()]
    columns["neither_right"] = [row["neither"] for row in table.values()]
    for value in ("p", "p_holm", "p_grouped", "p_grouped_holm"):
        columns[value] = [row[value] for row in table.values()]
    return columns
