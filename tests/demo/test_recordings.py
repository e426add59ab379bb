"""Recordings join when the network answers, and a line says so when it does not."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from workbench.audio.decode import encode
from workbench.demo import recordings
from workbench.demo.recordings import RECORDINGS, add_recordings, licence_of
from workbench.workspace import Workspace

DESCRIPTION = """Some Piece by Somebody is licensed under a Creative Commons Attribution License.
From somewhere: https://example.org/piece
CC-BY https://creativecommons.org/licenses/by/3.0/
"""


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "workspace")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in for librosa's site: a tone per recording, and its description."""
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "description.txt").write_text(DESCRIPTION)
    for number, recording in enumerate(RECORDINGS):
        tone = 0.1 * np.sin(2 * np.pi * (200 + 50 * number) * np.arange(22050) / 22050)
        encode(folder / f"{recording.key}.ogg", tone[None].astype(np.float32), 22050)

    def fetch(key: str) -> tuple[Path, Path]:
        if not (folder / f"{key}.ogg").exists():
            raise OSError("404")
        return folder / f"{key}.ogg", folder / "description.txt"

    monkeypatch.setattr(recordings, "_reachable", lambda: True)
    monkeypatch.setattr(recordings, "_fetch", fetch)
    return folder


def test_offline_a_line_says_so_and_nothing_is_added(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recordings, "_reachable", lambda: False)
    added, line = add_recordings(ws)
    assert added == 0
    assert "left out" in line
    assert len(ws.catalogue.items()) == 0


def test_online_all_join_with_their_licence_and_documented_facts(ws: Workspace, site: Path) -> None:
    added, line = add_recordings(ws)
    items, tags = ws.catalogue.items(), ws.catalogue.tags()
    assert added == len(items) == len(RECORDINGS)
    assert str(added) in line
    assert set(items["kind"]) == {"song"}
    licences = tags[tags["dimension"] == "licence"]
    assert len(licences) == added
    assert set(licences["value"]) == {"CC-BY https://creativecommons.org/licenses/by/3.0/"}
    brahms = items.index[items["artist"] == "Johannes Brahms"][0]
    known = tags[tags["item_id"] == brahms].set_index("dimension")["value"]
    assert known["key"] == "F# minor"
    tempo = tags[tags["dimension"] == "tempo"]
    assert list(tempo["number"]) == [90.0]
    assert ws.catalogue.media_path(brahms).is_relative_to(ws.root)


def test_a_second_run_adds_nothing(ws: Workspace, site: Path) -> None:
    add_recordings(ws)
    assert add_recordings(ws)[0] == 0
    assert len(ws.catalogue.items()) == len(RECORDINGS)


def test_one_that_fails_is_named_and_tried_again_next_time(ws: Workspace, site: Path) -> None:
    missing = RECORDINGS[2]
    sound = (site / f"{missing.key}.ogg").read_bytes()
    (site / f"{missing.key}.ogg").unlink()
    added, line = add_recordings(ws)
    assert added == len(RECORDINGS) - 1
    assert missing.title in line
    (site / f"{missing.key}.ogg").write_bytes(sound)
    assert add_recordings(ws)[0] == 1


def test_every_recording_is_one_of_librosas() -> None:
    import librosa.util.files as files

    known = vars(files)["__TRACKMAP"]
    assert {recording.key for recording in RECORDINGS} <= set(known)


def test_a_network_that_hangs_is_given_up_on() -> None:
    start = time.monotonic()
    assert recordings._within(lambda: time.sleep(30), 0.1) is None
    assert time.monotonic() - start < 10
    assert recordings._within(lambda: "answer", 5.0) == "answer"


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        (DESCRIPTION, "CC-BY https://creativecommons.org/licenses/by/3.0/"),
        ("By A.\nThis is in the Public Domain.\n", "This is in the Public Domain."),
        ("By A, from somewhere.\n", ""),
    ],
)
def test_the_licence_is_read_from_the_description(text: str, licence: str) -> None:
    assert licence_of(text) == licence
