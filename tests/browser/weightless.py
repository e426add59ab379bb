"""A model of which nothing but its card is stored."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from workbench.subspaces.store import ModelCard


@dataclass
class NoWeights:
    """What ``ModelStore.save`` takes in place of a model."""

    card: ModelCard

    def save(self, path: Path) -> str:
        """Leave an empty file."""
        path.write_bytes(b"")
        return ""
