"""Models on disk: safetensors and a JSON card per version, written once, never changed."""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import time
import uuid
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import NotReadyError, StorageError, UnknownNameError
from workbench.files import (
    PARTIAL,
    alone,
    append_line,
    clear_storage_errors,
    from_json,
    sync,
    write_text,
)

if TYPE_CHECKING:
    from workbench.subspaces.model import Model

_LOG = logging.getLogger(__name__)
_FORMAT = 1
_VERSION = re.compile(r"v[0-9]{1,9}")  # a folder of ours, and no way out of it


def timestamp() -> str:
    """Return the present moment as cards hold it, in UTC to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True)
class ModelCard:
    """What a model is, what it learned from and how well it does.

    `metrics` holds ``scores`` (per dimension and overall, see `Score.as_dict`), ``leakage``
    (subspace x dimension of the triplets), ``untaught`` (dimensions that nothing was learned
    about) and, after fine-tuning, ``finetune`` (before and after on items seen and unseen).
    `judgements` counts what the version learned from; `watermark` is
    the id of the last of them.
    """

    version: str
    encoder: str
    head: str
    dimensions: list[str]
    subspace_dim: int
    parent: str | None = None
    created_at: str = field(default_factory=timestamp)
    judgements: int = 0
    watermark: str | None = None
    licence: str = ""
    held_out: list[int] = field(default_factory=list)
    metrics: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    sha256: str = ""
    format: int = _FORMAT
    promoted: bool = False

    @property
    def taught(self) -> list[str]:
        """The dimensions that tags, judgements or a trained network have taught it."""
        untaught = self.metrics.get("untaught", ())
        return [name for name in self.dimensions if name not in untaught]


class ModelStore:
    """The model versions of a workspace and which of them is current."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    # -- reading --------------------------------------------------------------------------------

    def versions(self) -> list[ModelCard]:
        """Return all cards, oldest first."""
        names = sorted(p.parent.name for p in self.folder.glob("v*/card.json"))
        return [self.card(name) for name in names]

    def current(self, *, at: datetime | None = None) -> str | None:
        """Return the version in use, now or at a moment; None before the first."""
        history = self._history(until=at)
        return history[-1] if history else None

    def card(self, version: str | None = None) -> ModelCard:
        """Return the card of a version; by default of the current one."""
        version = version or self.current()
        if version is None:
            raise NotReadyError(
                "There is no model yet; run `workbench train heads` to fit one to the tags."
            )
        file = self.folder / version / "card.json"
        if not (_VERSION.fullmatch(version) and file.is_file()):
            known = ", ".join(p.parent.name for p in sorted(self.folder.glob("v*/card.json")))
            raise UnknownNameError(
                f"There is no model {version!r}; choose one of {known or 'none yet'}."
            )
        try:
            card = ModelCard(**from_json(file.read_text(encoding="utf-8")))
            _check_kinds(card, version)
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise StorageError(
                f"{file} is damaged or of a newer version ({error}); restore its folder from a "
                "backup, or upgrade the package."
            ) from error
        return replace(card, promoted=version in self._history(all_ever=True))

    def untaught(self, version: str | None = None) -> ModelCard:
        """Return the card of the nearest ancestor that learned from no judgement.

        Parameters
        ----------
        version
            Whose ancestor, by default the current one's. It is its own if it learned from none.

        Raises
        ------
        UnknownNameError
            If a version in between has been removed.
        """
        card = self.card(version)
        while card.judgements and card.parent:
            card = self.card(card.parent)
        return card

    def load(self, version: str | None = None) -> Model:
        """Return a model; hashes and shapes are checked.

        Raises
        ------
        StorageError
            If the stored weights are not what the card describes.
        """
        from workbench.subspaces.model import Model

        card = self.card(version)
        return Model.load(self.folder / card.version / "model.safetensors", card)

    # -- writing --------------------------------------------------------------------------------

    def save(self, model: Model, *, promote: bool) -> ModelCard:
        """Store a model under the next free version, and make it current if asked."""
        partial = self.folder / f"{PARTIAL}{uuid.uuid4().hex[:8]}"
        with alone(self.folder), clear_storage_errors(self.folder):
            partial.mkdir(parents=True)
            try:
                sha256 = model.save(partial / "model.safetensors")
                version = self._next_version()
                card = replace(model.card, version=version, sha256=sha256, promoted=False)
                write_text(partial / "card.json", json.dumps(asdict(card), indent=1))
                os.rename(partial, self.folder / version)
                sync(self.folder)
            finally:
                shutil.rmtree(partial, ignore_errors=True)
        _LOG.info("Model saved", extra={"version": version, "parent": card.parent})
        if promote:
            self.promote(version)
        return self.card(version)

    def set_metrics(self, version: str, metrics: dict[str, Any]) -> ModelCard:
        """Add measurements to a card; the weights stay untouched."""
        with alone(self.folder):
            card = self.card(version)
            merged = replace(card, metrics={**card.metrics, **metrics}, promoted=False)
            write_text(self.folder / version / "card.json", json.dumps(asdict(merged), indent=1))
        return self.card(version)

    def promote(self, version: str) -> None:
        """Make a version the current one."""
        self.card(version)
        with alone(self.folder):
            if self.current() != version:
                self._log("promote", version)

    def roll_back(self) -> str:
        """Return to the version that was current before this one.

        Raises
        ------
        NotReadyError
            If there is none to return to.
        """
        with alone(self.folder):
            history = self._history()
            if len(history) < 2:
                raise NotReadyError("There is no earlier version to roll back to.")
            self._log("roll back", history[-2])
            return history[-2]

    # -- helpers --------------------------------------------------------------------------------

    def _history(self, *, all_ever: bool = False, until: datetime | None = None) -> list[str]:
        """Return the promoted versions, those rolled back taken off again unless `all_ever`."""
        file = self.folder / "history.jsonl"
        stack: list[str] = []
        try:
            text = file.read_text(encoding="utf-8") if file.is_file() else ""
            for line in text.split("\n")[:-1]:  # what follows the last end of line is half-written
                entry = from_json(line)
                if not _VERSION.fullmatch(entry["version"]):
                    raise ValueError("no version")
                if until is not None and entry["at"] > until.timestamp():
                    break
                if entry["action"] == "promote" or all_ever:
                    stack.append(entry["version"])
                elif stack:
                    stack.pop()
        except (ValueError, KeyError, TypeError) as error:
            raise StorageError(
                f"{file} is damaged; remove the lines that are not JSON or restore it."
            ) from error
        return stack

    def _log(self, action: str, version: str) -> None:
        entry = json.dumps({"action": action, "version": version, "at": time.time()})
        append_line(self.folder / "history.jsonl", entry)
        _LOG.info("Model %s", action, extra={"version": version})

    def _next_version(self) -> str:
        numbers = [int(p.name[1:]) for p in self.folder.glob("v*") if p.name[1:].isdigit()]
        return f"v{max(numbers, default=0) + 1:04d}"


def _check_kinds(card: ModelCard, version: str) -> None:
    """Refuse a card whose fields are of other kinds than this module writes.

    Raises
    ------
    ValueError
        If one is.
    """
    words = (card.encoder, card.head, card.created_at, card.licence, card.note, card.sha256)
    numbers = (card.subspace_dim, card.judgements, card.format, *card.held_out)
    parts = (card.metrics.get(name, {}) for name in ("scores", "leakage", "finetune"))
    fits = (
        card.version == version
        and all(isinstance(word, str) for word in (*words, *card.dimensions))
        and all(isinstance(word, str | None) for word in (card.parent, card.watermark))
        and all(type(number) is int for number in numbers)
        and isinstance(card.dimensions, list)
        and isinstance(card.metrics.get("untaught", []), list)
        and all(isinstance(part, dict | None) for part in parts)
    )
    if not fits:
        raise ValueError("a field is of another kind")
    if not card.dimensions or len(set(card.dimensions)) < len(card.dimensions):
        raise ValueError("its dimensions make no sense")
