"""The fine-tuner shows a run as its events tell it, and never changes a model unasked."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable

import pandas as pd
import plotly.graph_objects as go
import pytest
from example_workspace import add_model, add_songs, judge, score, write_job

from workbench import Workspace, jobs
from workbench.widgets import FineTuner
from workbench.widgets.finetuning import (
    Run,
    new_judgements,
    report_rows,
    training_figure,
    verdict,
)

NOTHING = {"k": 0, "n": 0, "score": None, "low": None, "high": None}
REPORT = {
    "before": {"seen": {"genre": score(40), "overall": score(40)},
               "unseen": {"genre": score(38), "overall": score(38)}},
    "after": {"seen": {"genre": score(50), "overall": score(50)},
              "unseen": {"genre": score(39), "overall": score(39)}},
    "judgements": 120,
    "ceiling": {"genre": score(54)},
}  # fmt: skip


def step(number: int, dimension: str = "genre", *, unseen: float | None = 0.7) -> dict:
    seen = None if unseen is None else 0.8
    return {"event": "step", "step": number, "of": 240, "loss": 1 / number, "seen": seen,
            "unseen": unseen, "dimension": dimension}  # fmt: skip


def result(*, promoted: bool, version: str = "v0003") -> dict:
    reason = "Promoted: it is better." if promoted else "Not promoted: it is worse on unseen items."
    return {"event": "result", "version": version, "parent": "v0002", "promoted": promoted,
            "reason": reason, "report": REPORT}  # fmt: skip


def eventually(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + 10
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


# -- events to words ----------------------------------------------------------------------------


def test_run_follows_its_events():
    run = Run().follow([{"event": "stage", "name": "Fine-tuning", "total": 240}, step(5), step(10)])
    assert (run.stage, run.done, run.total, len(run.steps), run.ended) == (
        "Fine-tuning", 10, 240, 2, None)  # fmt: skip
    run.follow([{"event": "stage", "name": "Drawing maps", "total": 6},
                {"event": "advance", "done": 2, "total": 6, "label": "mood"},
                result(promoted=True), {"event": "done"}])  # fmt: skip
    assert (run.stage, run.done, run.total, run.ended) == ("Drawing maps", 2, 6, "done")
    assert run.result["version"] == "v0003"


def test_events_of_unknown_kinds_are_passed_over():
    assert Run().follow([{"event": "note", "text": "x"}]) == Run()


def test_verdict_names_the_version_in_use_and_the_reason():
    assert verdict(result(promoted=True)) == (
        "v0003 is now in use; v0002 stays stored. It is better."
    )
    assert verdict(result(promoted=False)) == (
        "v0003 is saved, but v0002 stays in use. It is worse on unseen items."
    )


def test_report_rows_hold_before_and_after_for_both_kinds_of_items():
    rows = report_rows(REPORT)
    assert [row[0] for row in rows] == ["genre", "overall"]
    shares = [cell.split("</b>")[0].removeprefix("<b>") for cell in rows[0][1:]]
    assert shares == ["0.67", "0.83", "0.63", "0.65", "0.90"]
    assert "50 of 60" in rows[0][2]


def test_dimensions_nobody_judged_are_left_out():
    part = {"seen": {"genre": score(40), "key": NOTHING}, "unseen": {"genre": NOTHING}}
    rows = report_rows({"before": part, "after": part})
    assert [row[0] for row in rows] == ["genre"]
    assert "not measured" in rows[0][3]


def test_curve_breaks_between_dimensions():
    steps = [step(5), step(10), step(15, unseen=None), step(125, "tempo")]
    figure = training_figure(steps)
    go.Figure(figure)
    loss, seen, unseen = figure["data"]
    assert loss["x"] == [5, 10, None, 15, None, 125]
    assert unseen["y"] == [0.7, 0.7, None, None, None, 0.7]
    assert seen["connectgaps"] is False
    names = [(a["text"], a["x"]) for a in figure["layout"]["annotations"] if a["xref"] == "x2"]
    assert names == [("genre", 5), ("tempo", 125)]


def test_curve_of_no_steps_is_empty():
    assert all(trace["x"] == [] for trace in go.Figure(training_figure([])).to_dict()["data"])


def test_only_answers_after_the_watermark_are_new():
    at = pd.to_datetime([f"2026-03-0{day}T00:00:00Z" for day in (1, 2, 3, 4)])
    history = pd.DataFrame({"id": list("pqrs"), "at": at, "choice": ["a", "b", "a", "skip"]})
    standing = history[history["id"] != "q"]  # q was undone
    assert new_judgements(standing, history, None) == 2
    assert new_judgements(standing, history, "p") == 1
    assert new_judgements(standing, history, "q") == 1
    assert new_judgements(standing, history, "s") == 0


# -- the widget ---------------------------------------------------------------------------------


def text(tuner: FineTuner) -> str:
    return tuner._message.text


def result_text(tuner: FineTuner) -> str:
    return " ".join(child.value for child in tuner._result.children)


def test_workspace_without_model_says_what_to_do(bare: Workspace):
    tuner = FineTuner(bare)
    assert "workbench train" in text(tuner)
    assert tuner._start.disabled
    assert tuner._back.disabled
    cards = [part for part in tuner.children if "wb-card" in part._dom_classes]
    shown = [card for card in cards if card.layout.display != "none"]
    assert len(shown) == 1  # no empty cards about models


def test_without_judgements_there_is_nothing_to_learn(bare: Workspace):
    add_songs(bare, 4)
    add_model(bare, 44)
    tuner = FineTuner(bare)
    assert tuner._start.disabled
    assert "“Rate”" in text(tuner)


def test_news_are_counted_since_the_model_in_use(lived_in: Workspace):
    tuner = FineTuner(lived_in)
    assert tuner._news.value.startswith("0 new judgements since v0002")
    songs = lived_in.catalogue.items(kind="song").index.tolist()
    judge(lived_in, songs, {("Ada", "era", "a"): 2})
    tuner.refresh()
    assert tuner._news.value.startswith("2 new judgements since v0002")


def test_versions_are_listed_newest_first_with_parent_and_date(lived_in: Workspace):
    shown, line = FineTuner(lived_in)._versions.children[0].children
    assert [row[:2] for row in line.table["rows"]] == [
        [card.version, card.parent] for card in lived_in.models.versions()
    ]
    table = shown.value
    assert table.index("v0003") < table.index("v0001")
    assert "fine-tuned from v0001" in table
    assert "fitted to the tags" in table
    assert "2 March 2026" in table


def test_start_runs_the_command_and_shows_its_end(lived_in: Workspace, monkeypatch):
    started = []

    def start(ws: Workspace, *arguments: str) -> jobs.Job:
        started.append(arguments)
        events = [step(5), step(10), result(promoted=True), {"event": "done"}]
        return jobs.Job(write_job(ws, events))

    monkeypatch.setattr(jobs, "start", start)
    tuner = FineTuner(lived_in)
    tuner._start.click()
    assert eventually(lambda: bool(tuner._result.children))
    assert started == [("finetune",)]
    assert "v0003 is now in use" in result_text(tuner)
    assert "50 of 60" in result_text(tuner)
    assert len(tuner._chart.figure["data"][0]["x"]) == 2
    assert eventually(lambda: not tuner._start.disabled)


def test_running_job_is_watched_by_a_page_opened_later(lived_in: Workspace):
    folder = write_job(lived_in, [step(5)], pid=os.getpid())
    tuner = FineTuner(lived_in)
    assert tuner._start.disabled
    assert not tuner._cancel.disabled
    assert eventually(lambda: len(tuner._chart.figure["data"][0]["x"]) == 1)
    with (folder / "events.jsonl").open("a") as stream:
        for event in (step(10), {"event": "cancelled"}):
            stream.write(json.dumps(event) + "\n")
    assert eventually(lambda: "Cancelled" in text(tuner))
    assert eventually(lambda: not tuner._start.disabled)


def test_second_start_joins_the_run_that_is_going(lived_in: Workspace, monkeypatch):
    tuner = FineTuner(lived_in)
    folder = write_job(lived_in, [step(5)], pid=os.getpid())
    monkeypatch.setattr(jobs, "start", lambda *_: pytest.fail("a second run was started"))
    tuner._start.click()
    assert tuner._job.folder == folder
    _end(folder)
    tuner._watch.join(10)


def test_cancel_asks_the_job_to_stop(lived_in: Workspace):
    folder = write_job(lived_in, [step(5)], pid=os.getpid())
    tuner = FineTuner(lived_in)
    tuner._cancel.click()
    assert (folder / "cancel").exists()
    _end(folder)
    tuner._watch.join(10)
    assert "models are as they were" in text(tuner)


def test_failed_run_shows_its_sentence(lived_in: Workspace, monkeypatch):
    events = [{"event": "failed", "message": "Fine-tuning needs at least 20 answers."}]
    monkeypatch.setattr(jobs, "start", lambda ws, *_: jobs.Job(write_job(ws, events)))
    tuner = FineTuner(lived_in)
    tuner._start.click()
    assert eventually(lambda: "at least 20 answers" in text(tuner))


def test_run_that_died_is_not_called_a_success(lived_in: Workspace, monkeypatch):
    monkeypatch.setattr(jobs, "start", lambda ws, *_: jobs.Job(write_job(ws, [step(5)])))
    tuner = FineTuner(lived_in)
    tuner._start.click()
    assert eventually(lambda: "ended unexpectedly" in text(tuner))


def test_failure_to_start_is_one_sentence(lived_in: Workspace, monkeypatch):
    def broken(*_: object) -> None:
        raise OSError("secret detail")

    monkeypatch.setattr(jobs, "start", broken)
    tuner = FineTuner(lived_in)
    tuner._start.click()
    assert "Something went wrong" in text(tuner)
    assert "secret" not in text(tuner)


def test_version_not_promoted_can_be_used_anyway_and_rolled_back(lived_in: Workspace):
    write_job(lived_in, [result(promoted=False), {"event": "done"}])
    tuner = FineTuner(lived_in)
    assert tuner._use.layout.display == ""
    tuner._use.click()
    assert lived_in.models.current() == "v0003"
    assert "v0003 is now in use" in text(tuner)
    assert tuner._use.layout.display == "none"
    tuner._back.click()
    assert lived_in.models.current() == "v0002"
    assert "Rolled back: v0002 is in use again" in text(tuner)


def test_nothing_is_offered_after_a_promotion(lived_in: Workspace):
    write_job(lived_in, [result(promoted=True, version="v0002"), {"event": "done"}])
    assert FineTuner(lived_in)._use.layout.display == "none"


def test_first_version_cannot_be_rolled_back(bare: Workspace):
    add_songs(bare, 4)
    add_model(bare, 44)
    assert FineTuner(bare)._back.disabled


def _end(folder) -> None:
    with (folder / "events.jsonl").open("a") as stream:
        stream.write(json.dumps({"event": "cancelled"}) + "\n")
