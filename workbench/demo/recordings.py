"""librosa's openly licensed example recordings join the demo when the network is there."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.catalogue.items import TagValue
from workbench.catalogue.media import describe_audio
from workbench.catalogue.words import MARK
from workbench.demo.tags import mark
from workbench.errors import MediaError
from workbench.files import PARTIAL, clear_storage_errors
from workbench.progress import Progress
from workbench.workspace import Workspace

_SOURCE = "recording's documentation"
_SITE = "https://librosa.org/data/audio/"
_PATIENCE_S = 4.0
_OFFLINE = "librosa's example recordings were left out: librosa.org cannot be reached from here."


@dataclass(frozen=True)
class Recording:
    """An example of librosa and what its documentation says; `facts` are (dimension, value)."""

    key: str
    title: str
    artist: str
    facts: tuple[tuple[str, str], ...]


RECORDINGS = (
    Recording(
        "brahms",
        "Hungarian Dance No. 5",
        "Johannes Brahms",
        (("key", "F# minor"), ("instrument", "strings"), ("era", "romantic"), ("genre", "dance")),
    ),
    Recording(
        "nutcracker",
        "Dance of the Sugar Plum Fairy",
        "Pyotr Ilyich Tchaikovsky",
        (("era", "romantic"), ("genre", "dance")),
    ),
    Recording(
        "trumpet",
        "Solo trumpet",
        "Mihai Sorohan",
        (("tempo", "90"), ("instrument", "brass"), ("genre", "jazz")),
    ),
    Recording(
        "vibeace", "Vibe Ace", "Kevin MacLeod", (("genre", "jazz"), ("instrument", "mallets"))
    ),
    Recording("choice", "Choice (drum+bass)", "Admiral Bob", (("genre", "drum and bass"),)),
    Recording("fishin", "Let's Go Fishin'", "Karissa Hobbs", (("genre", "folk song"),)),
    Recording("sweetwaltz", "Sweet Waltz", "Setuniman", (("genre", "dance"),)),
    Recording(
        "pistachio",
        "Pistachio Ice Cream Ragtime",
        "The Piano Lady",
        (("genre", "ragtime"), ("instrument", "piano")),
    ),
)


def add_recordings(ws: Workspace, *, progress: Progress | None = None) -> tuple[int, str]:
    """Fetch the recordings that are missing from the workspace and add them as songs.

    Returns
    -------
    tuple
        How many were added, and a line that says how it went.
    """
    progress = progress or Progress()
    known = set(ws.catalogue.tags(MARK)["value"])
    missing = [one for one in RECORDINGS if _mark(one) not in known]
    if not missing:
        return 0, "librosa's example recordings are there already."
    if not _reachable():
        return 0, _OFFLINE
    progress.stage("Fetching recordings", len(missing))
    added, failed = 0, []
    for recording in missing:
        try:
            _add(ws, recording)
            added += 1
        except (OSError, ValueError, MediaError):
            failed.append(recording.title)
        progress.advance(label=recording.title)
    line = f"{added} of librosa's example recordings joined the demo."
    return added, line + (f" Could not be fetched: {', '.join(failed)}." if failed else "")


def licence_of(text: str) -> str:
    """Return the licence that a recording's description names: its last line that does."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    named = [
        line for line in lines if re.search(r"\bCC|creative ?commons|public domain", line, re.I)
    ]
    return named[-1] if named else ""


def _mark(recording: Recording) -> str:
    return f"librosa {recording.key}"


def _add(ws: Workspace, recording: Recording) -> None:
    sound, description = _fetch(recording.key)
    file = ws.root / "media" / "recordings" / f"{recording.key}.ogg"
    with clear_storage_errors(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_name(f"{PARTIAL}{file.name}")
        shutil.copyfile(sound, partial)
        partial.replace(file)
    tags = [
        TagValue(dimension, value, _SOURCE, number=float(value) if dimension == "tempo" else None)
        for dimension, value in recording.facts
    ]
    licence = licence_of(description.read_text(encoding="utf-8", errors="replace"))
    if licence:
        tags.append(TagValue("licence", licence, _SOURCE))
    ws.catalogue.add_item(
        kind="song",
        domain="audio",
        title=recording.title,
        artist=recording.artist,
        media=describe_audio(file),
        tags=[*tags, mark(_mark(recording))],
    )


def _fetch(key: str) -> tuple[Path, Path]:
    """Return the sound and the description of an example, from librosa's cache or its site."""
    from librosa.util import files

    sound = Path(files.example(key, hq=True))
    fetcher = vars(files)["__GOODBOY"]  # librosa only prints the description
    return sound, Path(fetcher.fetch(sound.name.replace(".hq.ogg", ".txt")))


def _reachable() -> bool:
    """Ask librosa's site for an answer, and wait only a few seconds for it."""

    def ask() -> Any:
        import requests

        return requests.head(_SITE, timeout=_PATIENCE_S / 2, allow_redirects=True)

    return _within(ask, _PATIENCE_S) is not None


def _within(ask: Callable[[], Any], seconds: float) -> Any:
    """Return what `ask` returns, or None if it raises or takes too long, as name look-ups may."""
    answers: list[Any] = []

    def run() -> None:
        try:
            answers.append(ask())
        except Exception:  # whatever it is, the network does not answer
            return

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    return answers[0] if answers else None
