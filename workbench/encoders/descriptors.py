"""The default encoder: signal descriptors, musicnn's penultimate layer and trained networks.

The multi-input idea of Ribecky et al. 2021 once more: musicnn knows genre and instruments but
neither key nor tempo, for which plain signal processing is strong; the base network was trained
for every dimension, on rendered scores, and the networks of relations for what parts of songs have
to do with each other. The blocks lie side by side and the heads choose.

A score gets the vector that its sound would have, as far as notes can tell, and its own blocks of
relations: it lies in the same space, and every head serves both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from workbench.encoders.base import encode_each, filled
from workbench.encoders.info import joined_version
from workbench.encoders.musicnn.network import SAMPLE_RATE as MUSICNN_RATE
from workbench.encoders.musicnn.network import WIDTH as MUSICNN_WIDTH
from workbench.encoders.musicnn.network import MusicNN
from workbench.encoders.musicnn.network import patches as musicnn_patches
from workbench.encoders.network import NetworkEncoder
from workbench.encoders.relations import RelationEncoder
from workbench.errors import WorkbenchError
from workbench.features import character, key, spectral, tempo, timbre
from workbench.features.frontend import front_end

if TYPE_CHECKING:
    from workbench.symbolic.score import Score

_WIDTHS = {
    "key": 24,
    "tempo": tempo.BINS,
    "cens": 24,
    "timbre": timbre.WIDTH,
    "degrees": 12,
    "character": character.WIDTH,
}


class DescriptorEncoder:
    """Key profiles, folded tempogram, CENS, timbre and character, joined with networks.

    Parameters
    ----------
    musicnn
        Tags' network; None for the encoder without that block.
    base
        The base network; a block for each of its dimensions. None: version 1, without them.
    relations
        The networks of relations, which read what the base network says, too; a block for each
        relation. With them it also takes scores.
    """

    sample_rate = spectral.SAMPLE_RATE

    def __init__(
        self,
        musicnn: MusicNN | None = None,
        base: NetworkEncoder | None = None,
        relations: RelationEncoder | None = None,
    ) -> None:
        self._musicnn, self._base, self._relations = musicnn, base, relations
        self.domains: tuple[str, ...] = ("audio", "symbolic") if relations else ("audio",)
        self.version = joined_version(
            base.version if base else None, relations.version if relations else None
        )
        self.name = "musicnn-descriptors" if musicnn else "descriptors"
        self.licence = "ISC (musicnn weights), BSD-3-Clause" if musicnn else "BSD-3-Clause"
        widths = ({"musicnn": MUSICNN_WIDTH} if musicnn else {}) | _WIDTHS
        if base is not None:
            widths |= {f"base {name}": b.stop - b.start for name, b in base.blocks.items()}
        if relations is not None:
            widths |= {f"related {n}": b.stop - b.start for n, b in relations.blocks.items()}
        edges = np.cumsum([0, *widths.values()])
        self.blocks = {
            name: slice(int(a), int(b))
            for name, a, b in zip(widths, edges[:-1], edges[1:], strict=True)
        }
        self.dim = int(edges[-1])

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

        samples = filled(samples, int(spectral.SEGMENT_S * self.sample_rate))
        features = front_end(torch.from_numpy(samples), tuning="estimate")
        chromagram, envelope = features.cens.numpy(), features.envelope.numpy()
        chroma = key.harmonic_chroma(samples)
        parts = [
            key.key_correlations(chroma),
            tempo.folded_tempogram(envelope),
            np.concatenate([chromagram.mean(axis=1), chromagram.std(axis=1)]),
            timbre.timbre_statistics(samples),
            character.degree_profile(chroma),
            character.movement(samples, envelope, chroma, chromagram),
        ]
        if self._base is not None:
            parts.append(self._base.embed(features))
        vector = np.nan_to_num(np.concatenate(parts)).astype(np.float32)
        parts = [vector]
        if self._musicnn is not None:
            parts.insert(0, musicnn_vector(self._musicnn, samples))
        if self._relations is not None:
            parts.append(self._relations.of_sound(vector, features))
        return np.nan_to_num(np.concatenate(parts)).astype(np.float32)

    def encode_scores(self, batch: Sequence[Score]) -> np.ndarray:
        """Return the vectors of whole scores, float32 [n, dim].

        Raises
        ------
        WorkbenchError
            If this version has no networks of relations.
        MediaError
            If a score holds no notes.
        """
        if self._relations is None:
            raise WorkbenchError(f"Encoder {self.name}-{self.version} takes no scores.")
        vectors = [self._encode_score(self._relations, score) for score in batch]
        return np.array(vectors, dtype=np.float32).reshape(len(vectors), self.dim)

    def _encode_score(self, relations: RelationEncoder, score: Score) -> np.ndarray:
        blocks, vector = relations.of_score(score)
        parts = [vector, blocks]
        if self._musicnn is not None:
            parts.insert(0, relations.musicnn_of(vector))
        return np.concatenate(parts)


def musicnn_vector(network: MusicNN, samples: np.ndarray) -> np.ndarray:
    """Return the mean of musicnn's penultimate layer over 3 s patches, float32 [200].

    Parameters
    ----------
    network
        The network.
    samples
        Mono at 22.05 kHz, float32 [samples].
    """
    import soxr

    resampled = soxr.resample(samples, spectral.SAMPLE_RATE, MUSICNN_RATE)
    # One patch at a time: larger batches leave the cache and take longer.
    vectors = [network(patch[None])[0][0] for patch in musicnn_patches(resampled)]
    return np.mean(vectors, axis=0)
