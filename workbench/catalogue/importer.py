"""Import folders of music: decode, describe, tag; skip what is known, report what is broken.

Files are decoded in parallel processes and each is stored as soon as it is described, so that an
interrupted import goes on where it was when it is run again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.catalogue.describe import Described, describe_all
from workbench.catalogue.manifest import ManifestRow, read_manifest
from workbench.catalogue.media import AUDIO_SUFFIXES
from workbench.catalogue.stems import SongFolder, find_song_folders
from workbench.errors import WorkbenchError
from workbench.progress import Progress

if TYPE_CHECKING:
    from workbench.workspace import Workspace


@dataclass
class ImportReport:
    """What an import did: new songs and tracks, files already known, other files, failures."""

    songs: int = 0
    tracks: int = 0
    known: int = 0
    ignored: int = 0
    failures: list[tuple[Path, str]] = field(default_factory=list)


def import_music(
    ws: Workspace,
    paths: Iterable[Path],
    *,
    manifest: Path | None = None,
    processes: int | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Add the sound files of folders to the catalogue.

    Parameters
    ----------
    ws
        The workspace.
    paths
        Folders, searched all the way down, and single files.
    manifest
        A CSV with titles, artists and tags (see `read_manifest`); it goes before what the files
        say of themselves.
    processes
        How many files are decoded at once; by default one per core.
    progress
        Told about every file.

    Raises
    ------
    WorkbenchError
        If a path does not exist, there are no sound files, or the manifest is wrong. Nothing is
        imported then.
    """
    progress = progress or Progress()
    rows = read_manifest(manifest) if manifest else {}
    files, ignored = _find_files([Path(p) for p in paths])
    run = _Import(ws, find_song_folders(files), rows, ImportReport(ignored=ignored))
    for path in rows:
        if not path.is_file():
            run.fail(path, "the manifest names this file, but it is not there")
    progress.stage("Importing", len(files))
    playable = ws.root / "cache" / "playable"
    for described in describe_all(files, set(run.known), playable, processes=processes):
        run.take(described)
        progress.advance(label=described.path.name)
    run.join_songs()
    progress.close()
    return run.report


def _find_files(paths: list[Path]) -> tuple[list[Path], int]:
    """Return the sound files below `paths`, in order, and how many other files there are."""
    files: dict[Path, None] = {}
    ignored = 0
    for path in paths:
        if not path.exists():
            raise WorkbenchError(f"There is no file or folder {path}.")
        found = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        for file in found:
            if file.suffix.lower() in AUDIO_SUFFIXES and not file.name.startswith("."):
                files[file.resolve()] = None
            else:
                ignored += 1
    if not files:
        names = ", ".join(sorted(suffix.lstrip(".") for suffix in AUDIO_SUFFIXES))
        raise WorkbenchError(
            f"There are no sound files in {', '.join(map(str, paths))}; known formats: {names}."
        )
    return list(files), ignored


class _Import:
    """The state of one import: what is known, and which file belongs to which song."""

    def __init__(
        self,
        ws: Workspace,
        songs: list[SongFolder],
        rows: dict[Path, ManifestRow],
        report: ImportReport,
    ) -> None:
        self._catalogue, self._songs, self._rows, self.report = ws.catalogue, songs, rows, report
        self.known = ws.catalogue.known_media()
        self._ids: dict[Path, int] = {}
        self._kinds = {p: "track" for s in songs for p in s.tracks}
        self._kinds |= {p: "submix" for s in songs for p in s.submixes}
        self._failed = set(ws.catalogue.failures()["path"])

    def take(self, described: Described) -> None:
        """Store one described file, or note why there is nothing to store."""
        path = described.path
        if described.error is not None:
            self.fail(path, described.error)
            return
        if str(path) in self._failed:
            self._catalogue.forget_failure(path)
        if described.sha256 in self.known:
            self._ids[path] = self.known[described.sha256]
            self.report.known += 1
            if path in self._rows:  # a manifest may come later than the music
                self._catalogue.set_tags({self._ids[path]: self._rows[path].tags})
            return
        kind = self._kinds.get(path, "song")
        row = self._rows.get(path, ManifestRow())
        tagged = {tag.dimension for tag in row.tags}
        tags = row.tags + [t for t in described.embedded.tags if t.dimension not in tagged]
        self._ids[path] = self.known[described.sha256] = self._catalogue.add_item(
            kind=kind,
            domain="audio",
            title=row.title or described.embedded.title or self._title(path),
            artist=row.artist or described.embedded.artist,
            media=described.media,
            tags=tags,
        )
        self.report.songs += kind == "song"
        self.report.tracks += kind != "song"

    def fail(self, path: Path, reason: str) -> None:
        """Record a file that cannot be imported."""
        self.report.failures.append((path, reason))
        self._catalogue.record_failure(path, reason)

    def join_songs(self) -> None:
        """Make the stems of each folder parts of its song; one without a mix gets an item."""
        parents = self._catalogue.items()["parent_id"].dropna()
        for song in self._songs:
            parts = [self._ids[p] for p in song.tracks + song.submixes if p in self._ids]
            loose = [i for i in parts if i not in parents.index]
            if not loose:
                continue
            parent = self._ids.get(song.mix) if song.mix else None
            if parent is None:
                joined = [int(parents[i]) for i in parts if i in parents.index]
                parent = joined[0] if joined else self._add_song(song)
            self._catalogue.set_parent([i for i in loose if i != parent], parent)

    def _add_song(self, song: SongFolder) -> int:
        self.report.songs += 1
        return self._catalogue.add_item(kind="song", domain="audio", title=song.title)

    def _title(self, path: Path) -> str:
        for song in self._songs:
            if path == song.mix:
                return song.title
        return path.stem.replace("_", " ")
