"""The tag command: who can tag, tagging, what was said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tone_tagger import KEY, use_tone_tagger
from tone_workspace import add_tone

from workbench import Workspace
from workbench.tagging import tag, taggers


@pytest.fixture
def tones(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    for number in range(3):
        add_tone(ws, number)
    use_tone_tagger(monkeypatch)
    tag._warm_tagger.cache_clear()
    yield ws
    taggers._load.cache_clear()
    tag._warm_tagger.cache_clear()


def test_a_catalogue_is_tagged_listed_shown_and_exported(
    workbench, tones: Workspace, tmp_path: Path
) -> None:
    answer = workbench("tag", "--processes", 1, "-w", tones.root)
    assert answer.code == 0, answer.err
    assert f"3 items tagged by {KEY}; 3 in all.\n6 tags with a score of 0.5 or more" in answer.out
    assert "Review" in answer.out
    again = workbench("tag", "--processes", 1, "--json", "-w", tones.root)
    assert json.loads(again.out)["computed"] == 0
    listed = workbench("tag", "--list", "-w", tones.root).out.splitlines()
    assert listed[1].split()[:5] == [KEY, "installed", "CC0", "5", "3"]
    assert json.loads(workbench("tag", "--list", "--json", "-w", tones.root).out)[0]["items"] == 3
    shown = workbench("tag", "--show", "Tone 0", "-w", tones.root).out.splitlines()
    assert shown[0].startswith(f"Tone 0 (item 1), by {KEY} on 20")
    assert shown[2].split() == ["*", "genre", "folk", "1.000"]
    assert len(json.loads(workbench("tag", "--show", 1, "--json", "-w", tones.root).out)) == 5
    file = tmp_path / "said.csv"
    assert "6 rows" in workbench("export", "machine-tags", file, "-w", tones.root).out
    assert file.read_text().startswith("item_id,dimension,value,score,tagger,at\n1,genre,folk,1.0")


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (["--tagger", "nobody"], 4, "There is no tagger 'nobody'"),
        (["--tagger", "musicnn-msd-1"], 4, "workbench encoders install musicnn"),
        (["--kind", "album"], 4, "no kind of items 'album'"),
        (["--kind", "bar"], 7, "no music to tag"),
        (["--show", "1"], 7, "run `workbench tag` first"),
        (["--show", "99"], 4, "No item has the id or the title '99'"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    workbench,
    tones: Workspace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    code: int,
    reason: str,
) -> None:
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "no-cache"))
    answer = workbench("tag", *arguments, "-w", tones.root)
    assert answer.code == code
    assert reason in answer.err
    assert len(answer.err.splitlines()) == 1
