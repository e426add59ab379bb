"""Work through a catalogue in batches, on all cores or hosts; what is finished is kept as it goes.

A process does a batch and leaves its rows as a part file beside the store; the part files are
merged into the store now and then. So an interruption loses the batches in hand and no more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from workbench.array_files import opened_arrays
from workbench.cluster.place import Place
from workbench.cluster.run import TRIES, run_batches
from workbench.errors import CancelledError, WorkbenchError
from workbench.files import alone, atomic_write
from workbench.progress import Progress
from workbench.vectors.store import VectorStore

if TYPE_CHECKING:
    from workbench.workspace import Workspace

Done = tuple[list[int], dict[int, str]]
"""The items a batch finished, and why the others failed."""

_BATCH = 4  # items: what an interruption can lose, times the number of processes
_LOST = f"the process that worked on it was ended {TRIES} times"
_MERGE_EVERY = 200  # parts; more would slow a restart down, fewer would rewrite the array often


def fill_store(
    store: VectorStore,
    work: Callable[[list[int]], Done],
    ids: Sequence[int],
    *,
    place: Place,
    progress: Progress,
) -> Done:
    """Do a piece of work for all `ids` and merge what it leaves into the store.

    Parameters
    ----------
    store
        Where the rows go; part files lie in its folder ``parts``.
    work
        Does one batch and keeps its rows with `each_item`; other processes must be able to get it.
    ids
        The items.
    place
        Where to work.
    progress
        Told about every item, and asked whether to stop.

    Raises
    ------
    CancelledError
        If somebody asked to stop.
    WorkbenchError
        If processes are ended from outside again and again, or the cluster cannot be used.
    """
    finished: list[int] = []
    failures: dict[int, str] = {}
    parts = parts_of(store)
    parts.mkdir(parents=True, exist_ok=True)
    waiting = 0
    for outcome in run_batches(
        work, ids, place=place, size=_BATCH, folder=parts, progress=progress
    ):
        done, failed = outcome.result or ([], dict.fromkeys(outcome.items, _LOST))
        finished += done
        failures |= failed
        progress.advance(len(done) + len(failed))
        waiting += 1
        if progress.cancelled():
            raise CancelledError("The work was stopped; what was finished is kept.")
        if waiting == _MERGE_EVERY:
            merge_parts(store)
            waiting = 0
    merge_parts(store)
    return finished, failures


def each_item(
    ids: Sequence[int], row_of: Callable[[int], np.ndarray], parts: Path, *, failing: str
) -> Done:
    """Compute the rows of a batch one by one and keep them; whatever is odd about one is told.

    Parameters
    ----------
    ids
        The items of the batch.
    row_of
        Returns the row of an item, float32 [dim].
    parts
        The folder of part files.
    failing
        What cannot be done with an item that fails unexpectedly, such as ``"embedded"``.
    """
    done, rows, failures = [], [], {}
    for item_id in ids:
        try:
            rows.append(row_of(item_id))
            done.append(item_id)
        except WorkbenchError as error:
            failures[item_id] = str(error)
        except Exception as error:  # whatever is odd about one item, the others go on
            failures[item_id] = (
                f"item {item_id}: cannot be {failing} ({type(error).__name__}: {error})"
            )
    if done:
        name = hashlib.sha256(repr(done).encode()).hexdigest()[:16]
        with atomic_write(parts / f"{name}.npz") as stream:
            np.savez(stream, ids=np.array(done), vectors=np.stack(rows))
    return done, failures


def parts_of(store: VectorStore) -> Path:
    """Return the folder of a store's part files."""
    return store.folder / "parts"


def merge_parts(store: VectorStore) -> None:
    """Move finished part files into the store's array; unreadable ones are computed again.

    A row of a part file takes the place of the one stored before.
    """
    folder = parts_of(store)
    if not folder.is_dir():
        return
    with alone(store.folder):  # else two that merge at once each forget what the other adds
        store.refresh()
        _merge(store, sorted(folder.glob("[!.]*.npz")))  # others may be writing theirs


def _merge(store: VectorStore, files: list[Path]) -> None:
    ids, vectors = [], []
    for file in files:
        with suppress(OSError, ValueError):
            with opened_arrays(file) as part:
                new_ids, new_vectors = part["ids"], part["vectors"]
            if new_ids.shape != new_vectors.shape[:1] or new_vectors.ndim != 2:
                continue
            ids.append(new_ids)
            vectors.append(new_vectors)
    if ids:
        if store.exists:
            ids.append(store.ids)
            vectors.append(np.asarray(store.vectors))
        all_ids, first = np.unique(np.concatenate(ids), return_index=True)
        store.write(all_ids, np.concatenate(vectors)[first])
    for file in files:
        file.unlink(missing_ok=True)


def items_with_music(
    ws: Workspace, *, kind: str | None = None, domains: Sequence[str] = ("audio", "symbolic")
) -> np.ndarray:
    """Return the items that have music of their own, or are made of such, int64 [n]."""
    items = ws.catalogue.items(kind=kind)
    made = items["media_id"].notna() | (items["kind"] == "submix")
    return items.index[made & items["domain"].isin(list(domains))].to_numpy(np.int64)


def without_rows(store: VectorStore, ids: np.ndarray) -> list[int]:
    """Return those of `ids` that have no row in the store yet."""
    done = store.ids if store.exists else np.zeros(0, np.int64)
    return [int(item_id) for item_id in ids[~np.isin(ids, done)]]
