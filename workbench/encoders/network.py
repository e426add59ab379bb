"""A trained network as an encoder: the paper's, with a block of the vector for each dimension."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from workbench.encoders.base import encode_each, filled
from workbench.features.spectral import HOP, SAMPLE_RATE

if TYPE_CHECKING:
    from workbench.features.frontend import Features

SHIPPED = Path(__file__).parent / "weights"
_BATCH = 32


class NetworkEncoder:
    """Track vectors of a trained network: the mean over non-overlapping segments of three seconds.

    Parameters
    ----------
    folder
        Holds ``network.safetensors`` and ``card.json``; by default the weights that are shipped.

    Raises
    ------
    StorageError
        If the folder holds no trained network.

    Examples
    --------
    >>> import numpy as np
    >>> encoder = NetworkEncoder()
    >>> sound = np.random.default_rng(0).normal(scale=0.1, size=4 * 22050).astype("float32")
    >>> encoder.encode([sound]).shape == (1, encoder.dim)
    True
    """

    sample_rate = SAMPLE_RATE
    domains: tuple[str, ...] = ("audio",)

    def __init__(self, folder: Path = SHIPPED) -> None:
        from workbench.backbones.store import load_network

        self._network, self.card = load_network(folder)
        self.name, self.version = self.card.name, self.card.version
        self.licence, self.dim = self.card.licence, self.card.shape.size
        self.blocks = self.card.blocks

    def encode(self, batch: Sequence[np.ndarray]) -> np.ndarray:
        """Return the vectors of whole items, float32 [n, dim].

        Raises
        ------
        MediaError
            If a sound is empty.
        """
        return encode_each(self._encode_one, batch, self.dim)

    def _encode_one(self, samples: np.ndarray) -> np.ndarray:
        import torch

        from workbench.features.frontend import front_end
        from workbench.features.segments import FRAMES

        samples = filled(samples, FRAMES * HOP)  # one segment at least
        # Renditions are in tune; recordings need not be.
        return self.embed(front_end(torch.from_numpy(samples), tuning="estimate"))

    def embed(self, features: Features) -> np.ndarray:
        """Return the vector of an item of a segment's length at least, float32 [dim].

        Parameters
        ----------
        features
            What `workbench.features.frontend.front_end` makes of it, with its tuning estimated.
        """
        import torch

        from workbench.backbones.build import embed_segments
        from workbench.features.segments import FRAMES, smoothed_chroma, tempogram_of

        shape = self.card.shape
        with torch.inference_mode():
            columns = {
                "mel": features.mel,
                "cens": smoothed_chroma(features.cens, shape.chroma_s),
                "tempogram": tempogram_of(features.envelope, shape.tempogram),
            }
            count = features.mel.shape[-1] // FRAMES
            segments = {
                name: whole[:, : count * FRAMES].unflatten(1, (count, FRAMES)).transpose(0, 1)
                for name, whole in columns.items()
            }
            vectors = [
                embed_segments(
                    self._network, {n: s[i : i + _BATCH].contiguous() for n, s in segments.items()}
                )
                for i in range(0, count, _BATCH)
            ]
            return torch.cat(vectors).mean(0).numpy()
