"""What the overview draws: judgements over time, and how far raters agree."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from workbench.subspaces.dimensions import DIMENSIONS
from workbench.widgets import present
from workbench.widgets.chart import plain
from workbench.widgets.kiviat_data import CHANCE, MARKERS, interval_of, value_of, value_words
from workbench.widgets.present import Score
from workbench.widgets.theme import MUTED, PALETTE, plot_layout

if TYPE_CHECKING:
    import pandas as pd

_LINES_SHOWN = len(PALETTE) - 1
_LONGEST_BY_DAY = 60  # days; beyond that weeks are counted
_TICKS = 8  # dates named at most


# -- judgements over time -------------------------------------------------------------------------


def judgements_over_time(table: pd.DataFrame) -> pd.DataFrame:
    """Return how many judgements there were in each dimension by the end of each day or week.

    Parameters
    ----------
    table
        Effective judgements, as ``JudgementLog.table`` returns them.

    Returns
    -------
    DataFrame
        One row per day, or per week where they span more than sixty days, without gaps and
        beginning one before the first; one column per dimension in the usual order. Skipped
        triplets are no judgements; both rows of an odd-one-out answer are one.
    """
    judged = table[table["choice"] != "skip"]
    answers = judged["answer_id"].where(judged["answer_id"].notna(), judged["id"])
    judged = judged[~answers.duplicated()]
    days = judged["at"].dt.tz_localize(None).dt.normalize()
    if not len(days):
        return judged[[]]
    if (days.max() - days.min()).days > _LONGEST_BY_DAY:
        days = days.dt.to_period("W").dt.start_time
        step = "7D"
    else:
        step = "1D"
    import pandas as pd

    every = pd.date_range(days.min() - pd.Timedelta(step), days.max(), freq=step)
    counts = judged.groupby([days, "dimension"]).size().unstack(fill_value=0)
    counts = counts.reindex(every, fill_value=0).cumsum()
    return counts[in_order(counts.columns)].rename_axis(index="day", columns=None)


def over_time_figure(counts: pd.DataFrame) -> dict[str, Any]:
    """Return one rising line per dimension, from `judgements_over_time`."""
    if len(counts.columns) > _LINES_SHOWN:
        order = counts.iloc[-1].sort_values(ascending=False, kind="stable").index
        kept = in_order(order[: _LINES_SHOWN - 1])
        others = counts.drop(columns=kept)
        name = f"{len(others.columns)} other dimensions"
        counts = counts[kept].assign(**{name: others.sum(axis=1)})
    days = [day.strftime("%Y-%m-%d") for day in counts.index]
    traces = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": f"{plain(name)} ({present.count_words(counts[name].iloc[-1])})",
            "x": days,
            "y": [int(number) for number in counts[name]],
            "line": {"color": PALETTE[index], "width": 2},
            "marker": {"size": 6, "symbol": MARKERS[index % len(MARKERS)]},
            "hovertemplate": "%{x|%-d %B %Y}: %{y:,d}<extra>%{fullData.name}</extra>",
        }
        for index, name in enumerate(counts.columns)
    ]
    few = {"tickmode": "array", "tickvals": days}  # else hours get a tick, and a day's name recurs
    layout = plot_layout(
        margin={"l": 56, "r": 16, "t": 16, "b": 76},
        showlegend=True,
        legend={"y": -0.18, "yanchor": "top"},
        xaxis={"type": "date", "tickformat": "%-d %b<br>%Y", "nticks": _TICKS}
        | (few if len(days) <= _TICKS else {}),
        yaxis={
            "title": {"text": "judgements so far", "font": {"size": 13}},
            "rangemode": "tozero",
            "tickformat": ",d",
        },
    )
    return {"data": traces, "layout": layout}


# -- agreement ------------------------------------------------------------------------------------


def agreement_figure(table: pd.DataFrame) -> dict[str, Any]:
    """Return two panels of points with intervals, from `agreement_table`."""
    table = table.loc[in_order(table.index)]
    names = [plain(name) for name in table.index]
    same, alpha = (_scores(table, column) for column in ("same", "alpha"))
    layout = plot_layout(
        margin={"l": 100, "r": 16, "t": 36, "b": 36},
        showlegend=False,
        shapes=[_upright(CHANCE, "x"), _upright(0.0, "x2")],
        annotations=[_title("Two listeners say the same", "x"), _title("Alpha", "x2")],
        xaxis={"domain": [0, 0.48], "range": [0, 1.03], "dtick": 0.25, "zeroline": False},
        xaxis2={"domain": [0.54, 1], "range": [_lowest(alpha), 1.03], "dtick": 0.25,
                "zeroline": False, "anchor": "y2"},
        yaxis={"type": "category", "autorange": "reversed", "showgrid": False},
        yaxis2={"type": "category", "autorange": "reversed", "showgrid": False,
                "showticklabels": False, "anchor": "x2"},
    )  # fmt: skip
    base = plot_layout()
    for axis in ("xaxis", "yaxis"):
        layout[f"{axis}2"] = {**base[axis], **layout[f"{axis}2"]}
    traces = [_points(names, same, "", PALETTE[0], "circle"),
              _points(names, alpha, "2", PALETTE[3], "diamond")]  # fmt: skip
    return {"data": traces, "layout": layout}


def _scores(table: pd.DataFrame, column: str) -> list[Score]:
    parts = (table[name] for name in (column, f"{column}_low", f"{column}_high"))
    return [
        dict(zip(("score", "low", "high"), row, strict=True)) for row in zip(*parts, strict=True)
    ]


def _points(
    names: Sequence[str], scores: Sequence[Score], axis: str, colour: str, symbol: str
) -> dict[str, Any]:
    values = [value_of(score) for score in scores]
    ends = [interval_of(s) or (v or 0.0, v or 0.0) for s, v in zip(scores, values, strict=True)]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": values,
        "y": list(names),
        "xaxis": f"x{axis}",
        "yaxis": f"y{axis}",
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [high - (v or 0.0) for v, (_, high) in zip(values, ends, strict=True)],
            "arrayminus": [(v or 0.0) - low for v, (low, _) in zip(values, ends, strict=True)],
            "thickness": 2,
            "width": 4,
        },
        "marker": {"size": 10, "color": colour, "symbol": symbol},
        "text": [value_words(score) for score in scores],
        "hovertemplate": "<b>%{y}</b>: %{text}<extra></extra>",
    }


def _lowest(scores: Sequence[Score]) -> float:
    lows = [interval[0] for score in scores if (interval := interval_of(score))]
    return min([0.0, *lows]) - 0.05


def _upright(value: float, axis: str) -> dict[str, Any]:
    return {
        "type": "line", "xref": axis, "yref": "paper", "x0": value, "x1": value, "y0": 0, "y1": 1,
        "line": {"color": MUTED, "width": 1.5, "dash": "dash"}, "layer": "below",
    }  # fmt: skip


def _title(words: str, axis: str) -> dict[str, Any]:
    return {
        "text": f"<b>{words}</b>", "xref": f"{axis} domain", "yref": "paper", "x": 0, "y": 1.0,
        "xanchor": "left", "yanchor": "bottom", "showarrow": False, "font": {"size": 13},
    }  # fmt: skip


# -- order ----------------------------------------------------------------------------------------


def in_order(names: Collection[str]) -> list[str]:
    """Return dimensions in the usual order, a team's own after the six."""
    known = [name for name in DIMENSIONS if name in names]
    return [*known, *sorted(name for name in names if name not in DIMENSIONS)]
