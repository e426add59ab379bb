"""The leakage table: how well the subspace of one dimension answers the questions of another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from workbench.errors import WorkbenchError
from workbench.widgets import present
from workbench.widgets.kiviat_data import CHANCE
from workbench.widgets.present import Markup, Page, Score
from workbench.widgets.sources import figure, source_words

if TYPE_CHECKING:
    from workbench.workspace import Workspace

_WHAT_IT_SHOWS = (
    "Each row is what the model learned about one dimension, each column the dimension it is asked "
    "about. The diagonal should be high; elsewhere, the closer to 0.50 (guessing), the better the "
    "dimensions are kept apart. Counts and 95 % intervals show under the pointer."
)


class LeakageTable(Page):
    """Scores of every subspace on the triplets of every dimension, for one model.

    Parameters
    ----------
    ws
        The workspace.
    version
        The model version; by default the current one.
    """

    def __init__(self, ws: Workspace, *, version: str | None = None) -> None:
        try:
            card = ws.models.card(version)
            leakage = card.metrics.get("leakage")
            if not leakage:
                raise WorkbenchError(
                    f"Leakage of model {card.version} has not been measured: run "
                    "`workbench evaluate`."
                )
            header = [Markup("What it learned&nbsp;↓ &nbsp; asked about&nbsp;→"), *card.dimensions]
            super().__init__(
                [
                    figure(
                        present.table(header, leakage_rows(leakage, card.dimensions)),
                        source_words(card, "triplets from tags of pieces kept aside"),
                        name="leakage",
                        table=leakage_table(leakage, card.dimensions),
                    ),
                    present.note(_WHAT_IT_SHOWS),
                ]
            )
        except WorkbenchError as error:
            super().__init__([present.empty(str(error))])


def leakage_rows(
    leakage: Mapping[str, Mapping[str, Score]], dimensions: Sequence[str]
) -> list[list[object]]:
    """Return a row per subspace and a cell per asked dimension, darker the further above chance."""
    return [
        [subspace, *(_cell(leakage.get(subspace, {}).get(asked)) for asked in dimensions)]
        for subspace in dimensions
    ]


def leakage_table(
    leakage: Mapping[str, Mapping[str, Score]], dimensions: Sequence[str]
) -> dict[str, list[Any]]:
    """Return the same as columns of plain numbers, a row per subspace and asked dimension."""
    pairs = [(own, asked) for own in dimensions for asked in dimensions]
    scores = [leakage.get(own, {}).get(asked) or {} for own, asked in pairs]
    columns: dict[str, list[Any]] = {
        "subspace": [own for own, _ in pairs],
        "asked": [asked for _, asked in pairs],
    }
    return columns | {
        part: [score.get(part) for score in scores] for part in ("score", "low", "high", "k", "n")
    }


def _cell(score: Score | None) -> Markup:
    if score is None or not present.measured(score):
        return Markup('<span class="wb-soft">not measured</span>')
    strength = max(score["score"] - CHANCE, 0.0) / (1 - CHANCE)
    return Markup(
        f'<span class="wb-shade" style="background:rgba(0,114,178,{0.55 * strength:.2f})" '
        f'title="{escape(present.score_words(score))}">{score["score"]:.2f}</span>'
    )
