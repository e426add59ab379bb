"""Model versions: whole, on encoders that are there, and a history that names them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.doctor.findings import Finding, number_of, some
from workbench.errors import WorkbenchError
from workbench.files import alone, write_text
from workbench.vectors.opening import open_vectors

if TYPE_CHECKING:
    from workbench.doctor.lost_and_found import LostAndFound
    from workbench.doctor.seen import Seen
    from workbench.subspaces.store import ModelCard, ModelStore

HISTORY = "history.jsonl"


def check_models(seen: Seen) -> Iterator[Finding]:
    """Load every version, and follow which of them is in use."""
    store = seen.ws.models
    told = list(_history(store))
    yield from told
    if any(finding.fault for finding in told):
        return  # which version is in use is known when that is mended
    broken = {}
    for folder in sorted(p for p in store.folder.glob("v*") if p.is_dir()):
        try:
            store.load(folder.name)
        except WorkbenchError as error:
            lacks_card = not (folder / "card.json").is_file()
            broken[folder.name] = f"{folder.name} lacks its card.json" if lacks_card else str(error)
    if broken:
        yield Finding(
            "models",
            f"{number_of(len(broken), 'model version is', 'model versions are')} damaged.",
            "They cannot be used or compared with.",
            "Restore their folders from a backup. Without one, repair: they go to lost+found, and "
            "the last whole version is in use.",
            len(broken),
            tuple(broken.values()),
            repair=partial(_put_aside, seen, sorted(broken)),
        )
    yield from _in_use(seen, set(broken))


def _history(store: ModelStore) -> Iterator[Finding]:
    file = store.folder / HISTORY
    if not file.is_file():
        return
    text = file.read_text(errors="replace")
    lines = text.split("\n")
    bad = [number for number, line in enumerate(lines[:-1], 1) if not _is_entry(line)]
    if bad or lines[-1]:
        yield Finding(
            "models",
            f"{file.name} has {number_of(len(bad), 'damaged line')}"
            f"{' and an end that was cut off' if lines[-1] else ''}.",
            "Nobody can say which version is in use."
            if bad
            else "What was being written was never in force.",
            "Repair: the file is kept in lost+found and written anew without them.",
            len(bad) + bool(lines[-1]),
            some([f"line {number}" for number in bad]),
            fault=bool(bad),
            repair=partial(_mend_history, store),
        )


def _is_entry(line: str) -> bool:
    try:
        entry: Any = json.loads(line)
        return isinstance(entry["version"], str) and bool(entry["action"] and entry["at"])
    except (ValueError, KeyError, TypeError):
        return False


def _mend_history(store: ModelStore, kept: LostAndFound) -> str:
    file = store.folder / HISTORY
    with alone(store.folder):
        kept.copy(file)
        lines = file.read_text(errors="replace").split("\n")
        write_text(file, "".join(f"{line}\n" for line in lines if _is_entry(line)))
    return "The history of models was written anew without its damaged lines."


def _in_use(seen: Seen, broken: set[str]) -> Iterator[Finding]:
    store = seen.ws.models
    current = store.current()
    if current is not None and not (store.folder / current / "card.json").is_file():
        yield Finding(
            "models",
            f"The model in use, {current}, is not there.",
            "Nothing that needs a model works.",
            "Repair: the last whole version that was in use is put in use again.",
            examples=(current,),
            repair=partial(_use_last_whole, seen),
        )
        return
    if current is None or current in broken:
        return
    card = store.card(current)
    yield from _encoder_of(seen, card)
    if card.parent and card.parent not in seen.versions:
        yield Finding(
            "models",
            f"{card.version} comes from {card.parent}, which is not there.",
            "It works; fine-tuning cannot start again from where it came.",
            "Restore the version from a backup, or begin anew with `workbench train heads`.",
            examples=(card.parent,),
            fault=False,
        )


def _encoder_of(seen: Seen, card: ModelCard) -> Iterator[Finding]:
    from workbench.encoders.registry import find_encoder

    try:
        info = find_encoder(card.encoder, seen.ws)
        missing = "" if info.installed and not info.problem else f"install it: `{info.install}`"
    except WorkbenchError:
        missing = "install or declare it, or fit heads on another with `workbench train heads`"
    if missing:
        yield Finding(
            "models",
            f"Model {card.version} is made for {card.encoder}, which is not installed here.",
            "Items with vectors are found; new music cannot be embedded for this model.",
            f"{missing[0].upper()}{missing[1:]}.",
            examples=(card.encoder,),
            fault=False,
        )
    vectors = open_vectors(seen.database, seen.ws.root, card.encoder)
    try:
        width = np.shape(vectors.vectors)[1] if vectors.exists else None
    except WorkbenchError:
        return
    expected = len(seen.ws.models.load(card.version).normaliser.mean)
    if width is not None and width != expected:
        yield Finding(
            "models",
            f"The vectors of {card.encoder} are {width} wide, and model {card.version} takes "
            f"{expected}.",
            "The model cannot read them: they are of another version of the encoder.",
            "Fit heads anew with `workbench train heads`, or embed again with the version the "
            "model is made for.",
            examples=(card.encoder,),
        )


# -- repairs --------------------------------------------------------------------------------------


def _put_aside(seen: Seen, versions: list[str], kept: LostAndFound) -> str:
    store = seen.ws.models
    with alone(store.folder):
        for version in versions:
            kept.move(store.folder / version)
        current = store.current()
    text = f"{', '.join(versions)} went to lost+found"
    return f"{text}; {_use_last_whole(seen, kept)}" if current in versions else f"{text}."


def _use_last_whole(seen: Seen, kept: LostAndFound) -> str:
    """Put the version in use that was last and is whole; else the newest whole one.

    Where there is none, none is in use, as before the first.
    """
    store = seen.ws.models
    whole = [folder.name for folder in sorted(store.folder.glob("v*")) if _loads(store, folder)]
    used = [version for version in _used(store) if version in whole]
    if not (used or whole):
        kept.move(store.folder / HISTORY)
        return "no whole version is left: run `workbench train heads`."
    version = (used or whole)[-1]
    store.promote(version)
    return f"{version} is in use."


def _loads(store: ModelStore, folder: Path) -> bool:
    try:
        store.load(folder.name)
    except WorkbenchError:
        return False
    return True


def _used(store: ModelStore) -> list[str]:
    """Return the versions that were ever put in use, the last one last."""
    file = store.folder / HISTORY
    lines = file.read_text(errors="replace").split("\n") if file.is_file() else []
    return [json.loads(line)["version"] for line in lines if _is_entry(line)]
