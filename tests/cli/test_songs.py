"""The song commands, from an empty song to its folder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tone_workspace import add_tone

from workbench import Workspace
from workbench.search.rankings import ranking


@pytest.fixture
def tone_ws(ws: Workspace) -> Workspace:
    for number in range(3):
        add_tone(ws, number)
    return ws


def test_a_song_is_built_shown_and_written(workbench, tone_ws: Workspace, tmp_path: Path) -> None:
    def song(*arguments: object):
        answer = workbench("song", *arguments, "-w", tone_ws.root)
        assert answer.code == 0, answer.err
        return answer.out

    assert "No song" in song("list")
    assert "'Evening'" in song("new", "Evening", "--author", "Ada")
    song("add", "Evening", "Tone 1")
    assert "begins at 1.5 s" in song("add", "evening", 3, "--gain", -6, "--at", 1.5)
    song("add", "Evening", 1)
    song("remove", "Evening", 3)
    assert song("show", "Evening").splitlines()[3].split() == [
        *("2", "3", "Tone", "2", "-6.0", "dB", "1.50", "s")
    ]
    assert json.loads(song("list", "--json"))[0]["parts"] == 2
    assert "Evening" in song("list")
    assert [p["item"] for p in json.loads(song("show", "Evening", "--json"))["parts"]] == [2, 3]
    assert "mix.wav" in song("export", "Evening", tmp_path / "out")
    assert (tmp_path / "out" / "song.json").is_file()
    assert "5 stars from Ben" in song("rate", "Tone 1", 5, "--song", "Evening", "--rater", "Ben")
    table = ranking(tone_ws)
    assert table["uses"].to_dict() == {2: 1, 3: 1}
    assert np.isclose(table["stars"][2], 5)


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (["show", "Nothing"], 4, "there are: none yet"),
        (["rate", "1", "6"], 1, "1 to 5 stars"),
        (["rate", "99", "5"], 4, "No item has the id or the title '99'"),
        (["new", " "], 1, "a title"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    workbench, tone_ws: Workspace, arguments: list[str], code: int, reason: str
) -> None:
    answer = workbench("song", *arguments, "-w", tone_ws.root)
    assert answer.code == code
    assert reason in answer.err


def test_suggestions_are_a_table(workbench, fitted: Workspace, monkeypatch) -> None:
    from workbench.search.find import find

    monkeypatch.setattr(
        "workbench.search.suggest.find", lambda ws, query, **_: find(ws, 1, count=2)
    )
    workbench("song", "new", "One", "-w", fitted.root)
    workbench("song", "add", "One", 1, "-w", fitted.root)
    lines = workbench("song", "suggest", "One", "-w", fitted.root).out.splitlines()
    assert lines[0].split() == ["item", "title", "artist", "closer", "than"]
    assert len(lines) == 3
    rows = json.loads(workbench("song", "suggest", "One", "-w", fitted.root, "--json").out)
    assert [line.split()[0] for line in lines[1:]] == [str(row["item_id"]) for row in rows]
