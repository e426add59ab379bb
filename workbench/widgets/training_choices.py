"""What a page lets people choose of a base training, as a command and back, and what is on disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import NotReadyError, WorkbenchError
from workbench.files import printable
from workbench.subspaces.dimensions import DIMENSIONS
from workbench.widgets.present import plural

if TYPE_CHECKING:
    from workbench.workspace import Workspace

COMMAND = ("train", "base")
NETWORKS = {
    "multi-input (Ribecky et al. 2021)": "multi-input",
    "inception (Lee et al. 2020)": "inception",
    "siamese": "siamese",
}
LOSSES = {
    "proxies and triplets": "proxies+triplet",
    "classification and triplets": "classification+triplet",
    "triplets": "triplet",
    "proxies": "proxies",
    "classification": "classification",
}
WIDTHS = {"a quarter: for a laptop": 0.25, "half": 0.5, "as published": 1.0}
_BLOCK = 64  # numbers of the embedding for each dimension, so that these divide it
_SPLITS = {"train": "to learn from", "validation": "to choose the epoch", "test": "for the test"}


@dataclass(frozen=True)
class Choices:
    """A base training as a page offers it; all else is as the command has it by default.

    Attributes
    ----------
    corpus, folder
        Where the corpus is, and where the network goes.
    network, dimensions, loss, epochs, width
        As `workbench train base` takes them.
    """

    corpus: Path
    folder: Path
    network: str = "multi-input"
    dimensions: tuple[str, ...] = DIMENSIONS
    loss: str = "proxies+triplet"
    epochs: int = 40
    width: float = 0.25

    def arguments(self, *, resume: bool = False) -> list[str]:
        """Return what stands after ``workbench``.

        Examples
        --------
        >>> choices = Choices(Path("/c"), Path("/n"), dimensions=("genre", "key"))
        >>> " ".join(choices.arguments()[:8])
        'train base /c /n --network multi-input --dimensions genre,key'
        >>> Choices.read(choices.arguments(resume=True)) == choices
        True
        """
        named = {
            "network": self.network,
            "dimensions": ",".join(self.dimensions),
            "size": str(_BLOCK * len(self.dimensions)),
            "loss": self.loss,
            "epochs": str(self.epochs),
            "width": str(self.width),
        }
        options = [word for name, value in named.items() for word in (f"--{name}", value)]
        return [*COMMAND, str(self.corpus), str(self.folder), *options, *["--resume"] * resume]

    @classmethod
    def read(cls, arguments: Sequence[str]) -> Choices:
        """Return the choices that such arguments were made from."""
        _, _, corpus, folder, *options = arguments
        named = {a.removeprefix("--"): b for a, b in pairwise(options) if a.startswith("--")}
        return cls(
            Path(corpus),
            Path(folder),
            network=named.get("network", cls.network),
            dimensions=tuple(named.get("dimensions", ",".join(DIMENSIONS)).split(",")),
            loss=named.get("loss", cls.loss),
            epochs=int(named.get("epochs", cls.epochs)),
            width=float(named.get("width", cls.width)),
        )


def place(ws: Workspace, text: str, what: str) -> Path:
    """Return the folder that a field names; what is not absolute is in the workspace.

    Raises
    ------
    WorkbenchError
        If the field is empty or names none.
    """
    if not text.strip():
        raise WorkbenchError(f"Say which folder {what}.")
    try:
        return (ws.root / Path(text.strip()).expanduser()).resolve()
    except (RuntimeError, ValueError, OSError) as error:
        raise WorkbenchError(f"{printable(text)} names no folder ({error}).") from error


def corpus_words(folder: Path) -> str:
    """Return in words what a corpus holds.

    Raises
    ------
    NotReadyError
        If there is none, or it is not finished, with the command that builds one.
    """
    import pandas as pd

    build = (
        f"build one with `workbench train corpus SCORES.csv {printable(folder)} --font FONT.sf2 "
        "--test-font OTHER.sf2`."
    )
    if not (folder / "recipe.json").is_file():
        raise NotReadyError(f"There is no corpus in {printable(folder)} yet: {build}")
    try:
        table = pd.read_csv(
            folder / "renditions.csv", usecols=["composition", "split"], keep_default_na=False
        )
    except (OSError, ValueError) as error:
        raise NotReadyError(f"{printable(folder)} holds no finished corpus: {build}") from error
    counts = table.groupby("split")["composition"].nunique()
    parts = [f"{counts[name]:,} {what}" for name, what in _SPLITS.items() if name in counts]
    return (
        f"{plural(len(table), 'rendition')} of {plural(table['composition'].nunique(), 'score')}: "
        f"{', '.join(parts)}."
    )
