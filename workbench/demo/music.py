"""Fill a workspace with the demo's music."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from workbench.catalogue.items import TagValue
from workbench.catalogue.media import MediaInfo
from workbench.catalogue.words import MARK
from workbench.cluster.place import Place, choose_place
from workbench.cluster.run import TRIES, run_batches
from workbench.demo.build import Song, build_song
from workbench.demo.plan import Plan, make_plans
from workbench.demo.recipe import read_recipe
from workbench.demo.recordings import add_recordings
from workbench.demo.tags import mark
from workbench.errors import MediaError, NotReadyError, WorkbenchError
from workbench.progress import Progress
from workbench.symbolic.soundfont import find_sound_font
from workbench.workspace import Workspace


@dataclass
class DemoReport:
    """What was added: numbers of songs, tracks (stems), scores and recordings.

    `skipped` holds (piece, reason) of those that could not be built; `already_there` counts
    pieces of an earlier run; `recordings_line` says how the recordings went.
    """

    songs: int = 0
    tracks: int = 0
    scores: int = 0
    recordings: int = 0
    already_there: int = 0
    skipped: list[tuple[str, str]] = field(default_factory=list)
    recordings_line: str = ""


def add_demo_music(
    ws: Workspace,
    *,
    pieces: int | None = None,
    seed: int = 0,
    recordings: bool = True,
    cluster: str | None = None,
    progress: Progress | None = None,
) -> DemoReport:
    """Render the recipe's pieces into the workspace; those already there are left alone.

    Parameters
    ----------
    ws
        The workspace; files go to its ``media`` folder.
    pieces
        How many of the recipe to take, from its beginning; all by default. Twelve and more are
        balanced.
    seed
        Draws instruments, tempi, keys and dynamics. The same seed gives the same music.
    recordings
        Whether to try to fetch librosa's example recordings.
    cluster
        The address of a Dask scheduler whose workers do it instead; by default the configured one.
    progress
        Told about every piece.

    Returns
    -------
    DemoReport
        What was added and what was not.

    Raises
    ------
    NotReadyError
        If music21 or pretty_midi is not installed.
    StorageError
        If the disk is full or the workspace cannot be written.
    """
    _require_packages()
    place = choose_place(cluster=cluster, config=ws.config)
    progress = progress or Progress()
    report = DemoReport()
    plans = make_plans(read_recipe(), seed=seed)[:pieces]
    known = _known(ws)
    missing = [plan for plan in plans if plan.piece.slug not in known]
    report.already_there = len(plans) - len(missing)
    progress.stage("Rendering scores", len(missing))
    for plan, result in _build(ws, missing, known, seed, place):
        if isinstance(result, Song):
            _add_song(ws, result, known, report)
        else:
            report.skipped.append((plan.piece.title, str(result)))
        progress.advance(label=plan.piece.title)
    if recordings:
        report.recordings, report.recordings_line = add_recordings(ws, progress=progress)
    return report


def _require_packages() -> None:
    if importlib.util.find_spec("music21") is None:
        raise NotReadyError(
            "The demo needs music21 and pretty_midi; install them with "
            'pip install "music-similarity-workbench[demo]".'
        )
    find_sound_font()


def _known(ws: Workspace) -> dict[str, int]:
    """Return the items of earlier runs: ``slug/file`` of each, ``slug`` of finished songs."""
    tags = ws.catalogue.tags(MARK)
    return dict(zip(tags["value"], tags["item_id"].astype(int), strict=True))


def _build(
    ws: Workspace, plans: list[Plan], known: dict[str, int], seed: int, place: Place
) -> Iterator[tuple[Plan, Song | str]]:
    """Build songs side by side; yield them, or why there is none, as they are done."""
    begun = {name.split("/")[0] for name in known}
    media = ws.root / "media"
    media.mkdir(exist_ok=True)
    work = partial(_build_each, media, frozenset(begun), seed)
    for outcome in run_batches(work, plans, place=place, folder=media):
        reason = f"the process that worked on it was ended {TRIES} times"
        yield from zip(outcome.items, outcome.result or [reason], strict=True)


def _build_each(
    media: Path, begun: frozenset[str], seed: int, plans: Sequence[Plan]
) -> list[Song | str]:
    return [_build_one(media, begun, seed, plan) for plan in plans]


def _build_one(media: Path, begun: frozenset[str], seed: int, plan: Plan) -> Song | str:
    """Return the song, or why this one piece cannot be had; what concerns all is raised."""
    slug = plan.piece.slug
    try:
        return build_song(plan, media / slug, seed=seed, fresh=slug not in begun)
    except MediaError as error:
        return str(error)
    except (WorkbenchError, MemoryError):
        raise
    except Exception as error:  # music21 raises whatever it stumbles on
        return f"cannot be arranged ({type(error).__name__}: {error})"


def _add_song(ws: Workspace, song: Song, known: dict[str, int], report: DemoReport) -> None:
    """Add a song and its parts; the mark of the whole comes last, so that nothing is half done."""
    piece = song.plan.piece

    def add(
        media: MediaInfo,
        tags: list[TagValue],
        *,
        kind: str = "song",
        domain: str = "audio",
        title: str = piece.title,
        parent_id: int | None = None,
    ) -> int:
        name = f"{piece.slug}/{Path(media.path).name}"
        if name in known:
            return known[name]
        return ws.catalogue.add_item(
            kind=kind,
            domain=domain,
            title=title,
            artist=piece.artist,
            media=media,
            parent_id=parent_id,
            tags=[*tags, mark(name)],
        )

    whole = [*song.tags, *song.instruments]
    song_id = add(song.mix, whole)
    for stem in song.stems:
        title = f"{piece.title} ({stem.name})"
        add(stem.media, [*song.tags, *stem.tags], kind="track", title=title, parent_id=song_id)
    for score in song.scores:
        add(score, whole, domain="symbolic", parent_id=song_id)
    ws.catalogue.set_tags({song_id: [mark(piece.slug)]})
    report.songs += 1
    report.tracks += len(song.stems)
    report.scores += len(song.scores)
