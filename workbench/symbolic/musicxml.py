"""MusicXML, plain and packed (MXL), read by partitura."""

from __future__ import annotations

import io
import posixpath
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from workbench.errors import MediaError
from workbench.symbolic.archive import MOST_RATIO, member, opened
from workbench.symbolic.assemble import Found, check_count
from workbench.symbolic.score import Track
from workbench.symbolic.xml_guard import guard

LARGEST_XML = 20 * 2**20
_CONTAINER = "META-INF/container.xml"
_VELOCITY = 80
# Where the sounds of a drum set stand on the staff, as most scores write them.
_DRUM_PLACES = {
    ("D", 4): 44, ("F", 4): 36, ("A", 4): 43, ("C", 5): 38,
    ("D", 5): 47, ("E", 5): 48, ("F", 5): 51, ("G", 5): 42, ("A", 5): 49,
}  # fmt: skip
_SIDE_STICK = 37


def read_musicxml_file(path: Path) -> Found:
    """Return what a MusicXML file holds; repeats are played once.

    Raises
    ------
    MediaError
        If it is too large, defines entities, is damaged, or holds no score.
    """
    return read_musicxml(path.read_bytes(), path.name)


def read_mxl_file(path: Path) -> Found:
    """Return what the first score of an MXL archive holds.

    Raises
    ------
    MediaError
        If the archive is damaged or too large unpacked, or its score cannot be read.
    """
    with opened(path) as archive:
        info, doubts = _first_score(archive, path.name)
        data = member(archive, info, path.name, limit=LARGEST_XML, ratio=MOST_RATIO)
    found = read_musicxml(data, path.name)
    found.doubts[:0] = doubts
    return found


def _first_score(archive: zipfile.ZipFile, name: str) -> tuple[zipfile.ZipInfo, list[str]]:
    """Return the member that holds the score, and what is wrong with the archive."""
    doubts: list[str] = []
    files = [info for info in archive.infolist() if not info.filename.endswith("/")]
    scores = [
        info
        for info in files
        if info.filename.lower().endswith((".xml", ".musicxml"))
        and not info.filename.upper().startswith(("META-INF/", "__MACOSX/"))
    ]
    named = _named_score(archive, name, doubts)
    for info in files:
        if named and posixpath.normpath(info.filename) == posixpath.normpath(named):
            return info, doubts
    if named:
        doubts.append("its container names a file that is not there; the first score was read")
    if not scores:
        raise MediaError(f"{name}: an archive that holds no MusicXML file.")
    if len(scores) > 1:
        doubts.append(f"only the first of {len(scores):,} scores was read")
    return scores[0], doubts


def _named_score(archive: zipfile.ZipFile, name: str, doubts: list[str]) -> str | None:
    """Return the file that the container names as the score, None if it cannot be read."""
    from xml.etree import ElementTree

    try:
        info = archive.getinfo(_CONTAINER)
    except KeyError:
        doubts.append("the archive has no container; its first score was read")
        return None
    data = member(archive, info, name, limit=2**16, ratio=None)
    try:
        if b"<!ENTITY" in data or b"\0" in data:  # UTF-16 could hide one
            raise ValueError("entities")
        for element in ElementTree.fromstring(data).iter():
            if element.tag.rpartition("}")[2] == "rootfile" and element.get("full-path"):
                return element.get("full-path")
    except (ElementTree.ParseError, ValueError, LookupError):
        pass
    doubts.append("its container is malformed; the first score was read")
    return None


def read_musicxml(data: bytes, name: str) -> Found:
    """Return what the bytes of a MusicXML file hold.

    Raises
    ------
    MediaError
        If they are not to be read, or partitura cannot.
    """
    if len(data) > LARGEST_XML:
        raise MediaError(f"{name}: larger than {LARGEST_XML >> 20} MB.")
    guard(data, name)
    import partitura

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of files that are odd but readable
            return _found(partitura.load_musicxml(io.BytesIO(data)), name)
    except MediaError:
        raise
    except Exception as error:  # partitura raises whatever it meets
        raise MediaError(
            f"{name}: cannot be read as MusicXML ({type(error).__name__}: {str(error)[:200]})"
        ) from error


def _found(score: Any, name: str) -> Found:
    tables: list[np.ndarray] = []
    tracks: list[Track] = []
    for part in score.parts:
        measures = list(part.measures)
        # partitura counts from the first whole bar, so that a pickup lies before zero.
        first = float(part.quarter_map(measures[0].start.t)) if measures else 0.0
        for is_drum, table in ((False, _pitched(part)), (True, _unpitched(part))):
            if len(table):
                table[:, 0] -= first
                tracks.append(Track(part.part_name or "", _program(part.part_name), is_drum))
                tables.append(np.column_stack([table, np.full(len(table), len(tables))]))
    check_count(name, sum(map(len, tables)))
    onset, duration, pitch, number = np.concatenate(tables).T
    onset[np.isclose(onset, 0.0, atol=1e-9)] = 0.0
    lead = score.parts[0]
    found = Found(
        onset=onset,
        duration=duration,
        pitch=pitch,
        velocity=np.full(len(onset), _VELOCITY),
        track=number.astype(int),
        tracks=tracks,
        title=str(score.work_title or score.movement_title or ""),
        composer=str(score.composer or ""),
    )
    _take_maps(found, lead, list(score.parts))
    return found


def _take_maps(found: Found, lead: Any, parts: list[Any]) -> None:
    """Read tempi, metres, keys and bars; metres and bars are those of the first part."""
    from partitura import score as notation

    measures = list(lead.measures)
    first = float(lead.quarter_map(measures[0].start.t)) if measures else 0.0

    def at(point: Any, part: Any = lead) -> float:
        return max(float(part.quarter_map(point.t)) - first, 0.0)

    found.metres = [(at(m.start), m.beats, m.beat_type) for m in lead.time_sigs]
    found.keys = [(at(k.start), k.fifths) for k in lead.key_sigs if k.fifths is not None]
    marks = [(part, mark) for part in parts for mark in part.iter_all(notation.Tempo)]
    found.tempi = [(at(mark.start, part), float(mark.bpm)) for part, mark in marks]
    if measures:
        edges = np.unique([at(m.start) for m in measures] + [at(measures[-1].end)])
        last = float((found.onset + found.duration).max())
        if len(edges) > 1 and np.isfinite(edges).all():
            edges[-1] = max(edges[-1], last)
            found.edges = edges


def _pitched(part: Any) -> np.ndarray:
    """Return (onset, duration, pitch) of a part's notes in quarters, ties joined, [n, 3]."""
    if not part.notes_tied:
        return np.zeros((0, 3))
    table = part.note_array()
    columns = (table["onset_quarter"], table["duration_quarter"], table["pitch"])
    return np.column_stack([column.astype(np.float64) for column in columns])


def _unpitched(part: Any) -> np.ndarray:
    """Return (onset, duration, drum sound) of the notes on a percussion staff, [n, 3]."""
    from partitura import score as notation

    rows = []
    for note in part.iter_all(notation.UnpitchedNote):
        onset, stop = part.quarter_map([note.start.t, note.end.t])
        place = (str(note.step).upper(), int(note.octave))
        rows.append((onset, stop - onset, _DRUM_PLACES.get(place, _SIDE_STICK)))
    return np.array(rows, dtype=np.float64).reshape(-1, 3)


def _program(name: str | None) -> int:
    """Return the General MIDI program of a part by its name: voices sing, all else is a piano."""
    text = (name or "").lower()
    sung = ("voice", "vocal", "soprano", "alto", "tenor", "bass", "stimme", "chant", "voix")
    return 53 if any(word in text for word in sung) else 0
