"""Stored vectors: whole, of the catalogue's items, and of the model that is there."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from workbench.doctor.findings import Finding, number_of, some
from workbench.errors import NotReadyError, WorkbenchError
from workbench.files import LOCK, alone, is_abandoned, write_text
from workbench.vectors.opening import open_vectors
from workbench.vectors.shared import SharedVectors, shared_sets
from workbench.vectors.store import Arrays, VectorStore, is_intact, open_arrays, save_arrays

if TYPE_CHECKING:
    from workbench.doctor.lost_and_found import LostAndFound
    from workbench.doctor.seen import Seen
    from workbench.subspaces.model import Model

_FLOOR, _MODEL = "floor-", "model-"
_TRIED = 64  # rows that are computed again
_APART = 1e-3  # what rounding may make of the same row
_ROWS = 16_384  # rows read at once


def check_vectors(seen: Seen) -> Iterator[Finding]:
    """Look at all vectors: those in folders, machine tags, and those in a team's database."""
    yield from _check_folders(seen)
    if seen.current and not seen.database.is_sqlite:
        for name in shared_sets(seen.database):
            store = open_vectors(seen.database, seen.ws.root, name)
            try:
                ids = np.array(store.ids)
            except WorkbenchError as error:  # the database does not answer, or this disk is full
                yield Finding("vectors", str(error), "Nothing that needs them works.", "Try again.")
                continue
            yield from _unknown_items(seen, store, ids)
            yield from _of_what(seen, store)


def _check_folders(seen: Seen) -> Iterator[Finding]:
    for around in (seen.ws.root / "vectors", seen.ws.root / "tags"):
        for folder in sorted(p for p in around.iterdir() if p.is_dir()) if around.is_dir() else ():
            yield from _strays(folder)
            store = VectorStore(folder)
            if not store.exists:
                continue
            try:
                ids = np.array(store.ids)
                store.vectors  # noqa: B018 - opened, so that damage shows
                if seen.deep and not is_intact(store.folder / store.generation):
                    raise WorkbenchError("they are not what was written")
                if seen.deep and not _finite(store):
                    raise WorkbenchError("some of them are no numbers")
                if (np.diff(ids) <= 0).any():
                    raise WorkbenchError("their items are out of order")
            except (NotReadyError, WorkbenchError) as error:
                yield _damaged(folder, str(error))
                continue
            yield from _unknown_items(seen, store, ids)
            if around.name == "vectors":
                yield from _of_what(seen, store)
            else:
                yield from _card_of_tags(seen, folder)


def _finite(store: VectorStore) -> bool:
    parts = range(0, len(store.ids), _ROWS)
    return all(bool(np.isfinite(store.vectors[i : i + _ROWS]).all()) for i in parts)


def _strays(folder: Path) -> Iterator[Finding]:
    """Find writes that the pointer does not name, unless one is under way."""
    lock = folder / LOCK
    if lock.exists() and not is_abandoned(lock):
        return
    stray = _not_current(folder)
    if len(stray) == 1 and not (folder / "current").exists() and _is_whole(stray[0]):
        yield Finding(
            "vectors",
            f"The vectors in {folder.parent.name}/{folder.name} are whole, but nothing names them.",
            "Nothing that needs them works.",
            "Repair: they are named again.",
            examples=(stray[0].name,),
            repair=partial(_name_again, stray[0]),
        )
    elif stray:
        yield Finding(
            "vectors",
            f"{number_of(len(stray), 'write')} of {folder.name} came to no end.",
            "They take room and are never read.",
            "Repair: they go to lost+found; the next write would remove them.",
            len(stray),
            some([path.name for path in stray]),
            fault=False,
            repair=partial(_move_strays, folder),
        )


def _not_current(folder: Path) -> list[Path]:
    current = folder / "current"
    named = current.read_text(errors="replace").strip() if current.is_file() else ""
    return [
        path for path in folder.iterdir() if path.is_dir() and path.name not in (named, "parts")
    ]


def _is_whole(generation: Path) -> bool:
    try:
        open_arrays(generation)
    except (OSError, ValueError):
        return False
    return is_intact(generation)


def _name_again(generation: Path, _kept: LostAndFound) -> str:
    with alone(generation.parent):
        write_text(generation.parent / "current", generation.name)
    return f"The vectors of {generation.parent.name} are named again."


def _move_strays(folder: Path, kept: LostAndFound) -> str:
    with alone(folder):
        stray = _not_current(folder)
        for path in stray:
            kept.move(path)
    return f"{number_of(len(stray), 'unfinished write')} of {folder.name} went to lost+found."


def _damaged(folder: Path, reason: str) -> Finding:
    derived = folder.name.startswith((_MODEL, _FLOOR))
    command = "workbench tag" if folder.parent.name == "tags" else "workbench embed"
    again = "they are made again when they are needed" if derived else f"then run `{command}`"
    return Finding(
        "vectors",
        f"The vectors in {folder.parent.name}/{folder.name} are damaged ({reason.rstrip('.')}).",
        "Nothing that needs them works until they are made again.",
        f"Repair: they go to lost+found; {again}.",
        examples=(folder.name,),
        repair=partial(_move_away, folder),
    )


def _take_away(store: VectorStore, kept: LostAndFound) -> str:
    if not isinstance(store, SharedVectors):
        return _move_away(store.folder, kept)
    _keep_rows(store, kept)
    store.remove()
    return f"{store.name} went to lost+found."


def _keep_rows(store: SharedVectors, kept: LostAndFound) -> None:
    """Write down the rows of a team's database before they go or change."""
    arrays = Arrays(store.generation, store.ids, store.vectors)
    save_arrays(kept.folder / "vectors" / store.name / store.generation, arrays)


def _move_away(folder: Path, kept: LostAndFound) -> str:
    """Take a store away, but leave what an interrupted run has finished."""
    with alone(folder):
        for path in sorted(folder.iterdir()):
            if path.name not in ("parts", LOCK):
                kept.move(path)
    return f"{folder.name} went to lost+found."


def _unknown_items(seen: Seen, store: VectorStore, ids: np.ndarray) -> Iterator[Finding]:
    if seen.items is None:
        return
    unknown = np.setdiff1d(ids, seen.items)
    if len(unknown):
        yield Finding(
            "vectors",
            f"{number_of(len(unknown), 'vector')} of {store.folder.name} are of items that the "
            "catalogue does not have.",
            "Searches and maps would name items that nobody can open.",
            "Repair: the others are written anew, and the old ones kept in lost+found.",
            len(unknown),
            some(unknown.tolist()),
            repair=partial(_without, store, unknown),
        )


def _without(store: VectorStore, unknown: np.ndarray, kept: LostAndFound) -> str:
    with alone(store.folder):
        store.refresh()
        if isinstance(store, SharedVectors):
            _keep_rows(store, kept)
        else:
            for name in ("ids.npy", "vectors.npy"):
                kept.copy(store.folder / store.generation / name)
        known = ~np.isin(store.ids, unknown)
        store.write(store.ids[known], np.asarray(store.vectors)[known])
    return f"{number_of(len(unknown), 'vector')} of unknown items taken out of {store.folder.name}."


# -- what vectors are of --------------------------------------------------------------------------


def _of_what(seen: Seen, store: VectorStore) -> Iterator[Finding]:
    name = store.folder.name
    if name.startswith(_MODEL):
        yield from _of_model(seen, store, name.removeprefix(_MODEL))
    elif not name.startswith(_FLOOR):
        yield from _of_encoder(seen, store, name)


def _of_encoder(seen: Seen, store: VectorStore, key: str) -> Iterator[Finding]:
    from workbench.encoders.registry import find_encoder

    try:
        known = find_encoder(key, seen.ws).key == key
    except WorkbenchError:
        known = False
    if not known:
        yield Finding(
            "vectors",
            f"There are vectors of {key}, an encoder that is not known here.",
            "Models on it go on to work for items that have vectors; new ones cannot be embedded.",
            "Install or declare the encoder again, or fit heads on another one with `workbench "
            "train heads`.",
            len(store.ids),
            fault=False,
        )


def _of_model(seen: Seen, store: VectorStore, version: str) -> Iterator[Finding]:
    if version not in seen.versions:
        yield Finding(
            "vectors",
            f"There are vectors of model {version}, which is not there.",
            "They take room; nothing reads them.",
            "Repair: they go to lost+found.",
            len(store.ids),
            fault=False,
            repair=partial(_take_away, store),
        )
        return
    try:
        model = seen.ws.models.load(version)
    except WorkbenchError:
        return  # the models are looked at by themselves
    source = open_vectors(seen.database, seen.ws.root, model.card.encoder)
    if store.vectors.shape[1] != model.width:
        yield _stale(store, version, "they have another width than its card says")
    elif source.exists and _differ(store, source, model):
        if isinstance(source, SharedVectors) or is_intact(source.folder / source.generation):
            yield _stale(store, version, "they are of other vectors of its encoder")
        elif not seen.deep:  # else it has been told of the encoder's
            yield _damaged(source.folder, "they are not what was written")


def _differ(store: VectorStore, source: VectorStore, model: Model) -> bool:
    """Compute some rows again, spread over all, and compare."""
    try:
        both = np.intersect1d(store.ids, source.ids)
        spread = np.unique(np.linspace(0, max(len(both) - 1, 0), _TRIED).astype(int))
        tried = both[spread[: len(both)]]
        expected = model.transform(source.rows(tried))
    except WorkbenchError:
        # Damaged, or of another width than the model takes: told of the encoder or the model.
        return False
    return bool(np.abs(expected - store.rows(tried)).max(initial=0.0) > _APART)


def _stale(store: VectorStore, version: str, reason: str) -> Finding:
    return Finding(
        "vectors",
        f"The vectors of model {version} are stale: {reason}.",
        "Searches and maps show what the model no longer says.",
        "Repair: they go to lost+found and are made again when they are needed.",
        len(store.ids),
        repair=partial(_take_away, store),
    )


def _card_of_tags(seen: Seen, folder: Path) -> Iterator[Finding]:
    from workbench.tagging.machine_tags import MachineTags

    try:
        MachineTags(seen.ws, folder.name).card  # noqa: B018 - read, so that damage shows
    except WorkbenchError as error:
        yield _damaged(folder, str(error))
