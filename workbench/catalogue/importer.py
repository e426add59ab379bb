"""Import folders of music: decode, describe, tag; skip what is known, report what is broken.

Files are decoded in parallel processes and each is stored as soon as it is described, so that an
interrupted import goes on where it was when it is run again.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.catalogue.describe import Described, describe_all
from workbench.catalogue.embedded import EmbeddedTags
from workbench.catalogue.finding import find_files
from workbench.catalogue.items import TagValue
from workbench.catalogue.manifest import ManifestRow, read_manifest
from workbench.catalogue.media import AUDIO_SUFFIXES, MediaInfo
from workbench.catalogue.score_files import ScoreFile, is_meant_as_score
from workbench.catalogue.stems import SongFolder, find_song_folders
from workbench.cluster.place import choose_place
from workbench.errors import CancelledError
from workbench.files import printable
from workbench.progress import Progress

if TYPE_CHECKING:
    from workbench.workspace import Workspace

_LOG = logging.getLogger(__name__)


@dataclass
class ImportReport:
    """What an import did.

    Attributes
    ----------
    songs, tracks
        New items of sound.
    scores, score_tracks
        New scores, and the tracks in them.
    known, ignored
        Files that were there already, and files that are no music.
    linked
        Scores and recordings that are now known to be the same composition.
    failures
        Files that could not be imported, and why.
    doubts
        What could not be read of a score that was imported all the same.
    """

    songs: int = 0
    tracks: int = 0
    scores: int = 0
    score_tracks: int = 0
    known: int = 0
    ignored: int = 0
    linked: int = 0
    failures: list[tuple[Path, str]] = field(default_factory=list)
    doubts: list[tuple[Path, str]] = field(default_factory=list)


def import_music(
    ws: Workspace,
    paths: Iterable[Path],
    *,
    manifest: Path | None = None,
    processes: int | None = None,
    cluster: str | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Add the sound files and scores of folders to the catalogue.

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
        How many files are decoded at once on this machine; by default one per core.
    cluster
        The address of a Dask scheduler whose workers do it instead; by default the configured one.
    progress
        Told about every file.

    Raises
    ------
    WorkbenchError
        If a path does not exist, there is no music, or the manifest is wrong. Nothing is imported
        then.
    CancelledError
        If somebody asked to stop.
    """
    progress = progress or Progress()
    place = choose_place(processes=processes, cluster=cluster, config=ws.config)
    if processes is None and place.processes == 1:  # files are limited in a process of their own
        place = replace(place, processes=2)
    rows = read_manifest(manifest) if manifest else {}
    paths = [Path(p) for p in paths]
    found = find_files(paths, leave=ws.cache_folder)
    sounds = [path for path in found.files if path.suffix.lower() in AUDIO_SUFFIXES]
    doubtful = found.doubtful - rows.keys()
    report = ImportReport(ignored=found.ignored)
    run = _Import(ws, find_song_folders(sounds), rows, report, doubtful)
    for path, reason in found.unreadable:
        run.fail(path, reason)
    for path in rows:
        if not os.path.isfile(path):
            run.fail(path, "the manifest names this file, but it is not there")
    progress.stage("Importing", len(found.files))
    playable = ws.cache_folder / "playable"
    known = set(run.known) - ws.catalogue.lost_media()
    sees = [path.resolve() for path in paths]
    for described in describe_all(
        found.files, known, playable, place=place, sees=sees, progress=progress
    ):
        run.take(described)
        progress.advance(label=printable(described.path.name))
        if progress.cancelled():
            raise CancelledError("The import was stopped; what was finished is kept.")
    run.join_songs()
    report.linked = ws.catalogue.link_compositions()
    progress.close()
    return run.report


class _Import:
    """The state of one import: what is known, and which file belongs to which song."""

    def __init__(
        self,
        ws: Workspace,
        songs: list[SongFolder],
        rows: dict[Path, ManifestRow],
        report: ImportReport,
        doubtful: set[Path],
    ) -> None:
        self._catalogue, self._songs, self._rows, self.report = ws.catalogue, songs, rows, report
        self.known = ws.catalogue.known_media()
        self._doubtful = doubtful
        self._ids: dict[Path, int] = {}
        self._kinds = {p: "track" for s in songs for p in s.tracks}
        self._kinds |= {p: "submix" for s in songs for p in s.submixes}
        self._titles = {s.mix: s.title for s in songs}
        self._failed = set(ws.catalogue.failures()["path"])

    def take(self, described: Described) -> None:
        """Store one described file, or note why there is nothing to store."""
        path = described.path
        if described.error is not None:
            if path in self._doubtful and not is_meant_as_score(path):
                self.report.ignored += 1
            else:
                self.fail(path, described.error)
            return
        if printable(path) in self._failed:
            self._catalogue.forget_failure(path)
        row = self._rows.get(path)
        if described.score is not None:
            self._ids[path], new = self._add_score(described.score, path, row or ManifestRow())
        elif described.media is not None:
            self._ids[path], new = self._add(described.media, described.embedded, path, row)
        else:
            self._ids[path], new = self.known[described.sha256], False
        if new and described.score is not None:
            self.report.scores += 1
            self.report.score_tracks += len(described.score.tracks)
            self.report.doubts += [(path, doubt) for doubt in described.score.doubts]
        elif new:
            kind = self._kinds.get(path, "song")
            self.report.songs += kind == "song"
            self.report.tracks += kind != "song"
        else:
            self.report.known += 1
            if row is not None:  # a manifest may come later than the music
                self._catalogue.annotate(self._ids[path], **vars(row))
                tracks = self._catalogue.tracks_in_file(self._ids[path])
                self._catalogue.set_tags({track: _for_tracks(row) for track in tracks})

    def _add(
        self, media: MediaInfo, embedded: EmbeddedTags, path: Path, row: ManifestRow | None
    ) -> tuple[int, bool]:
        row = row or ManifestRow()
        tagged = {tag.dimension for tag in row.tags}
        name = self._titles.get(path) or path.stem.replace("_", " ")
        return self._catalogue.add_file(
            media,
            kind=self._kinds.get(path, "song"),
            title=row.title or embedded.title or printable(name),
            artist=row.artist or embedded.artist,
            tags=row.tags + [tag for tag in embedded.tags if tag.dimension not in tagged],
        )

    def fail(self, path: Path, reason: str) -> None:
        """Record a file that cannot be imported."""
        _LOG.info("Not imported", extra={"path": str(path), "reason": reason})
        self.report.failures.append((path, reason))
        self._catalogue.record_failure(path, reason)

    def _add_score(self, score: ScoreFile, path: Path, row: ManifestRow) -> tuple[int, bool]:
        tagged = {tag.dimension for tag in row.tags}

        def own(tags: list[TagValue], *, said: set[str]) -> list[TagValue]:
            return [tag for tag in tags if tag.dimension not in said]

        tracks = [
            replace(track, tags=_for_tracks(row) + own(track.tags, said=tagged - {"instrument"}))
            for track in score.tracks
        ]
        return self._catalogue.add_score(
            score.media,
            title=row.title or score.title or printable(path.stem.replace("_", " ")),
            artist=row.artist or score.artist,
            tags=row.tags + own(score.tags, said=tagged),
            tracks=tracks,
        )

    def join_songs(self) -> None:
        """Make the stems of each folder parts of its song; one without a mix gets an item."""
        for song in self._songs:
            parts = [self._ids[p] for p in song.tracks + song.submixes if p in self._ids]
            mix = self._ids.get(song.mix) if song.mix else None
            self.report.songs += self._catalogue.join_song(
                parts, song_id=mix, title=printable(song.title)
            )


def _for_tracks(row: ManifestRow) -> list[TagValue]:
    """Return what a manifest says of a score that holds for each of its instruments, too."""
    return [tag for tag in row.tags if tag.dimension not in ("instrument", "composition")]
