"""The folder of a base training: what is in it already. Needs no torch."""

from __future__ import annotations

from pathlib import Path

from workbench.backbones.card import CARD
from workbench.errors import WorkbenchError
from workbench.files import printable

CHECKPOINT = "checkpoint.pt"


def has_checkpoint(folder: Path) -> bool:
    """Return whether a training that is in a folder can go on."""
    return (folder / CHECKPOINT).is_file()


def check_free(folder: Path) -> None:
    """Refuse to train over what somebody has trained.

    Raises
    ------
    WorkbenchError
        With what to do instead.
    """
    if has_checkpoint(folder):
        raise WorkbenchError(
            f"{printable(folder)} holds a training already: go on with it (--resume), or name "
            "another folder."
        )
    if (folder / CARD).exists():
        raise WorkbenchError(f"{printable(folder)} holds a network already: name another folder.")
