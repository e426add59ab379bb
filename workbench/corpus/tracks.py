"""Track vectors of a corpus: means over the segments of a rendition."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from workbench.backbones.build import embed_segments
from workbench.corpus.segments import Corpus

_EMBED_BATCH = 64


def track_vectors(
    network: nn.Module,
    corpus: Corpus,
    rows: np.ndarray,
    *,
    tempogram: str = "cyclic",
    device: str = "cpu",
    mixed_precision: bool = False,
) -> np.ndarray:
    """Return the mean embedding of each rendition's non-overlapping segments, float32 [n, size]."""
    network.eval()
    starts = corpus.starts()
    every_row, every_start = np.repeat(rows, len(starts)), np.tile(starts, len(rows))
    parts = []
    with torch.inference_mode():
        for i in range(0, len(every_row), _EMBED_BATCH):
            chosen = slice(i, i + _EMBED_BATCH)
            segments = corpus.segments(every_row[chosen], every_start[chosen], tempogram=tempogram)
            moved = {name: s.to(device) for name, s in segments.items()}
            with torch.autocast(device, torch.bfloat16, enabled=mixed_precision):
                parts.append(embed_segments(network, moved).float().cpu().numpy())
    vectors = np.concatenate(parts).reshape(len(rows), len(starts), -1)
    return vectors.mean(axis=1)
