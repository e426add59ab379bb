"""Score a network on the test part of a rendered corpus: composers and a sound font never met.

Conventions
-----------
Track vectors are means over non-overlapping segments of three seconds (Ribecky et al. 2021,
section 4.1). A dimension's triplets are answered by its own block of the embedding, and triplets
of all dimensions together by all blocks, each brought to unit length. Renditions of one
composition are never compared with each other.

Metrics
-------
`score_network`
    Scores, leakage, all combinations of dimensions, and floors with paired tests.
`corpus_floors`
    What nobody trained: statistics of the same features, and the same network untrained.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.corpus.segments import Corpus
from workbench.corpus.tracks import track_vectors
from workbench.evaluation.combinations import best_combination, combination_scores
from workbench.evaluation.floors import (
    COEFFICIENTS,
    Floor,
    floor_answers,
    frame_statistics,
    mfcc_codebook,
    mfcc_histograms,
    standardised,
)
from workbench.evaluation.questions import OVERALL, Questions, model_answers
from workbench.evaluation.scores import compare, count_right, holm
from workbench.evaluation.triplets import tag_metrics
from workbench.subspaces.heads import mask_blocks, unit
from workbench.subspaces.triplets import sample_triplets

if TYPE_CHECKING:
    from torch import nn

    from workbench.backbones.build import NetworkShape

TRIPLETS_PER_DIMENSION = 1000


def corpus_questions(
    corpus: Corpus, rows: np.ndarray, dimensions: tuple[str, ...], *, seed: int = 0
) -> Questions:
    """Draw triplets from the labels of renditions, 1,000 per dimension."""
    rng = np.random.default_rng(seed)
    related = corpus.relations(rows, dimensions)
    asked = {
        name: sample_triplets(relation, TRIPLETS_PER_DIMENSION, rng)
        for name, relation in related.items()
    }
    return Questions(rows, asked, related)


def dimension_vectors(
    vectors: np.ndarray, dimensions: tuple[str, ...]
) -> tuple[np.ndarray, dict[str, slice]]:
    """Return vectors with each dimension's block brought to unit length, and the blocks."""
    width = mask_blocks(vectors.shape[1], len(dimensions)).shape[1]
    blocks = {name: slice(i * width, (i + 1) * width) for i, name in enumerate(dimensions)}
    parts = [unit(vectors[:, block]) for block in blocks.values()]
    return np.concatenate(parts, axis=1).astype(np.float32), blocks


def score_network(
    corpus: Corpus,
    network: nn.Module,
    shape: NetworkShape,
    dimensions: tuple[str, ...],
    *,
    split: str = "test",
    device: str = "cpu",
    seed: int = 0,
) -> dict[str, Any]:
    """Score a network on a part of a rendered corpus, as plain numbers.

    Returns
    -------
    ``scores`` and the leakage tables of `tag_metrics`; ``combinations``, the score of every
    combination of dimensions on all triplets; ``best_combination``; ``floors``, per floor and
    dimension the score and the paired comparison with the network, Holm-corrected; ``items``.
    """
    corpus = corpus.with_context(shape.chroma_s)
    rows = corpus.rows(split)
    questions = corpus_questions(corpus, rows, dimensions, seed=seed)
    raw = track_vectors(network, corpus, rows, tempogram=shape.tempogram, device=device)
    vectors, blocks = dimension_vectors(raw, dimensions)
    found = combination_scores(vectors, blocks, questions.pooled)
    floors = corpus_floors(corpus, rows, shape, device=device, seed=seed)
    return {
        **tag_metrics(vectors, blocks, questions, seed=seed),
        "combinations": {" + ".join(c): score.as_dict() for c, score in found.items()},
        "best_combination": " + ".join(best_combination(found)),
        "floors": _against_floors(corpus, vectors, blocks, questions, floors),
        "items": len(rows),
    }


def corpus_floors(
    corpus: Corpus, rows: np.ndarray, shape: NetworkShape, *, device: str = "cpu", seed: int = 0
) -> dict[str, Floor]:
    """Return what nobody trained, for some renditions.

    MFCCs are the cosine transform of the stored log mel spectrogram, with first and second
    differences.
    """
    import torch

    frames = [_mfcc_of_mel(corpus.arrays["mel"][row]) for row in rows]
    histograms = mfcc_histograms(frames, mfcc_codebook(frames, seed=seed))
    statistics = np.stack([frame_statistics(f) for f in frames])
    cens = np.stack([corpus.arrays["cens"][r].astype(np.float32).mean(axis=1) for r in rows])
    torch.manual_seed(seed)
    untrained = track_vectors(
        shape.build().to(device), corpus, rows, tempogram=shape.tempogram, device=device
    )
    return {
        "MFCC statistics": Floor(standardised(statistics), "euclidean"),
        "MFCC-VQ": Floor(histograms, "euclidean"),
        "mean CENS": Floor(cens - cens.mean(axis=0), "cosine"),
        "mean tempogram": Floor(_mean_tempograms(corpus, rows), "cosine"),
        "untrained network": Floor(standardised(untrained), "cosine"),
    }


def _mean_tempograms(corpus: Corpus, rows: np.ndarray) -> np.ndarray:
    """Return the mean cyclic tempogram of each rendition, float32 [n, bins], centred."""
    import torch

    from workbench.features.segments import tempogram_of

    means = [
        tempogram_of(torch.from_numpy(corpus.arrays["envelope"][row].astype(np.float32)), "cyclic")
        .mean(dim=-1)
        .numpy()
        for row in rows
    ]
    stacked = np.stack(means)
    return stacked - stacked.mean(axis=0)


def _mfcc_of_mel(mel: np.ndarray) -> np.ndarray:
    """Return MFCCs and their differences from a log mel spectrogram, float32 [frames, 39]."""
    import librosa
    from scipy.fft import dct

    mfcc = dct(mel.astype(np.float32), axis=0, norm="ortho")[:COEFFICIENTS]
    changes = [librosa.feature.delta(mfcc, order=order, mode="nearest") for order in (1, 2)]
    return np.concatenate([mfcc, *changes]).T.astype(np.float32)


def _against_floors(
    corpus: Corpus,
    vectors: np.ndarray,
    blocks: dict[str, slice],
    questions: Questions,
    floors: dict[str, Floor],
) -> dict[str, dict[str, Any]]:
    right = model_answers(vectors, blocks, questions)
    right.pop(OVERALL)
    artists = np.unique(corpus.table["group"].iloc[questions.ids], return_inverse=True)[1]
    result: dict[str, dict[str, Any]] = {}
    for floor, answered in floor_answers(floors, questions.named).items():
        compared = {
            name: compare(
                answered[name],
                right[name],
                groups=artists[questions.triplets[name].rows[:, 0]],
            )
            for name in right
        }
        for kind in ("p", "p_grouped"):
            corrected = holm({name: found[kind] for name, found in compared.items()})
            for name, p in corrected.items():
                compared[name][kind] = p
        result[floor] = {
            name: {**count_right(answered[name]).as_dict(), **compared[name]} for name in right
        }
    return result
