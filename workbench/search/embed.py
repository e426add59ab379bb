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
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from workbench.encoders.registry import default_encoder, find_encoder, load_encoder
from workbench.encoders.warm import warm_encoder
from workbench.errors import NotReadyError, UnknownNameError, WorkbenchError
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
    """What `embed` did: the encoder, how many items are new, and which could not be read."""

    encoder: str
    computed: int = 0
    total: int = 0
    failures: dict[int, str] = field(default_factory=dict)


def embed(
    ws: Workspace,
    *,
    encoder: str | None = None,
    processes: int | None = None,
    progress: Progress | None = None,
) -> EmbedReport:
    """Compute and store the vectors of all audio items that have none yet.

    Parameters
    ----------
    ws
        The workspace.
    encoder
        Its key or the short name it was added under; by default the best built-in one installed.
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
    load_encoder(key, ws.root)  # fail here, with a sentence, rather than in every process
    store = ws.vectors(key)
    parts = store.folder / "parts"
    _merge(store, parts)
    files, missing = _missing_items(ws, store)
    report = EmbedReport(key, failures=missing)
    if files:
        count = min(processes or os.cpu_count() or 1, len(files))
        progress.stage(f"Embedding with {key}", len(files))
        waiting = 0
        for ids, failures in _run(key, ws.root, files, parts, processes=count):
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
        return NotReadyError("There is no sound to embed; import some with `workbench import`.")
    item_id, reason = next(iter(report.failures.items()))
    return WorkbenchError(
        f"None of the {len(report.failures)} sounds could be embedded; item {item_id}: {reason}."
    )


def _missing_items(
    ws: Workspace, store: VectorStore
) -> tuple[list[tuple[int, Path]], dict[int, str]]:
    items = ws.catalogue.items(domain="audio")
    done = set(store.ids.tolist()) if store.exists else set()
    files, failures = [], {}
    for item_id in items.index[items["media_id"].notna()]:
        if int(item_id) not in done:
            try:
                files.append((int(item_id), ws.catalogue.media_path(int(item_id))))
            except UnknownNameError:
                continue
            except WorkbenchError as error:
                failures[int(item_id)] = str(error)
    return files, failures


def _run(
    key: str, workspace: Path, files: list[tuple[int, Path]], parts: Path, *, processes: int
) -> Iterator[tuple[list[int], dict[int, str]]]:
    batches = [files[i : i + _BATCH] for i in range(0, len(files), _BATCH)]
    if processes == 1 or len(batches) == 1:
        for batch in batches:
            yield _encode_batch(key, workspace, batch, parts)
        return
    context = multiprocessing.get_context("spawn")  # forking after torch has started threads hangs
    with ProcessPoolExecutor(
        processes, mp_context=context, initializer=prepare_computing_worker
    ) as pool:
        todo = iter(batches)
        waiting: list[Future[tuple[list[int], dict[int, str]]]] = []
        try:
            waiting += [
                pool.submit(_encode_batch, key, workspace, b, parts)
                for b in islice(todo, 2 * processes)
            ]
            while waiting:
                yield waiting.pop(0).result()
                waiting += [
                    pool.submit(_encode_batch, key, workspace, b, parts) for b in islice(todo, 1)
                ]
        except BrokenProcessPool as error:
            raise WorkbenchError(
                "An embedding process was ended from outside, perhaps for lack of memory; run "
                "`workbench embed` again, it goes on where it was."
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


def _encode_batch(
    key: str, workspace: Path, batch: Sequence[tuple[int, Path]], parts: Path
) -> tuple[list[int], dict[int, str]]:
    from workbench.audio.decode import decode

    encoder = warm_encoder(key, workspace)
    ids, vectors, failures = [], [], {}
    for item_id, path in batch:
        try:
            samples = decode(path).mono(encoder.sample_rate)
            vectors.append(encoder.encode([samples])[0])
            ids.append(item_id)
        except WorkbenchError as error:
            failures[item_id] = str(error)
        except Exception as error:  # whatever is odd about one file, the others go on
            failures[item_id] = f"{path.name}: cannot be embedded ({type(error).__name__}: {error})"
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
