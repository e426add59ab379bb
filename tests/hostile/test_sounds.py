"""Whatever a folder of music holds, an import ends, names what is wrong, and takes the rest."""

from __future__ import annotations

import os
import random
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from damage import TOKENS
from sound_files import SUFFIXES, lying_flac, playlist, valid, wav, with_big_tags
from sounds import tone, write
from tries import one_sentence

from workbench import Workspace
from workbench.audio.decode import decode
from workbench.catalogue import describe
from workbench.catalogue.importer import import_music
from workbench.errors import MediaError, WorkbenchError
from workbench.limits import BUSY_S, LONGEST_S, MOST_MB, file_limit

_FILES = [pytest.param(48, id="few"), pytest.param(6000, marks=pytest.mark.nightly, id="many")]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A short tone in every format."""
    return valid(tmp_path_factory.mktemp("good"))


def damaged(data: bytes, rng: random.Random) -> bytes:
    """Return a file after a few changes, most of them where headers are."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 5)):
        at = rng.randrange(len(out) if rng.random() < 0.3 else min(len(out), 200)) if out else 0
        match rng.randrange(5):
            case 0:
                out[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                token = rng.choice(TOKENS)[:64]
                out[at : at + len(token)] = token
            case 2:
                value = rng.choice((0, 1, 2**31 - 1, 2**32 - 1, rng.randrange(2**32)))
                out[at : at + 4] = value.to_bytes(4, rng.choice(("little", "big")))
            case 3:
                del out[rng.randrange(1, len(out) + 1) if out else 0 :]
            case _:
                out += data
    return bytes(out)


@pytest.mark.parametrize("count", _FILES)
def test_every_damaged_sound_is_imported_or_named(
    tmp_path: Path, good: dict[str, bytes], count: int
) -> None:
    rng = random.Random(7 if count < 100 else time.time_ns())
    music = tmp_path / "music"
    music.mkdir()
    for number in range(count):
        suffix = SUFFIXES[number % len(SUFFIXES)]
        (music / f"{number}.{suffix}").write_bytes(damaged(good[suffix], rng))
    write(music / "good.wav", tone(seconds=0.2, rate=8000), rate=8000)
    ws = Workspace.create(tmp_path / "workspace")
    report = import_music(ws, [music], processes=2)
    told = {path.name for path, _ in report.failures}
    paths = {Path(name).name for name in ws.catalogue.media_names().values()}
    assert "good.wav" in paths
    assert len(told) + report.songs + report.known == count + 1
    for path, reason in report.failures:
        assert reason.isprintable(), reason
        assert len(reason) < 500, path
    assert sorted(p.name for p in tmp_path.iterdir()) == ["music", "workspace"]


LIES = {
    "10 GB in a kilobyte": (wav(claimed=2**32 - 2), None),
    "one sample a second": (wav(rate=1), "no recording's rate"),
    "ten million samples a second": (wav(rate=10_000_000), "no recording's rate"),
    "no rate": (wav(rate=0), ""),
    "sixty thousand channels": (wav(channels=60_000), ""),
    "no channels": (wav(channels=0), ""),
}


@pytest.mark.parametrize("name", LIES)
def test_a_header_that_lies_is_refused_or_passed_over(tmp_path: Path, name: str) -> None:
    data, sentence = LIES[name]
    file = tmp_path / "lie.wav"
    file.write_bytes(data)
    read = one_sentence(lambda: decode(file))
    assert read == (sentence is None)
    if sentence:
        with pytest.raises(MediaError, match=sentence):
            decode(file)


@pytest.mark.parametrize(
    ("samples", "rate", "sentence"),
    [
        (22050 * 3600 * 5, 22050, f"longer than 14,400 s; cut it, or set {LONGEST_S}"),
        (655350 * 3600 * 3, 655350, f"more than 4,096 MB when it is decoded; .* set {MOST_MB}"),
    ],
)
def test_a_small_file_that_claims_hours_is_refused_before_it_takes_memory(
    tmp_path: Path, good: dict[str, bytes], samples: int, rate: int, sentence: str
) -> None:
    file = tmp_path / "hours.flac"
    file.write_bytes(lying_flac(good["flac"], samples=samples, rate=rate))
    one_sentence(lambda: decode(file))
    with pytest.raises(MediaError, match=sentence):
        decode(file)


def test_a_limit_can_be_raised_and_a_wrong_one_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path / "tone.wav", tone(seconds=3))
    monkeypatch.setenv(MOST_MB, "1")
    with pytest.raises(MediaError, match="more than 1 MB"):
        decode(file)
    monkeypatch.setenv(MOST_MB, "8")
    assert decode(file).duration_s == 3
    for wrong in ("-1", "0", "many", "1e9", "9" * 30):
        monkeypatch.setenv(MOST_MB, wrong)
        with pytest.raises(WorkbenchError, match="set it to a whole number"):
            file_limit(MOST_MB)


@pytest.mark.parametrize("kind", ["ffconcat", "hls", "address", "sdp"])
@pytest.mark.parametrize("suffix", ["m4a", "wma", "mp3", "wav"])
def test_a_playlist_in_a_sounds_clothes_opens_nothing_else(
    tmp_path: Path, kind: str, suffix: str
) -> None:
    private = write(tmp_path / "private.mp3", tone())
    file = tmp_path / f"song.{suffix}"
    file.write_bytes(playlist(kind, private))
    with pytest.raises(MediaError):
        decode(file)


def test_large_tags_cost_no_memory_and_are_cut(ws: Workspace, tmp_path: Path, good) -> None:
    file = tmp_path / "tags.mp3"
    file.write_bytes(with_big_tags(good["mp3"]))
    one_sentence(lambda: import_music(ws, [file], processes=1))
    assert all(len(title) <= 300 for title in ws.catalogue.items()["title"])


def test_a_sound_whose_channels_change_on_the_way_keeps_its_first(tmp_path: Path) -> None:
    joined = tmp_path / "joined.mp3"
    files = [write(tmp_path / f"{n}.mp3", tone(seconds=0.5)[:n]) for n in (2, 1)]
    joined.write_bytes(b"".join(file.read_bytes() for file in files))
    one_sentence(lambda: decode(joined))


# -- limits of an import -----------------------------------------------------------------------


@pytest.mark.nightly
def test_a_file_that_keeps_its_reader_busy_is_named_and_the_others_go_on(
    ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A decoder that is led in circles: here the process sleeps when it opens a certain file."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(
        "import sys, time\n"
        "def waits(event, arguments):\n"
        "    if event == 'open' and str(arguments[0]).endswith('b.wav'):\n"
        "        time.sleep(600 * ('workbench.cluster.child' in ' '.join(sys.orig_argv)))\n"
        "sys.addaudithook(waits)\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{site}:{Path(describe.__file__).parents[2]}")
    monkeypatch.setenv(BUSY_S, "30")
    music = tmp_path / "music"
    for number, name in enumerate("abc"):
        write(music / f"{name}.wav", tone(seconds=0.2 + 0.1 * number))
    report = import_music(ws, [music], processes=2)
    assert report.songs == 2
    [(path, reason)] = report.failures
    assert path.name == "b.wav"
    assert reason == f"reading it takes longer than 30 s; convert it, or set {BUSY_S}"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux counts such memory")
def test_a_reader_has_a_limit_of_memory() -> None:
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        from workbench.limits import limit_memory

        limit_memory(200)
        try:
            np.ones(10 * 2**20)
            np.ones(40 * 2**20)
            told = b"all"
        except MemoryError:
            told = b"refused"
        os.write(writing, told)
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 20) == b"refused"


# -- links -------------------------------------------------------------------------------------


def test_links_are_followed_within_the_folders_and_not_out_of_them(
    ws: Workspace, tmp_path: Path
) -> None:
    private = write(tmp_path / "private" / "secret.wav", tone(seconds=0.3))
    music = tmp_path / "music"
    song = write(music / "song.wav", tone(seconds=0.2))
    (music / "again.wav").symlink_to(song)
    (music / "out.wav").symlink_to(private)
    (music / "odd.wav").symlink_to(tmp_path / "private" / ".." / "private" / "secret.wav")
    (music / "zero.wav").symlink_to("/dev/zero")
    (music / "circle.wav").symlink_to(music / "circle.wav")
    os.mkfifo(music / "pipe.wav")
    report = import_music(ws, [music], processes=1)
    assert report.songs == 1
    reasons = {path.name: reason for path, reason in report.failures}
    assert reasons.keys() == {"out.wav", "odd.wav", "zero.wav", "circle.wav", "pipe.wav"}
    for name in ("out.wav", "odd.wav", "zero.wav"):
        assert reasons[name] == "a link that leads out of the folder; import the file it leads to"
    assert import_music(ws, [music / "out.wav"], processes=1).songs == 1  # named, so meant


def test_a_file_that_became_a_link_is_not_served(ws: Workspace, tmp_path: Path) -> None:
    private = write(tmp_path / "private" / "secret.wav", tone(seconds=0.3))
    song = write(tmp_path / "music" / "song.wav", tone(seconds=0.2))
    import_music(ws, [song], processes=1)
    [item] = ws.catalogue.items().index
    assert ws.catalogue.media_path(item) == song
    song.unlink()
    song.symlink_to(private)
    with pytest.raises(MediaError, match="is a link now"):
        ws.catalogue.media_path(item)
    song.unlink()
    song.parent.rename(tmp_path / "elsewhere")
    (tmp_path / "music").symlink_to(tmp_path / "private")
    (tmp_path / "private" / "song.wav").write_bytes(private.read_bytes())
    with pytest.raises(MediaError, match="is a link now"):
        ws.catalogue.media_path(item)
