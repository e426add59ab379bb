"""Checkpoints of a base training: written after every epoch, read without running any code."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from workbench.errors import NotReadyError, StorageError, WorkbenchError
from workbench.files import atomic_write
from workbench.training.base_folder import CHECKPOINT

if TYPE_CHECKING:
    from workbench.training.base_options import BaseOptions
    from workbench.training.relation_options import RelationOptions

# A training may go on for longer, and with what helps where memory ran out or the loss diverged.
_MAY_CHANGE = ("epochs", "steps", "renditions", "seeds", "rate", "mixed_precision")


@dataclass(frozen=True)
class Checkpoint:
    """The state of a training after an epoch."""

    options: Any
    network: dict[str, Any]
    loss: dict[str, Any]
    optimiser: dict[str, Any]
    schedule: dict[str, Any]
    generator: torch.Tensor
    rng: Any
    history: list[dict[str, Any]]
    best: int
    best_weights: dict[str, Any]
    corpus: str = ""


def save_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint; until it is complete the one before stays."""
    folder.mkdir(parents=True, exist_ok=True)
    data = {f.name: getattr(checkpoint, f.name) for f in fields(checkpoint)}
    data["options"] = asdict(checkpoint.options)
    with atomic_write(folder / CHECKPOINT) as stream:
        torch.save(data, stream)


def load_checkpoint(folder: Path, options: BaseOptions | RelationOptions) -> Checkpoint:
    """Read the checkpoint of a training with the same options.

    Raises
    ------
    NotReadyError
        If there is none.
    StorageError
        If it is damaged or holds anything but numbers and text.
    WorkbenchError
        If it is of another training, with what differs.
    """
    file = folder / CHECKPOINT
    if not file.is_file():
        raise NotReadyError(f"{folder} holds no checkpoint to go on from; leave out --resume.")
    try:
        data = torch.load(file, map_location="cpu", weights_only=True)
        saved = Checkpoint(**data)
        known = dict(saved.options)
    except Exception as error:  # reading damaged bytes raises whatever they lead to
        raise StorageError(f"{file} is damaged ({error}); start again without --resume.") from error
    before, now = _flat(known), _flat(asdict(options))
    differs = [
        f"{name} was {before.get(name)} and is {now[name]}"
        for name in now
        if name not in _MAY_CHANGE and before.get(name) != now[name]
    ]
    if differs:
        raise WorkbenchError(
            f"{file} is of a training with other options ({'; '.join(differs)}); go on with the "
            "same ones, or start again without --resume."
        )
    return saved


def _flat(options: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return options by dotted names, with tuples as lists, which is how files keep them."""
    found: dict[str, Any] = {}
    for name, value in options.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{prefix}{name}.")
        else:
            found[prefix + name] = list(value) if isinstance(value, tuple) else value
    return found
