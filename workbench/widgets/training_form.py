"""The fields of a base training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as W

from workbench.errors import WorkbenchError
from workbench.subspaces.dimensions import DIMENSIONS
from workbench.widgets import present
from workbench.widgets.following import reveal
from workbench.widgets.safe import Message
from workbench.widgets.training_choices import (
    LOSSES,
    NETWORKS,
    WIDTHS,
    Choices,
    corpus_words,
    place,
)

if TYPE_CHECKING:
    from workbench.workspace import Workspace

_STYLE = {"description_width": "84px"}


class TrainingForm(W.VBox):
    """What can be chosen, and what the corpus that is named holds.

    Parameters
    ----------
    ws
        The workspace; folders that are not absolute are in it.
    corpus, folder
        What the fields of the two folders hold at first.
    """

    def __init__(self, ws: Workspace, corpus: str, folder: str) -> None:
        self._ws = ws
        self._corpus = _text("Corpus", corpus)
        self._folder = _text("Network in", folder)
        self._network = _dropdown("Network", NETWORKS, "multi-input")
        self._loss = _dropdown("Loss", LOSSES, "proxies+triplet")
        self._width = _dropdown("Width", WIDTHS, 0.25)
        self._epochs = W.BoundedIntText(
            40, min=1, max=1000, description="Epochs", style=_STYLE, layout={"width": "170px"}
        )
        self._dimensions = {
            name: W.Checkbox(True, description=name, indent=False, layout={"width": "auto"})
            for name in DIMENSIONS
        }
        self._words = present.note("")
        self._missing = Message()
        self._filling = False
        dimensions = present.row(
            [
                W.Label("Dimensions", layout={"width": "84px", "justify_content": "flex-end"}),
                *self._dimensions.values(),
            ]
        )
        dimensions.layout.grid_gap = "4px 14px"
        super().__init__(
            [
                present.row([self._corpus, self._folder]),
                self._missing,
                self._words,
                present.row([self._network, self._loss]),
                present.row([self._width, self._epochs]),
                dimensions,
            ],
            layout={"grid_gap": "6px", "overflow": "visible"},
        )

    @property
    def _fields(self) -> list[Any]:
        named = [self._corpus, self._folder, self._network, self._loss, self._width, self._epochs]
        return [*named, *self._dimensions.values()]

    def on_change(self, act: Callable[[], object]) -> None:
        """Call a function whenever somebody changes a field."""
        for field in self._fields:
            field.observe(lambda _: None if self._filling else act(), "value")

    def folder(self) -> Path:
        """Return the folder of the network."""
        return place(self._ws, self._folder.value, "the network goes to")

    def choices(self) -> Choices:
        """Return what is chosen.

        Raises
        ------
        WorkbenchError
            If something is left open.
        """
        dimensions = tuple(name for name, box in self._dimensions.items() if box.value)
        if not dimensions:
            raise WorkbenchError("Choose at least one dimension.")
        return Choices(
            place(self._ws, self._corpus.value, "holds the corpus"),
            self.folder(),
            network=self._network.value,
            dimensions=dimensions,
            loss=self._loss.value,
            epochs=self._epochs.value,
            width=self._width.value,
        )

    def fill(self, choices: Choices) -> None:
        """Show the choices of a training."""
        self._filling = True
        try:
            self._corpus.value = self._short(choices.corpus)
            self._folder.value = self._short(choices.folder)
            for field, value in (
                (self._network, choices.network),
                (self._loss, choices.loss),
                (self._width, choices.width),
            ):
                if value in [known for _, known in field.options]:
                    field.value = value
            self._epochs.value = choices.epochs
            for name, box in self._dimensions.items():
                box.value = name in choices.dimensions
        finally:
            self._filling = False

    def lock(self, locked: bool) -> None:
        """Keep the fields from being changed, or let them."""
        for field in self._fields:
            field.disabled = locked

    def look(self) -> bool:
        """Look for the corpus, say what it holds or what is missing, and whether one can train."""
        words = problem = ""
        try:
            words = corpus_words(self.choices().corpus)
        except WorkbenchError as error:
            problem = str(error)
        self._missing.show(problem, "info")
        self._words.value = present.note(words).value
        reveal(self._words, bool(words))
        return not problem

    def _short(self, folder: Path) -> str:
        inside = folder.is_relative_to(self._ws.root)
        return str(folder.relative_to(self._ws.root) if inside else folder)


def _text(words: str, value: str) -> W.Text:
    return W.Text(
        value,
        description=words,
        continuous_update=False,
        style=_STYLE,
        layout={"width": "440px"},
    )


def _dropdown(words: str, options: dict[str, Any], value: Any) -> W.Dropdown:
    return W.Dropdown(
        options=list(options.items()),
        value=value,
        description=words,
        style=_STYLE,
        layout={"width": "440px"},
    )
