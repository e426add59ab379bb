"""Judgements in and out, rating tasks, gold triplets and rubrics on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from synthetic import add_songs
from team import TEAM, judge_as_team

from workbench import Workspace
from workbench.judgements.gold import GoldTriplets
from workbench.listening.rubrics import Rubrics
from workbench.listening.task_store import RatingTasks


@pytest.fixture
def songs(ws: Workspace) -> list[int]:
    return add_songs(ws, 12).tolist()


@pytest.fixture
def judged(ws: Workspace, songs: list[int]) -> Workspace:
    judge_as_team(ws, songs, {n: TEAM[n] for n in ("Ada", "Ben", "Chloé")}, triplets=15, gold=0,
                  days=1)  # fmt: skip
    return ws


@pytest.mark.parametrize("name", ["log.csv", "log.parquet", "log.jsonl"])
def test_judgements_are_exported_and_imported_elsewhere(
    workbench, judged: Workspace, tmp_path: Path, name: str
) -> None:
    answer = workbench("judgements", "export", name, "-w", judged.root, "--history")
    rows = len(judged.judgements.history())
    assert answer.out == f"{rows} rows written to {name}.\n"
    other = Workspace.create(tmp_path / "other")
    add_songs(other, 12)
    answer = workbench("judgements", "import", name, "-w", other.root)
    assert (answer.code, answer.out) == (0, f"{rows} judgements added.\n")
    answer = workbench("judgements", "import", name, "-w", other.root)
    assert answer.out == f"0 judgements added, {rows} already here.\n"
    assert other.judgements.count() == judged.judgements.count()


def test_other_forms_and_thresholds(workbench, judged: Workspace) -> None:
    run = ("judgements", "export")
    where = ("-w", judged.root)
    assert workbench(*run, "d.csv", "--form", "dim-sim", "--dimension", "tempo", *where).code == 0
    dim = pd.read_csv("d.csv")
    assert set(dim["dimension"]) == {"tempo"}
    high = ("--agreement", "0.9", "--fewest", "3")
    found = json.loads(workbench(*run, "t.csv", "--form", "triplets", *high, *where, "--json").out)
    kept = pd.read_csv("t.csv")
    assert len(kept) == found["rows"] < 30
    assert set(kept["votes"]) <= {"3:0", "0:3"}
    assert workbench(*run, "t.npz", "--form", "triplets", *high, *where).code == 0
    assert len(np.load("t.npz")["triplets"]) == len(kept)
    assert workbench(*run, "all.npz", "--form", "triplets", *where).code == 0
    decided = judged.judgements.table()["choice"].isin(["a", "b"]).sum()
    assert len(np.load("all.npz")["responses"]) == decided


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["judgements", "export", "x.xlsx"], 1, "needs the suffix .csv, .jsonl or .parquet"),
        (["judgements", "export", "x.csv", "--form", "odd"], 4, "There is no form 'odd'"),
        (["judgements", "export", "x.csv", "--dimension", "smell"], 4, "no dimension 'smell'"),
        (["judgements", "export", "x.csv", "--dimension", "key"], 7, "nothing was written"),
        (["judgements", "export", "x.csv", "--agreement", "90"], 1, "between 0 and 1, not 90"),
        (["judgements", "export", "x.csv", "--form", "dim-sim", "--history"], 1, "whole"),
        (["judgements", "import", "no.csv"], 1, "There is no file no.csv"),
        (["task", "create", "x", "--triplets", "no.csv"], 1, "There is no file no.csv"),
        (["task", "create", "x", "--mode", "best"], 1, "The mode is one of"),
        (["task", "create", "x", "--dimension", "smell"], 4, "no dimension 'smell'"),
        (["task", "create", " "], 1, "Give the rating task a name"),
        (["task", "create", "x", "--items", "no.txt"], 1, "no.txt cannot be read"),
        (["gold", "add"], 1, "Name a file of triplets"),
        (["gold", "add", "--from-agreement", "--fewest", "9"], 7, "no triplet to add"),
        (["rubric", "smell"], 4, "no dimension 'smell'"),
        (["rubric", "tempo", "--file", "no.txt"], 1, "no.txt cannot be read"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_is_one_sentence(
    workbench, judged: Workspace, arguments: list[str], code: int, sentence: str
) -> None:
    answer = workbench(*arguments, "-w", judged.root)
    assert (answer.code, answer.out) == (code, "")
    assert sentence in answer.err
    assert answer.err.count("\n") == 1


def test_refused_rows_are_listed(workbench, judged: Workspace, tmp_path: Path) -> None:
    workbench("judgements", "export", "log.jsonl", "-w", judged.root)
    other = Workspace.create(tmp_path / "other")
    answer = workbench("judgements", "import", "log.jsonl", "-w", other.root)
    assert answer.code == 1
    assert "log.jsonl, line 1: its anchor, 'Song " in answer.out
    assert "more (--json lists all)" in answer.out
    assert "None of the rows" in answer.err


# -- tasks ----------------------------------------------------------------------------------------


def test_a_task_is_made_of_a_list(workbench, ws: Workspace, songs: list[int]) -> None:
    Path("t.csv").write_text(f"dimension,anchor,a,b\ntempo,Song 0,Song 1,{songs[2]}\n,{songs[3]},"
                             "Song 4,Song 5\n")  # fmt: skip
    answer = workbench("task", "create", "first week", "--triplets", "t.csv", "--raters", "2",
                       "--clip", "0", "--confidence", "-w", ws.root)  # fmt: skip
    assert answer.code == 0, answer.err
    assert "'first week' is ready: 2 triplets" in answer.out
    made = RatingTasks(ws).load("first week")
    assert made.triplets == (("tempo", *songs[:3]), ("overall", *songs[3:6]))
    assert (made.raters, made.clip_s, made.ask_confidence) == (2, None, True)
    workbench(
        "task", "create", "moods", "--triplets", "t.csv", "--dimension", "mood", "-w", ws.root
    )
    assert RatingTasks(ws).load("moods").triplets == (("mood", *songs[3:6]),)


def test_a_task_is_made_of_arrays_of_items_or_of_a_sampler(
    workbench, ws: Workspace, songs: list[int]
) -> None:
    np.save("t.npy", np.array([songs[:3]]))
    workbench("task", "create", "arrays", "--triplets", "t.npy", "-w", ws.root)
    assert RatingTasks(ws).load("arrays").triplets == (("overall", *songs[:3]),)
    Path("items.txt").write_text("\n".join(["Song 0", "", f"{songs[4]}", "Song 7"]))
    workbench("task", "create", "items", "--items", "items.txt", "--dimension", "tempo",
              "--dimension", "overall", "--sampler", "random", "-w", ws.root)  # fmt: skip
    made = RatingTasks(ws).load("items")
    assert made.items == (songs[0], songs[4], songs[7])
    assert (made.dimensions, made.sampler) == (("tempo", "overall"), "random")
    told = json.loads(workbench("task", "list", "-w", ws.root, "--json").out)
    assert [each["name"] for each in told] == ["items", "arrays"]
    assert (told[1]["wanted"], told[1]["finished"]) == (1, 0)
    assert "as they come" in workbench("task", "list", "-w", ws.root).out


def test_without_a_task_the_list_says_how_to_make_one(workbench, ws: Workspace) -> None:
    assert "workbench task create NAME" in workbench("task", "list", "-w", ws.root).out


# -- gold and rubrics -----------------------------------------------------------------------------


def test_gold_comes_from_a_file_or_from_agreement(workbench, judged: Workspace, songs) -> None:
    Path("gold.csv").write_text("dimension,anchor,a,b,votes\n"
                                f"tempo,{songs[0]},{songs[1]},{songs[2]},0:3\n"
                                f"tempo,{songs[0]},{songs[3]},{songs[2]},1:1\n")  # fmt: skip
    answer = workbench("gold", "add", "gold.csv", "-w", judged.root)
    assert answer.out == "1 gold triplet added, 0 already there.\n"
    [row] = GoldTriplets(judged.database).table().to_dict("records")
    assert (row["choice"], row["source"]) == ("b", "gold.csv")
    agreed = ("gold", "add", "--from-agreement", "--dimension", "tempo", "-w", judged.root)
    found = json.loads(workbench(*agreed, "--json").out)
    assert found["given"] >= found["new"] > 0
    assert "0 gold triplets added" in workbench(*agreed).out
    listed = workbench("gold", "list", "-w", judged.root).out
    assert "agreement of 100 % of 3 raters or more" in listed
    assert len(json.loads(workbench("gold", "list", "-w", judged.root, "--json").out)) > 1


def test_rubrics_are_written_and_shown(workbench, ws: Workspace) -> None:
    assert "Nothing is written about tempo" in workbench("rubric", "tempo", "-w", ws.root).out
    assert workbench("rubric", "tempo", "Tap along.", "-w", ws.root).out == "Tap along.\n"
    Path("mood.txt").write_text("The feeling:\nits energy.\n")
    workbench("rubric", "mood", "--file", "mood.txt", "--author", "Ada", "-w", ws.root)
    assert Rubrics(ws).of("mood") == "The feeling:\nits energy."
    assert workbench("rubric", "overall", "All of it.", "-w", ws.root).code == 0
    assert json.loads(workbench("rubric", "tempo", "-w", ws.root, "--json").out)["text"]
