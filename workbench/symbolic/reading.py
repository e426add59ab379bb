"""Any score file as a `Score`."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from workbench.errors import MediaError
from workbench.symbolic import abc, events, midi, musicxml, piano_roll
from workbench.symbolic.assemble import Found, assemble
from workbench.symbolic.score import Score

Reader: TypeAlias = Callable[[Path], Found]

LARGEST_FILE = 20 * 2**20  # bytes
_BY_SUFFIX: dict[str, Reader] = {
    ".mid": midi.read_midi_file,
    ".midi": midi.read_midi_file,
    ".abc": abc.read_abc_file,
    ".musicxml": musicxml.read_musicxml_file,
    ".xml": musicxml.read_musicxml_file,
    ".mxl": musicxml.read_mxl_file,
    ".csv": events.read_csv_file,
    ".tsv": events.read_csv_file,
    ".json": events.read_json_file,
    ".npz": piano_roll.read_piano_roll_file,
}
READABLE_SUFFIXES = frozenset(_BY_SUFFIX)


def read_score(path: Path) -> Score:
    r"""Read a score file.

    Parameters
    ----------
    path
        MIDI, ABC, MusicXML, MXL, an event list (CSV, JSON) or a piano-roll (npz); where the
        content shows another of the notation formats than the suffix says, the content counts.

    Raises
    ------
    MediaError
        If the file cannot be read, is too large, or holds no music, in one sentence.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "notes.csv"
    ...     _ = file.write_text("onset,duration,pitch\n0,1,60\n1,2,67\n")
    ...     score = read_score(file)
    >>> score.notes["onset_s"].tolist(), score.bar_count
    ([0.0, 0.5], 1)
    """
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise MediaError(f"{path.name}: no file.")
        if size == 0:
            raise MediaError(f"{path.name}: an empty file.")
        if size > LARGEST_FILE:
            raise MediaError(f"{path.name}: larger than {LARGEST_FILE >> 20} MB.")
        return assemble(path.name, _reader(path)(path))
    except OSError as error:
        raise MediaError(f"{path.name}: cannot be read ({error.strerror or error})") from error


def _reader(path: Path) -> Reader:
    suffix = path.suffix.lower()
    if suffix not in _BY_SUFFIX:
        raise MediaError(
            f"{path.name}: not a score; one ends in {', '.join(sorted(READABLE_SUFFIXES))}."
        )
    by_suffix = _BY_SUFFIX[suffix]
    with path.open("rb") as stream:
        start = stream.read(8)
    if start.startswith(b"MThd"):
        return midi.read_midi_file
    notation = by_suffix in (musicxml.read_musicxml_file, musicxml.read_mxl_file)
    if notation:  # programs pack .xml files, and leave .mxl files unpacked
        packed = start.startswith(b"PK") and zipfile.is_zipfile(path)
        plain = start.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<")
        if packed or plain:
            return musicxml.read_mxl_file if packed else musicxml.read_musicxml_file
    return by_suffix
