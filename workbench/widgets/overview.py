"""The overview: what a stakeholder wants to know about a workspace, without a line of code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import ipywidgets as W

from workbench.errors import NotReadyError, WorkbenchError
from workbench.widgets import present
from workbench.widgets.kiviat import KiviatChart
from workbench.widgets.overview_sections import (
    agreement_section,
    catalogue_section,
    changes_figure,
    failures_section,
    history_section,
    judgements_section,
    tags_section,
)
from workbench.widgets.present import Page
from workbench.widgets.safe import Message, guarded

if TYPE_CHECKING:
    from workbench.subspaces.store import ModelCard
    from workbench.workspace import Workspace

_SINCE = {"the last 7 days": 7, "the last 30 days": 30, "the last 90 days": 90}


class Overview(Page):
    """Catalogue, changes, judgements, agreement, tags and model scores of a workspace on one page.

    Parameters
    ----------
    ws
        The workspace. It is read when the page opens and again at a press of "Refresh".
    names
        Whether raters are named; by default as the workspace says.
    """

    def __init__(self, ws: Workspace, *, names: bool | None = None) -> None:
        self._ws = ws
        self._names = ws.names_raters if names is None else names
        self._message = Message()
        self._as_of = W.Label()
        button = W.Button(description="Refresh", layout={"width": "auto"})
        button.on_click(lambda _: guarded(self._message.show)(self.refresh)())
        self._bar = present.row([self._as_of, button])
        self._since = W.Dropdown(options=_SINCE, description="Since when", value=7)
        self._since.add_class("wb-chooser")
        self._since.observe(
            lambda _: guarded(self._message.show)(self._show_changes)(), names="value"
        )
        self._changes = W.VBox()
        super().__init__()
        self.refresh()

    def refresh(self) -> None:
        """Read the workspace and show what it holds now."""
        self._message.clear()
        self._as_of.value = f"As of {datetime.now(UTC):%-d %B %Y, %H:%M} UTC"
        pieces: list[W.Widget] = [self._bar, self._message]
        troubles: dict[str, None] = {}  # each once: several sections may fail for one reason
        for section in self._sections():
            try:
                pieces += section()
            except WorkbenchError as error:
                troubles[str(error)] = None
        self.fill([*pieces, *map(present.empty, troubles)])

    def _sections(self) -> Sequence[Callable[[], list[W.Widget]]]:
        items, judgements = self._ws.catalogue.items(), self._ws.judgements.table()
        return (
            lambda: catalogue_section(self._ws, items, judgements),
            lambda: [] if items.empty else self._what_changed(),
            self._model,
            lambda: history_section(self._ws),
            lambda: judgements_section(judgements, names=self._names),
            lambda: agreement_section(judgements),
            lambda: tags_section(self._ws, items),
            lambda: failures_section(self._ws),
        )

    def _what_changed(self) -> list[W.Widget]:
        self._show_changes()
        return [present.card("What changed", [self._since, self._changes])]

    def _show_changes(self) -> None:
        since = datetime.now(UTC) - timedelta(days=self._since.value)
        present.replace(self._changes, [changes_figure(self._ws, since)])

    def _model(self) -> list[W.Widget]:
        title = "How well the model hears each dimension"
        try:
            card = self._ws.models.card()
        except NotReadyError as error:
            return [present.card(title, [present.empty(str(error))])]
        return [present.card(title, [KiviatChart(self._ws)], words=card_words(card))]


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
