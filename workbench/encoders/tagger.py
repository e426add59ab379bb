"""A tagger hears a sound excerpt by excerpt: what it says of each is averaged.

Won et al. average eight excerpts of a song; here they lie side by side and the last one ends with
the sound, so that nothing of it is left out. What the network knows before it decides on tags is a
vector of the sound, and makes it one more encoder.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from workbench.encoders.base import encode_each, filled
from workbench.features.spectral import SAMPLE_RATE

if TYPE_CHECKING:
    from torch import Tensor

    from workbench.backbones.tagger_store import TaggerNetwork

SHIPPED = Path(__file__).parent / "weights" / "tagger"
_AT_ONCE_S = 10.0  # of sound; more would leave the processor's cache


class TaggerEncoder:
    """The vectors of a trained tagger.

    Parameters
    ----------
    folder
        Holds ``network.safetensors`` and ``card.json``; by default the weights that are shipped.

    Raises
    ------
    StorageError
        If the folder holds no tagger.
    """

    sample_rate = SAMPLE_RATE
    domains: tuple[str, ...] = ("audio",)

    def __init__(self, folder: Path = SHIPPED) -> None:
        from workbench.backbones.tagger_store import load_tagger_network

        self._network, self.card = load_tagger_network(folder)
        self.name, self.version = self.card.name, self.card.version
        self.licence, self.dim = self.card.licence, self._network.width
        self.blocks = {"tags": slice(0, self.dim)}

    def encode(self, batch: Sequence[np.ndarray]) -> np.ndarray:
        """Return the vectors of whole items, float32 [n, dim].

        Raises
        ------
        MediaError
            If a sound is empty.
        """
        seconds = self.card.shape.seconds
        return encode_each(lambda s: embedded(self._network, s, seconds), batch, self.dim)


def heard(
    network: TaggerNetwork, samples: np.ndarray, seconds: float, *, device: str = "cpu"
) -> np.ndarray:
    """Return the probabilities of the tags in a sound, float32 [tags].

    Parameters
    ----------
    network
        Ready to listen.
    samples
        Mono at 22.05 kHz, float32 [samples].
    seconds
        Length of the excerpts it reads.
    device
        Where the network is.

    Raises
    ------
    MediaError
        If the sound is empty.
    """
    import torch

    from workbench.features.spectral import mel_decibels

    with torch.inference_mode():
        parts = excerpts_of(samples, seconds).split(max(int(_AT_ONCE_S // seconds), 1))
        logits = torch.cat([network(mel_decibels(part.to(device))) for part in parts])
        return np.asarray(logits.float().sigmoid().mean(dim=0).cpu().numpy())


def embedded(network: TaggerNetwork, samples: np.ndarray, seconds: float) -> np.ndarray:
    """Return the mean vector of a sound's excerpts, float32 [width]; see `heard`."""
    import torch

    from workbench.features.spectral import mel_decibels

    with torch.inference_mode():
        parts = excerpts_of(samples, seconds).split(max(int(_AT_ONCE_S // seconds), 1))
        vectors = torch.cat([network.embed(mel_decibels(part)) for part in parts])
        return np.asarray(vectors.mean(dim=0).numpy())


def excerpts_of(samples: np.ndarray, seconds: float) -> Tensor:
    """Return a sound's excerpts, float32 [n, seconds * 22050]; a short sound goes round.

    Raises
    ------
    MediaError
        If it is empty.
    """
    import torch

    count = round(seconds * SAMPLE_RATE)
    samples = filled(samples, count)
    starts = excerpt_starts(len(samples), count)
    return torch.from_numpy(np.stack([samples[start : start + count] for start in starts]))


def excerpt_starts(length: int, excerpt: int) -> np.ndarray:
    """Return where the excerpts of a sound begin, int64 [n].

    Examples
    --------
    >>> excerpt_starts(25, 10).tolist(), excerpt_starts(7, 10).tolist()
    ([0, 10, 15], [0])
    """
    if length <= excerpt:
        return np.zeros(1, np.int64)
    starts = np.arange(0, length - excerpt + 1, excerpt)
    return starts if starts[-1] + excerpt == length else np.append(starts, length - excerpt)
