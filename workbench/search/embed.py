"""Compute the vectors of a catalogue: resumable, on all cores, one bad file never stops it."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import zipfile
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from workbench.encoders.base import takes_scores
from workbench.encoders.registry import default_encoder, find_encoder, load_encoder
from workbench.encoders.warm import warm_encoder
from workbench.errors import NotReadyError, WorkbenchError
from workbench.files import atomic_write
from workbench.progress import Progress
from workbench.search.vectors import VectorStore
from workbench.workers import prepare_computing_worker

if TYPE_CHECKING:
    from workbench.workspace import Workspace

_BATCH = 4  # items per task: what an interruption can lose, times the number of processes
_MERGE_EVERY = 200  # parts; more would slow a restart down, fewer would rewrite the array often


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
        How many run at once; by default one per core.
    progress
        Told about every item.

    Notes
    -----
    Finished batches are kept as part files, so that an interrupted run goes on where it was.
    """
    progress = progress or Progress()
    key = (find_encoder(encoder, ws) if encoder else default_encoder()).key
    # Fail here, with a sentence, rather than in every process.
    reads = render or takes_scores(load_encoder(key, ws.root))
    store = ws.vectors(key)
    parts = store.folder / "parts"
    _merge(store, parts)
    todo = _missing_items(ws, store, ("audio", "symbolic") if reads else ("audio",))
    report = EmbedReport(key)
    if not reads:
        report.passed_over = len(ws.catalogue.items(domain="symbolic"))
    if todo:
        count = min(processes or os.cpu_count() or 1, len(todo))
        progress.stage(f"Embedding with {key}", len(todo))
        waiting = 0
        for ids, failures in _run(key, ws.root, todo, parts, render=render, processes=count):
            report.computed += len(ids)
            report.failures.update(failures)
            progress.advance(len(ids) + len(failures))
            waiting += 1
            if waiting == _MERGE_EVERY:
                _merge(store, parts)
                waiting = 0
        _merge(store, parts)
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


def _missing_items(ws: Workspace, store: VectorStore, domains: Sequence[str]) -> list[int]:
    """Return the items without a vector that have music of their own, or are made of such."""
    items = ws.catalogue.items()
    made = items["media_id"].notna() | (items["kind"] == "submix")
    wanted = items.index[made & items["domain"].isin(domains)]
    done = store.ids if store.exists else np.zeros(0, np.int64)
    return [int(item_id) for item_id in wanted[~np.isin(wanted, done)]]


def _run(
    key: str, workspace: Path, ids: list[int], parts: Path, *, render: bool, processes: int
) -> Iterator[tuple[list[int], dict[int, str]]]:
    batches = [ids[i : i + _BATCH] for i in range(0, len(ids), _BATCH)]
    encode = partial(_encode_batch, key, workspace, parts, render)
    if processes == 1 or len(batches) == 1:
        yield from map(encode, batches)
        return
    context = multiprocessing.get_context("spawn")  # forking after torch has started threads hangs
    with ProcessPoolExecutor(
        processes, mp_context=context, initializer=prepare_computing_worker
    ) as pool:
        todo = iter(batches)
        waiting: list[Future[tuple[list[int], dict[int, str]]]] = []
        try:
            waiting += [pool.submit(encode, batch) for batch in islice(todo, 2 * processes)]
            while waiting:
                yield waiting.pop(0).result()
                waiting += [pool.submit(encode, batch) for batch in islice(todo, 1)]
        except BrokenProcessPool as error:
            raise WorkbenchError(
                "An embedding process was ended from outside, perhaps for lack of memory; run "
                "`workbench embed` again, it goes on where it was."
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


@lru_cache(maxsize=1)
def _open_workspace(folder: Path) -> Workspace:
    from workbench.workspace import Workspace

    return Workspace(folder)


def _encode_batch(
    key: str, workspace: Path, parts: Path, render: bool, batch: Sequence[int]
) -> tuple[list[int], dict[int, str]]:
    encoder = warm_encoder(key, workspace)
    catalogue = _open_workspace(workspace).catalogue
    symbolic = set(catalogue.items(domain="symbolic").index) if takes_scores(encoder) else set()
    ids, vectors, failures = [], [], {}
    for item_id in batch:
        try:
            if item_id in symbolic and not render and takes_scores(encoder):
                vector = encoder.encode_scores([catalogue.score_of(item_id)])[0]
            else:
                samples = catalogue.sound_of(item_id, encoder.sample_rate)
                vector = encoder.encode([samples])[0]
            vectors.append(vector)
            ids.append(item_id)
        except WorkbenchError as error:
            failures[item_id] = str(error)
        except Exception as error:  # whatever is odd about one item, the others go on
            failures[item_id] = (
                f"item {item_id}: cannot be embedded ({type(error).__name__}: {error})"
            )
    if ids:
        name = hashlib.sha256(repr(ids).encode()).hexdigest()[:16]
        with atomic_write(parts / f"{name}.npz") as stream:
            np.savez(stream, ids=np.array(ids), vectors=np.stack(vectors))
    return ids, failures


def _merge(store: VectorStore, parts: Path) -> None:
    """Move finished part files into the store's array; unreadable ones are computed again."""
    files = sorted(parts.glob("*.npz")) if parts.is_dir() else []
    ids = [store.ids] if store.exists else []
    vectors = [np.asarray(store.vectors)] if store.exists else []
    before = len(ids)
    for file in files:
        with suppress(OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
            with np.load(file, allow_pickle=False) as part:
                new_ids, new_vectors = part["ids"], part["vectors"]
            ids.append(new_ids)
            vectors.append(new_vectors)
    if len(ids) > before:
        all_ids, first = np.unique(np.concatenate(ids), return_index=True)
        store.write(all_ids, np.concatenate(vectors)[first])
    for file in files:
        file.unlink(missing_ok=True)
