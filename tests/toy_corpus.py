"""A corpus without sound: stripes in the mel spectrogram say the genre, loudness says the era."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from workbench.corpus.segments import Corpus

FRAMES = 2 * 129 + 1


def toy_corpus(
    train: int = 24,
    validation: int = 24,
    *,
    seed: int = 0,
    genres: Sequence[str] = ("folk", "jazz"),
) -> Corpus:
    """Return renditions whose genre and era a network sees at once; tempo and key are chance."""
    rng = np.random.default_rng(seed)
    count = train + validation
    genre, era = rng.permutation(count) % len(genres), rng.permutation(count) % 2
    bands, frames = np.arange(128)[:, None], np.arange(FRAMES)[None, :]
    stripes = [np.sin(bands + 0 * frames), np.sin(frames + 0 * bands), np.sin(bands + frames)]
    mel = np.stack([stripes[g] * (1 + 2 * e) for g, e in zip(genre, era, strict=True)])
    mel += rng.normal(scale=0.3, size=mel.shape)
    cens = rng.random((count, 12, FRAMES))
    names = [f"piece-{i}" for i in range(count)]
    table = pd.DataFrame(
        {
            "composition": names,
            "group": names,
            "split": ["train"] * train + ["validation"] * validation,
            "genre": [genres[g] for g in genre],
            "mood": "",
            "instrument": rng.choice(["piano", "voice|piano", "organ"], count),
            "era": np.where(era, "modern", "baroque"),
            "tempo": rng.uniform(60, 180, count),
            "key": rng.choice(["C major", "D minor", "E major"], count),
        }
    )
    arrays = {
        "mel": mel.astype(np.float16),
        "cens": (cens / np.linalg.norm(cens, axis=1, keepdims=True)).astype(np.float16),
        "envelope": rng.random((count, FRAMES)).astype(np.float16),
    }
    return Corpus(table, arrays, {"seed": seed})
