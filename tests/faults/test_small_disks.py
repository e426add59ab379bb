"""A full disk and a folder that may not be written: one sentence, and nothing is lost."""

from __future__ import annotations

import gc
import shutil
import subprocess
from pathlib import Path

import numpy as np
from counting import Count, few_or_many
from works import Work, copy_of, each_work, judge_and_tell, with_judgements

from workbench import Workspace
from workbench.doctor.examine import examine, repair
from workbench.errors import WorkbenchError


def resize(disk: Path, size: str) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", str(disk)], check=True)


def leave_free(disk: Path, room: int) -> None:
    """Fill a disk but for some bytes."""
    filler = disk / "filler"
    filler.unlink(missing_ok=True)
    free = shutil.disk_usage(disk).free
    filler.write_bytes(bytes(max(0, free - room)))


@few_or_many(2, 40)
@each_work()
def test_a_full_disk_is_a_sentence_and_the_work_goes_on_later(
    small_disk: Path, tmp_path: Path, work: Work, tries: int
) -> None:
    count, rng = Count(f"disk full, {work.name}"), np.random.default_rng(9)
    resize(small_disk, "60m")
    fresh, whole = tmp_path / "ws", tmp_path / "whole" / "ws"
    work.prepare(fresh)
    shutil.copytree(fresh, whole)
    if fresh.with_name("ws-music").is_dir():
        shutil.copytree(fresh.with_name("ws-music"), whole.with_name("ws-music"))
    before = _size(whole.parent)
    work.do(whole)
    needed, expected = max(0, _size(whole.parent) - before), work.outcome(whole)
    for _ in range(tries):
        count.tries += 1
        root = small_disk / "ws"
        for old in (root, copy_of(root)):
            shutil.rmtree(old, ignore_errors=True)
        shutil.copytree(fresh, root)
        if fresh.with_name("ws-music").is_dir() and not root.with_name("ws-music").exists():
            shutil.copytree(fresh.with_name("ws-music"), root.with_name("ws-music"))
        leave_free(small_disk, int(rng.uniform(0, needed)))
        try:
            work.do(root)
        except WorkbenchError as error:
            count.hit += 1
            if "\n" in str(error):
                count.lost(f"more than a sentence: {error}")
        except Exception as error:
            count.lost(f"{type(error).__name__}: {error}")
        (small_disk / "filler").unlink()
        if any(f.fault for f in examine(Workspace(root))):
            for finding in repair(Workspace(root)).left:
                count.lost(finding.what)
        work.do(root)
        if work.outcome(root) != expected:
            count.lost("another result")
    count.close()


def _size(root: Path) -> int:
    return sum(file.stat().st_size for file in root.rglob("*") if file.is_file())


@few_or_many(2, 40)
def test_judging_on_a_full_disk_keeps_what_was_acknowledged(
    small_disk: Path, tmp_path: Path, tries: int
) -> None:
    count, rng = Count("disk full, judging"), np.random.default_rng(10)
    resize(small_disk, "20m")
    with_judgements(tmp_path / "fresh")
    for number in range(tries):
        count.tries += 1
        root, told = small_disk / "ws", tmp_path / f"told{number}"
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(tmp_path / "fresh", root)
        leave_free(small_disk, int(rng.uniform(0, 400_000)))
        told.touch()
        try:
            judge_and_tell(root, told, count=400)
        except WorkbenchError:
            count.hit += 1
        except Exception as error:
            count.lost(f"{type(error).__name__}: {error}")
        (small_disk / "filler").unlink()
        stored = Workspace(root).judgements.history()["id"]
        if not set(told.read_text().split()) <= set(stored) or not stored.is_unique:
            count.lost("an acknowledged judgement is not there once")
        for finding in examine(Workspace(root), deep=True):
            count.lost(finding.what)
    count.close()


@each_work()
def test_a_read_only_disk_is_a_sentence_and_changes_nothing(small_disk: Path, work: Work) -> None:
    count = Count(f"read-only disk, {work.name}")
    count.tries = 1
    resize(small_disk, "60m")
    root = small_disk / "ws"
    work.prepare(root)
    files = {
        path: path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and not path.name.startswith("workbench.sqlite")
    }
    gc.collect()  # no connection may be left open for writing
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    try:
        work.do(root)
        count.lost("it said nothing")
    except WorkbenchError as error:
        count.hit += 1
        if "\n" in str(error):
            count.lost(f"more than a sentence: {error}")
    except Exception as error:
        count.lost(f"{type(error).__name__}: {error}")
    try:
        examine(Workspace(root))
    except Exception as error:
        count.lost(f"the doctor broke: {type(error).__name__}: {error}")
    if any(path.read_bytes() != data for path, data in files.items()):
        count.lost("a file changed")
    count.close()
