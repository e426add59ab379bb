"""What is kept of a performance: its pieces as sound features and notes, and their truth."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from workbench.catalogue.keys import key_name
from workbench.corpus.performances import Performance, Section, draw_stems, pieces_of
from workbench.corpus.renditions import FAMILY_OF, mood_of
from workbench.corpus.scores import Part
from workbench.corpus.sound import dry_sound, finished
from workbench.corpus.studios import Studio
from workbench.encoders.descriptors import musicnn_vector
from workbench.encoders.warm import warm_descriptors
from workbench.features.frontend import front_end
from workbench.features.reduced import reduced
from workbench.features.spectral import SAMPLE_RATE

if TYPE_CHECKING:
    from workbench.encoders.musicnn.network import MusicNN

ARRAYS = ("vector", "chroma", "bands")
MUSICNN_WIDTH = 200
_HEARD_BY_MUSICNN = 8  # one score of so many: enough for a linear guess


class Piece(NamedTuple):
    """A piece: what is known of it, its features by name, and its notes."""

    truth: dict[str, Any]
    features: dict[str, np.ndarray]
    notes: np.ndarray


@dataclass(frozen=True)
class Job:
    """One score and all its performances."""

    row: dict[str, Any]
    studios: tuple[Studio, ...]
    count: int
    seconds: float
    seed: int

    @property
    def file(self) -> str:
        """The name of its part file."""
        return f"{hashlib.sha256(self.row['name'].encode()).hexdigest()[:20]}.npz"

    @property
    def heard(self) -> bool:
        """Whether musicnn hears its pieces, where it is installed."""
        return int(self.file[:8], 16) % _HEARD_BY_MUSICNN == 0


def make_pieces(
    job: Job,
    number: int,
    performance: Performance,
    studio: Studio,
    rng: np.random.Generator,
) -> list[Piece]:
    """Render the mixes and the stems of a performance; silent ones are left out.

    Parameters
    ----------
    job
        Of its score.
    number
        Of the performance.
    performance, studio
        What is played, and where.
    rng
        The source of chance.
    """
    length = round(job.seconds * SAMPLE_RATE)
    dry: dict[tuple[int, int], np.ndarray] = {}

    def sound(section: Section, i: int) -> np.ndarray:
        if (section.number, i) not in dry:
            rendered = dry_sound(section.parts[i], studio.font, length)
            dry[section.number, i] = np.float32(10 ** (performance.gains_db[i] / 20)) * rendered
        return dry[section.number, i]

    found = []
    for section, stem in pieces_of(performance, draw_stems(performance, rng)):
        chosen = list(section.parts) if stem is None else [stem]
        mix = np.sum([sound(section, i) for i in chosen], axis=0)
        samples = finished(mix, studio.chain, seed=int(rng.integers(2**31)))
        if np.abs(samples).max() > 0:
            parts = [section.parts[i] for i in chosen]
            truth = _truth(job, number, performance, section, stem, parts, studio)
            features = features_of(samples, musicnn=job.heard)
            found.append(Piece(truth, features, note_table(parts)))
    return found


def features_of(samples: np.ndarray, *, musicnn: bool = False) -> dict[str, np.ndarray]:
    """Return what is kept of a sound, by the names of `ARRAYS` and ``musicnn``, float16.

    Parameters
    ----------
    samples
        Mono at 22.05 kHz, float32 [samples].
    musicnn
        Let musicnn hear it, where it is installed; NaN otherwise.
    """
    import torch

    vector = warm_descriptors().encode([samples])[0]
    chroma, bands = reduced(front_end(torch.from_numpy(samples)))
    heard = np.full(MUSICNN_WIDTH, np.nan)
    network = _musicnn() if musicnn else None
    if network is not None:
        heard = musicnn_vector(network, samples)
    found = {"vector": vector, "chroma": chroma, "bands": bands, "musicnn": heard}
    return {name: array.astype(np.float16) for name, array in found.items()}


@lru_cache(maxsize=1)
def _musicnn() -> MusicNN | None:
    from workbench.encoders.musicnn.install import load_weights, weights_file
    from workbench.encoders.musicnn.network import MusicNN

    return MusicNN(load_weights()) if weights_file().is_file() else None


def note_table(parts: Sequence[Part]) -> np.ndarray:
    """Return the notes of parts as one table; see `workbench.features.notes.COLUMNS`."""
    tables = [
        np.column_stack([p.notes, np.full(len(p.notes), p.program), np.full(len(p.notes), p.drums)])
        for p in parts
    ]
    notes = np.concatenate(tables).astype(np.float32)
    return notes[np.lexsort((notes[:, 2], notes[:, 0]))]


def _truth(
    job: Job,
    number: int,
    performance: Performance,
    section: Section,
    stem: int | None,
    parts: list[Part],
    studio: Studio,
) -> dict[str, Any]:
    """Return what is known of a piece, from its making and from its score."""
    row = job.row
    centre, key = performance.centre, section.key
    drums_only = all(p.drums for p in parts)
    onsets = np.unique(np.round(np.concatenate([p.notes[:, 0] for p in parts]), 1))
    families = sorted({"drums" if p.drums else FAMILY_OF.get(p.program, "synth") for p in parts})
    key = None if drums_only else key
    return {
        "composition": Path(row["name"]).stem,
        "performance": number,
        "section": section.number,
        "track": "" if stem is None else stem,
        "corpus": row["corpus"],
        "group": row["group"],
        "split": row["split"],
        "genre": row["style"],
        "mood": mood_of(len(onsets) / job.seconds, key),
        "instrument": "|".join(families),
        "era": row["era"],
        "tempo": performance.bpm,
        "key": key_name(key[0], major=key[1]) if key else "",
        "centre": key_name(centre[0], major=centre[1]) if centre else "",
        "shift": performance.shift,
        "drums": drums_only,
        "studio": studio.name,
        "programs": "|".join(sorted({"d" if p.drums else str(p.program) for p in parts})),
        "licence": row["licence"],
        **asdict(studio.chain),
    }
