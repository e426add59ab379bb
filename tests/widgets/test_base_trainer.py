"""The page of base training: it shows a job, starts one, and never loses one."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable

import ipywidgets as W
import pytest
from example_workspace import HOSTILE, write_job
from training_events import (
    epoch_events,
    epochs,
    network_card,
    tell,
    write_corpus,
    write_network,
    write_training,
)

from workbench import Workspace, jobs
from workbench.widgets import BaseTrainer, base_trainer
from workbench.widgets.training_choices import Choices

DONE = {"event": "done"}


@pytest.fixture(autouse=True)
def _look_often(monkeypatch):
    monkeypatch.setattr(base_trainer, "_EVERY_S", 0.02)


@pytest.fixture
def ws(bare: Workspace) -> Workspace:
    """Return a workspace with a corpus."""
    write_corpus(bare.root / "corpus")
    return bare


def text(trainer: BaseTrainer) -> str:
    return trainer._message.text


def html(part) -> str:
    """Return all HTML in a piece of a page; other fields show their values as text."""
    if isinstance(part, W.HTML):
        return part.value
    return " ".join(map(html, getattr(part, "children", ())))


def shown(part) -> bool:
    return part.layout.display != "none"


def eventually(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + 20
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


def lines(trainer: BaseTrainer) -> dict[str, list]:
    return {t["name"]: t["y"] for t in trainer._scores.figure["data"] if "name" in t}


# -- before a training --------------------------------------------------------------------------


def test_without_a_corpus_it_says_how_to_build_one(bare: Workspace):
    trainer = BaseTrainer(bare)
    assert "There is no corpus in" in trainer._form._missing.text
    assert "workbench train corpus" in trainer._form._missing.text
    assert trainer._start.disabled
    assert trainer._cancel.disabled
    assert trainer._resume.disabled
    assert not shown(trainer._live)
    assert not shown(trainer._result)
    assert text(trainer) == ""


def test_corpus_is_described_and_can_be_trained_on(ws: Workspace):
    trainer = BaseTrainer(ws)
    assert "12 renditions of 6 scores" in trainer._form._words.value
    assert not trainer._start.disabled
    trainer._form._corpus.value = "other"
    assert trainer._start.disabled
    assert "There is no corpus in" in trainer._form._missing.text
    trainer._form._corpus.value = str(ws.root / "corpus")
    assert not trainer._start.disabled


def test_something_left_open_is_asked_for(ws: Workspace):
    trainer = BaseTrainer(ws)
    for box in trainer._form._dimensions.values():
        box.value = False
    assert "at least one dimension" in trainer._form._missing.text
    assert trainer._start.disabled


def test_page_needs_no_torch():
    code = "from workbench.widgets import BaseTrainer; import sys; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


# -- a training ---------------------------------------------------------------------------------


def test_start_runs_the_command_with_what_was_chosen(ws: Workspace, monkeypatch):
    started = []

    def start(given: Workspace, *arguments: str) -> jobs.Job:
        started.append(arguments)
        write_network(given.root / "nets" / "a")
        choices = Choices.read(arguments)
        return jobs.Job(write_training(given, [*epochs(1, 3), DONE], choices=choices))

    monkeypatch.setattr(jobs, "start", start)
    trainer = BaseTrainer(ws, folder="nets/a")
    trainer._form._epochs.value = 3
    trainer._form._dimensions["era"].value = False
    trainer._start.click()
    assert text(trainer) == ""
    assert started[0][:4] == ("train", "base", str(ws.root / "corpus"), str(ws.root / "nets" / "a"))
    assert started[0][started[0].index("--size") + 1] == str(5 * 64)
    assert "era" not in started[0][started[0].index("--dimensions") + 1]
    assert shown(trainer._result)
    result = html(trainer._result)
    assert "412 renditions" in result
    assert f"workbench encoders add NAME --network {ws.root / 'nets' / 'a'}" in result
    assert len(lines(trainer)["genre"]) == 3
    assert "3 of 3" in html(trainer._tiles)


def test_running_training_is_watched_by_a_page_opened_later(ws: Workspace):
    choices = Choices(ws.root / "corpus", ws.root / "n", loss="triplet", epochs=12)
    folder = write_training(ws, epochs(1, 2, of=12), choices=choices, pid=os.getpid())
    trainer = BaseTrainer(ws)
    assert trainer._form._loss.value == "triplet"
    assert trainer._form._folder.value == "n"
    assert trainer._form._epochs.disabled
    assert trainer._start.disabled
    assert not trainer._cancel.disabled
    assert eventually(lambda: len(lines(trainer).get("key", ())) == 2)
    assert shown(trainer._progress)
    tell(folder, *epoch_events(3, of=12))
    assert eventually(lambda: len(lines(trainer)["key"]) == 3)
    assert eventually(lambda: "3 of 12" in html(trainer._tiles))  # drawn after the lines
    assert "asking it about music" in trainer._progress._words.value
    assert "left, until about" in html(trainer._tiles)
    write_network(ws.root / "n")
    tell(folder, {"event": "stage", "name": "Scoring", "total": 1}, DONE)
    assert eventually(lambda: shown(trainer._result))
    trainer._watch.join(10)
    assert not shown(trainer._progress)
    assert not trainer._form._epochs.disabled


def test_second_start_joins_the_training_that_is_going(ws: Workspace, monkeypatch):
    trainer = BaseTrainer(ws)
    folder = write_training(ws, epochs(1, 1), pid=os.getpid())
    monkeypatch.setattr(jobs, "start", lambda *_: pytest.fail("a second one was started"))
    trainer._start.click()
    assert trainer._job.folder == folder
    tell(folder, {"event": "cancelled"})
    trainer._watch.join(10)
    assert "Cancelled" in text(trainer)


def test_cancel_waits_for_the_epoch_and_what_was_best_is_stored(ws: Workspace):
    folder = write_training(ws, epoch_events(1)[:9], pid=os.getpid())
    trainer = BaseTrainer(ws)
    assert eventually(lambda: "4 of 20" in trainer._progress._words.value)
    trainer._cancel.click()
    assert (folder / "cancel").exists()
    assert "stops when the epoch has ended" in trainer._progress._words.value
    write_network(ws.root / "networks" / "base")
    tell(folder, *epochs(1, 1), DONE)
    trainer._watch.join(10)
    assert text(trainer).startswith("Stopped after epoch 1 of 40")
    assert shown(trainer._result)


def test_cancel_before_the_first_epoch_is_no_failure(ws: Workspace):
    message = "The training was ended before its first epoch."
    folder = write_training(ws, [{"event": "failed", "message": message}])
    jobs.Job(folder).cancel()
    assert "nothing to store" in text(BaseTrainer(ws))


def test_failed_training_shows_its_sentence_and_what_is_kept(ws: Workspace):
    checkpoint = ws.root / "networks" / "base" / "checkpoint.pt"
    checkpoint.parent.mkdir(parents=True)
    checkpoint.touch()
    write_training(ws, [*epochs(1, 2), {"event": "failed", "message": "Memory ran out."}])
    trainer = BaseTrainer(ws)
    assert text(trainer) == "Memory ran out. Epoch 2 is kept; “Resume” goes on from it."
    assert not trainer._resume.disabled
    assert len(lines(trainer)["mood"]) == 2


def test_training_that_died_is_not_called_a_success(ws: Workspace):
    write_training(ws, epochs(1, 2))
    trainer = BaseTrainer(ws)
    assert "ended unexpectedly" in text(trainer)
    assert not shown(trainer._result)


def test_resume_goes_on_and_shows_all_epochs(ws: Workspace, monkeypatch):
    folder = ws.root / "networks" / "base"
    folder.mkdir(parents=True)
    (folder / "checkpoint.pt").touch()
    choices = Choices(ws.root / "corpus", folder, network="inception", epochs=5)
    write_training(ws, epochs(1, 4), choices=choices)  # of another training
    write_training(ws, [*epochs(1, 2), *epoch_events(3)[:6]], choices=choices)
    trainer = BaseTrainer(ws)
    write_network(folder)

    def start(given: Workspace, *arguments: str) -> jobs.Job:
        assert arguments == tuple(choices.arguments(resume=True))
        return jobs.Job(write_training(given, [*epochs(3, 5), DONE], choices=choices, resume=True))

    monkeypatch.setattr(jobs, "start", start)
    trainer._resume.click()
    assert text(trainer) == ""
    assert [e["epoch"] for e in trainer._training.epochs] == [1, 2, 3, 4, 5]
    assert len(trainer._training.steps) == 100
    assert shown(trainer._result)


def test_finished_training_is_not_trained_over(ws: Workspace, monkeypatch):
    write_network(ws.root / "networks" / "base")
    monkeypatch.setattr(jobs, "start", lambda *_: pytest.fail("it was trained over"))
    trainer = BaseTrainer(ws)
    trainer._start.click()
    assert "holds a network already: name another folder" in text(trainer)


def test_finished_training_whose_files_are_gone_is_one_sentence(ws: Workspace):
    write_training(ws, [*epochs(1, 1), DONE])
    assert "not the card of a trained network" in text(BaseTrainer(ws))


def test_folder_that_is_named_chooses_the_training(ws: Workspace):
    for name, last in (("a", 1), ("b", 2)):
        choices = Choices(ws.root / "corpus", ws.root / name)
        write_training(ws, epochs(1, last), choices=choices)
    assert len(BaseTrainer(ws)._training.epochs) == 2
    assert len(BaseTrainer(ws, folder="a")._training.epochs) == 1
    assert BaseTrainer(ws, folder="c")._job is None


def test_jobs_of_other_commands_are_left_alone(ws: Workspace):
    write_job(ws, [DONE])
    assert BaseTrainer(ws)._job is None


def test_failure_to_start_is_one_sentence(ws: Workspace, monkeypatch):
    def broken(*_: object) -> None:
        raise OSError("secret detail")

    monkeypatch.setattr(jobs, "start", broken)
    trainer = BaseTrainer(ws)
    trainer._start.click()
    assert "Something went wrong" in text(trainer)
    assert "secret" not in text(trainer)


def test_text_from_files_is_escaped(ws: Workspace):
    folder = ws.root / HOSTILE.replace("/", "")
    choices = Choices(ws.root / "corpus", folder, dimensions=("genre",))
    write_network(folder, network_card(dimensions=(HOSTILE, "key"), licence=HOSTILE))
    write_training(ws, [*epochs(1, 2, dimensions=(HOSTILE, "key")), DONE], choices=choices)
    trainer = BaseTrainer(ws)
    assert shown(trainer._result)
    assert "<img" not in html(trainer)
    write_training(ws, [{"event": "failed", "message": HOSTILE}])
    assert "<img" not in BaseTrainer(ws)._message.value


def test_training_on_a_corpus_that_is_none_fails_in_a_sentence(ws: Workspace):
    trainer = BaseTrainer(ws)  # its CSV is enough for the page and not for a training
    trainer._start.click()
    trainer._watch.join(60)
    assert "holds no finished corpus" in text(trainer)
