"""Files made to harm, or damaged, are refused in one sentence and with bounded memory."""

from __future__ import annotations

import io
import json
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from workbench.errors import MediaError
from workbench.symbolic.assemble import MOST_NOTES
from workbench.symbolic.reading import read_score

END = b"\x00\xff\x2f\x00"
NOTE = b"\x00\x90\x3c\x40\x60\x80\x3c\x00"
HEAD = '<score-partwise><part-list><score-part id="P1"><part-name/></score-part></part-list>'
SCORE = (
    HEAD + '<part id="P1"><measure number="1"><attributes><divisions>1</divisions></attributes>'
    "<note><pitch><step>C</step><octave>4</octave></pitch><duration>4</duration></note>"
    "</measure></part></score-partwise>"
)
LAUGHS = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 10))


def midi(body: bytes, division: int = 480) -> bytes:
    head = struct.pack(">4sIHHH", b"MThd", 6, 0, 1, division)
    return head + struct.pack(">4sI", b"MTrk", len(body)) + body


def zipped(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("_", "."), data)
    return stream.getvalue()


def npz(**arrays: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]
    return stream.getvalue()


def header(shape: tuple[int, ...]) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        stream, {"shape": shape, "fortran_order": False, "descr": "|u1"}
    )
    return stream.getvalue()


def lying_zip() -> bytes:
    """An archive whose directory says that its bomb holds ten bytes."""
    data = zipped(a_xml=b"<" + b" " * 30_000_000)
    size = struct.pack("<I", 30_000_001)
    assert data.count(size) == 2
    return data.replace(size, struct.pack("<I", 10))


def row(**cells: object) -> bytes:
    return json.dumps([{"onset": 0, "duration": 1, "pitch": 60, **cells}]).encode()


MANY_HITS = midi(b"\x00\x90\x3c\x40" + (b"\x00\x3c\x00\x00\x3c\x40" * (MOST_NOTES + 5)) + END)
LONG = b"\xff\xff\xff\x7f"

BAD: dict[str, tuple[str, bytes | Callable[[], bytes], str]] = {
    "laughs": (
        "a.xml",
        f'<!DOCTYPE s [<!ENTITY a0 "ha">{LAUGHS}]><score-partwise>&a9;</score-partwise>'.encode(),
        "defines XML entities",
    ),
    "outside entity": (
        "a.xml",
        b'<!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]><score-partwise>&x;'
        b"</score-partwise>",
        "defines XML entities",
    ),
    "entity in utf-16": (
        "a.musicxml",
        f'<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE s [{LAUGHS}]><s/>'.encode("utf-16"),
        "defines XML entities|not a score|damaged",
    ),
    "deep xml": ("a.xml", b"<a>" * 5000, "nested more than"),
    "no music xml": ("a.xml", b"<html><body/></html>", "no MusicXML score"),
    "timewise": ("a.xml", b"<score-timewise/>", "by measures"),
    "cut xml": ("a.xml", SCORE[:-40].encode(), "damaged XML"),
    "many xml notes": (
        "a.xml",
        (HEAD + "<note/>" * (MOST_NOTES + 1)).encode(),
        "more than 200,000 note",
    ),
    "silent xml": ("a.xml", (HEAD + "</score-partwise>").encode(), "no notes"),
    "zip bomb": ("a.mxl", zipped(a_xml=b" " * 200_000_000), "too much for a score"),
    "ratio bomb": ("a.mxl", zipped(a_xml=b" " * 15_000_000), "too much for a score"),
    "lying zip": ("a.mxl", lying_zip, "damaged|unpacks|XML"),
    "nested zip": ("a.mxl", zipped(a_mxl=zipped(a_xml=SCORE.encode())), "no MusicXML file"),
    "no zip": ("a.mxl", b"PK\x03\x04 nothing", "damaged archive"),
    "members": ("a.mxl", zipped(**{f"f{i}": b"" for i in range(1001)}), "more than 1,000 files"),
    "a million notes": ("a.mid", lambda: MANY_HITS, "more than 200,000 notes"),
    "negative ticks": (
        "a.mid",
        midi((LONG + b"\x90\x3c\x40" + LONG + b"\x80\x3c\x00") * 12 + END),
        "negative onset",
    ),
    "hours": ("a.mid", midi((LONG + b"\x90\x3c\x40\x60\x80\x3c\x00") + END), "hours"),
    "no division": ("a.mid", midi(NOTE + END, 0), "not counted in ticks"),
    "zero length": ("a.mid", midi(b"\x00\x90\x3c\x40\x00\x80\x3c\x00" + END), "no notes"),
    "silent midi": ("a.mid", midi(END), "no notes"),
    "many bars": (
        "a.json",
        b'{"notes": [{"onset": 20000, "duration": 1, "pitch": 60}], "tempi": [[0, 300]],'
        b'"metres": [[0, 1, 64]]}',
        "more than 100,000 bars",
    ),
    "nan": ("a.json", row(onset=float("nan")), "onset is no number"),
    "infinite": ("a.json", row(duration=float("inf")), "duration is no number"),
    "negative": ("a.json", row(onset=-1), "negative onset"),
    "huge number": ("a.json", row(onset=10**400), "onset is no number"),
    "list for a pitch": ("a.json", row(pitch=[60]), "pitch is no number"),
    "truth for a pitch": ("a.json", row(pitch=True), "pitch is no number"),
    "high pitch": ("a.json", row(pitch=70_000), "no notes that can be played"),
    "high program": ("a.json", row(program=128), "program"),
    "wrong map": ("a.json", b'{"notes": [{"pitch": 1}], "tempi": 7}', "no number|tempi"),
    "deep json": ("a.json", b"[" * 100_000, "cannot be read as JSON"),
    "wide json": ("a.json", b"[" + b"[]," * 500_000 + b"[]]", "more than 200,000 notes"),
    "no list": ("a.json", b'"notes"', "no list of notes"),
    "bytes as json": ("a.json", b"\xff\xfe\x00\x01", "cannot be read as JSON"),
    "csv nan": ("a.csv", b"onset,duration,pitch\nnan,1,60\n", "onset is no number"),
    "csv words": ("a.csv", b"onset,duration,pitch\nsoon,1,60\n", "onset is no number"),
    "csv lacks": ("a.csv", b"onset,duration\n1,1\n", "pitch is no number"),
    "csv header only": ("a.csv", b"onset,duration,pitch\n", "no notes"),
    "csv wide": ("a.csv", b"," * 1_000_000 + b"\n1\n" * 1000, "more than 64 columns"),
    "csv long": ("a.csv", b"onset\n" + b"1\n" * (MOST_NOTES + 5), "more than 200,000 notes"),
    "csv binary": ("a.csv", b"\xff\xfe\x00\x01\n\x00", "no notes|cannot be read"),
    "objects": ("a.npz", npz(roll=np.array([{}], dtype=object)), "other than numbers"),
    "huge shape": ("a.npz", zipped(roll_npy=header((10**6, 10**6, 128))), "as large as it says"),
    "negative shape": ("a.npz", zipped(roll_npy=header((-1, 128))), "as large as it says"),
    "roll bomb": ("a.npz", zipped(roll_npy=header((2**21, 128)) + bytes(2**28)), "too much"),
    "no array": ("a.npz", zipped(roll_npy=b"nothing"), "no NumPy array"),
    "no roll": ("a.npz", npz(other=np.zeros(3)), "no array named roll"),
    "nan roll": ("a.npz", npz(roll=np.full((4, 128), np.nan)), "not 0 to 127"),
    "loud roll": ("a.npz", npz(roll=np.full((4, 128), 200)), "not 0 to 127"),
    "flat roll": ("a.npz", npz(roll=np.ones(128)), "not shaped"),
    "empty roll": ("a.npz", npz(roll=np.zeros((0, 128))), "no notes"),
    "silent roll": ("a.npz", npz(roll=np.zeros((9, 128))), "no notes"),
    "timeless roll": ("a.npz", npz(roll=np.ones((4, 128)), fs=np.array(0)), "no unit"),
    "noise roll": (
        "a.npz",
        npz(roll=np.arange(2**20).reshape(-1, 128) // 128 % 2 * np.ones(128, int)),
        "more than 200,000|hours",
    ),
    "abc words": ("a.abc", b"Dear all, no tune.", "no ABC tune"),
    "abc include": ("a.abc", b"X:1\n%%abc-include /etc/passwd\nK:C\nC|", "another file"),
    "abc silent": ("a.abc", b"X:1\nT:none\nK:C\n", "no notes|cannot be converted"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_refused_in_one_sentence(tmp_path: Path, case: str) -> None:
    name, data, reason = BAD[case]
    file = tmp_path / name
    file.write_bytes(data if isinstance(data, bytes) else data())
    with pytest.raises(MediaError, match=reason) as caught:
        read_score(file)
    sentence = str(caught.value)
    assert name in sentence
    assert "\n" not in sentence
    assert len(sentence) < 400


@pytest.mark.parametrize(
    "case", ["laughs", "zip bomb", "lying zip", "wide json", "csv wide", "huge shape"]
)
def test_a_bomb_takes_little_memory(tmp_path: Path, case: str) -> None:
    name, data, _ = BAD[case]
    file = tmp_path / name
    file.write_bytes(data if isinstance(data, bytes) else data())
    tracemalloc.start()
    try:
        with pytest.raises(MediaError):
            read_score(file)
        assert tracemalloc.get_traced_memory()[1] < 40 * 2**20
    finally:
        tracemalloc.stop()


def test_parts_that_multiply_in_abc_are_stopped(tmp_path: Path) -> None:
    file = tmp_path / "a.abc"
    parts = "A"
    for _ in range(9):
        parts = f"({parts})9"
    file.write_text(f"X:1\nP:{parts}\nM:4/4\nL:1/8\nK:C\nP:A\nCDEFGABc|\n")
    with pytest.raises(MediaError):
        read_score(file)


def test_a_path_in_an_archive_that_leads_out_is_only_a_name(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    with zipfile.ZipFile(inner / "a.mxl", "w") as archive:
        archive.writestr("../../escaped.xml", SCORE)
    assert len(read_score(inner / "a.mxl")) == 1
    assert [p.name for p in tmp_path.rglob("*.xml")] == []


def test_velocities_above_127_are_mended_and_told(tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(midi(NOTE.replace(b"\x3c\x40", b"\x3c\xff") + END))
    score = read_score(tmp_path / "a.mid")
    assert score.notes["velocity"].tolist() == [127]
    assert score.doubts == ("values above 127 read as 127: 1",)


def test_damage_that_ends_symusic_is_found_before_it(tmp_path: Path) -> None:
    """Each of these files names a length that leads out of it."""
    for body in (
        NOTE + b"\x00\xff\x03\xff\xff\xff\x7fx",
        NOTE + b"\x00\xff\x51\x01",
        NOTE,
        b"\x00",
    ):
        (tmp_path / "a.mid").write_bytes(midi(body))
        with pytest.raises(MediaError, match="cannot be read as MIDI"):
            read_score(tmp_path / "a.mid")


def test_marks_that_make_no_sense_are_left_out_and_told(tmp_path: Path) -> None:
    tempo, metre = b"\x00\xff\x51\x03\x00\x00\x00", b"\x00\xff\x58\x04\x00\xff\x18\x08"
    (tmp_path / "a.mid").write_bytes(midi(tempo + metre + NOTE + END))
    score = read_score(tmp_path / "a.mid")
    assert score.tempi.tolist() == [[0, 120]]
    assert score.metres.tolist() == [[0, 4, 4]]
    assert len(score.doubts) == 2


def test_half_a_file_never_ends_in_anything_but_a_sentence(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    whole = {
        "a.mid": midi(NOTE * 20 + END),
        "a.xml": SCORE.encode(),
        "a.mxl": zipped(a_xml=SCORE.encode()),
        "a.json": row(track="x", drums=True),
        "a.csv": b"onset,duration,pitch\n0,1,60\n1,1,64\n",
        "a.npz": npz(roll=np.eye(128, dtype=np.uint8)),
    }
    for name, data in whole.items():
        for _ in range(25):
            damaged = bytearray(data[: rng.integers(1, len(data) + 1)])
            for place in rng.integers(0, len(damaged), rng.integers(0, 6)):
                damaged[place] = rng.integers(0, 256)
            (tmp_path / name).write_bytes(damaged)
            try:
                assert len(read_score(tmp_path / name)) > 0
            except MediaError as error:
                sentence = str(error)
                assert name in sentence
