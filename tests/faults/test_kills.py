"""kill -9 at random moments: nothing that was acknowledged is lost, and the work goes on."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import numpy as np
from counting import Count, few_or_many
from processes import kill, seconds_of, start
from works import EVERY_NIGHT, Work, each_work, judge_and_tell, with_judgements

from workbench import Workspace
from workbench.doctor.examine import examine, repair


def well(root: Path) -> list[str]:
    """Return the faults that are left after a repair, if one was needed."""
    if not any(finding.fault for finding in examine(Workspace(root))):
        return []
    return [finding.what for finding in repair(Workspace(root)).left if finding.fault]


@few_or_many(2, 100)
@each_work()
def test_work_that_is_killed_goes_on_to_the_same_result(
    tmp_path: Path, work: Work, tries: int
) -> None:
    count, rng = Count(f"kill -9, {work.name}"), np.random.default_rng(len(work.name))
    tries = min(tries, 20) if work.name in EVERY_NIGHT else tries
    whole = tmp_path / "whole"
    work.prepare(whole)
    fresh = tmp_path / "fresh"
    _copy(whole, fresh)
    work.do(whole)  # compiled and read once
    expected = work.outcome(whole)
    again = tmp_path / "again"
    _copy(fresh, again)
    lasts = seconds_of(work.do, again)
    for number in range(tries):
        count.tries += 1
        root = tmp_path / f"try{number}"
        _copy(fresh, root)
        process = start(work.do, root)
        time.sleep(rng.uniform(0, lasts))
        count.hit += kill(process)
        try:
            for fault in well(root):
                count.lost(fault)
            work.do(root)
            if work.outcome(root) != expected:
                count.lost("another result")
            for finding in examine(Workspace(root)):
                if finding.fault:
                    count.lost(finding.what)
        except Exception as error:
            count.lost(f"{type(error).__name__}: {error}")
        _remove(root)
    count.close()


@few_or_many(3, 100)
def test_judgements_that_were_acknowledged_are_there_once(tmp_path: Path, tries: int) -> None:
    count, rng = Count("kill -9, judging"), np.random.default_rng(1)
    fresh = tmp_path / "fresh"
    with_judgements(fresh)
    before = len(Workspace(fresh).judgements.history())
    for number in range(tries):
        count.tries += 1
        root, told = tmp_path / f"try{number}", tmp_path / f"told{number}"
        _copy(fresh, root)
        told.touch()
        process = start(judge_and_tell, root, told)
        end = time.monotonic() + 30
        while not told.stat().st_size and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(rng.uniform(0, 0.4))
        count.hit += kill(process)
        acknowledged = told.read_text().split("\n")[:-1]
        stored = Workspace(root).judgements.history()["id"].tolist()
        if len(stored) != len(set(stored)) or not set(acknowledged) <= set(stored):
            count.lost(f"{len(acknowledged)} acknowledged, {len(stored) - before} stored")
        if len(stored) - before > len(acknowledged) + 1:
            count.lost("stored more than was given")
        for finding in examine(Workspace(root), deep=True):
            count.lost(finding.what)
        shutil.rmtree(root)
    count.close()


def _copy(source: Path, target: Path) -> None:
    shutil.copytree(source, target)
    beside = source.with_name(f"{source.name}-music")
    if beside.is_dir():
        target.with_name(f"{target.name}-music").symlink_to(beside, target_is_directory=True)


def _remove(root: Path) -> None:
    shutil.rmtree(root)
    root.with_name(f"{root.name}-music").unlink(missing_ok=True)
    shutil.rmtree(root.with_name(f"{root.name}-copy"), ignore_errors=True)
