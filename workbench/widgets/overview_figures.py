"""What the overview draws and tabulates: tables in, figures and rows out."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

from workbench.subspaces.dimensions import DIMENSIONS
from workbench.widgets import present
from workbench.widgets.chart import plain
from workbench.widgets.theme import PALETTE, plot_layout

if TYPE_CHECKING:
    import pandas as pd

_RATERS_SHOWN = len(PALETTE) - 1
_VALUES_SHOWN = 5


# -- judgements ---------------------------------------------------------------------------------


def judgement_counts(table: pd.DataFrame) -> pd.DataFrame:
    """Return how many judgements each rater gave in each dimension.

    Parameters
    ----------
    table
        Effective judgements, as ``JudgementLog.table`` returns them.

    Returns
    -------
    DataFrame
        One row per dimension in the usual order, one column per rater, the busiest first. Skipped
        triplets are no judgements.
    """
    judged = table[table["choice"] != "skip"]
    counts = judged.groupby(["dimension", "rater"]).size().unstack(fill_value=0)
    counts = counts[counts.sum().sort_values(ascending=False, kind="stable").index]
    return counts.loc[in_order(counts.index)]


def judgements_figure(counts: pd.DataFrame) -> dict[str, Any]:
    """Return stacked bars, one per dimension, from `judgement_counts`."""
    if len(counts.columns) > _RATERS_SHOWN:
        kept = counts.columns[: _RATERS_SHOWN - 1]
        others = counts.drop(columns=kept)
        name = f"{len(others.columns)} other raters"
        counts = counts[kept].assign(**{name: others.sum(axis=1)})
    dimensions = [plain(name) for name in counts.index]
    totals = counts.sum(axis=1)
    traces = [
        {
            "type": "bar",
            "orientation": "h",
            "name": plain(rater),
            "y": dimensions,
            "x": [int(number) for number in counts[rater]],
            "marker": {"color": PALETTE[index]},
            "hovertemplate": "%{y}: %{x} by %{fullData.name}<extra></extra>",
        }
        for index, rater in enumerate(counts.columns)
    ]
    labels = [
        {
            "x": int(total),
            "y": name,
            "text": present.count_words(total),
            "showarrow": False,
            "xanchor": "left",
            "xshift": 6,
        }
        for name, total in zip(dimensions, totals, strict=True)
    ]
    layout = plot_layout(
        barmode="stack",
        bargap=0.35,
        annotations=labels,
        margin={"l": 90, "r": 40, "t": 40, "b": 52},
        showlegend=True,
        legend={"traceorder": "normal"},
        xaxis={
            "title": {"text": "judgements", "font": {"size": 13}},
            "rangemode": "tozero",
            "tickformat": ",d",
        },
        yaxis={"autorange": "reversed", "ticklabelstandoff": 8},
    )
    return {"data": traces, "layout": layout}


def rater_rows(table: pd.DataFrame) -> list[list[str]]:
    """Return rater, judgements, could not tell, skipped and last date, the busiest first."""
    order = table.groupby("rater").size().sort_values(ascending=False, kind="stable").index
    return [_rater_row(str(rater), table[table["rater"] == rater]) for rater in order]


def _rater_row(rater: str, own: pd.DataFrame) -> list[str]:
    answers = own["choice"].value_counts()
    unsure, skipped = int(answers.get("cannot_tell", 0)), int(answers.get("skip", 0))
    judged = len(own) - skipped
    return [
        rater,
        present.count_words(judged),
        _share(unsure, judged),
        _share(skipped, len(own)),
        present.date_words(own["at"].max()),
    ]


# -- tags ---------------------------------------------------------------------------------------


def tag_rows(
    tags: pd.DataFrame, items: pd.DataFrame, *, dimensions: Iterable[str] = DIMENSIONS
) -> list[list[object]]:
    """Return coverage and values of the tags of each dimension.

    Parameters
    ----------
    tags, items
        As ``Catalogue.tags`` and ``Catalogue.items`` return them.
    dimensions
        Which to list, in this order; those without tags are left out.

    Returns
    -------
    list
        Rows of dimension, songs with a tag, tracks with a tag, number of values, the most
        frequent ones (a range for quantities), and the share of estimated tags; values are
        counted over songs, over other items only where no song has a tag.
    """
    rows: list[list[object]] = []
    songs, tracks = (items[items["kind"] == kind] for kind in ("song", "track"))
    for dimension in dimensions:
        own = tags[(tags["dimension"] == dimension) & tags["item_id"].isin(items.index)]
        if own.empty:
            continue
        of_songs = own[own["item_id"].isin(songs.index)]
        counted = own if of_songs.empty else of_songs  # a song's tracks repeat its tags
        weak = int(counted["weak"].sum())
        estimated = (
            "all" if weak == len(counted) else _percent(weak, len(counted)) if weak else "none"
        )
        count = present.count_words(counted["value"].nunique())
        covered = [_coverage(own, songs), _coverage(own, tracks)]
        rows.append([dimension, *covered, count, _frequent(counted), estimated])
    return rows


def _coverage(tags: pd.DataFrame, items: pd.DataFrame) -> str:
    if items.empty:
        return "none in the catalogue"
    tagged = int(items.index.isin(tags["item_id"]).sum())
    return present.bar(
        tagged / len(items), f"{present.count_words(tagged)} of {present.count_words(len(items))}"
    )


def _frequent(tags: pd.DataFrame) -> str:
    if tags["number"].notna().all():
        unit = " bpm" if tags["dimension"].iloc[0] == "tempo" else ""
        low, middle, high = tags["number"].quantile([0, 0.5, 1])
        return f"{low:.0f} to {high:.0f}{unit}, half of them below {middle:.0f}"
    values = tags.drop_duplicates(["item_id", "value"])["value"].value_counts()
    shown = [f"{value} ({count})" for value, count in values.head(_VALUES_SHOWN).items()]
    return ", ".join(shown) + (", …" if len(values) > _VALUES_SHOWN else "")


# -- helpers ------------------------------------------------------------------------------------


def in_order(names: Collection[str]) -> list[str]:
    """Return dimensions in the usual order, a team's own after the six."""
    known = [name for name in DIMENSIONS if name in names]
    return [*known, *sorted(name for name in names if name not in DIMENSIONS)]


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "0 %"


def _share(part: int, whole: int) -> str:
    return f"{present.count_words(part)} ({_percent(part, whole)})"
