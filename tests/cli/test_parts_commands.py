from __future__ import annotations

import json
from pathlib import Path

import pytest
import soundfile
from sounds import tone, write
from tiny_scores import Voice, tune, write_midi

from workbench import Workspace
from workbench.catalogue.importer import import_music


@pytest.fixture
def music(ws: Workspace, tmp_path: Path) -> Workspace:
    """A score of two instruments (items 1 to 3) and two tones (4 and 5)."""
    voices = [Voice(0, tune(quarters=16)), Voice(32, tune(36, quarters=8))]
    files = [write_midi(tmp_path / "a.mid", voices)]
    files += [write(tmp_path / f"{hz}.wav", tone(hz, seconds=2.0)) for hz in (300, 400)]
    import_music(ws, files, processes=1)
    return ws


def test_import_tells_of_scores_links_and_doubts(workbench, ws, tmp_path: Path) -> None:
    folder = tmp_path / "music"
    write_midi(folder / "a.mid", [Voice(0, tune()), Voice(0, [(0, 0, 60), (1, 1, 62)])])
    write(folder / "a.wav", tone())
    (folder / "list.csv").write_text("a,b\n1,2\n")
    answer = workbench("import", ws.root, folder, "--processes", "1")
    assert answer.out.splitlines() == [
        "1 song and 0 tracks added, 0 already there, 1 other file left alone.",
        "1 score with 2 tracks added, too.",
        "2 items linked as the same composition as another one.",
        "1 doubt about scores that were added all the same:",
        f"  {folder}/a.mid: notes without a length left out: 1",
        "Next: `workbench embed`.",
    ]


def test_a_person_links_and_unlinks(workbench, music: Workspace) -> None:
    answer = workbench("link", "1", "4", "-w", music.root)
    assert answer.out == "Items 1 and 4 are one composition now, of 2 items in all.\n"
    assert music.catalogue.composition_of(4) == [1]
    answer = workbench("link", "1", "4", "--remove", "-w", music.root)
    assert answer.out == "Item 4 is no longer the composition of item 1.\n"
    answer = workbench("link", "1", "4", "--remove", "-w", music.root)
    assert "nothing was changed" in answer.out
    answer = workbench("link", "1", "99", "-w", music.root)
    assert (answer.code, answer.err) == (4, "workbench: There is no item 99 in the catalogue.\n")


def test_bars_are_listed_and_made_items(workbench, music: Workspace) -> None:
    answer = workbench("bars", "1", "-w", music.root)
    assert answer.out.splitlines()[:2] == ["bar  begins (s)  ends (s)", "1    0.000       2.000"]
    rows = json.loads(workbench("bars", "1", "--json", "-w", music.root).out)
    assert [row["number"] for row in rows] == [1, 2, 3, 4]
    for _ in range(2):
        answer = workbench("bars", "1", "--add", "-w", music.root)
        assert answer.out == "4 bars of item 1 are items now.\n"
    assert music.catalogue.items(kind="bar")["title"].tolist() == [
        f"a, bar {n}" for n in (1, 2, 3, 4)
    ]


def test_a_submix_is_made_with_gains_and_offsets(workbench, music: Workspace) -> None:
    answer = workbench(
        "submix", "4", "5", "--gain", "4=-3.5", "--offset", "5=0.5", "--title", "Both",
        "-w", music.root,
    )  # fmt: skip
    assert answer.out == "Item 6 is the submix 'Both'.\n"
    assert music.catalogue.submix_parts(6) == [(4, -3.5, 0.0), (5, 0.0, 0.5)]
    answer = workbench("submix", "4", "--gain", "loud", "-w", music.root)
    assert "'loud' is not understood; write it like `--gain 12=-3.5`" in answer.err


def test_sound_is_written(workbench, music: Workspace, tmp_path: Path) -> None:
    pytest.importorskip("pretty_midi", reason="the demo extra is not installed")
    answer = workbench("render", "1", tmp_path / "out.wav", "-w", music.root)
    assert answer.code == 0
    assert soundfile.info(tmp_path / "out.wav").duration == pytest.approx(8.0, abs=1.0)
    assert workbench("render", "4", tmp_path / "out.flac", "-w", music.root).code == 0
    answer = workbench("render", "1", tmp_path / "out.txt", "-w", music.root)
    assert "cannot be written in this format" in answer.err
    answer = workbench("render", "1", tmp_path / "x.wav", "--engine", "organ", "-w", music.root)
    assert "rendered by symusic or fluidsynth" in answer.err
    font = tmp_path / "a.sf2"
    answer = workbench("render", "1", tmp_path / "x.wav", "--sound-font", font, "-w", music.root)
    assert (answer.code, answer.err) == (6, f"workbench: {font}: there is no such sound font.\n")
