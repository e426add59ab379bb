"""Compile an encoder's signal processing once before many processes use it.

librosa compiles some functions on first use and keeps them on disk for the next process. Two
processes that do so at the same moment can leave files that crash every later one, so each takes
a lock for its first use: one compiles, the others find the result.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import lru_cache
from pathlib import Path

import numpy as np

from workbench.encoders.base import Encoder, check_vectors
from workbench.encoders.musicnn.install import cache_folder
from workbench.encoders.registry import load_encoder
from workbench.errors import WorkbenchError
from workbench.files import one_at_a_time

_NOISE_S = 4.0


@lru_cache(maxsize=2)
def warm_encoder(key: str, workspace: Path | None = None) -> Encoder:
    """Return an encoder whose first use is behind it in this process, and gave what it should."""
    encoder = load_encoder(key, workspace)
    _use_once(encoder, key)
    return encoder


@lru_cache(maxsize=1)
def warm_descriptors() -> Encoder:
    """Return signal descriptors joined with the shipped base network, their first use over."""
    from workbench.encoders.descriptors import DescriptorEncoder
    from workbench.encoders.network import NetworkEncoder

    encoder = DescriptorEncoder(None, NetworkEncoder())
    _use_once(encoder, encoder.name)
    return encoder


def _use_once(encoder: Encoder, key: str) -> None:
    """Encode noise while no other process does, and look at what comes out."""
    noise = np.random.default_rng(0).normal(scale=0.1, size=int(_NOISE_S * encoder.sample_rate))
    with one_process_at_a_time():
        try:
            vectors = encoder.encode([noise.astype(np.float32)])
        except Exception as error:  # it would fail on every sound
            raise WorkbenchError(
                f"Encoder {key} cannot encode noise ({type(error).__name__}: {error})."
            ) from error
    check_vectors(vectors, 1, encoder)


def one_process_at_a_time() -> AbstractContextManager[None]:
    """Hold the user's lock; where the system has none, or no place for it, go on without."""
    return one_at_a_time(cache_folder() / "compile.lock")
