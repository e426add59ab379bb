"""The agreement panel: how a team's judging goes, for its lead, while it goes on."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import ipywidgets as W
import sqlalchemy as sa

from workbench.catalogue.tables import GoldTriplet, Judgement, RatingTask
from workbench.listening.oversight import Oversight, oversee, task_progress
from workbench.listening.task_store import RatingTasks
from workbench.widgets import present
from workbench.widgets.agreement_figures import (
    DIMENSION_HEADER,
    RATER_HEADER,
    SITTING_HEADER,
    TASK_HEADER,
    alpha_words,
    dimension_rows,
    rater_rows,
    sitting_rows,
    task_rows,
    tile_values,
    trend_figure,
)
from workbench.widgets.chart import PlotlyChart
from workbench.widgets.following import again_and_again, button, reveal
from workbench.widgets.present import Page
from workbench.widgets.rubric_editor import RubricEditor
from workbench.widgets.safe import Message, guarded
from workbench.widgets.sources import figure, source_words

if TYPE_CHECKING:
    import pandas as pd

    from workbench.workspace import Workspace

_EVERY_S = 15.0
_DRAWS = 200  # of the bootstrap: enough for two digits, and quick enough to do again and again
_RATER_WORDS = (
    "As most others: of triplets others judged, too. Accuracy: by Dawid and Skene's model, where "
    "three people overlap. Same on repeats: of the rater's own questions asked twice and decided "
    "both times. Chose the left: half is what a fair rater comes to (a third where the odd one "
    "out is asked for). Seconds: the median. Intervals are 95 %."
)
_ODD_WORDS = (
    "A reason to ask, no verdict: every sitting counts until somebody leaves it out by name, as "
    "in `workbench agreement --exclude 1a2b3c4d` or `workbench finetune --exclude 1a2b3c4d`."
)


class AgreementPanel(Page):
    """How far raters agree, who does what, what looks odd, and how far the tasks are.

    While it is open it looks every fifteen seconds whether something was judged.

    Parameters
    ----------
    ws
        The workspace.
    every_s
        Seconds between two looks; 0 for none.
    """

    def __init__(self, ws: Workspace, *, every_s: float = _EVERY_S) -> None:
        self._ws = ws
        self._shown: tuple[int, ...] | None = None
        self._closed, self._lock = threading.Event(), threading.Lock()
        self._message, self._as_of = Message(), W.Label()
        refresh = button("Refresh", self.refresh, problem=self._message.show)
        self._tiles, self._dimensions, self._raters, self._odd, self._tasks = (
            W.VBox(layout={"grid_gap": "10px"}) for _ in range(5)
        )
        self._chart = PlotlyChart(trend_figure([]), height=330)
        over_time = figure(self._chart, "", name="judging over time", table={})
        self._source = over_time.children[1]
        self._of_answers = [
            self._tiles,
            present.card("Raters", [self._raters]),
            present.card("To ask about", [self._odd], words=_ODD_WORDS),
            present.card("Over time", [over_time]),
        ]
        tiles, *cards = self._of_answers
        super().__init__(
            [
                present.row([self._as_of, refresh]),
                self._message,
                tiles,
                present.card("How far raters agree", [self._dimensions]),
                *cards,
                present.card("Rating tasks", [self._tasks]),
                present.card("What the dimensions mean", [RubricEditor(ws)]),
            ]
        )
        guarded(self._message.show)(self.refresh)()
        if every_s:
            self._watch = again_and_again(
                self.look, every_s, until=self._closed, problem=self._message.show
            )

    def refresh(self) -> None:
        """Read the workspace and show what it holds now."""
        with self._lock:
            state = self._state()
            seen = oversee(self._ws, draws=_DRAWS)
            self._show(seen)
            self._shown = state
            self._message.clear()
            self._say_when()

    def look(self) -> None:
        """Refresh if something was added since the last time."""
        if self._state() != self._shown:
            self.refresh()
        else:
            self._say_when()

    def close(self) -> None:
        """Stop looking."""
        self._closed.set()
        super().close()

    def _state(self) -> tuple[int, ...]:
        """Return how many rows there are of what is shown; none is ever changed."""
        tables = (Judgement, GoldTriplet, RatingTask)
        with self._ws.database.read() as transaction:
            counts = (sa.select(sa.func.count()).select_from(table) for table in tables)
            return tuple(transaction.scalar(count) or 0 for count in counts)

    def _say_when(self) -> None:
        self._as_of.value = f"As of {datetime.now(UTC):%-d %B %Y, %H:%M:%S} UTC"

    def _show(self, seen: Oversight) -> None:
        for part in self._of_answers:
            reveal(part, bool(seen.sittings))
        if seen.sittings:
            self._show_answers(seen)
        else:
            nobody = "Nobody has judged yet: open the page “Rate”, listen and choose."
            present.replace(self._dimensions, [present.empty(nobody)])
        present.replace(self._tasks, [self._task_table()])

    def _show_answers(self, seen: Oversight) -> None:
        present.replace(self._tiles, [present.tiles(tile_values(seen))])
        words = source_words(None, present.plural(seen.whole.answers, "judgement"))
        plain = seen.as_dict()
        table = figure(
            present.table(DIMENSION_HEADER, dimension_rows(seen.dimensions)),
            words,
            name="agreement",
            table=_by_name("dimension", plain["dimensions"]),
        )
        present.replace(self._dimensions, [present.note(alpha_words(seen)), table])
        table = figure(
            present.table(RATER_HEADER, rater_rows(seen)),
            words,
            name="raters",
            table=_by_name("rater", plain["raters"]),
        )
        present.replace(self._raters, [table, present.note(_RATER_WORDS)])
        odd = sitting_rows(seen)
        shown = present.table(SITTING_HEADER, odd) if odd else present.empty("Nothing looks odd.")
        present.replace(self._odd, [shown])
        self._chart.show(trend_figure(seen.trend))
        self._source.say(words, _flat(plain["trend"]))

    def _task_table(self) -> W.Widget:
        tasks = RatingTasks(self._ws)
        found = [(task_progress(self._ws, n), tasks.load(n).raters) for n in tasks.names()]
        if found:
            return present.table(TASK_HEADER, task_rows(found))
        return present.empty(
            "There is no rating task yet. Make one in which raters overlap, with `workbench task "
            "create NAME --raters 2`; raters choose it on the page “Rate”."
        )


def _by_name(column: str, rows: Mapping[str, dict[str, Any]]) -> pd.DataFrame:
    return _flat([{column: name} | row for name, row in rows.items()])


def _flat(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Return rows of scores as a table: a score's parts are columns such as ``left.low``."""
    import pandas as pd

    return pd.json_normalize(rows)
