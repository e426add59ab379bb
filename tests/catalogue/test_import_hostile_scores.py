"""Scores made to harm, or damaged, cost an import one sentence each and little memory."""

from __future__ import annotations

import io
import resource
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from sounds import tone, write
from tiny_scores import Voice, tune, write_midi

from workbench import Workspace
from workbench.catalogue import describe
from workbench.catalogue.importer import import_music

NOTE = b"\x00\x90\x3c\x40\x60\x80\x3c\x00"
END = b"\x00\xff\x2f\x00"
LONG = b"\xff\xff\xff\x7f"
LAUGHS = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 10))


def midi(body: bytes, division: int = 480) -> bytes:
    head = struct.pack(">4sIHHH", b"MThd", 6, 0, 1, division)
    return head + struct.pack(">4sI", b"MTrk", len(body)) + body


def bomb() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.xml", b" " * 200_000_000)
    return stream.getvalue()


HOSTILE = {
    "empty.mid": (b"", "an empty file"),
    "words.mid": (b"la la la", "it has no header"),
    "cut.mid": (midi(NOTE + END)[:-6], "it is cut off"),
    "silent.mid": (midi(END), "holds no notes"),
    "instant.mid": (midi(b"\x00\x90\x3c\x40\x00\x80\x3c\x00" + END), "holds no notes"),
    "negative.mid": (
        midi((LONG + b"\x90\x3c\x40" + LONG + b"\x80\x3c\x00") * 12 + END),
        "negative onset",
    ),
    "million.mid": (
        midi(b"\x00\x90\x3c\x40" + b"\x01\x3c\x00\x00\x3c\x40" * 1_000_000 + END),
        "more than 800,000 events",
    ),
    "laughs.musicxml": (
        f'<!DOCTYPE s [<!ENTITY a0 "ha">{LAUGHS}]><s>&a9;</s>'.encode(),
        "defines XML entities",
    ),
    "bomb.mxl": (bomb(), "too much for a score"),
    "no.mxl": (b"PK\x03\x04 nothing", "damaged archive"),
    "words.abc": (b"la la la", "holds no ABC tune"),
    "huge.mid": (b"MThd" + bytes(21 * 2**20), "larger than 20 MB"),
}


@pytest.fixture
def music(tmp_path: Path) -> Path:
    folder = tmp_path / "music"
    for number in range(3):
        write_midi(folder / f"good {number}.mid", [Voice(0, tune(60 + number))])
    write(folder / "good.wav", tone())
    for name, (data, _) in HOSTILE.items():
        (folder / name).write_bytes(data)
    return folder


def test_hostile_scores_are_named_and_the_others_go_on(ws: Workspace, music: Path) -> None:
    report = import_music(ws, [music], processes=2)
    assert (report.songs, report.scores) == (1, 3)
    found = {path.name: reason for path, reason in report.failures}
    assert found.keys() == HOSTILE.keys()
    for name, (_, reason) in HOSTILE.items():
        assert reason in found[name]
        assert "\n" not in found[name]
        assert len(found[name]) < 300
    assert len(ws.catalogue.failures()) == len(HOSTILE)
    again = import_music(ws, [music], processes=1)
    assert (again.known, len(again.failures)) == (4, len(HOSTILE))


def test_the_memory_that_an_import_takes_is_bounded(ws: Workspace, music: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\nfrom workbench import Workspace\n"
        "from workbench.catalogue.importer import import_music\n"
        "if __name__ == '__main__':\n"
        "    report = import_music(Workspace(sys.argv[1]), [Path(sys.argv[2])], processes=1)\n"
        "    print(report.scores, len(report.failures))\n"
    )

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_DATA, (2**30, 2**30))

    done = subprocess.run(
        [sys.executable, "-c", program, str(ws.root), str(music)],
        capture_output=True, text=True, preexec_fn=limit, check=False,
    )  # fmt: skip
    assert done.stdout.split() == ["3", str(len(HOSTILE))], done.stderr[-500:]


def test_a_score_that_ends_the_process_is_named(
    tmp_path: Path, ws: Workspace, music: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Something a reader does not catch: here the process is told to end by a file's name."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(
        "import os, sys\n"
        "def ends(event, arguments):\n"
        "    if event == 'open' and str(arguments[0]).endswith('good 1.mid'):\n"
        "        os._exit(1) if 'cluster.child' in ' '.join(sys.orig_argv) else None\n"
        "sys.addaudithook(ends)\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{site}:{Path(describe.__file__).parents[2]}")
    report = import_music(ws, sorted(music.glob("good*.mid")), processes=2)
    assert report.scores == 2
    assert report.failures == [
        (music / "good 1.mid", "the program that reads it crashed on this file")
    ]
