"""The sections of a dimension's report: meaning, scores, leakage, confusions, typical triplets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import ipywidgets as W

from workbench.errors import NotReadyError
from workbench.evaluation.confusions import confusions
from workbench.evaluation.dimension_report import (
    Answered,
    agreed_triplets,
    derived_only,
    drawn_triplets,
    exemplary,
    human_ceiling,
    joined,
    measured_versions,
    tag_counts,
)
from workbench.evaluation.reasons import (
    notion_words,
    shown_values,
    tag_reason,
    tag_words,
    vote_reason,
)
from workbench.listening.rubrics import Rubrics
from workbench.subspaces.dimensions import get_dimension
from workbench.widgets import present
from workbench.widgets.chart import PlotlyChart
from workbench.widgets.comparison_figures import dots_figure, dots_height
from workbench.widgets.dimension_figures import (
    confusion_columns,
    confusion_table,
    confusion_words,
    leakage_columns,
    leakage_series,
    score_columns,
    score_figure,
    score_rows,
    standing_words,
)
from workbench.widgets.sources import figure, source_words
from workbench.widgets.triplet_list import TripletList, choice, listed_items, table_of, triplet

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from workbench.subspaces.store import ModelCard
    from workbench.workspace import Workspace

CONFUSIONS, EACH = 8, 6  # confusions to listen to, and triplets of each
EXEMPLARY = 12
_UNTAUGHT = (
    "Nothing has taught the model {name} yet: give songs tags of it, with a manifest or on the "
    "page “Review tags”, and run `workbench train heads`; or judge triplets on the page “Rate”."
)


class Facts:
    """What several sections of a report need, read once."""

    def __init__(self, ws: Workspace, name: str) -> None:
        self.ws, self.name = ws, name
        self.dimension = get_dimension(ws, name)
        self.tags = ws.catalogue.tags(name)
        self.items = ws.catalogue.items()
        judgements = ws.judgements.table()
        self.judgements: pd.DataFrame = judgements[judgements["dimension"] == name]
        self._drawn: Answered | None = None

    def model(self) -> ModelCard:
        """Return the model in use; raise where it does not know the dimension."""
        card = self.ws.models.card()
        if self.name not in card.taught:
            raise NotReadyError(_UNTAUGHT.format(name=self.name))
        return card

    def drawn(self) -> Answered:
        """Return triplets of songs kept aside and how the model answers them."""
        if self._drawn is None:
            self._drawn = drawn_triplets(self.ws, self.model(), self.name)
        return self._drawn

    def drawn_words(self) -> str:
        """Return how many triplets were drawn and of which songs, in words."""
        found = self.drawn()
        songs = present.plural(found.songs, "song")
        some = f" of {present.count_words(found.of)}" if found.songs < found.of else ""
        return f"{present.plural(len(found), 'triplet')} from the tags of {songs}{some} kept aside"

    def listed(
        self,
        found: Answered,
        rows: Sequence[int],
        keys: Callable[[int], dict[str, str]],
        card: ModelCard,
    ) -> list[dict[str, object]]:
        """Return triplets as lists take them."""
        values = tag_words(self.tags, found.items[list(rows)].reshape(-1).tolist())
        listed = []
        for place, row in enumerate(rows):
            items, votes = found.items[row].tolist(), found.votes[row].tolist()
            anchor, closer = (values.get(item, []) for item in items[:2])
            listed.append(
                triplet(
                    items,
                    why=vote_reason(*votes)
                    if sum(votes)
                    else tag_reason(self.dimension, anchor, closer),
                    values={item: shown_values(values.get(item, [])) for item in items},
                    answers=[(card.version, float(found.margins[row]))],
                    **keys(place),
                )
            )
        return listed


def meaning(facts: Facts) -> W.Widget:
    """Return the definition, the rubric, and how much is known."""
    counts = tag_counts(facts.tags)
    rubrics = Rubrics(facts.ws)
    text = rubrics.of(facts.name)
    pieces: list[W.Widget] = [present.note(notion_words(facts.dimension))]
    if text:
        pieces += [present.passage(text), present.note(_written(rubrics, facts.name))]
    else:
        words = (
            f"Nobody has written down what {facts.name} means here: who leads the raters does, on "
            "the page “Agreement”, and raters read it beside the question."
        )
        pieces.append(present.empty(words))
    if counts.items:
        tiles = [
            (present.count_words(counts.items), "items carry a tag"),
            (present.count_words(counts.weak), "of them a derived one only"),
            (present.count_words(counts.values), "different values"),
            (present.count_words(len(facts.judgements)), "judgements"),
        ]
        pieces.append(present.tiles(tiles))
    else:
        pieces.append(present.note("No item carries a tag of it, or it is no matter of tags."))
    return present.card(facts.name.capitalize(), pieces, words=facts.dimension.question)


def _written(rubrics: Rubrics, name: str) -> str:
    history = rubrics.history()
    last = history[history["dimension"] == name].iloc[-1]
    by = f" by {last['author']}" if last["author"] else ""
    return f"Written{by} on {present.date_words(last['written_at'])}."


def scores(facts: Facts) -> W.Widget:
    """Return how well the versions hear the dimension, beside floors and people."""
    card = facts.model()
    versions, floors, songs = measured_versions(facts.ws, card, facts.name)
    rows = score_rows(versions, floors, human_ceiling(facts.judgements), card.version)
    asked = versions[card.version].n
    data = f"{present.plural(asked, 'triplet')} from the tags of {present.plural(songs, 'song')}"
    chart = PlotlyChart(score_figure(rows), height=dots_height(len(rows)))
    return present.card(
        f"How well the model hears {facts.name}",
        [
            present.note(standing_words(facts.name, rows, card.version)),
            figure(
                chart,
                source_words(card, f"{data} kept aside"),
                name=f"scores of {facts.name}",
                table=score_columns(rows),
            ),
        ],
        words="The share of triplets that is answered right, with 95 % intervals, all on the same "
        "triplets; the dashed line is guessing. A version is worth its training where it is "
        "beyond what the sound alone gives.",
    )


def leakage(facts: Facts) -> W.Widget:
    """Return how far the dimension is kept apart from the others."""
    card = facts.model()
    plain = card.metrics.get("leakage", {})
    strict = card.metrics.get("strict_leakage", {})
    series = leakage_series(plain, facts.name, card.taught)
    if not any(present.measured(score) for scores in series.values() for score in scores.values()):
        raise NotReadyError(
            f"Leakage of model {card.version} has not been measured, or it knows one dimension "
            "only: run `workbench evaluate`."
        )
    count = card.metrics.get("held_out_items")
    data = f"tags of {present.plural(count, 'song')} kept aside" if count else "tags of songs"
    chart = PlotlyChart(dots_figure(series), height=dots_height(len(card.taught) - 1))
    return present.card(
        "Is it kept apart from the others?",
        [
            figure(
                chart,
                source_words(card, f"triplets from the {data}"),
                name=f"leakage of {facts.name}",
                table=leakage_columns(plain, strict, facts.name, card.taught),
            )
        ],
        words="The closer to guessing, the better the dimensions are kept apart. What lies above "
        "it may also come from the music: dimensions that go together in the catalogue. The CSV "
        "holds the strict numbers as well, in which that is taken out.",
    )


def mistaken(facts: Facts) -> W.Widget:
    """Return what is taken for what, with the surest mistakes to hear."""
    card, found = facts.model(), facts.drawn()
    confused = confusions(facts.dimension, found.items, found.margins, facts.tags)
    title = "What is taken for what"
    words = source_words(card, facts.drawn_words())
    pieces: list[W.Widget] = []
    if confused:
        header, rows = confusion_table(confused)
        table = present.table(header, rows)
        table.add_class("wb-matrix")
        columns = confusion_columns(confused)
        pieces.append(figure(table, words, name=f"confusions of {facts.name}", table=columns))
    wrong = [c for c in confused if c.wrong.k][:CONFUSIONS]
    chosen = [(c, row) for c in wrong for row in _varied(facts, found.items, c.rows)[:EACH]]
    names = [confusion_words(c) for c, _ in chosen]
    listed = facts.listed(
        found, [row for _, row in chosen], lambda place: {"confusion": names[place]}, card
    )
    if not confused:
        pieces.append(
            present.empty(
                f"What is confused cannot be grouped: too few songs kept aside carry tags of "
                f"{facts.name}, or it is no matter of tags."
            )
        )
    elif not wrong:
        pieces.append(present.empty("No triplet was answered wrong."))
    else:
        options = [(name, name) for name in dict.fromkeys(names)]
        items = listed_items(facts.ws, facts.items, listed)
        shown = TripletList(listed, items, filters=[choice("Listen to", "confusion", options)])
        pieces += [
            present.note("The surest mistakes of the most certain confusions, to be heard:"),
            figure(shown, words, name=f"mistakes in {facts.name}", table=table_of(listed, items)),
        ]
    return present.card(
        title,
        pieces,
        words="How often B was taken for closer to the anchor than A, which has its tag. Triplets "
        "share songs, so the true intervals are somewhat wider. A piece with several tags counts "
        "for each.",
    )


def _varied(facts: Facts, items: np.ndarray, rows: np.ndarray) -> list[int]:
    """Return rows of triplets without those that ask the same: a piece may be there twice."""
    titles = facts.items["title"]
    first: dict[tuple[str, str], int] = {}
    for row in rows.tolist():
        anchor, _, taken = items[row].tolist()
        first.setdefault((titles[anchor], titles[taken]), row)
    return list(first.values())


def typical(facts: Facts) -> W.Widget:
    """Return triplets that show what the dimension is about."""
    card = facts.model()
    agreed = agreed_triplets(facts.ws, card, facts.name, facts.judgements)
    drawn = facts.drawn()
    found = joined([agreed, drawn])
    by_people = exemplary(agreed, most=EXEMPLARY // 2)
    used = {item for row in by_people for item in agreed.items[row].tolist()}
    by_tags = exemplary(
        drawn, most=EXEMPLARY - len(by_people), without=used | derived_only(facts.tags)
    )
    rows = [*by_people, *(len(agreed) + row for row in by_tags)]
    listed = facts.listed(found, rows, lambda place: {}, card)
    items = listed_items(facts.ws, facts.items, listed)
    if not listed:
        raise NotReadyError(
            f"No triplet about {facts.name} is answered right by the model and agreed on by people "
            "or tags: there is nothing exemplary to show yet."
        )
    people = f"{present.plural(len(agreed), 'triplet')} on which people agree"
    return present.card(
        f"What is typical of {facts.name}",
        [
            figure(
                TripletList(listed, items),
                source_words(card, f"{people}, {facts.drawn_words()}"),
                name=f"exemplary triplets of {facts.name}",
                table=table_of(listed, items),
            )
        ],
        words="Triplets that the model answers right by the widest margin, first those on which "
        "people agree, then those of tags that were given and not derived. No piece comes twice.",
    )
