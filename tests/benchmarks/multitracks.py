"""Relations of real stems: which go together, which are one track; beside floors.

``python -m tests.benchmarks.multitracks FOLDER`` with a folder of songs, each a folder of stems. A
stem is cut into sections of twelve seconds; silent ones are left out. Negatives are stems of the
other songs (complementarity: not matched in tempo and key, as four songs have no such pairs) and,
for `track`, also other stems of the same song.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from workbench.audio.decode import decode
from workbench.catalogue.media import AUDIO_SUFFIXES
from workbench.encoders.descriptors import DescriptorEncoder
from workbench.encoders.network import NetworkEncoder
from workbench.encoders.relations import RelationEncoder
from workbench.evaluation.cross_domain import relation_scores
from workbench.evaluation.floors import standardised
from workbench.evaluation.scores import Score
from workbench.features.spectral import SAMPLE_RATE
from workbench.subspaces.heads import unit

_SECONDS = 12.0
_QUIET = 1e-3  # RMS
_MIXES = ("mix", "master")


def main() -> None:
    """Print scores as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    torch.set_num_threads(1)
    songs, stems, sections, sounds = _sections(parser.parse_args().folder)
    relations = RelationEncoder()
    encoder = DescriptorEncoder(None, NetworkEncoder(), relations)
    vectors = encoder.encode(sounds)
    plain = unit(standardised(vectors[:, : encoder.blocks["base genre"].start]))
    tempo_key = unit(standardised(vectors[:, : encoder.blocks["tempo"].stop]))
    print(f"{len(sounds)} sections of {len(set(stems))} stems of {len(set(songs))} songs.\n")
    print("| relation | its own subspace | plain descriptors | tempo and key alone |")
    print("| --- | --- | --- | --- |")
    for name, relation in _relations(songs, stems, sections).items():
        own = vectors[:, encoder.blocks[f"related {name}"]]
        cells = [_text(relation_scores(x, x, relation)) for x in (own, plain, tempo_key)]
        print(f"| {name} | {' | '.join(cells)} |")


def _relations(songs: np.ndarray, stems: np.ndarray, sections: np.ndarray) -> dict[str, np.ndarray]:
    song, stem = songs[:, None] == songs, stems[:, None] == stems
    together = song & ~stem & (sections[:, None] == sections)
    found = {
        "track": np.where(stem, 1, -1),
        "complementarity": np.where(together, 1, np.where(~song, -1, 0)),
    }
    for relation in found.values():
        np.fill_diagonal(relation, 0)
    return {name: relation.astype(np.int8) for name, relation in found.items()}


def _sections(folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[np.ndarray]]:
    rows, sounds = [], []
    length = int(_SECONDS * SAMPLE_RATE)
    for file in sorted(folder.glob("*/*")):
        if file.suffix not in AUDIO_SUFFIXES or file.stem in _MIXES:
            continue
        samples = decode(file).mono(SAMPLE_RATE)
        for number in range(len(samples) // length):
            section = samples[number * length : (number + 1) * length]
            if np.sqrt(np.mean(section**2)) > _QUIET:
                rows.append((file.parent.name, f"{file.parent.name}/{file.stem}", number))
                sounds.append(section)
    songs, stems, numbers = (np.array(column) for column in zip(*rows, strict=True))
    return songs, stems, numbers, sounds


def _text(score: Score) -> str:
    low, high = score.interval or (0.0, 0.0)
    return f"{score.value or 0:.3f} [{low:.3f}, {high:.3f}] ({score.k}/{score.n})"


if __name__ == "__main__":
    main()
