"""Score files of every family are read as other programs read them."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from tiny_scores import QUARTER, Voice, tune, write_midi, write_musicxml

from workbench.errors import MediaError
from workbench.symbolic.reading import read_score

PICKUP = (
    '<?xml version="1.0"?><score-partwise version="3.1"><part-list>'
    '<score-part id="P1"><part-name>Piano</part-name></score-part></part-list><part id="P1">'
    '<measure number="0" implicit="yes"><attributes><divisions>2</divisions><time><beats>3</beats>'
    "<beat-type>4</beat-type></time></attributes><sound tempo='90'/>"
    "<note><pitch><step>G</step><octave>4</octave></pitch><duration>2</duration></note></measure>"
    '<measure number="1"><note><pitch><step>C</step><octave>5</octave></pitch>'
    "<duration>6</duration><tie type='start'/></note></measure>"
    '<measure number="2"><note><pitch><step>C</step><octave>5</octave></pitch>'
    "<duration>2</duration><tie type='stop'/></note><note><pitch><step>E</step><octave>5</octave>"
    "</pitch><duration>4</duration></note></measure></part></score-partwise>"
)
NOTES = [
    {"onset": 0, "duration": 1, "pitch": 60, "track": "Lead", "program": 80},
    {"onset": 1.5, "duration": 0.5, "pitch": 67, "velocity": 90, "track": "Lead", "program": 80},
    {"onset": 1, "duration": 0, "pitch": 36, "track": "Kit", "drums": True},
]


def pack(file: Path, members: dict[str, str]) -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return file


def container(name: str) -> str:
    return f'<container><rootfiles><rootfile full-path="{name}"/></rootfiles></container>'


def test_midi_agrees_with_pretty_midi(tmp_path: Path) -> None:
    pretty_midi = pytest.importorskip("pretty_midi", reason="the demo extra is not installed")
    import symusic

    voices = [Voice(24, tune(60, step=0.5)), Voice(0, tune(36), drums=True), Voice(33, tune(40))]
    file = write_midi(tmp_path / "score.mid", voices, qpm=90)
    score = symusic.Score(str(file))
    score.tempos.append(symusic.Tempo(7 * QUARTER, qpm=151.3))  # the tempo changes on the way
    score.dump_midi(str(file))
    read = read_score(file)
    other = pretty_midi.PrettyMIDI(str(file))
    expected = sorted(
        (note.start, note.pitch, note.end - note.start, note.velocity, instrument.program)
        for instrument in other.instruments
        for note in instrument.notes
    )
    programs = np.array([track.program for track in read.tracks])[read.notes["track"]]
    names = ("onset_s", "pitch", "duration_s", "velocity")
    columns = np.column_stack([*(read.notes[name] for name in names), programs])
    assert np.allclose(sorted(map(tuple, columns)), expected, atol=1e-4)
    assert [t.is_drum for t in read.tracks] == [i.is_drum for i in other.instruments]
    assert read.end_s == pytest.approx(other.get_end_time(), abs=1e-4)
    starts = other.get_downbeats()
    assert np.allclose(read.bars[: len(starts), 1], starts, atol=1e-4)


def test_musicxml_agrees_with_the_note_array_of_partitura(tmp_path: Path) -> None:
    import partitura

    file = tmp_path / "score.musicxml"
    for write in (lambda: write_musicxml(file), lambda: file.write_text(PICKUP)):
        write()
        score = read_score(file)
        table = partitura.load_musicxml(str(file))[0].note_array()
        shift = min(table["onset_quarter"].min(), 0)
        assert np.allclose(score.notes["onset"], table["onset_quarter"] - shift)
        assert np.allclose(score.notes["duration"], table["duration_quarter"])
        assert score.notes["pitch"].tolist() == table["pitch"].tolist()


def test_a_pickup_in_musicxml_is_a_bar_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "pickup.xml"
    file.write_text(PICKUP)
    score = read_score(file)
    assert score.has_pickup
    assert score.bars[:, 0].tolist() == [0, 1, 4, 7]
    assert score.bars[1, 1] == pytest.approx(60 / 90)
    assert score.notes["duration"].tolist() == [1, 4, 2]  # the tied notes are one


def test_abc_is_read_with_its_pickup_and_changes_of_metre(tmp_path: Path) -> None:
    file = tmp_path / "tune.abc"
    tunes = "X:1\nT:One\nM:3/4\nL:1/4\nQ:1/4=90\nK:G\nD|GAB|c2d|[M:2/4]ef|\n\nX:2\nK:C\nC|\n"
    file.write_text(tunes)
    score = read_score(file)
    assert score.notes["pitch"].tolist() == [62, 67, 69, 71, 72, 74, 76, 78]  # F sharp in G
    assert np.allclose(score.bars[:, 0], [0, 1, 4, 7, 9])
    assert score.bar_numbers().tolist() == [0, 1, 1, 1, 2, 2, 3, 3]
    assert score.tempi[0, 1] == pytest.approx(90, abs=0.01)
    assert "first of 2 tunes" in score.doubts[0]


def test_event_lists_say_the_same_as_csv_and_as_json(tmp_path: Path) -> None:
    maps = {"tempi": [[0, 60], [1, 120]], "metres": [[0, 3, 4]], "pickup": 1}
    (tmp_path / "a.json").write_text(json.dumps({"notes": NOTES, **maps}))
    (tmp_path / "b.csv").write_text(
        "onset,duration,pitch,velocity,track,program,drums\n"
        "0,1,60,,Lead,80,\n1.5,0.5,67,90,Lead,80,no\n1,0,36,,Kit,,yes\n"
    )
    first, second = read_score(tmp_path / "a.json"), read_score(tmp_path / "b.csv")
    for name in ("onset", "duration", "pitch", "velocity", "track"):
        assert first.notes[name].tolist() == second.notes[name].tolist()
    assert first.tracks == second.tracks
    assert [(t.name, t.program, t.is_drum) for t in first.tracks] == [
        ("Lead", 80, False),
        ("Kit", 0, True),
    ]
    assert first.notes["onset_s"].tolist() == [0, 1, 1.25]
    assert first.bars[:, 0].tolist() == [0, 1, 4]


def test_a_hit_without_a_length_gets_one_and_a_tone_is_left_out(tmp_path: Path) -> None:
    rows = [*NOTES, {"onset": 2, "duration": 0, "pitch": 70}]
    (tmp_path / "a.json").write_text(json.dumps(rows))
    score = read_score(tmp_path / "a.json")
    assert score.drums.notes["duration"].tolist() == [1 / 32]
    assert len(score) == 3
    assert score.doubts == ("notes without a length left out: 1",)


def test_seconds_in_an_event_list_are_kept(tmp_path: Path) -> None:
    maps = {"tempi": [[0, 60], [1, 120]]}
    rows = [{"onset_s": 0.7, "duration_s": 1.9, "pitch": 60}]
    (tmp_path / "a.json").write_text(json.dumps({"notes": rows, **maps}))
    (note,) = read_score(tmp_path / "a.json").notes
    assert (note["onset_s"], note["duration_s"]) == pytest.approx((0.7, 1.9))
    assert note["duration"] == pytest.approx(0.3 + 1.6 * 2)


def test_a_piano_roll_agrees_with_the_notes_it_was_drawn_from(tmp_path: Path) -> None:
    pretty_midi = pytest.importorskip("pretty_midi", reason="the demo extra is not installed")
    file = write_midi(tmp_path / "a.mid", [Voice(5, tune(60))], qpm=60)
    drawn = pretty_midi.PrettyMIDI(str(file)).get_piano_roll(fs=100)
    np.savez_compressed(tmp_path / "a.npz", roll=drawn, fs=100, programs=[5], names=["Harp"])
    roll, score = read_score(tmp_path / "a.npz"), read_score(file)
    assert roll.tracks[0].program == 5
    for name in ("onset_s", "duration_s", "pitch", "velocity"):
        assert np.allclose(roll.notes[name], score.notes[name], atol=0.011)


def test_a_piano_roll_of_tracks_counts_in_quarters(tmp_path: Path) -> None:
    roll = np.zeros((2, 8, 128), dtype=np.uint8)
    roll[0, 0:4, 60], roll[0, 4:6, 60], roll[1, 2, 36] = 90, 40, 100
    np.savez(tmp_path / "a.npz", roll=roll, resolution=4, tempo=60, drums=[False, True])
    score = read_score(tmp_path / "a.npz")
    assert score.notes[["onset", "duration", "pitch", "velocity"]].tolist() == [
        (0.0, 1.0, 60, 90),
        (0.5, 0.25, 36, 100),
        (1.0, 0.5, 60, 40),
    ]
    assert [t.is_drum for t in score.tracks] == [False, True]


@pytest.mark.parametrize(
    ("inside", "doubt"),
    [
        ({"META-INF/container.xml": container("b.xml"), "a.xml": "?", "b.xml": PICKUP}, ""),
        ({"META-INF/container.xml": '<a full-path="x""y">', "a.xml": PICKUP}, "malformed"),
        ({"META-INF/container.xml": container("absent.xml"), "a.xml": PICKUP}, "not there"),
        ({"a.musicxml": PICKUP, "b.xml": PICKUP}, "no container"),
    ],
)
def test_the_first_score_of_an_archive_is_read_and_the_rest_reported(
    tmp_path: Path, inside: dict[str, str], doubt: str
) -> None:
    score = read_score(pack(tmp_path / "a.mxl", inside))
    assert len(score) == 3
    assert doubt in " ".join(score.doubts)
    assert bool(score.doubts) == bool(doubt)


def test_the_content_counts_where_the_suffix_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "plain.mxl").write_text(PICKUP)
    midi = write_midi(tmp_path / "a.mid", [Voice(0, tune())])
    midi.rename(tmp_path / "midi.xml")
    pack(tmp_path / "packed.xml", {"a.xml": PICKUP})
    for name, count in (("plain.mxl", 3), ("midi.xml", 64), ("packed.xml", 3)):
        assert len(read_score(tmp_path / name)) == count


def test_a_file_that_is_no_score_is_named_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "broken.mid").write_bytes(b"MThd nothing")
    (tmp_path / "empty.mid").touch()
    (tmp_path / "song.wav").write_bytes(b"RIFF")
    reasons = {
        "broken.mid": "cannot be read as MIDI",
        "empty.mid": "an empty file",
        "absent.mid": "No such file",
        "song.wav": "not a score",
    }
    for name, reason in reasons.items():
        with pytest.raises(MediaError, match=rf"{name}.*{reason}"):
            read_score(tmp_path / name)
