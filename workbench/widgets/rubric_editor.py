"""The editor of rubrics: what each dimension means, in the team's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets as W

from workbench.evaluation.questions import OVERALL
from workbench.listening.rubrics import LONGEST, Rubrics
from workbench.listening.task_store import question_about
from workbench.subspaces.dimensions import dimensions_of
from workbench.widgets import present
from workbench.widgets.following import button
from workbench.widgets.safe import Message

if TYPE_CHECKING:
    from workbench.workspace import Workspace


class RubricEditor(W.VBox):
    """Write what a dimension means; raters read it beside the question.

    What is typed for one dimension is kept while another one is looked at.

    Parameters
    ----------
    ws
        The workspace.
    """

    def __init__(self, ws: Workspace) -> None:
        self._ws, self._rubrics = ws, Rubrics(ws)
        self._drafts: dict[str, str] = {}
        names = [*dimensions_of(ws), OVERALL]
        self._dimension = W.Dropdown(
            options=names,
            description="Dimension",
            layout={"width": "240px"},
            style={"description_width": "auto"},
        )
        self._dimension.add_class("wb-chooser")
        self._author = W.Text(placeholder="Your name", layout={"width": "180px"})
        self._text = W.Textarea(rows=6, layout={"width": "100%", "max_width": "860px"})
        self._message = Message()
        self._question, self._news = W.VBox(), W.VBox()
        self._save = button("Save", self.save, problem=self._message.show, style="primary")
        super().__init__(
            [
                present.row([self._dimension, self._question]),
                self._text,
                present.row([self._save, self._author, self._news]),
                self._message,
            ],
            layout={"grid_gap": "10px"},
        )
        self._dimension.observe(lambda _: self.show(), names="value")
        self._text.observe(self._keep, names="value")
        self.show()

    def show(self) -> None:
        """Show the text of the chosen dimension."""
        name = self._dimension.value
        stored = self._rubrics.of(name)
        self._message.clear()
        self._text.placeholder = (
            f"Nothing is written about {name} yet. Say what counts as close and what does not, "
            f"with an example; raters read it beside the question. At most {LONGEST:,} characters."
        )
        self._text.value = self._drafts.get(name, stored)
        self._question.children = (present.note(question_about(self._ws, name)),)
        self._news.children = (present.note(self._last_words(name)),)

    def save(self) -> None:
        """Store the text; raters see it with their next question."""
        name = self._dimension.value
        self._rubrics.write(name, self._text.value, author=self._author.value)
        self._drafts.pop(name, None)
        self.show()
        self._message.show(f"Saved: raters read it from their next question about {name} on.",
                           "success")  # fmt: skip

    def _keep(self, change: dict[str, str]) -> None:
        name = self._dimension.value
        if change["new"] != self._rubrics.of(name):
            self._drafts[name] = change["new"]
        else:
            self._drafts.pop(name, None)

    def _last_words(self, name: str) -> str:
        history = self._rubrics.history()
        own = history[history["dimension"] == name]
        if own.empty:
            return ""
        last = own.iloc[-1]
        by = f" by {last['author']}" if last["author"] else ""
        return f"Last written{by} on {present.date_words(last['written_at'])}."
