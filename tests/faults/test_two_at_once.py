"""Two processes that do the same work at once: both end well, and nothing is there twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from counting import Count, few_or_many
from processes import start
from works import (
    ANSWERS,
    WORKS,
    judge_and_tell,
    newest_model,
    with_judgements,
)

from workbench import Workspace
from workbench.doctor.examine import examine


def both(first: tuple, second: tuple, folder: Path) -> list[str]:
    """Run two functions at once and return what went wrong."""
    said = [folder / "said0", folder / "said1"]
    for file in said:
        file.write_text("")
    processes = [start(*call, said=file) for call, file in zip((first, second), said, strict=True)]
    for process in processes:
        process.join(240)
    wrong = [file.read_text() for file in said if file.read_text()]
    return wrong + [str(p.exitcode) for p in processes if p.exitcode and not wrong]


@few_or_many(1, 20)
@pytest.mark.parametrize("name", ["import", "embedding"])
def test_two_that_fill_a_workspace(tmp_path: Path, name: str, tries: int) -> None:
    work, count = WORKS[name], Count(f"two at once, {name}")
    whole = tmp_path / "whole"
    work.prepare(whole)
    work.do(whole)
    expected = work.outcome(whole)
    for number in range(tries):
        count.tries += 1
        root = tmp_path / f"try{number}"
        work.prepare(root)
        for wrong in both((work.do, root), (work.do, root), tmp_path):
            count.lost(wrong)
        if work.outcome(root) != expected:
            count.lost("another result")
        for finding in examine(Workspace(root)):
            if finding.fault:
                count.lost(finding.what)
    count.close(always=True)


@few_or_many(1, 20)
def test_two_raters(tmp_path: Path, tries: int) -> None:
    count = Count("two at once, judging")
    for number in range(tries):
        count.tries += 1
        root = tmp_path / f"try{number}"
        with_judgements(root)
        told = [root.with_name(f"{root.name}-{rater}") for rater in ("Ben", "Cy")]
        calls = [(judge_and_tell, root, file, file.name) for file in told]
        for wrong in both(*calls, tmp_path):
            count.lost(wrong)
        acknowledged = [line for file in told for line in file.read_text().split()]
        stored = Workspace(root).judgements.history()["id"]
        if len(acknowledged) != 2 * ANSWERS or not set(acknowledged) <= set(stored):
            count.lost("an acknowledged judgement is not there")
        if not stored.is_unique:
            count.lost("a judgement is there twice")
    count.close(always=True)


@few_or_many(1, 10)
def test_two_finetunings(tmp_path: Path, tries: int) -> None:
    work, count = WORKS["fine-tuning"], Count("two at once, fine-tuning")
    for number in range(tries):
        count.tries += 1
        root = tmp_path / f"try{number}"
        with_judgements(root)
        for wrong in both((work.do, root), (work.do, root), tmp_path):
            count.lost(wrong)
        newest_model(root)
        if len(Workspace(root).models.versions()) != 3:
            count.lost("a version is missing")
        for finding in examine(Workspace(root)):
            count.lost(finding.what)
    count.close(always=True)


def promote_often(root: Path, first: int) -> None:
    store = Workspace(root).models
    for number in range(60):
        store.promote(f"v{1 + (first + number) % 2:04d}")


@few_or_many(1, 20)
def test_two_promotes(tmp_path: Path, tries: int) -> None:
    count = Count("two at once, promotes")
    for number in range(tries):
        count.tries += 1
        root = tmp_path / f"try{number}"
        with_judgements(root)
        store = Workspace(root).models
        store.save(store.load("v0001"), promote=False)
        for wrong in both((promote_often, root, 0), (promote_often, root, 1), tmp_path):
            count.lost(wrong)
        lines = [json.loads(line) for line in (store.folder / "history.jsonl").open()]
        named = [line["version"] for line in lines]
        if any(a == b for a, b in pairwise(named)):
            count.lost("the same version was put in use twice in a row")
        if store.current() != named[-1]:
            count.lost("the last one is not in use")
    count.close(always=True)


def merge_parts_of(root: Path, first: int) -> None:
    from workbench.vectors.batches import each_item, merge_parts, parts_of

    store = Workspace(root).vectors("loud-1")
    row: Callable[[int], np.ndarray] = lambda item: np.full(4, item, np.float32)  # noqa: E731
    for number in range(first, first + 40):
        each_item([number], row, parts_of(store), failing="embedded")
        merge_parts(store)


@few_or_many(1, 20)
def test_two_that_merge_forget_nothing(tmp_path: Path, tries: int) -> None:
    count = Count("two at once, merging of vectors")
    for number in range(tries):
        count.tries += 1
        root = tmp_path / f"try{number}"
        Workspace.create(root).database.close()
        for wrong in both((merge_parts_of, root, 100), (merge_parts_of, root, 200), tmp_path):
            count.lost(wrong)
        store = Workspace(root).vectors("loud-1")
        if store.ids.tolist() != [*range(100, 140), *range(200, 240)]:
            count.lost(f"{80 - len(store.ids)} vectors are gone")
        elif not (store.vectors == store.ids[:, None]).all():
            count.lost("a vector is another item's")
    count.close(always=True)
