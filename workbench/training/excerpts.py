"""The sounds that a tagger learns from, decoded once and read where a batch needs them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from workbench.array_files import read_array
from workbench.errors import StorageError, WorkbenchError
from workbench.features.spectral import SAMPLE_RATE
from workbench.files import atomic_write
from workbench.progress import Progress

if TYPE_CHECKING:
    from workbench.workspace import Workspace

_FULL_SCALE = 32767.0


class Excerpts:
    """The middle of each of some items, in 16 bits on disk.

    Parameters
    ----------
    files
        One per item.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = list(files)

    def whole(self, row: int) -> np.ndarray:
        """Return the kept part of an item, float32 [samples]."""
        return _kept(self._files[row]).astype(np.float32) / _FULL_SCALE

    def drawn(self, row: int, length: int, rng: np.random.Generator) -> np.ndarray:
        """Return an excerpt from anywhere in an item, float32 [length]; a short one goes round."""
        kept = _kept(self._files[row], mapped=True)
        start = int(rng.integers(0, max(len(kept) - length, 0) + 1))
        part = np.asarray(kept[start : start + length])
        if len(part) < length:
            part = np.resize(part, length)
        return part.astype(np.float32) / _FULL_SCALE


def keep_excerpts(
    ws: Workspace,
    ids: Sequence[int],
    seconds: float,
    *,
    processes: int | None = None,
    progress: Progress | None = None,
) -> tuple[Excerpts, list[int], dict[int, str]]:
    """Decode the middle of items that have not been decoded before.

    Parameters
    ----------
    ws
        The workspace; its cache keeps what was decoded.
    ids
        Items that have a file.
    seconds
        How much of each is kept; shorter ones whole.
    processes
        Threads that decode; by default one per core.
    progress
        Told about every item.

    Returns
    -------
    excerpts
        Of the items that could be read, in their order.
    ids
        These items.
    failures
        Why the others could not.
    """
    progress = progress or Progress()
    folder = ws.cache_folder / "excerpts"
    files = {item_id: _file(folder, ws, item_id, seconds) for item_id in ids}
    missing = [item_id for item_id, file in files.items() if not file.is_file()]
    failures: dict[int, str] = {}
    if missing:
        progress.stage("Decoding", len(missing))
        with ThreadPoolExecutor(processes or os.cpu_count() or 1) as pool:
            jobs = {pool.submit(_keep, ws, i, files[i], seconds): i for i in missing}
            try:
                for job in as_completed(jobs):
                    problem = job.result()
                    if problem:
                        failures[jobs[job]] = problem
                    progress.advance()
            finally:
                pool.shutdown(cancel_futures=True)
        progress.close()
    read = [item_id for item_id in ids if item_id not in failures]
    return Excerpts([files[item_id] for item_id in read]), read, failures


def _kept(file: Path, *, mapped: bool = False) -> np.ndarray:
    """Read what was decoded; what is damaged is removed, so that it is decoded again next time."""
    try:
        kept = read_array(file, mapped=mapped)
        if kept.ndim != 1 or kept.dtype != np.int16 or not len(kept):
            raise ValueError("it holds something else")
    except (OSError, ValueError) as error:
        file.unlink(missing_ok=True)
        raise StorageError(
            f"{file}: a decoded sound is gone or damaged ({error}); run the same command again, "
            "which decodes it anew."
        ) from error
    return np.asarray(kept)


def _keep(ws: Workspace, item_id: int, file: Path, seconds: float) -> str | None:
    """Decode an item; return what is wrong with it, if anything."""
    try:
        samples = ws.catalogue.sound_of(item_id, SAMPLE_RATE)
    except WorkbenchError as error:
        return str(error)
    count = round(seconds * SAMPLE_RATE)
    start = max(len(samples) - count, 0) // 2
    part = np.clip(samples[start : start + count], -1.0, 1.0)
    if not len(part):
        return f"item {item_id}: too short to have a sample"
    with atomic_write(file) as stream:
        np.save(stream, np.round(part * _FULL_SCALE).astype(np.int16))
    return None


def _file(folder: Path, ws: Workspace, item_id: int, seconds: float) -> Path:
    content = f"{ws.catalogue.content_of(item_id)} {seconds:g}"
    name = hashlib.sha256(content.encode()).hexdigest()[:32]
    return folder / name[:2] / f"{name}.npy"
