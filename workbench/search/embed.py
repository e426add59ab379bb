"""Compute the vectors of a catalogue: resumable, on all cores, one bad file never stops it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from workbench.cluster.place import choose_place
from workbench.cluster.views import View, opened_workspace, view_for
from workbench.encoders.base import takes_scores
from workbench.encoders.registry import default_encoder, find_encoder, load_encoder
from workbench.encoders.warm import warm_encoder
from workbench.errors import NotReadyError, WorkbenchError
from workbench.progress import Progress
from workbench.vectors.batches import (
    Done,
    each_item,
    fill_store,
    items_with_music,
    merge_parts,
    parts_of,
    without_rows,
)

if TYPE_CHECKING:
    from workbench.workspace import Workspace


@dataclass
class EmbedReport:
    """What `embed` did: the encoder, how many items are new, and which could not be read.

    `passed_over` counts scores of which the encoder knows nothing.
    """

    encoder: str
    computed: int = 0
    total: int = 0
    passed_over: int = 0
    failures: dict[int, str] = field(default_factory=dict)


def embed(
    ws: Workspace,
    *,
    encoder: str | None = None,
    render: bool = False,
    processes: int | None = None,
    cluster: str | None = None,
    progress: Progress | None = None,
) -> EmbedReport:
    """Compute and store the vectors of all items that have none yet.

    Sounds are decoded, submixes mixed. Scores are read by encoders that take scores; others pass
    them over.

    Parameters
    ----------
    ws
        The workspace.
    encoder
        Its key or the short name it was added under; by default the best built-in one installed.
    render
        Render scores and let the encoder hear them, whether or not it could read them.
    processes
        How many run at once on this machine; by default one per core.
    cluster
        The address of a Dask scheduler whose workers do it instead; by default the configured one.
    progress
        Told about every item.

    Notes
    -----
    Finished batches are kept as part files, so that an interrupted run goes on where it was.
    """
    progress = progress or Progress()
    place = choose_place(processes=processes, cluster=cluster, config=ws.config)
    key = (find_encoder(encoder, ws) if encoder else default_encoder()).key
    # Fail here, with a sentence, rather than in every process.
    reads = render or takes_scores(load_encoder(key, ws.root))
    store = ws.vectors(key)
    merge_parts(store)
    domains = ("audio", "symbolic") if reads else ("audio",)
    todo = without_rows(store, items_with_music(ws, domains=domains))
    report = EmbedReport(key)
    if not reads:
        report.passed_over = len(ws.catalogue.items(domain="symbolic"))
    if todo:
        progress.stage(f"Embedding with {key}", len(todo))
        with view_for(ws, place) as view:
            work = partial(_encode_batch, key, view, parts_of(store), render)
            done, report.failures = fill_store(store, work, todo, place=place, progress=progress)
        report.computed = len(done)
        progress.close()
    if not store.exists:
        raise _nothing_stored(report)
    report.total = len(store.ids)
    return report


def _nothing_stored(report: EmbedReport) -> WorkbenchError:
    if not report.failures:
        return NotReadyError("There is no music to embed; import some with `workbench import`.")
    item_id, reason = next(iter(report.failures.items()))
    return WorkbenchError(
        f"None of the {len(report.failures)} items could be embedded; item {item_id}: {reason}."
    )


def _encode_batch(key: str, view: View, parts: Path, render: bool, batch: Sequence[int]) -> Done:
    encoder = warm_encoder(key, view.root)
    catalogue = opened_workspace(view).catalogue
    symbolic = set(catalogue.items(domain="symbolic").index) if takes_scores(encoder) else set()

    def vector_of(item_id: int) -> np.ndarray:
        if item_id in symbolic and not render and takes_scores(encoder):
            return encoder.encode_scores([catalogue.score_of(item_id)])[0]
        return encoder.encode([catalogue.sound_of(item_id, encoder.sample_rate)])[0]

    return each_item(batch, vector_of, parts, failing="embedded")
