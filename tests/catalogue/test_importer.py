from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from sounds import RATE, tone, write

from workbench import Workspace
from workbench.audio.decode import decode
from workbench.catalogue.importer import ImportReport, import_music
from workbench.errors import CancelledError, WorkbenchError
from workbench.progress import Progress


@pytest.fixture
def music(tmp_path: Path) -> Path:
    folder = tmp_path / "music"
    folder.mkdir()
    return folder


@pytest.fixture
def take(ws: Workspace, music: Path) -> Callable[..., ImportReport]:
    """Import the music folder in this process."""

    def run(*paths: Path, **options: object) -> ImportReport:
        options = {"processes": 1, **options}
        return import_music(ws, paths or [music], **options)  # type: ignore[arg-type]

    return run


def titles(ws: Workspace, **selection: str) -> list[str]:
    return sorted(ws.catalogue.items(**selection)["title"])


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    return report.songs, report.tracks, report.known, len(report.failures)


def tag_values(ws: Workspace, item: int) -> dict[str, list[str]]:
    tags = ws.catalogue.tags()
    return tags[tags["item_id"] == item].groupby("dimension")["value"].apply(list).to_dict()


# -- formats ---------------------------------------------------------------------------------------


def test_every_format_is_imported_and_can_be_played(ws: Workspace, music: Path, take) -> None:
    suffixes = ["wav", "flac", "mp3", "ogg", "opus", "m4a", "wma", "aiff"]
    for suffix in suffixes:
        rate = 48000 if suffix == "opus" else RATE
        write(music / f"{suffix}_tone.{suffix}", tone(rate=rate), rate=rate)
    (music / "cover.jpg").touch()
    (music / ".hidden.wav").touch()
    report = take(processes=2)
    assert counts(report) == (8, 0, 0, 0)
    assert report.ignored == 2
    items = ws.catalogue.items()
    assert sorted(items["title"]) == sorted(f"{suffix} tone" for suffix in suffixes)
    for item, duration_s in items["duration_s"].items():
        assert duration_s == pytest.approx(1.0, abs=0.06)
        played = ws.catalogue.media_path(int(item), playable=True)
        assert played.suffix in (".wav", ".flac", ".mp3", ".ogg", ".opus")
        assert decode(played).duration_s == pytest.approx(duration_s)
        assert len(ws.catalogue.peaks([int(item)])[int(item)]) == 800


# -- manifest and embedded tags --------------------------------------------------------------------


def test_the_manifest_goes_before_what_the_file_says(ws: Workspace, music: Path, take) -> None:
    write(music / "a.flac", tone(), title="Inside", artist="Ada", genre="rock", date="1971")
    write(music / "b.flac", tone(300), title="Inside too")
    manifest = music.parent / "list.csv"
    manifest.write_text(
        "path,title,genre,tempo,key\nmusic/a.flac,Said,folk;jazz,90,Bbm\nmusic/b.flac,,,,\n"
    )
    take(manifest=manifest)
    items = ws.catalogue.items()
    assert items["title"].tolist() == ["Said", "Inside too"]
    assert items["artist"].tolist() == ["Ada", ""]
    assert tag_values(ws, 1) == {
        "genre": ["folk", "jazz"],
        "tempo": ["90"],
        "key": ["Bb minor"],
        "era": ["1970s"],
    }
    tags = ws.catalogue.tags()
    assert dict(zip(tags["dimension"], tags["source"], strict=True))["era"] == "file"


def test_a_manifest_may_come_later(ws: Workspace, music: Path, take) -> None:
    write(music / "a.wav", tone())
    take()
    manifest = music / "list.csv"
    manifest.write_text("path,title,artist,mood\na.wav,A title,Ada,calm\n")
    for _ in range(2):
        report = take(manifest=manifest)
        assert counts(report) == (0, 0, 1, 0)
        assert ws.catalogue.items()["title"].tolist() == ["A title"]
        assert ws.catalogue.items()["artist"].tolist() == ["Ada"]
        assert tag_values(ws, 1) == {"mood": ["calm"]}


def test_a_file_that_only_the_manifest_knows_is_a_failure(ws: Workspace, music: Path, take) -> None:
    write(music / "a.wav", tone())
    manifest = music / "list.csv"
    manifest.write_text(f"path\na.wav\ngone.wav\n{'x' * 300}.wav\n")
    report = take(manifest=manifest)
    assert counts(report) == (1, 0, 0, 2)
    assert report.failures[0] == (
        music / "gone.wav",
        "the manifest names this file, but it is not there",
    )
    write(music / "gone.wav", tone(300))
    take(manifest=manifest)
    assert len(ws.catalogue.failures()) == 1


def test_a_wrong_manifest_imports_nothing(ws: Workspace, music: Path, take) -> None:
    write(music / "a.wav", tone())
    manifest = music / "list.csv"
    manifest.write_text("path,tempo\na.wav,quick\n")
    with pytest.raises(WorkbenchError, match="tempo 'quick'"):
        take(manifest=manifest)
    assert ws.catalogue.items().empty


# -- songs of stems --------------------------------------------------------------------------------


def test_real_multitracks_become_songs_with_tracks(
    ws: Workspace, multitracks: Path, tmp_path: Path, take
) -> None:
    music = tmp_path / "multitracks"
    shutil.copytree(multitracks, music)
    first = take(music, processes=2)
    stems = [f for f in music.rglob("*.ogg") if f.stem != "mix"]
    assert counts(first) == (4, len(stems), 0, 0)
    items = ws.catalogue.items()
    songs = items[items["kind"] == "song"]
    assert sorted(songs["title"]) == ["caesium", "hydrogen", "lithium", "potassium"]
    for song, title in songs["title"].items():
        assert ws.catalogue.media_path(int(song)).name == "mix.ogg"
        parts = items[items["parent_id"] == song]
        names = {ws.catalogue.media_path(int(part)).name for part in parts.index}
        assert names == {f.name for f in stems if f.parent.name == title}
        assert set(parts["kind"]) <= {"track", "submix"}
    assert items.loc[items["kind"] == "submix", "title"].tolist() == ["master"]

    again = take(music, processes=2)
    assert counts(again) == (0, 0, 4 + len(stems), 0)
    assert ws.catalogue.items().equals(items)


def test_stems_without_a_mix_get_one_song(ws: Workspace, music: Path, take) -> None:
    for number, name in enumerate(["drums", "bass", "vocals"]):
        write(music / "Blue_Moon" / f"{name}.wav", tone(100 * (number + 1)))
    assert counts(take()) == (1, 3, 0, 0)
    write(music / "Blue_Moon" / "piano.wav", tone(700))
    assert counts(take()) == (0, 1, 3, 0)
    items = ws.catalogue.items()
    (song,) = items.index[items["kind"] == "song"]
    assert items.loc[song, "title"] == "Blue Moon"
    assert items["media_id"].isna().tolist() == (items.index == song).tolist()
    assert set(items["parent_id"].dropna()) == {song}
    assert len(items) == 5


def test_files_imported_one_by_one_become_parts_when_their_song_comes(
    ws: Workspace, music: Path, take
) -> None:
    files = [write(music / f"{n}.wav", tone(h)) for n, h in [("kick", 100), ("mix", 200)]]
    take(files[0])
    take()
    items = ws.catalogue.items()
    assert items["kind"].tolist() == ["track", "song"]
    assert items["parent_id"].tolist()[0] == items.index[1]


# -- what is known ---------------------------------------------------------------------------------


def test_moved_and_copied_files_are_known_by_their_content(
    ws: Workspace, music: Path, take
) -> None:
    write(music / "a.wav", tone())
    write(music / "b.aiff", tone(300))
    assert counts(take()) == (2, 0, 0, 0)
    music.rename(music.parent / "elsewhere")
    shutil.copytree(music.parent / "elsewhere", music.parent / "copy")
    assert counts(take(music.parent / "elsewhere", music.parent / "copy")) == (0, 0, 4, 0)
    for item in ws.catalogue.items().index:
        assert ws.catalogue.media_path(int(item)).parent == music.parent / "elsewhere"


def test_equal_files_of_one_import_are_one_item(ws: Workspace, music: Path, take) -> None:
    for number in range(6):
        write(music / f"{number}.aiff", tone())
    assert counts(take(processes=2)) == (1, 0, 5, 0)


def test_the_playable_copy_comes_back_when_the_cache_was_deleted(
    ws: Workspace, music: Path, take
) -> None:
    write(music / "a.wma", tone())
    take()
    shutil.rmtree(ws.cache_folder)
    assert counts(take()) == (0, 0, 1, 0)
    assert ws.catalogue.media_path(1, playable=True).is_file()


def test_our_own_copies_and_hidden_folders_are_no_music(ws: Workspace, take) -> None:
    write(ws.root / "music" / "a.wma", tone())
    write(ws.root / "music" / ".trash" / "b.wav", tone(300))
    for _ in range(2):
        take(ws.root)
    assert titles(ws) == ["a"]


# -- broken files ----------------------------------------------------------------------------------


def test_broken_files_are_reported_and_never_stop_the_import(
    ws: Workspace, music: Path, take
) -> None:
    for number in range(5):
        write(music / f"good {number}.wav", tone(100 * (number + 1), seconds=0.2))
    reasons = {
        "truncated.mp3": "breaks off",
        "text.mp3": "cannot be decoded",
        "empty.flac": "the file is empty",
        "zero.wav": "the file holds no sound",
        "nan.wav": "not numbers",
        "pipe.wav": "is no regular file",
        "loop.wav": "Too many levels of symbolic links",
        "nowhere.wav": "No such file",
    }
    data = write(music / "truncated.mp3", tone(seconds=3)).read_bytes()
    (music / "truncated.mp3").write_bytes(data[: len(data) // 3])
    (music / "text.mp3").write_text("la la la\n" * 100)
    (music / "empty.flac").touch()
    soundfile.write(music / "zero.wav", np.zeros((0, 2)), RATE)
    soundfile.write(music / "nan.wav", np.array([0, np.nan, 0]), RATE, subtype="FLOAT")
    os.mkfifo(music / "pipe.wav")
    (music / "loop.wav").symlink_to("loop.wav")
    (music / "nowhere.wav").symlink_to("missing.wav")
    write(music / "folder.wav" / "good inside.wav", tone(900, seconds=0.2))

    for expected in ((6, 0, 0, 8), (0, 0, 6, 8)):
        report = take(processes=2)
        assert counts(report) == expected
        found = {path.name: reason for path, reason in report.failures}
        assert found.keys() == reasons.keys()
        for name, reason in reasons.items():
            assert reason in found[name]
            assert name not in found[name]  # it is said beside the reason
        recorded = ws.catalogue.failures()
        assert sorted(recorded["path"]) == sorted(str(music / name) for name in reasons)
    assert all(title.startswith("good") for title in titles(ws))


def test_a_repaired_file_is_no_failure_any_more(ws: Workspace, music: Path, take) -> None:
    (music / "a.wav").write_text("no sound")
    assert counts(take()) == (0, 0, 0, 1)
    write(music / "a.wav", tone())
    assert counts(take()) == (1, 0, 0, 0)
    assert ws.catalogue.failures().empty


def test_odd_names_are_kept_or_named(ws: Workspace, music: Path, take) -> None:
    odd = ["naïve ♭ 音楽", "two\nlines", "\x1b[31mred", "q?x=1#y%20", "$one$ <b>", "'quoted\""]
    for number, name in enumerate(odd):
        write(music / "plain.wav", tone(100 * (number + 1), seconds=0.1)).rename(
            music / f"{name}.wav"
        )
    latin = music / os.fsdecode(b"latin \xe9.wav")
    write(music / "plain.wav", tone(900, seconds=0.1)).rename(latin)
    report = take(processes=2)
    assert counts(report) == (len(odd), 0, 0, 1)
    assert report.failures == [
        (latin, "the name of the file or of a folder is no UTF-8; rename it")
    ]
    assert ws.catalogue.failures()["path"].tolist() == [rf"{music}/latin \udce9.wav"]
    shown = {"two\nlines": r"two\nlines", "\x1b[31mred": r"\x1b[31mred"}
    assert titles(ws) == sorted(shown.get(name, name) for name in odd)
    paths = {ws.catalogue.media_path(int(i)).stem for i in ws.catalogue.items().index}
    assert paths == set(odd)


@pytest.fixture
def unprivileged() -> Iterator[Path]:
    """A folder, worked in by somebody whom permissions stop."""
    folder = Path(tempfile.mkdtemp())
    user = os.geteuid()
    try:
        if user == 0:
            os.chown(folder, 65534, 65534)
            os.seteuid(65534)
        yield folder
    finally:
        os.seteuid(user)
        shutil.rmtree(folder)


def test_what_may_not_be_read_is_reported(unprivileged: Path) -> None:
    music = unprivileged / "music"
    write(music / "good.wav", tone())
    write(music / "secret.wav", tone(300)).chmod(0)
    write(music / "locked" / "a.wav", tone(400))
    write(music / "listed" / "b.wav", tone(500))
    (music / "locked").chmod(0)
    (music / "listed").chmod(0o400)
    ws = Workspace.create(unprivileged / "workspace")
    report = import_music(ws, [music], processes=1)
    (music / "locked").chmod(0o700)
    (music / "listed").chmod(0o700)
    assert counts(report) == (1, 0, 0, 3)
    assert dict(report.failures) == {
        music / "secret.wav": "cannot be read: Permission denied",
        music / "locked": "the folder cannot be read: Permission denied",
        music / "listed" / "b.wav": "cannot be read: Permission denied",
    }
    ws.database.close()


@pytest.mark.parametrize("name", ["empty", "missing", "notes.txt", "loop"])
def test_nothing_to_import_is_one_sentence(ws: Workspace, music: Path, take, name: str) -> None:
    (music / "empty").mkdir()
    (music / "notes.txt").touch()
    (music / "loop").symlink_to("loop")
    with pytest.raises(
        WorkbenchError, match=r"There (are no sound files or scores in|is no file or)"
    ):
        take(music / name)


# -- progress --------------------------------------------------------------------------------------


class Watcher(Progress):
    def __init__(self, cancel_after: int = 99) -> None:
        self.told: list[object] = []
        self.cancel_after = cancel_after

    def stage(self, name: str, total: int | None = None) -> None:
        self.told.append((name, total))

    def advance(self, count: int = 1, label: str = "") -> None:
        self.told.append(label)

    def cancelled(self) -> bool:
        return len(self.told) > self.cancel_after

    def close(self) -> None:
        self.told.append("closed")


def test_every_file_is_told(music: Path, take) -> None:
    write(music / "a.wav", tone())
    (music / "b.wav").touch()
    watcher = Watcher()
    take(progress=watcher)
    assert watcher.told == [("Importing", 2), "a.wav", "b.wav", "closed"]


def test_a_cancelled_import_keeps_what_is_finished(ws: Workspace, music: Path, take) -> None:
    for number in range(3):
        write(music / f"{number}.wav", tone(100 * (number + 1)))
    with pytest.raises(CancelledError, match="what was finished is kept"):
        take(progress=Watcher(cancel_after=2))
    assert titles(ws) == ["0", "1"]
    assert counts(take()) == (1, 0, 2, 0)


# -- interrupted, and side by side -----------------------------------------------------------------


@pytest.fixture
def songs(music: Path) -> Path:
    """Six songs of a mix and four stems, a few seconds of noise each."""
    rng = np.random.default_rng(0)
    for song in range(6):
        for name in ("mix", "drums", "bass", "vocals", "keys"):
            noise = rng.normal(scale=0.1, size=(2, 5 * RATE)).astype(np.float32)
            write(music / f"song {song}" / f"{name}.flac", noise)
        (music / f"song {song + 6}").mkdir()  # and six without a mix
        for name in ("drums", "bass", "vocals"):
            noise = rng.normal(scale=0.1, size=(2, RATE)).astype(np.float32)
            write(music / f"song {song + 6}" / f"{name}.flac", noise)
    return music


def whole(ws: Workspace) -> None:
    """Assert that nothing of `songs` is lost or doubled."""
    items = ws.catalogue.items()
    assert items["kind"].value_counts().to_dict() == {"track": 42, "song": 12}
    assert sorted(items.loc[items["kind"] == "song", "title"]) == sorted(
        f"song {n}" for n in range(12)
    )
    parts = items[items["kind"] == "track"].groupby("parent_id").size()
    assert sorted(parts) == [3] * 6 + [4] * 6
    assert items["media_id"].dropna().is_unique
    assert ws.catalogue.failures().empty


def start(ws: Workspace, music: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "workbench", "import", str(ws.root), str(music)]
    return subprocess.Popen([*command, "--processes", "2"], stderr=subprocess.PIPE)


def wait_for(condition: Callable[[], bool], *, what: str, timeout_s: float = 60) -> None:
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, f"waited in vain until {what}"
        time.sleep(0.005)


def test_a_killed_import_goes_on_and_leaves_no_process(ws: Workspace, songs: Path) -> None:
    import psutil

    for stored in (1, 20):
        program = start(ws, songs)
        wait_for(lambda n=stored: len(ws.catalogue.known_media()) >= n, what="files are stored")
        children = psutil.Process(program.pid).children(recursive=True)
        program.send_signal(signal.SIGKILL)
        program.communicate()
        assert len(children) >= 2
        assert psutil.wait_procs(children, timeout=30)[1] == []
        assert len(ws.catalogue.items()) < 54
    finished = start(ws, songs)
    finished.communicate()
    assert finished.returncode == 0
    whole(ws)


def test_an_import_stopped_by_ctrl_c_says_so_and_goes_on(ws: Workspace, songs: Path) -> None:
    program = start(ws, songs)
    wait_for(lambda: len(ws.catalogue.known_media()) >= 1, what="a file is stored")
    program.send_signal(signal.SIGINT)
    said = program.communicate()[1].decode()
    assert program.returncode == 130, said
    assert "Stopped. What was finished is kept; run the command again to go on." in said
    assert "Traceback" not in said
    finished = start(ws, songs)
    finished.communicate()
    whole(ws)


def test_imports_side_by_side_do_not_double_anything(ws: Workspace, songs: Path) -> None:
    programs = [start(ws, songs) for _ in range(2)]
    said = [program.communicate()[1].decode() for program in programs]
    assert [program.returncode for program in programs] == [0, 0], said
    whole(ws)
