"""What every encoder offers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np


class Encoder(Protocol):
    """Maps items into a vector space (the patent's encoder, the paper's backbone).

    Attributes
    ----------
    name, version
        Together they name the stored vectors.
    licence
        Under which the weights may be used.
    sample_rate
        Of the sounds it takes, in Hz.
    dim
        Width of a vector.
    domains
        ``("audio",)``, ``("symbolic",)`` or both.
    blocks
        The parts of a vector by name; heads normalise each on its own.
    """

    name: str
    version: str
    licence: str
    sample_rate: int
    dim: int
    domains: tuple[str, ...]
    blocks: dict[str, slice]

    def encode(self, batch: Sequence[np.ndarray]) -> np.ndarray:
        """Return the vectors of whole items, float32 [n, dim].

        Parameters
        ----------
        batch
            Mono signals at `sample_rate`, float32 [samples] each, of any length above zero.
        """
        ...


def encoder_key(encoder: Encoder) -> str:
    """Return the name under which an encoder's vectors are stored."""
    return f"{encoder.name}-{encoder.version}"
