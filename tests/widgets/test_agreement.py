from __future__ import annotations

import threading
import time

import plotly.graph_objects as go
import pytest
from example_workspace import HOSTILE, add_songs
from team import TEAM, judge_as_team
from test_overview import everything, words

from workbench import Workspace
from workbench.listening.oversight import oversee
from workbench.listening.rubrics import Rubrics
from workbench.listening.task_store import RatingTasks
from workbench.listening.tasks import RatingTask
from workbench.widgets.agreement import AgreementPanel
from workbench.widgets.agreement_figures import dimension_rows, rater_rows, trend_figure
from workbench.widgets.chart import PlotlyChart
from workbench.widgets.following import again_and_again
from workbench.widgets.rubric_editor import RubricEditor
from workbench.widgets.sources import SourceLine


@pytest.fixture
def judged(bare: Workspace) -> Workspace:
    songs = add_songs(bare, 12)
    judge_as_team(bare, songs, TEAM | {HOSTILE: TEAM["Ada"]}, triplets=24, task="week")
    return bare


def open_panel(ws: Workspace) -> AgreementPanel:
    return AgreementPanel(ws, every_s=0)


def hidden(panel: AgreementPanel) -> int:
    return sum(w.layout.display == "none" for w in panel.children)


def test_an_empty_workspace_says_where_to_begin(bare: Workspace) -> None:
    panel = open_panel(bare)
    text = words(panel)
    assert "Nobody has judged yet" in text
    assert "workbench task create" in text
    assert hidden(panel) == 5  # tiles, raters, odd sittings, trend, and the message


def test_everything_a_lead_asks_for_is_there(judged: Workspace) -> None:
    RatingTasks(judged).save(RatingTask(name="week", dimensions=("genre",), raters=3))
    panel = open_panel(judged)
    text = words(panel)
    seen = oversee(judged, draws=20)
    assert f"<b>{seen.whole.answers}</b><span>answers" in text
    assert "little agreement" in text or "agreement that allows" in text
    for name in ("genre", "tempo", "all dimensions", "Ada", "Dee", "week"):
        assert f">{name}</th>" in text, name
    assert "6 of 6 sittings" in text
    assert "on the left was chosen" in text
    odd = next(s for s in seen.sittings if s.flags)
    assert odd.id[:8] in text
    [chart] = [w for w in everything(panel) if isinstance(w, PlotlyChart)]
    assert len(chart.figure["data"]) == 4


def test_every_figure_gives_its_data_away(judged: Workspace) -> None:
    panel = open_panel(judged)
    lines = {w.name: w for w in everything(panel) if isinstance(w, SourceLine)}
    assert set(lines) == {"agreement", "raters", "judging over time"}
    plain = oversee(judged).as_dict()
    for name, rows in (("agreement", "dimensions"), ("raters", "raters")):
        assert [row[0] for row in lines[name].table["rows"]] == list(plain[rows])
        assert "judgements" in lines[name].words
    table = lines["judging over time"].table
    column = table["columns"].index("left.k")
    assert [row[column] for row in table["rows"]] == [each["left"]["k"] for each in plain["trend"]]
    assert lines["judging over time"].picture


def test_names_never_become_markup(judged: Workspace) -> None:
    Rubrics(judged).write("genre", HOSTILE, author=HOSTILE)
    RatingTasks(judged).save(RatingTask(name=HOSTILE))
    text = words(open_panel(judged)).replace(HOSTILE, "", 1)  # the text area holds it as text
    assert "<img" not in text
    assert text.count("&lt;img src=x onerror=alert(1)&gt;") >= 3


def test_looking_again_shows_what_came_since_and_keeps_what_is_typed(judged: Workspace) -> None:
    panel = open_panel(judged)
    [editor] = [w for w in everything(panel) if isinstance(w, RubricEditor)]
    editor._text.value = "half a sent"
    former = panel._raters.children
    panel.look()
    assert panel._raters.children == former  # nothing came: nothing is drawn again
    judge_as_team(judged, judged.catalogue.items(kind="song").index.tolist(),
                  {"Eve": TEAM["Ada"]}, days=1, seed=9)  # fmt: skip
    panel.look()
    assert ">Eve</th>" in words(panel)
    assert editor._text.value == "half a sent"


def test_the_panel_looks_by_itself_until_it_is_closed(judged: Workspace) -> None:
    panel = AgreementPanel(judged, every_s=0.05)
    RatingTasks(judged).save(RatingTask(name="from elsewhere"))
    until = time.monotonic() + 20
    while "from elsewhere" not in words(panel) and time.monotonic() < until:
        time.sleep(0.05)
    assert "from elsewhere" in words(panel)
    panel.close()
    panel._watch.join(20)
    assert not panel._watch.is_alive()


def test_a_failure_is_told_and_the_next_time_is_tried() -> None:
    tried, told, stop = [], [], threading.Event()

    def act() -> None:
        tried.append(1)
        if len(tried) == 3:
            stop.set()
        raise ValueError("secret")

    again_and_again(act, 0.001, until=stop, problem=told.append).join(20)
    assert len(tried) == len(told) == 3
    assert "secret" not in told[0]


# -- rows and figures -----------------------------------------------------------------------------


def test_one_dimension_needs_no_summary(judged: Workspace) -> None:
    names = [row[0] for row in dimension_rows(oversee(judged, draws=20).dimensions)]
    assert names == ["genre", "tempo", "all dimensions"]
    only = oversee(judged, dimension="genre", draws=20)
    assert [row[0] for row in dimension_rows(only.dimensions)] == ["genre"]


def test_rows_hold_counts_and_intervals(judged: Workspace) -> None:
    seen = oversee(judged, draws=20)
    row = next(row for row in rater_rows(seen) if row[0] == "Dee")
    left = seen.raters["Dee"].left
    assert f"{left.k} of {left.n}" in row[6]
    low, high = left.interval
    assert f"{100 * low:.0f} to {100 * high:.0f} %" in row[6]


def test_the_trend_is_a_figure_with_intervals(judged: Workspace) -> None:
    trend = oversee(judged, draws=20).trend
    figure = trend_figure(trend)
    go.Figure(figure)
    agreement = figure["data"][0]
    assert agreement["x"] == ["2 Mar", "3 Mar", "4 Mar", "5 Mar", "6 Mar", "7 Mar"]
    score = trend[0][1].agreement
    assert agreement["y"][0] + agreement["error_y"]["array"][0] == pytest.approx(score.interval[1])
    assert trend_figure([])["data"][0]["x"] == []


# -- rubrics --------------------------------------------------------------------------------------


def test_a_rubric_is_saved_and_drafts_are_kept(bare: Workspace) -> None:
    editor = RubricEditor(bare)
    assert "Nothing is written about genre yet" in editor._text.placeholder
    editor._text.value = "Where a shop files it."
    editor._dimension.value = "overall"
    assert editor._text.value == ""
    editor._dimension.value = "genre"
    assert editor._text.value == "Where a shop files it."
    editor._author.value = "Ada"
    editor.save()
    assert Rubrics(bare).of("genre") == "Where a shop files it."
    assert "Last written by Ada on" in words(editor)
    editor._text.value = "x" * 5000
    editor._save.click()
    assert "at most 4,000 characters" in words(editor)
    assert Rubrics(bare).of("genre") == "Where a shop files it."
