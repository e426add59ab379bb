"""ABC files: the converter that symusic carries makes MIDI of them, within limits."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from pathlib import Path

from workbench.errors import MediaError
from workbench.symbolic.assemble import Found
from workbench.symbolic.midi import read_midi

_SECONDS = 20
# Nested repeats of parts, P:((((A9)9)9)9), are a few bytes that become gigabytes, so the converter
# may use 10 s of a core, 8 MB of disk and 512 MB of memory.
_LIMITED = ["/bin/sh", "-c", 'ulimit -t 10 -f 16384 -v 524288; exec "$0" "$@"']
_TUNE = re.compile(r"^X:", re.MULTILINE)
_KEY = re.compile(r"^K:.*$", re.MULTILINE)
_NO_MUSIC = re.compile(
    r'"[^"\n]*"|![^!\n]*!|\[[A-Za-z]:[^\]\n]*\]|%.*$|^[A-Za-z]:.*$', re.MULTILINE
)
_BAR_LINE = re.compile(r"[|\]:]*\|[|\]:]*")


def read_abc_file(path: Path) -> Found:
    """Return what the first tune of an ABC file holds.

    Raises
    ------
    MediaError
        If there is no tune, the file asks for others, or the conversion fails or takes too much.
    """
    text = path.read_bytes().decode("utf-8", errors="replace").replace("\r\n", "\n")
    if "abc-include" in text:
        raise MediaError(f"{path.name}: takes in another file; only whole ABC files are read.")
    starts = [match.start() for match in _TUNE.finditer(text)]
    if not starts:
        raise MediaError(f"{path.name}: holds no ABC tune, which begins with a line X:1.")
    # What stands before the first tune holds for all of them.
    tune = text[: starts[1]] if len(starts) > 1 else text
    found = read_midi(_midi_of(tune, path.name), path.name)
    found.pickup = _pickup(tune)
    found.title, found.composer = _field(tune, "T"), _field(tune, "C")
    if len(starts) > 1:
        found.doubts.append(f"only the first of {len(starts):,} tunes was read")
    return found


def _field(tune: str, letter: str) -> str:
    """Return what the first line of a field says, without a comment."""
    line = re.search(rf"^{letter}:([^%\n]*)", tune, re.MULTILINE)
    return line[1].strip() if line else ""


def _midi_of(tune: str, name: str) -> bytes:
    """Return the tune as a MIDI file."""
    import symusic  # noqa: F401 (says where its converter is)

    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "tune.abc", Path(folder) / "tune.mid"
        source.write_text(tune, encoding="utf-8")
        command = [os.environ["SYMUSIC_ABC2MIDI"], str(source), "-o", str(target), "-silent"]
        try:
            subprocess.run(
                [*_LIMITED, *command] if os.name == "posix" else command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=folder,
                timeout=_SECONDS,
                check=True,
            )
            return target.read_bytes()
        except (OSError, subprocess.SubprocessError) as error:
            raise MediaError(f"{name}: cannot be converted from ABC to MIDI.") from error


def _pickup(tune: str) -> float:
    """Return how many quarters stand before the first bar line, 0.0 if they fill a bar.

    MIDI cannot say so. Lengths are counted as they are written: a note, a rest or a chord of
    letters, with its number; tuplets and broken rhythm are rare before the first bar.
    """
    key = _KEY.search(tune)
    unit, bar = _lengths(tune)
    body = _NO_MUSIC.sub("", tune[key.end() :] if key else "")
    pieces = [piece for piece in _BAR_LINE.split(body) if piece.strip()]
    if len(pieces) < 2:
        return 0.0
    first = re.sub(r"\{[^}]*\}", "", pieces[0])  # grace notes
    chords = re.sub(r"\[([^\]]*)\]", lambda m: _first_note(m[1]), first)
    total = 0.0
    for over, slashes, under in re.findall(r"[A-Ga-gxz][,']*(\d*)(/*)(\d*)", chords):
        divisor = float(under) if slashes and under else 2.0 ** len(slashes)
        total += float(over or 1) / max(divisor, 1.0)
    return total * unit if total * unit < bar - 1e-6 else 0.0


def _first_note(chord: str) -> str:
    note = re.search(r"[A-Ga-gxz][,']*\d*/*\d*", chord)
    return note[0] if note else ""


def _lengths(tune: str) -> tuple[float, float]:
    """Return the unit of note lengths and the length of a bar, both in quarters."""
    metre = re.search(r"^M:\s*(?:(\d{1,3})/(\d{1,3})|(C\|?))", tune, re.MULTILINE)
    bar = 4.0
    if metre and metre[1] and int(metre[2]):
        bar = 4.0 * int(metre[1]) / int(metre[2])
    length = re.search(r"^L:\s*1/(\d{1,3})", tune, re.MULTILINE)
    # ABC 2.1, section 3.1.7: a sixteenth where the metre is less than 3/4, else an eighth.
    unit = 4.0 / max(int(length[1]), 1) if length else (0.25 if bar < 3.0 else 0.5)
    return unit, bar
