"""What a Kiviat diagram can be of: model versions, combinations, a pair, a query, a set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.judgements.ceiling import FEWEST_SHARED, human_ceiling
from workbench.widgets import present
from workbench.widgets.kiviat_data import CHANCE, Kiviat
from workbench.widgets.present import ALL_AT_ONCE, Score

if TYPE_CHECKING:
    import pandas as pd

    from workbench.evaluation.combinations import Combination
    from workbench.judgements.ceiling import Ceiling
    from workbench.subspaces.store import ModelCard
    from workbench.workspace import Workspace

_SCORES = (
    "Each axis is one dimension of similarity. The further out, the more often the model agrees "
    "with what is known about pieces it has not learned from; 0.5 is guessing. The marks across a "
    "point are its 95 % interval: where the true value may well lie. "
    "“All at once” answers every question with all dimensions together."
)
_COMBINED = (
    "Each outline measures one dimension, or several side by side, and is asked the questions of "
    "every axis. A dimension should reach far out on its own axis; where it does on others, it "
    "hears those, too."
)
_RELEVANCE = "1 means as close as can be in that dimension, 0 as far apart as can be."
_BAND = (
    "The grey blocks are how often two listeners say the same of a triplet, with 95 % intervals: "
    "nobody can expect a model to agree with people more than they agree with each other. "
    "Listeners were asked other triplets than those the scores come from, so compare with care."
)
_OVERLAP = "make a rating task in which they overlap, with `workbench task create NAME --raters 2`."


@dataclass(frozen=True, kw_only=True)
class View:
    """A diagram with the table beside it and the words below.

    Attributes
    ----------
    shown
        The diagram.
    card
        The model that speaks.
    data
        What was measured or counted, for the line below the figure.
    header, rows
        Of the table.
    notes
        How to read it.
    """

    shown: Kiviat
    card: ModelCard
    data: str
    header: Sequence[object]
    rows: Sequence[Sequence[object]]
    notes: str


def models_view(ws: Workspace, versions: Sequence[str]) -> View:
    """Return the scores of versions over each other, with the ceiling of the raters."""
    cards = [ws.models.card(version) for version in versions]
    outlines = {version_name(card): _by_dimension(card) for card in cards}
    known = human_ceiling(ws.judgements.table())
    axes = Kiviat(outlines=outlines).axes
    ceiling = {axis: known[axis] for axis in axes if axis in known and known[axis].known}
    bands = {axis: found.as_dict() for axis, found in ceiling.items()}
    rows = [
        [words, *(present.score_cell(_scores(card).get(name)) for card in cards),
         *([present.score_cell(bands.get(name))] if bands else [])]
        for name, words in [*((axis, axis) for axis in axes), ("overall", ALL_AT_ONCE)]
    ]  # fmt: skip
    return View(
        shown=Kiviat(outlines=outlines, ceiling=bands),
        card=cards[0],
        data=_scores_from(cards, ceiling.values()),
        header=["Dimension", *outlines, *(["Listeners agree"] if bands else [])],
        rows=rows,
        notes=" ".join([_SCORES, *_near_guessing(cards[0]), _ceiling_words(axes, ceiling)]),
    )


def combinations_view(
    ws: Workspace, combinations: Sequence[Combination], version: str | None
) -> View:
    """Return how combinations of dimensions answer the questions of each dimension."""
    from workbench.evaluation.combined import combined_scores

    card = ws.models.card(version)
    found = combined_scores(ws, combinations, version=card.version)
    scores = {
        combination_name(c, card): {n: score.as_dict() for n, score in row.items()}
        for c, row in found.items()
    }
    outlines = {n: {d: row[d] for d in card.dimensions if d in row} for n, row in scores.items()}
    names = [*((d, d) for d in card.dimensions), ("overall", "all questions")]
    rows = [[words, *(present.score_cell(row.get(name)) for row in scores.values())]
            for name, words in names]  # fmt: skip
    return View(
        shown=Kiviat(outlines=outlines),
        card=card,
        data=_kept_aside(card),
        header=["Questions about", *outlines],
        rows=rows,
        notes=_COMBINED,
    )


def pair_view(ws: Workspace, pair: tuple[int, int]) -> View:
    """Return how related two items are in each dimension of the current model."""
    from workbench.search.find import explain

    card = ws.models.card()
    explained = explain(ws, pair[0], pair[1], version=card.version)
    names = _titles(ws, pair)
    outline = {str(n): {"score": float(value)} for n, value in explained["relevance"].items()}
    rows = [
        [str(name), f"{value:.2f}", f"{closer:.0%} of the catalogue"]
        for name, value, closer in explained.itertuples()
    ]
    return View(
        shown=Kiviat(outlines={" and ".join(names): outline}, chance=None),
        card=card,
        data=f"relevance of {' and '.join(names)}",
        header=["Dimension", "Relevance", "Closer than"],
        rows=rows,
        notes=_RELEVANCE,
    )


def query_view(ws: Workspace, query: int, results: int) -> View:
    """Return how related the results of a query are to it in each dimension."""
    from workbench.search.profile import results_profile

    card = ws.models.card()
    table, found = results_profile(ws, query, count=results, version=card.version)
    title = _titles(ws, [query])[0]
    count = present.plural(len(found), "result")
    return View(
        shown=_beside_catalogue(f"{count} for {title}", table),
        card=card,
        data=f"{count} of a search with {title}",
        header=["Dimension", "Relevance, least to most", "Catalogue"],
        rows=_ranged_rows(table),
        notes=f"{_RELEVANCE} The outline is the mean of the results, the marks reach from the "
        "least to the most related of them, and the dashed line is the mean of everything that "
        "can be found: the further the outline lies outside it, the more that dimension "
        "distinguishes what was found.",
    )


def set_view(ws: Workspace, items: Iterable[int]) -> View:
    """Return how alike a set of items is in each dimension, beside the catalogue."""
    from workbench.search.profile import profile

    card = ws.models.card()
    table = profile(ws, items, version=card.version)
    count = present.plural(int(table["items"].iloc[0]), "item")
    return View(
        shown=_beside_catalogue(f"{count} chosen", table),
        card=card,
        data=f"all pairs of {count}, beside random pairs of the catalogue",
        header=["Dimension", "Alike within the set", "Catalogue"],
        rows=_ranged_rows(table),
        notes=f"Where the outline lies outside the dashed one, these items are more alike than any "
        f"two of the catalogue; where its marks (95 % intervals) reach the dashed one, that is not "
        f"known. {_alike_words(table)}",
    )


def current_and_parent(ws: Workspace) -> list[str]:
    """Return the current version and, where it was tuned from another, its parent.

    Raises
    ------
    NotReadyError
        If the workspace has no model yet.
    """
    card = ws.models.card()
    known = {version.version for version in ws.models.versions()}
    return [card.version, *([card.parent] if card.parent in known else [])]


def version_name(card: ModelCard) -> str:
    """Return how legends and lists call a version."""
    return f"{card.version}, {present.date_words(card.created_at)}"


def combination_name(combination: Combination, card: ModelCard) -> str:
    """Return how legends and lists call a combination of a model's dimensions."""
    everything = len(combination) > 1 and set(combination) == set(card.dimensions)
    return ALL_AT_ONCE if everything else " + ".join(combination)


# -- words ----------------------------------------------------------------------------------------


def _scores_from(cards: Sequence[ModelCard], ceiling: Iterable[Ceiling]) -> str:
    others = [present.model_words(card) for card in cards[1:]]
    shared = sum(found.triplets for found in ceiling)
    parts = [f"beside {', '.join(others)}"] if others else []
    parts.append(_kept_aside(cards[0]))
    if shared:
        parts.append(f"{present.plural(shared, 'triplet')} judged by two listeners or more")
    return " · ".join(parts)


def _kept_aside(card: ModelCard) -> str:
    held_out = card.metrics.get("held_out_items") or len(card.held_out)
    return f"tags of {present.plural(held_out, 'piece')} kept aside"


def _near_guessing(card: ModelCard) -> list[str]:
    """Name the dimensions whose interval reaches down to guessing, in a sentence."""
    scores = _scores(card)
    names = [d for d in card.dimensions if present.measured(scores.get(d))]
    unsure = [d for d in names if scores[d]["low"] <= CHANCE]
    return [f"Not known to be better than guessing: {', '.join(unsure)}."] if unsure else []


def _ceiling_words(axes: Sequence[str], ceiling: Mapping[str, Any]) -> str:
    missing = [axis for axis in axes if axis not in ceiling]
    few = f"fewer than {FEWEST_SHARED} triplets were judged by two listeners"
    if not missing:
        return _BAND
    if not ceiling:
        return f"There is no human ceiling yet: in each dimension {few}; {_OVERLAP}"
    return f"{_BAND} There is none for {', '.join(missing)}: {few}; {_OVERLAP}"


def _alike_words(table: pd.DataFrame) -> str:
    more = table.index[table["low"] > table["catalogue"]]
    less = table.index[table["high"] < table["catalogue"]]
    parts = [
        f"{words} than usual in {', '.join(map(str, names))}."
        for words, names in (("More alike", more), ("Less alike", less))
        if len(names)
    ]
    return " ".join(parts) or "In no dimension are they known to differ from the catalogue."


# -- numbers --------------------------------------------------------------------------------------


def _beside_catalogue(name: str, table: pd.DataFrame) -> Kiviat:
    outline = {
        str(dimension): {"score": row.relevance, "low": row.low, "high": row.high}
        for dimension, row in table.iterrows()
    }
    usual = {str(dimension): {"score": value} for dimension, value in table["catalogue"].items()}
    return Kiviat(outlines={name: outline}, chance=None, usual=usual, usual_name="catalogue, mean")


def _ranged_rows(table: pd.DataFrame) -> list[list[str]]:
    """Return dimension, relevance with its range, and what is usual in the catalogue."""
    return [
        [str(name), _ranged(row.relevance, row.low, row.high), f"{row.catalogue:.2f}"]
        for name, row in table.iterrows()
    ]


def _ranged(value: float, low: float, high: float) -> present.Markup:
    return present.Markup(f"<b>{value:.2f}</b><small>{low:.2f} to {high:.2f}</small>")


def _titles(ws: Workspace, ids: Sequence[int]) -> list[str]:
    titles = ws.catalogue.items()["title"]
    return [str(titles.get(item, "")) or f"item {item}" for item in ids]


def _scores(card: ModelCard) -> dict[str, Score]:
    return card.metrics.get("scores", {})


def _by_dimension(card: ModelCard) -> dict[str, Score]:
    return {name: _scores(card).get(name, {}) for name in card.dimensions}
