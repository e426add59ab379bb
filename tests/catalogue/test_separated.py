"""Songs without stems get some, where a separator is installed; a small one stands for Demucs."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from sounds import RATE, tone, write

from workbench import Workspace
from workbench.audio import separation
from workbench.audio.decode import Sound, decode
from workbench.catalogue.importer import import_music
from workbench.catalogue.separated import separate_song
from workbench.errors import CancelledError, MediaError, NotReadyError, WorkbenchError
from workbench.progress import Progress

ROOT = Path(__file__).resolve().parents[2]
# The API of demucs 4.1: halves of the mix, which add up to it.
FAKE = """
import torch

class Separator:
    samplerate = 44100

    def __init__(self, model="htdemucs", repo=None, device="cpu", shifts=1, overlap=0.25,
                 split=True, segment=None, jobs=0, progress=False, callback=None,
                 callback_arg=None):
        self.callback = callback
        if model == "missing":
            raise OSError("no network")
        if model == "dies":
            import os
            os._exit(9)
        if repo is not None:
            assert (repo / "htdemucs.yaml").is_file(), "no htdemucs.yaml"

    def separate_tensor(self, wav, sr=None):
        assert wav.dtype == torch.float32 and wav.shape[0] == 2
        print("Demucs prints what it likes")
        for number in range(4):
            offset = number * wav.shape[1] // 4
            step = {"segment_offset": offset, "audio_length": wav.shape[1], "models": 1}
            self.callback({**step, "state": "start"})
            self.callback({**step, "state": "end"})
        return wav, {"drums": 0.3 * wav, "vocals": 0.5 * wav, "other": 0.2 * wav}
"""


class Watcher(Progress):
    def __init__(self, *, cancel: bool = False) -> None:
        self.stages: list[int | None] = []
        self.done, self._cancel = 0, cancel

    def stage(self, name: str, total: int | None = None) -> None:
        self.stages.append(total)

    def advance(self, count: int = 1, label: str = "") -> None:
        self.done += count

    def cancelled(self) -> bool:
        return self._cancel


@pytest.fixture
def demucs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install what stands for Demucs."""
    package = tmp_path / "site" / "demucs"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "api.py").write_text(FAKE)
    monkeypatch.syspath_prepend(package.parent)
    known = os.environ.get("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(package.parent), str(ROOT), known]))


@pytest.fixture
def song(ws: Workspace, tmp_path: Path) -> int:
    import_music(ws, [write(tmp_path / "song.wav", tone(seconds=2.0))], processes=1)
    return 1


def test_a_song_is_split_into_tracks_that_add_up(ws: Workspace, song: int, demucs: None) -> None:
    watcher = Watcher()
    tracks = separate_song(ws, song, progress=watcher)
    assert (watcher.stages[-1], watcher.done) == (4, 4)
    items = ws.catalogue.items().loc[tracks]
    assert items["title"].tolist() == [
        "song (drums, separated)", "song (vocals, separated)", "song (other, separated)",
    ]  # fmt: skip
    assert set(items["parent_id"]) == {song}
    assert set(items["kind"]) == {"track"}
    total = sum(ws.catalogue.sound_of(track, RATE) for track in tracks)
    np.testing.assert_allclose(total, ws.catalogue.sound_of(song, RATE), atol=2e-4)
    tags = ws.catalogue.tags("instrument")
    assert tags["value"].tolist() == ["drums", "voice"]
    assert tags["weak"].all()
    for track in tracks:  # kept in the workspace, not in its cache
        assert ws.catalogue.media_path(track).is_relative_to(ws.root / "stems")
    with pytest.raises(WorkbenchError, match="has tracks already"):
        separate_song(ws, song)


def test_an_interrupted_separation_is_done_again(
    ws: Workspace, song: int, demucs: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(type(ws.catalogue), "join_song", lambda *_a, **_k: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            separate_song(ws, song)
    tracks = separate_song(ws, song)
    assert len(tracks) == 3
    assert len(ws.catalogue.items()) == 4
    assert set(ws.catalogue.items().loc[tracks, "parent_id"]) == {song}


def test_local_weights_are_used(ws: Workspace, song: int, demucs: None, tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match="There is no folder"):
        separate_song(ws, song, weights=tmp_path / "none")
    with pytest.raises(MediaError, match=r"no htdemucs\.yaml"):
        separate_song(ws, song, weights=tmp_path)
    (tmp_path / "htdemucs.yaml").touch()
    assert len(separate_song(ws, song, weights=tmp_path)) == 3


@pytest.mark.parametrize(
    ("model", "sentence"),
    [("missing", "no network"), ("dies", "ended with 9"), ("../x", "is no name of a model")],
)
def test_what_fails_is_one_sentence_and_stores_nothing(
    ws: Workspace, song: int, demucs: None, model: str, sentence: str
) -> None:
    with pytest.raises(WorkbenchError, match=sentence):
        separate_song(ws, song, model=model)
    assert len(ws.catalogue.items()) == 1


def test_it_can_be_stopped(ws: Workspace, song: int, demucs: None) -> None:
    with pytest.raises(CancelledError):
        separate_song(ws, song, progress=Watcher(cancel=True))
    assert len(ws.catalogue.items()) == 1


def test_without_demucs_a_sentence_says_what_to_install(
    ws: Workspace, song: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(separation.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(NotReadyError, match=r"\[separation\].*80 MB, for scientific purposes"):
        separate_song(ws, song)


def test_only_songs_of_sound_are_separated(ws: Workspace, song: int, demucs: None) -> None:
    span = ws.catalogue.add_span(song, 0.0, 1.0)
    with pytest.raises(WorkbenchError, match="only songs that were imported as sound"):
        separate_song(ws, span)


def test_long_mixes_are_refused(tmp_path: Path, demucs: None) -> None:
    long = Sound(np.zeros((1, 1801), dtype=np.float32), 1)
    with pytest.raises(MediaError, match="30 are the most"):
        separation.separate(long, tmp_path)


@pytest.mark.skipif(
    importlib.util.find_spec("demucs") is None, reason="the separation extra is not installed"
)
def test_the_installed_demucs_is_called_as_it_wants(tmp_path: Path) -> None:
    mix = Sound(tone(seconds=4.0), RATE)
    made = separation.separate(mix, tmp_path, model="demucs_unittest")  # needs no weights
    assert list(made) == ["drums", "bass", "other", "vocals"]
    for file in made.values():
        assert decode(file).samples.shape == mix.samples.shape


def test_the_process_tells_in_lines_of_json(demucs: None, tmp_path: Path) -> None:
    import subprocess

    mix = write(tmp_path / "mix.wav", tone())
    command = [sys.executable, "-m", "workbench.audio.separating", str(mix), str(tmp_path), "x"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert told[-1] == {"sources": ["drums", "vocals", "other"]}
    assert {"steps": 4} in told
