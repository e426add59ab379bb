"""Two model versions side by side, and the triplets on which they disagree, to be heard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import ipywidgets as W

from workbench.errors import NotReadyError, WorkbenchError
from workbench.evaluation.comparison import (
    Asked,
    BothAnswers,
    Kind,
    answer_both,
    comparison_table,
    defaults,
    held_out_by_both,
    judged_by_people,
    pooled,
    summary,
    surest,
)
from workbench.evaluation.reasons import shown_values, tag_reason, tag_words, vote_reason
from workbench.subspaces.dimensions import dimensions_of
from workbench.widgets import present
from workbench.widgets.chart import PlotlyChart
from workbench.widgets.comparison_figures import (
    comparison_rows,
    csv_columns,
    dots_figure,
    dots_height,
    header,
    summary_words,
    words_of,
)
from workbench.widgets.present import Page
from workbench.widgets.safe import Message, guarded
from workbench.widgets.sources import figure, source_words
from workbench.widgets.triplet_list import TripletList, choice, listed_items, table_of, triplet

if TYPE_CHECKING:
    from workbench.subspaces.store import ModelCard
    from workbench.workspace import Workspace

LISTED = 40  # disagreements per dimension that travel to the browser
_KINDS: dict[str, Kind] = {
    "tags of songs kept aside": "tags",
    "what people said, and neither has learned": "judgements",
}
_ONE_VERSION = (
    "There is one version so far, {version}. Judge some triplets on the page “Rate”, then teach a "
    "second version on the page “Fine-tune”: this page compares the two."
)
_NO_JUDGEMENTS = (
    "There is no judgement yet that neither version has learned from: what people judge on the "
    "page “Rate” from now on is compared here, as far as its triplets were chosen at random."
)
_NO_TAGS = (
    "The songs that both versions kept aside carry no tags to ask about: add some with the page "
    "“Review tags”, or import with a manifest."
)
_HOW_TO_READ = (
    "Two versions are compared on the same triplets, each answered by its own dimension. Only "
    "those that exactly one answers right say which is better. Intervals are 95 %; chances of "
    "single dimensions are corrected for their number."
)


class ModelComparison(Page):
    """Compare two versions of the model on triplets that neither has learned from.

    Parameters
    ----------
    ws
        The workspace.
    versions
        The two versions, the earlier first; by default the current one and its parent, else the
        two latest.
    """

    def __init__(self, ws: Workspace, *, versions: tuple[str, str] | None = None) -> None:
        self._ws = ws
        self._message = Message()
        self._body = W.VBox(layout={"grid_gap": "16px", "overflow": "visible"})
        try:
            cards = ws.models.versions()
            if len(cards) < 2:
                version = ws.models.card().version if not cards else cards[0].version
                raise NotReadyError(_ONE_VERSION.format(version=version))
            first, second = versions or defaults(cards, ws.models.current())
            for version in (first, second):
                ws.models.card(version)  # says which there are if this one is not
        except WorkbenchError as error:
            super().__init__([present.empty(str(error))])
            return
        options = [(_option(card, ws.models.current()), card.version) for card in reversed(cards)]
        self._first = _dropdown("Compare", options, first)
        self._second = _dropdown("with", options, second)
        self._kind = _dropdown("on", list(_KINDS.items()), "tags")
        bar = present.row([self._first, self._second, self._kind])
        super().__init__([bar, self._message, self._body])
        for part in (self._first, self._second, self._kind):
            part.observe(lambda _: self.refresh(), names="value")
        self.refresh()

    def refresh(self) -> None:
        """Compare the chosen versions anew."""
        self._message.clear()
        self._body.children = ()
        guarded(self._message.show)(self._answer)()

    def _answer(self) -> None:
        if self._first.value == self._second.value:
            self._message.show("Choose two different versions.", "info")
            return
        first, second = (self._ws.models.card(v.value) for v in (self._first, self._second))
        ask = held_out_by_both if self._kind.value == "tags" else judged_by_people
        asked = ask(self._ws, first, second)
        found = answer_both(self._ws, first, second, asked.questions)
        if not found:
            words = _NO_TAGS if self._kind.value == "tags" else _NO_JUDGEMENTS
            self._message.show(words, "info")
            return
        data = data_words(self._kind.value, asked)
        words = source_words(second, f"against {present.model_words(first)} · {data}")
        self._body.children = (
            _summary_card(first.version, second.version, found, data),
            _scores_card(first.version, second.version, found, words),
            _disagreement_card(self._ws, (first, second), asked, found, words),
        )


def data_words(kind: Kind, asked: Asked) -> str:
    """Say which triplets were asked, and how many."""
    count = present.plural(len(asked.questions), "triplet")
    if kind == "judgements":
        return f"{count} that people judged and neither version has learned from"
    songs = f"{present.plural(asked.songs, 'song')} that both versions kept aside"
    if asked.songs < asked.of:
        songs = f"{present.count_words(asked.songs)} of the {asked.of:,} songs that both kept aside"
    return f"{count} from the tags of {songs}"


def _option(card: ModelCard, current: str | None) -> str:
    used = ", in use" if card.version == current else ""
    return f"{card.version} of {present.date_words(card.created_at)}{used}"


def _dropdown(name: str, options: Sequence[tuple[str, str]], value: str) -> W.Dropdown:
    dropdown = W.Dropdown(
        options=options,
        value=value,
        description=name,
        layout={"width": "auto", "max_width": "100%"},
        style={"description_width": "auto"},
    )
    dropdown.add_class("wb-chooser")
    return dropdown


def _summary_card(first: str, second: str, found: Mapping[str, BothAnswers], data: str) -> W.Widget:
    result = summary(pooled(found))
    tiles = [
        _score_tile(first, result["first"]),
        _score_tile(second, result["second"]),
        (present.count_words(result["both"]), "both right"),
        (present.count_words(result["lost"]), f"only {first} right"),
        (present.count_words(result["gained"]), f"only {second} right"),
        (present.count_words(result["neither"]), "neither right"),
    ]
    return present.card(
        "All dimensions together",
        [present.tiles(tiles), present.note(summary_words(first, second, result))],
        words=f"On {data}.",
    )


def _score_tile(version: str, score: present.Score) -> tuple[str, str]:
    counts = f"{present.count_words(score['k'])} of {present.count_words(score['n'])}"
    interval = f"{score['low']:.2f} to {score['high']:.2f}"
    return f"{score['score']:.2f}", f"{version}: {counts} ({interval})"


def _scores_card(first: str, second: str, found: Mapping[str, BothAnswers], words: str) -> W.Widget:
    table = comparison_table(found)
    columns = csv_columns(first, second, table)
    series = {
        first: {name: row["first"] for name, row in table.items()},
        second: {name: row["second"] for name, row in table.items()},
    }
    chart = PlotlyChart(dots_figure(series), height=dots_height(len(table)))
    rows = present.table(header(first, second), comparison_rows(table))
    name = f"{first} and {second}"
    return present.card(
        "Dimension by dimension",
        [
            figure(chart, words, name=f"scores of {name}", table=columns),
            figure(rows, words, name=f"comparison of {name}", table=columns),
        ],
        words=_HOW_TO_READ,
    )


def _disagreement_card(
    ws: Workspace,
    cards: tuple[ModelCard, ModelCard],
    asked: Asked,
    found: Mapping[str, BothAnswers],
    words: str,
) -> W.Widget:
    triplets = disagreements(ws, cards, asked, found)
    items = listed_items(ws, ws.catalogue.items(), triplets)
    names = [name for name, part in found.items() if len(part.disagreed)]
    first, second = (card.version for card in cards)
    filters = [
        choice("Dimension", "dimension", [(n, words_of(n)) for n in names], everything="all"),
        choice("Right", "right", [(v, f"only {v}") for v in (second, first)], everything="either"),
    ]
    total = sum(len(part.disagreed) for part in found.values())
    shown = f", the {LISTED} surest of each dimension" if len(triplets) < total else ""
    listed = TripletList(
        triplets, items, filters=filters, empty="The two versions answer all triplets alike."
    )
    return present.card(
        "Where they disagree",
        [
            figure(
                listed,
                words,
                name=f"disagreements of {first} and {second}",
                table=table_of(triplets, items),
            )
        ],
        words=f"{present.plural(total, 'triplet')} that exactly one version answers right{shown}; "
        "those on which both are surest come first. Listen, and decide which one hears as you do.",
    )


def disagreements(
    ws: Workspace,
    cards: tuple[ModelCard, ModelCard],
    asked: Asked,
    found: Mapping[str, BothAnswers],
) -> list[dict[str, Any]]:
    """Return the surest disagreements of two versions as the list takes them."""
    dimensions, tags = dimensions_of(ws), ws.catalogue.tags()
    chosen = surest(found, most=LISTED)
    shown = {name: [row for other, row in chosen if other == name] for name in found}
    values = {
        name: tag_words(tags[tags["dimension"] == name], found[name].items[rows].ravel().tolist())
        for name, rows in shown.items()
    }
    listed = []
    for name, row in chosen:
        part = found[name]
        items, margins = part.items[row].tolist(), part.margins[row].tolist()
        votes = asked.votes_on(name, *items)
        anchor, closer = (values[name].get(item, []) for item in items[:2])
        why = vote_reason(*votes) if votes else tag_reason(dimensions[name], anchor, closer)
        right = cards[0].version if margins[0] > 0 else cards[1].version
        listed.append(
            triplet(
                items,
                why=why,
                values={item: shown_values(values[name].get(item, [])) for item in items},
                answers=[(card.version, m) for card, m in zip(cards, margins, strict=True)],
                dimension=name,
                right=right,
            )
        )
    return listed
