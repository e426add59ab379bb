from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from tiny_scores import Voice, tune, write_midi

from workbench import Workspace
from workbench.audio.decode import encode
from workbench.catalogue.importer import import_music
from workbench.catalogue.media import describe_audio
from workbench.encoders.registry import load_encoder
from workbench.errors import NotReadyError, UnknownNameError, WorkbenchError
from workbench.search.embed import embed

RATE, KEY = 22050, "descriptors-4"


def add_sound(ws: Workspace, number: int, *, seconds: float = 1.5) -> int:
    rng = np.random.default_rng(number)
    time_s = np.arange(int(seconds * RATE)) / RATE
    tones = sum(np.sin(2 * np.pi * f * time_s) for f in rng.uniform(100, 1500, 3))
    samples = 0.1 * tones * (np.sin(2 * np.pi * rng.uniform(1, 4) * time_s) > 0)
    file = ws.root / "media" / f"sound{number}.wav"
    encode(file, samples.astype(np.float32)[None], RATE)
    return ws.catalogue.add_item(
        kind="song", domain="audio", title=f"Sound {number}", media=describe_audio(file)
    )


def read(file: Path) -> np.ndarray:
    import soundfile

    return soundfile.read(file, dtype="float32")[0]


@pytest.fixture(autouse=True)
def without_musicnn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "no-cache"))


def test_every_sound_gets_the_vector_of_its_encoder(ws: Workspace) -> None:
    ids = [add_sound(ws, n) for n in range(3)]
    report = embed(ws, processes=1)
    assert (report.encoder, report.computed, report.total, report.failures) == (KEY, 3, 3, {})
    sounds = [read(ws.catalogue.media_path(i)) for i in ids]
    np.testing.assert_allclose(
        ws.vectors(KEY).rows(ids), load_encoder(KEY).encode(sounds), atol=1e-5
    )


def test_what_has_a_vector_is_not_computed_again(ws: Workspace) -> None:
    first = add_sound(ws, 0)
    embed(ws, processes=1)
    before = ws.vectors(KEY).rows([first])
    second = add_sound(ws, 1)
    assert embed(ws, processes=1).computed == 1
    assert ws.vectors(KEY).ids.tolist() == [first, second]
    np.testing.assert_array_equal(ws.vectors(KEY).rows([first]), before)
    assert embed(ws, processes=1).computed == 0


def test_bad_files_do_not_stop_the_others(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [add_sound(ws, n) for n in range(4)]
    ws.catalogue.media_path(ids[0]).write_bytes(b"no sound at all")
    ws.catalogue.media_path(ids[1]).unlink()
    encoder, plain = load_encoder(KEY), type(load_encoder(KEY)).encode
    length = len(read(ws.catalogue.media_path(ids[2])))
    odd = read(ws.catalogue.media_path(ids[2]))

    def stumble(self: object, batch: list[np.ndarray]) -> np.ndarray:
        if len(batch[0]) == length and np.array_equal(batch[0], odd):
            raise ZeroDivisionError("float division by zero")
        return plain(encoder, batch)

    monkeypatch.setattr(type(encoder), "encode", stumble)
    report = embed(ws, processes=1)
    assert set(report.failures) == set(ids[:3])
    assert "sound0.wav" in report.failures[ids[0]]
    assert "gone" in report.failures[ids[1]]
    assert "ZeroDivisionError" in report.failures[ids[2]]
    assert ws.vectors(KEY).ids.tolist() == [ids[3]]


def test_when_no_sound_can_be_read_the_sentence_says_why(ws: Workspace) -> None:
    item = add_sound(ws, 0)
    ws.catalogue.media_path(item).write_bytes(b"no sound at all")
    with pytest.raises(WorkbenchError, match=rf"item {item}: sound0\.wav"):
        embed(ws, processes=1)


def test_an_empty_catalogue_is_told(ws: Workspace) -> None:
    with pytest.raises(NotReadyError, match="workbench import"):
        embed(ws, processes=1)


def test_an_encoder_that_is_not_installed_is_told_before_any_work(ws: Workspace) -> None:
    add_sound(ws, 0)
    with pytest.raises(UnknownNameError, match="encoders install musicnn"):
        embed(ws, encoder="musicnn-descriptors-4")


def test_a_part_file_that_breaks_is_computed_again(ws: Workspace) -> None:
    item = add_sound(ws, 0)
    parts = ws.root / "vectors" / KEY / "parts"
    parts.mkdir(parents=True)
    (parts / "0123456789abcdef.npz").write_bytes(b"PK\x03\x04 torn")
    assert embed(ws, processes=1).computed == 1
    assert ws.vectors(KEY).ids.tolist() == [item]
    assert not list(parts.iterdir())


def children_of(process: subprocess.Popen[bytes]) -> list[int]:
    lists = Path(f"/proc/{process.pid}/task").glob("*/children")  # each thread has its own
    return [int(pid) for file in lists for pid in file.read_text().split()]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="reads /proc")
def test_a_killed_run_leaves_no_process_and_goes_on_to_the_same_vectors(
    ws: Workspace, tmp_path: Path
) -> None:
    ids = [add_sound(ws, n) for n in range(24)]
    command = [sys.executable, "-m", "workbench", "embed", "--workspace", str(ws.root)]
    command += ["--encoder", KEY]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    parts = ws.root / "vectors" / KEY / "parts"
    deadline = time.monotonic() + 120
    while not list(parts.glob("*.npz")):
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    workers = children_of(process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    while any(alive(pid) for pid in workers):
        assert time.monotonic() < deadline, "worker processes outlive the run"
        time.sleep(0.05)
    assert workers
    finished = sum(len(np.load(file)["ids"]) for file in parts.glob("*.npz"))
    assert 0 < finished < 24
    assert not ws.vectors(KEY).exists
    for file in parts.glob("*.npz"):  # what is there is used, not computed again
        with np.load(file) as part:
            arrays = {"ids": part["ids"], "vectors": part["vectors"]}
    report = embed(ws, processes=1)
    assert report.computed == 24 - finished
    assert report.total == 24
    expected = load_encoder(KEY).encode([read(ws.catalogue.media_path(i)) for i in ids])
    np.testing.assert_allclose(ws.vectors(KEY).rows(ids), expected, atol=1e-4)
    np.testing.assert_array_equal(ws.vectors(KEY).rows(arrays["ids"]), arrays["vectors"])
    assert os.listdir(parts) == []


def test_the_command_says_what_is_missing_without_musicnn(ws: Workspace) -> None:
    from typer.testing import CliRunner

    from workbench.cli import app

    add_sound(ws, 0)
    result = CliRunner().invoke(app, ["embed", "--workspace", str(ws.root)])
    assert result.exit_code == 0
    assert "workbench encoders install musicnn" in result.output


def add_score(ws: Workspace) -> int:
    file = write_midi(ws.root / "scores" / "tune.mid", [Voice(0, tune()), Voice(33, tune(40))])
    import_music(ws, [file], processes=1)
    songs = ws.catalogue.items(kind="song", domain="symbolic")
    return int(songs.index[0])


def test_scores_and_their_tracks_are_read(ws: Workspace) -> None:
    song = add_score(ws)
    tracks = ws.catalogue.items(kind="track", domain="symbolic").index.tolist()
    report = embed(ws, processes=1)
    assert (report.computed, report.passed_over, report.failures) == (3, 0, {})
    encoder = load_encoder(KEY)
    expected = encoder.encode_scores([ws.catalogue.score_of(i) for i in (song, *tracks)])
    np.testing.assert_allclose(ws.vectors(KEY).rows([song, *tracks]), expected, atol=1e-5)


def test_an_encoder_of_sounds_passes_scores_over_or_hears_them(ws: Workspace) -> None:
    sound, song = add_sound(ws, 0), add_score(ws)
    report = embed(ws, encoder="descriptors-1", processes=1)
    assert (report.computed, report.passed_over) == (1, 3)
    assert ws.vectors("descriptors-1").ids.tolist() == [sound]
    report = embed(ws, encoder="descriptors-1", render=True, processes=1)
    assert (report.computed, report.failures) == (3, {})
    encoder = load_encoder("descriptors-1")
    heard = encoder.encode([ws.catalogue.sound_of(song, RATE)])
    np.testing.assert_allclose(ws.vectors("descriptors-1").rows([song]), heard, atol=1e-5)


def test_a_bar_is_embedded_as_what_sounds_in_it(ws: Workspace) -> None:
    sound = add_sound(ws, 0, seconds=6.0)
    bar = ws.catalogue.add_item(
        kind="segment", domain="audio", title="Second half", parent_id=sound, start_s=3.0,
        duration_s=3.0, media=describe_audio(ws.catalogue.media_path(sound)),
    )  # fmt: skip
    embed(ws, processes=1)
    samples = read(ws.catalogue.media_path(sound))[3 * RATE :]
    expected = load_encoder(KEY).encode([samples])
    np.testing.assert_allclose(ws.vectors(KEY).rows([bar]), expected, atol=1e-4)
