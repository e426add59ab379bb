"""The search command: items by id, title or file, and every filter on its way to the library."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from heard import store_heard

from workbench import Workspace
from workbench.search.filters import Filters
from workbench.search.find import find


def test_shows_what_the_library_finds(workbench, fitted_once: Workspace) -> None:
    ws = fitted_once.root
    arguments = ["--weight", "genre=1", "--weight", "tempo=-0.5", "--kind", "track", "-n", 4]
    answer = workbench("search", 1, "-w", ws, *arguments, "--json")
    expected = find(
        fitted_once,
        1,
        weights={"genre": 1, "tempo": -0.5},
        filters=Filters(kinds=("track",)),
        count=4,
    )
    rows = json.loads(answer.out)
    assert [row["item_id"] for row in rows] == expected.index.tolist()
    assert rows[0]["percentile"] == pytest.approx(expected["percentile"].iloc[0])
    text = workbench("search", 1, "-w", ws, *arguments).out.splitlines()
    assert text[0].split()[:6] == ["item", "title", "artist", "kind", "relevance", "closer"]
    assert [line.split()[0] for line in text[1:]] == [str(i) for i in expected.index]


def test_filters_reach_the_library(workbench, fitted_once: Workspace, monkeypatch) -> None:
    seen = {}

    def stand_in(ws: Workspace, query: object, **options: object) -> object:
        seen.update(query=query, **options)
        return find(ws, 1, count=1)

    monkeypatch.setattr("workbench.search.find.find", stand_in)
    options = ["--with", "song 3", "--span", "10:20", "--domain", "audio", "--tag", "genre=jazz"]
    options += ["--tag", "genre=rag", "--tag", "mood=calm", "--tempo", "90-110", "--octaves"]
    options += ["--key", "A minor", "--key-relation", "relative", "--has", "vocals", "--without"]
    options += ["drums", "--unused", "--own", "--render", "--machine", "--threshold", "0.3"]
    assert workbench("search", "Song 1", "-w", fitted_once.root, *options).code == 0
    assert seen["filters"] == Filters(
        domains=("audio",),
        tags={"genre": ("jazz", "rag"), "mood": ("calm",)},
        tempo_bpm=(90, 110),
        tempo_octaves=True,
        key="A minor",
        key_relation="relative",
        has=("vocals",),
        without=("drums",),
        used=False,
        machine=True,
        machine_threshold=0.3,
    )
    assert seen["query"].items == (3, 7)
    assert (seen["query"].span_s, seen["query"].render, seen["own"]) == ((10, 20), True, True)


def test_results_say_by_which_machine_tag_they_pass(workbench, fitted: Workspace) -> None:
    store_heard(fitted, {("mood", "dreamy"): [0.8] * len(fitted.catalogue.items())})
    arguments = ["search", 1, "--tag", "mood=dreamy", "-w", fitted.root]
    assert "No item has the mood 'dreamy'" in workbench(*arguments).err
    answer = workbench(*arguments, "--machine")
    assert answer.out.splitlines()[0].endswith("passes by machine tag")
    assert answer.out.splitlines()[1].endswith("mood dreamy 0.80 (ears-1)")
    rows = json.loads(workbench(*arguments, "--threshold", 0.7, "--json").out)
    assert rows[0]["by_machine"] == "mood dreamy 0.80 (ears-1)"
    assert "pass" in workbench(*arguments, "--threshold", 0.9).out


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["nobody"], "No item has the id or the title 'nobody'"),
        (["artist 2"], "name one by id"),
        (["nowhere.wav"], "There is no file nowhere.wav"),
        (["1", "--span", "10"], "write it like 10:20"),
        (["1", "--tempo", "fast"], "write it like 90-110"),
        (["1", "--tag", "jazz"], "write it like `genre=jazz`"),
        (["1", "--kind", "opera"], "choose among track"),
        (["1", "--weight", "loud=1"], "it knows genre"),
    ],
)
def test_what_is_not_understood_is_one_sentence(
    workbench, fitted_once: Workspace, arguments: list[str], reason: str
) -> None:
    answer = workbench("search", *arguments, "-w", fitted_once.root)
    assert answer.code != 0
    assert reason in answer.err
    assert answer.err.count("\n") == 1


def test_an_empty_list_says_why(workbench, fitted_once: Workspace) -> None:
    answer = workbench("search", 1, "-w", fitted_once.root, "--tempo", "10-20")
    assert "leave one of them out" in answer.out


def test_a_file_is_a_query(workbench, fitted_once: Workspace, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "here" / "song 1").write_bytes(b"sound")
    seen = []
    monkeypatch.setattr(
        "workbench.search.find.find",
        lambda ws, query, **_: (seen.append(query.file), find(ws, 1, count=1))[1],
    )
    workbench("search", "song 1", "-w", fitted_once.root)
    assert seen == [Path("song 1")]
    answer = workbench("search", "song 1", "--with", "1", "-w", fitted_once.root)
    assert "import it first" in answer.err
