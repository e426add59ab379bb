"""Files of music against the catalogue, copies that can be made again, and unfinished files."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from workbench.catalogue.tables import Media
from workbench.doctor.findings import Finding, number_of, some
from workbench.errors import MediaError, WorkbenchError
from workbench.files import LOCK, PARTIAL, is_abandoned

if TYPE_CHECKING:
    from workbench.doctor.lost_and_found import LostAndFound
    from workbench.doctor.seen import Seen

_WRITTEN = ("vectors", "models", "maps", "tags", "cache", "jobs", "stems", "taggers")
_DAY_S = 86_400.0


class _File(NamedTuple):
    """A file as the catalogue knows it."""

    sha256: str
    path: str
    playable_path: str | None
    size_bytes: int
    duration_s: float | None


def check_files(seen: Seen) -> Iterator[Finding]:
    """Compare files with the catalogue: one look each, or all of their contents if `deep`."""
    if seen.current:
        query = sa.select(*(getattr(Media, name) for name in _File._fields)).order_by(Media.id)
        with seen.database.engine.connect() as connection:
            known = [_File(*row) for row in connection.execute(query)]
        yield from _originals(seen, known)
        yield from _playable(seen, known)
    yield from _made(seen)
    yield from _unfinished(seen)


def _originals(seen: Seen, known: Sequence[_File]) -> Iterator[Finding]:
    root, cache = seen.ws.root, seen.ws.cache_folder
    gone, changed, whole = [], [], []
    for file in known:
        path = root / file.path
        size = _size_of(path)
        if size is None:
            if not path.is_relative_to(cache):  # what lies there is made again
                gone.append(file.path)
        elif size != file.size_bytes:
            changed.append(file.path)
        else:
            whole.append(file)
    if seen.deep:
        changed += _other_content(seen, whole)
    if gone:
        yield Finding(
            "files",
            f"{number_of(len(gone), 'file is', 'files are')} no longer where they were imported "
            "from.",
            "Their items cannot be heard; vectors, maps and judgements of them stay.",
            "Put them back, or import them from where they are now: they are known by content.",
            len(gone),
            some(gone),
        )
    if changed:
        yield Finding(
            "files",
            f"{number_of(len(changed), 'file', 'files')} changed after the import.",
            "What is heard is not what was embedded, tagged and judged.",
            "Restore the files as they were, or import the folder again: changed files become "
            "items of their own.",
            len(changed),
            some(changed),
        )


def _other_content(seen: Seen, files: Sequence[_File]) -> list[str]:
    from workbench.catalogue.media import content_hash

    changed = []
    seen.progress.stage("Reading all files", len(files))
    for file in files:
        try:
            if content_hash(seen.ws.root / file.path) != file.sha256:
                changed.append(file.path)
        except MediaError:
            changed.append(file.path)
        seen.progress.advance(label=file.path)
    return changed


def _playable(seen: Seen, known: Sequence[_File]) -> Iterator[Finding]:
    """Look at the copies for browsers: each can be made of its original."""
    root = seen.ws.root
    copied = [file for file in known if file.playable_path is not None]
    bad = [f for f in copied if not _size_of(root / str(f.playable_path))]
    if seen.deep:
        there = [f for f in copied if f not in bad]
        bad += [f for f in there if not _decodes(root / str(f.playable_path), f.duration_s)]
    if bad:
        yield Finding(
            "files",
            f"{number_of(len(bad), 'copy', 'copies')} for browsers cannot be played.",
            "Their items are silent on pages.",
            "Repair: the copies are made again of the originals.",
            len(bad),
            some([file.path for file in bad]),
            repair=partial(_copy_again, seen, bad) if _all_there(seen, bad) else None,
        )
    folder, used = seen.ws.cache_folder / "playable", {f.playable_path for f in copied}
    stray = [
        path
        for path in _files_in(folder)
        if str(path.relative_to(root)) not in used and not path.name.startswith(PARTIAL)
    ]
    if stray:
        yield Finding(
            "files",
            f"{number_of(len(stray), 'copy', 'copies')} for browsers belong to no item.",
            "They take room: an import that was ended left them, or is just making them.",
            "Nothing needs to be done; repair moves them to lost+found.",
            len(stray),
            some([path.name for path in stray]),
            fault=False,
            repair=partial(_move_all, stray, what="copies"),
        )


def _all_there(seen: Seen, files: Sequence[_File]) -> bool:
    return all((seen.ws.root / file.path).is_file() for file in files)


def _decodes(path: Path, duration_s: float | None) -> bool:
    from workbench.audio.decode import decode

    try:
        return duration_s is None or abs(decode(path).duration_s - duration_s) < 0.1
    except WorkbenchError:
        return False


def _copy_again(seen: Seen, files: Sequence[_File], kept: LostAndFound) -> str:
    from workbench.audio.decode import decode, encode

    seen.progress.stage("Making copies", len(files))
    for file in files:
        copy = seen.ws.root / str(file.playable_path)
        if copy.exists():
            kept.move(copy)
        sound = decode(seen.ws.root / file.path)
        few = sound.samples if len(sound.samples) <= 2 else sound.mono()
        encode(copy, few, sound.sample_rate)
        seen.progress.advance(label=file.path)
    return f"{number_of(len(files), 'copy', 'copies')} for browsers made again."


def _made(seen: Seen) -> Iterator[Finding]:
    """Look at what was rendered, mixed and cut for listening."""
    from workbench.catalogue.heard import made_before

    torn = [
        path
        for path in _files_in(seen.ws.cache_folder / "made")
        if path.suffix == ".npz" and made_before(path.with_suffix(".flac")) is None
    ]
    if torn:
        sounds = [path.with_suffix(".flac") for path in torn]
        both = [path for path in (*torn, *sounds) if path.exists()]
        yield Finding(
            "files",
            f"{number_of(len(torn), 'sound')} made for listening {_are(torn)} not whole.",
            "Nobody hears them: they are made again when they are asked for.",
            "Repair: they go to lost+found.",
            len(torn),
            some([path.stem for path in torn]),
            fault=False,
            repair=partial(_move_all, both, what="files made for listening"),
        )


def _unfinished(seen: Seen) -> Iterator[Finding]:
    """Find what programs that were ended in the middle have left, but nothing being written."""
    root = seen.ws.root
    found = [path for path in root.glob(f"{PARTIAL}*") if _is_left(path)]
    for name in _WRITTEN:
        for folder, folders, files in os.walk(root / name):
            names = [n for n in (*files, *folders) if n.startswith(PARTIAL)]
            folders[:] = [n for n in folders if n not in names]
            found += [path for n in names if _is_left(path := Path(folder) / n)]
    if found:
        yield Finding(
            "files",
            f"{number_of(len(found), 'unfinished file')} left by programs that were ended.",
            "They take room and are never read.",
            "Repair: they go to lost+found.",
            len(found),
            some([path.relative_to(root) for path in found]),
            fault=False,
            repair=partial(_move_all, found, what="unfinished files"),
        )


def _is_left(path: Path) -> bool:
    """Return whether nobody writes it; of folders their writers hold the folder around them."""
    if path.is_dir():
        lock = path.parent / LOCK
        return is_abandoned(lock) if lock.exists() else time.time() - _age_of(path) > _DAY_S
    return is_abandoned(path)


def _age_of(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return time.time()


def _move_all(paths: Sequence[Path], kept: LostAndFound, *, what: str) -> str:
    for path in paths:
        if path.exists():
            kept.move(path)
    return f"{len(paths):,} {what} went to lost+found."


def _files_in(folder: Path) -> Iterator[Path]:
    for around, _, names in os.walk(folder):
        yield from (Path(around) / name for name in sorted(names))


def _size_of(path: Path) -> int | None:
    """Return the size of a file; None where there is none."""
    try:
        return path.stat().st_size if path.is_file() else None
    except OSError:
        return None


def _are(things: Sequence[object]) -> str:
    return "is" if len(things) == 1 else "are"
