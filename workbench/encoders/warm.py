"""Compile an encoder's signal processing once before many processes use it.

librosa compiles some functions on first use and keeps them on disk for the next process. Two
processes that do so at the same moment can leave files that crash every later one, so each takes
a lock for its first use: one compiles, the others find the result.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import numpy as np

from workbench.encoders.base import Encoder
from workbench.encoders.musicnn.install import cache_folder
from workbench.encoders.registry import load_encoder

_NOISE_S = 4.0


@lru_cache(maxsize=2)
def warm_encoder(key: str) -> Encoder:
    """Return an encoder whose first use is behind it in this process."""
    encoder = load_encoder(key)
    noise = np.random.default_rng(0).normal(scale=0.1, size=int(_NOISE_S * encoder.sample_rate))
    with _one_process_at_a_time():
        encoder.encode([noise.astype(np.float32)])
    return encoder


@contextmanager
def _one_process_at_a_time() -> Iterator[None]:
    """Hold the user's lock; where the system has none, or no place for it, go on without."""
    try:
        import fcntl

        folder = cache_folder()
        folder.mkdir(parents=True, exist_ok=True)
        stream = (folder / "compile.lock").open("w")
    except (ImportError, OSError):
        yield
        return
    with stream:
        fcntl.flock(stream, fcntl.LOCK_EX)  # given back when the file is closed
        yield
