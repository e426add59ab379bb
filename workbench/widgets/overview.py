"""The overview: what a stakeholder wants to know about a workspace, without a line of code."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import ipywidgets as W

from workbench.errors import NotReadyError, WorkbenchError
from workbench.subspaces.dimensions import dimensions_of
from workbench.widgets import present
from workbench.widgets.chart import PlotlyChart
from workbench.widgets.history import history_figure
from workbench.widgets.kiviat import KiviatChart
from workbench.widgets.overview_figures import (
    judgement_counts,
    judgements_figure,
    rater_rows,
    tag_rows,
)
from workbench.widgets.present import Page
from workbench.widgets.safe import Message, guarded

if TYPE_CHECKING:
    import pandas as pd

    from workbench.subspaces.store import ModelCard
    from workbench.workspace import Workspace

_FAILURES_SHOWN = 20


class Overview(Page):
    """Catalogue, tags, judgements and model scores of a workspace on one page.

    Parameters
    ----------
    ws
        The workspace. It is read when the page opens and again at a press of "Refresh".
    """

    def __init__(self, ws: Workspace) -> None:
        self._ws = ws
        self._message = Message()
        self._as_of = W.Label()
        button = W.Button(description="Refresh", layout={"width": "auto"})
        button.on_click(lambda _: guarded(self._message.show)(self.refresh)())
        self._bar = present.row([self._as_of, button])
        super().__init__()
        self.refresh()

    def refresh(self) -> None:
        """Read the workspace and show what it holds now."""
        self._message.clear()
        self._as_of.value = f"As of {datetime.now(UTC):%-d %B %Y, %H:%M} UTC"
        pieces: list[W.Widget] = [self._bar, self._message]
        troubles: dict[str, None] = {}  # each once: several sections may fail for one reason
        for section in (_catalogue, _model, _history, _judgements, _tags, _failures):
            try:
                pieces += section(self._ws)
            except WorkbenchError as error:
                troubles[str(error)] = None
        self.fill([*pieces, *map(present.empty, troubles)])


def _catalogue(ws: Workspace) -> list[W.Widget]:
    items = ws.catalogue.items()
    if items.empty:
        return [
            present.empty(
                "The catalogue is empty: bring music in with `workbench import`, or build the "
                "demo with `workbench demo`."
            )
        ]
    return [present.tiles([*catalogue_counts(items), *_work_counts(ws)])]


def catalogue_counts(items: pd.DataFrame) -> list[tuple[str, str]]:
    """Return what a catalogue holds as pairs of number and name; kinds it lacks are left out.

    Parameters
    ----------
    items
        As ``Catalogue.items`` returns them. The time is that of whole recordings: the parts
        of a song are not counted again.
    """
    audio = items[items["domain"] == "audio"]
    whole = audio[audio["parent_id"].isna() & (audio["kind"] != "submix")]
    scores = (items["domain"] == "symbolic") & (items["kind"] == "song")
    kinds = audio["kind"].value_counts()
    counts = [
        (int(kinds.get("song", 0)), "songs"),
        (int(kinds.get("track", 0)), "tracks (parts of songs)"),
        (int(kinds.get("submix", 0)), "submixes"),
        (int(scores.sum()), "scores (notation)"),
    ]
    minutes = whole["duration_s"].sum() / 60
    shown = [(present.count_words(number), name) for number, name in counts if number]
    if minutes < 90:
        return [*shown, (f"{minutes:.0f}", "minutes of sound")]
    return [*shown, (f"{minutes / 60:,.1f}", "hours of sound")]


def _work_counts(ws: Workspace) -> list[tuple[str, str]]:
    table = ws.judgements.table()
    raters = table["rater"].nunique()
    by = f" by {present.plural(raters, 'rater')}" if raters else ""
    return [
        (
            present.count_words(ws.judgements.count()),
            f"judgements{by}",
        ),
        (present.count_words(len(ws.models.versions())), "model versions"),
    ]


def _model(ws: Workspace) -> list[W.Widget]:
    title = "How well the model hears each dimension"
    try:
        card = ws.models.card()
    except NotReadyError as error:
        return [present.card(title, [present.empty(str(error))])]
    return [present.card(title, [KiviatChart(ws)], words=card_words(card))]


def card_words(card: ModelCard) -> str:
    """Return a model card as sentences: encoder, licence, parent, date."""
    origin = (
        f"by fine-tuning {card.parent} on {present.plural(card.judgements, 'judgement')}"
        if card.parent
        else "from the tags of the catalogue"
    )
    licence = f" (licence: {card.licence})" if card.licence else ""
    return (
        f"In use: model {card.version}, made on {present.date_words(card.created_at)} {origin}. "
        f"It describes the sound with the encoder {card.encoder}{licence} and measures "
        f"similarity separately in {present.plural(len(card.dimensions), 'dimension')}."
    )


def _history(ws: Workspace) -> list[W.Widget]:
    cards = [card for card in ws.models.versions() if card.metrics.get("scores")]
    if not cards:
        return []
    if len(cards) == 1:
        words = (
            f"There is one version so far, {cards[0].version} of "
            f"{present.date_words(cards[0].created_at)}. Later versions appear here: judge some "
            "triplets on the page “Rate”, then fine-tune on the page “Fine-tune”."
        )
        pieces = [present.empty(words)]
    else:
        pieces = [PlotlyChart(history_figure(cards, ws.models.current()), height=440)]
    words = (
        "The share of questions about pieces kept aside that each version answers right, with "
        "95 % intervals. The dashed line is guessing."
    )
    return [present.card("Scores over model versions", pieces, words=words)]


def _judgements(ws: Workspace) -> list[W.Widget]:
    pieces: list[W.Widget] = [
        present.empty("Nobody has judged yet: open the page “Rate”, listen and choose.")
    ]
    if ws.judgements.count():
        table = ws.judgements.table()
        counts = judgement_counts(table)
        height = 120 + 34 * len(counts.index)
        header = ["Rater", "Judgements", "Could not tell", "Skipped", "Last judgement"]
        pieces = [
            PlotlyChart(judgements_figure(counts), height=height),
            present.table(header, rater_rows(table)),
        ]
    words = "A judgement is one listener's answer to: which of these two is closer to a third?"
    return [present.card("Judgements", pieces, words=words)]


def _tags(ws: Workspace) -> list[W.Widget]:
    items = ws.catalogue.items(domain="audio")
    if items.empty:
        return []
    rows = tag_rows(ws.catalogue.tags(), items, dimensions=dimensions_of(ws))
    header = ["Dimension", "Songs", "Tracks", "Values", "Most frequent", "Estimated"]
    missing = (
        "No tags yet: import with a CSV manifest (path, title, artist and one column per "
        "dimension) to add them."
    )
    return [
        present.card(
            "What is known about the music",
            [present.table(header, rows) if rows else present.empty(missing)],
            words="How many songs and tracks carry a tag in each dimension. Estimated tags were "
            "worked out from the music itself; the others come with it.",
        )
    ]


def _failures(ws: Workspace) -> list[W.Widget]:
    failures = ws.catalogue.failures()
    if failures.empty:
        return []
    shown = failures.head(_FAILURES_SHOWN)
    rest = len(failures) - len(shown)
    rows = [[row.path, row.reason, present.date_words(str(row.at))] for row in shown.itertuples()]
    more = [present.note(f"And {present.plural(rest, 'more file')}.")] if rest else []
    title = f"{present.plural(len(failures), 'file')} could not be imported"
    return [present.card(title, [present.table(["File", "Why", "When"], rows), *more])]
