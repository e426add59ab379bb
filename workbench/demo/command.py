"""The whole demo: music, machine tags, vectors, a model and its maps, in one resumable command."""

from __future__ import annotations

from pathlib import Path

from workbench.demo.music import DemoReport, add_demo_music
from workbench.encoders.musicnn.install import install
from workbench.encoders.registry import default_encoder
from workbench.errors import WorkbenchError
from workbench.maps.compute import compute_maps
from workbench.progress import Progress
from workbench.search.embed import embed
from workbench.tagging.shipped import KEY as SHIPPED_TAGGER
from workbench.tagging.tag import tag_items
from workbench.training.initial import fit_initial
from workbench.workspace import Workspace


def build_demo(
    folder: Path,
    *,
    pieces: int | None = None,
    seed: int = 0,
    recordings: bool = True,
    cluster: str | None = None,
    progress: Progress | None = None,
) -> tuple[Workspace, DemoReport]:
    """Build a demo workspace, or finish one that was interrupted.

    Parameters
    ----------
    folder
        Where.
    pieces
        How many pieces of music; all by default.
    seed
        One seed gives one demo.
    recordings
        Whether to fetch openly licensed recordings where the network is there.
    cluster
        The address of a Dask scheduler whose workers do it instead; by default the configured one.
    progress
        Told about every step.
    """
    progress = progress or Progress()
    ws = Workspace.create(folder)
    report = add_demo_music(
        ws, pieces=pieces, seed=seed, recordings=recordings, cluster=cluster, progress=progress
    )
    for piece, reason in report.skipped:
        progress.note(f"Left out {piece}: {reason}")
    if report.recordings_line:
        progress.note(report.recordings_line)
    try:
        install()
    except WorkbenchError as error:
        progress.note(str(error))
    tag_items(
        ws, SHIPPED_TAGGER, kind="song", domains=("audio",), cluster=cluster, progress=progress
    )
    embedded = embed(ws, cluster=cluster, progress=progress)
    if ws.models.current() is None or (
        embedded.computed and ws.models.card().encoder != default_encoder().key
    ):
        fit_initial(ws, seed=seed, progress=progress)
    compute_maps(ws, seed=seed, progress=progress)
    return ws, report
