"""The sections of the overview: each reads the workspace and returns what stands on the page."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import ipywidgets as W

from workbench.evaluation.changes import changes_since
from workbench.judgements.agreement import agreement_table
from workbench.subspaces.dimensions import dimensions_of
from workbench.widgets import present
from workbench.widgets.chart import PlotlyChart
from workbench.widgets.history import history_figure
from workbench.widgets.overview_figures import (
    agreement_figure,
    judgements_over_time,
    over_time_figure,
)
from workbench.widgets.overview_rows import (
    CHANGE_HEADER,
    RATER_HEADER,
    TAG_HEADER,
    catalogue_counts,
    change_rows,
    rater_rows,
    tag_rows,
    tag_table,
)
from workbench.widgets.sources import figure, source_words

if TYPE_CHECKING:
    import pandas as pd

    from workbench.subspaces.store import ModelCard
    from workbench.workspace import Workspace

_FAILURES_SHOWN = 20
_SCORE = ("k", "n", "score", "low", "high")


def catalogue_section(
    ws: Workspace, items: pd.DataFrame, judgements: pd.DataFrame
) -> list[W.Widget]:
    """Return how much there is, in numbers.

    Parameters
    ----------
    ws
        The workspace.
    items, judgements
        As ``Catalogue.items`` and ``JudgementLog.table`` return them.
    """
    if items.empty:
        return [
            present.empty(
                "The catalogue is empty: bring music in with `workbench import`, or build the "
                "demo with `workbench demo`."
            )
        ]
    raters = judgements["rater"].nunique()
    by = f" by {present.plural(raters, 'rater')}" if raters else ""
    counts = [
        *catalogue_counts(items),
        (present.count_words(ws.judgements.count()), f"judgements{by}"),
        (present.count_words(len(ws.models.versions())), "model versions"),
    ]
    table = _columns(("what", "count"), [[name, number] for number, name in counts])
    words = source_words(None, "everything in the workspace")
    return [figure(present.tiles(counts), words, name="catalogue", table=table)]


def changes_figure(ws: Workspace, since: datetime) -> W.Widget:
    """Return what changed since a moment, as a table of words."""
    rows = change_rows(changes_since(ws, since))
    words = source_words(None, f"changes since {present.date_words(since)}")
    table = _columns(CHANGE_HEADER, rows)
    return figure(present.table(CHANGE_HEADER, rows), words, name="changes", table=table)


def history_section(ws: Workspace) -> list[W.Widget]:
    """Return the scores of all versions."""
    cards = [card for card in ws.models.versions() if card.metrics.get("scores")]
    if not cards:
        return []
    if len(cards) == 1:
        words = (
            f"There is one version so far, {cards[0].version} of "
            f"{present.date_words(cards[0].created_at)}. Later versions appear here: judge some "
            "triplets on the page “Rate”, then fine-tune on the page “Fine-tune”."
        )
        pieces: list[W.Widget] = [present.empty(words)]
    else:
        pieces = [_history(cards, ws.models.current())]
    words = (
        "The share of questions about pieces kept aside that each version answers right, with "
        "95 % intervals. The dashed line is guessing."
    )
    return [present.card("Scores over model versions", pieces, words=words)]


def _history(cards: list[ModelCard], current: str | None) -> W.Widget:
    rows = [
        [card.version, card.created_at, name, *(score.get(part) for part in _SCORE)]
        for card in cards
        for name, score in card.metrics["scores"].items()
    ]
    overall = ", ".join(
        f"{card.version} {present.score_words(card.metrics['scores'].get('overall'))}"
        for card in cards
    )
    label = f"Scores of all versions, {present.ALL_AT_ONCE}: {overall}."
    chart = PlotlyChart(history_figure(cards, current), height=440, label=label)
    used = next((card for card in cards if card.version == current), None)
    data = f"{present.plural(len(cards), 'version')} on tags of pieces kept aside"
    table = _columns(("version", "made_at", "dimension", *_SCORE), rows)
    return figure(chart, source_words(used, data), name="versions", table=table)


def judgements_section(judgements: pd.DataFrame, *, names: bool) -> list[W.Widget]:
    """Return how judgements grew, and who gave them.

    Parameters
    ----------
    judgements
        As ``JudgementLog.table`` returns them.
    names
        Whether raters are named.
    """
    pieces: list[W.Widget] = [
        present.empty("Nobody has judged yet: open the page “Rate”, listen and choose.")
    ]
    if len(judgements):
        counts = judgements_over_time(judgements)
        pieces = [_over_time(counts)] if len(counts) else []
        rows = rater_rows(judgements, names=names)
        data = f"{present.plural(len(judgements), 'answer')} that stand"
        pieces.append(
            figure(present.table(RATER_HEADER, rows), source_words(None, data), name="raters",
                   table=_columns(RATER_HEADER, rows))
        )  # fmt: skip
    words = "A judgement is one listener's answer to: which of these two is closer to a third?"
    return [present.card("Judgements", pieces, words=words)]


def _over_time(counts: pd.DataFrame) -> W.Widget:
    last = counts.iloc[-1]
    label = ", ".join(f"{name} {number}" for name, number in last.items())
    chart = PlotlyChart(over_time_figure(counts), height=320,
                        label=f"Judgements so far: {label}.")  # fmt: skip
    table = counts.rename_axis(index="day").reset_index()
    table["day"] = table["day"].dt.strftime("%Y-%m-%d")
    data = f"{present.plural(int(last.sum()), 'judgement')}, skipped triplets left out"
    return figure(chart, source_words(None, data), name="judgements", table=table)


def agreement_section(judgements: pd.DataFrame) -> list[W.Widget]:
    """Return how far raters agree in each dimension."""
    if judgements.empty:
        return []
    table = agreement_table(judgements)
    title = "How far listeners agree"
    if table.empty:
        missing = (
            "Nothing is known of it yet: it needs triplets that two people judged. Make a rating "
            "task in which raters overlap, with `workbench task create NAME --raters 2`."
        )
        return [present.card(title, [present.empty(missing)])]
    label = ", ".join(
        f"{row.Index} {row.same:.2f} ({row.same_low:.2f} to {row.same_high:.2f})"
        for row in table.itertuples()
    )
    chart = PlotlyChart(agreement_figure(table), height=90 + 38 * len(table),
                        label=f"How often two listeners say the same: {label}.")  # fmt: skip
    shared = present.plural(int(table["triplets"].sum()), "triplet")
    source = source_words(None, f"{shared} judged by two listeners or more")
    words = (
        "How often two listeners say the same of a triplet is the human ceiling: no model can be "
        "expected to agree with people more than they do with each other. Alpha (Krippendorff) "
        "counts what goes beyond chance: 1 where all agree, 0 where chance would do as well. "
        "Marks are 95 % intervals."
    )
    pieces = [figure(chart, source, name="agreement", table=table.reset_index())]
    return [present.card(title, pieces, words=words)]


def tags_section(ws: Workspace, items: pd.DataFrame) -> list[W.Widget]:
    """Return how much of the music carries tags, by dimension.

    Parameters
    ----------
    ws
        The workspace.
    items
        As ``Catalogue.items`` returns them; scores are left out.
    """
    items = items[items["domain"] == "audio"]
    if items.empty:
        return []
    table = tag_table(ws.catalogue.tags(), items, dimensions=dimensions_of(ws))
    missing = (
        "No tags yet: import with a CSV manifest (path, title, artist and one column per "
        "dimension) to add them."
    )
    shown: W.Widget = present.empty(missing)
    if len(table):
        source = source_words(None, f"tags of {present.plural(len(items), 'item')}")
        shown = figure(present.table(TAG_HEADER, tag_rows(table)), source, name="tags", table=table)
    return [
        present.card(
            "What is known about the music",
            [shown],
            words="How many songs and tracks carry a tag in each dimension. Estimated tags were "
            "worked out from the music itself; the others come with it.",
        )
    ]


def failures_section(ws: Workspace) -> list[W.Widget]:
    """Return the files that could not be imported, and why."""
    failures = ws.catalogue.failures()
    if failures.empty:
        return []
    header = ("File", "Why", "When")
    rows = [
        [row.path, row.reason, present.date_words(str(row.at))] for row in failures.itertuples()
    ]
    rest = len(rows) - _FAILURES_SHOWN
    more = [present.note(f"And {present.plural(rest, 'more file')}.")] if rest > 0 else []
    title = f"{present.plural(len(failures), 'file')} could not be imported"
    source = source_words(None, present.plural(len(failures), "file"))
    shown = figure(present.table(header, rows[:_FAILURES_SHOWN]), source, name="failures",
                   table=_columns(header, rows))  # fmt: skip
    return [present.card(title, [shown, *more])]


def _columns(header: tuple[str, ...], rows: list[list[Any]]) -> dict[str, list[Any]]:
    """Return rows as columns by name, as files hold them."""
    return {name: [row[place] for row in rows] for place, name in enumerate(header)}
