"""Score a network on the test part of a rendered corpus: composers and a sound font never met.

Conventions
-----------
Track vectors are means over non-overlapping segments of three seconds (Ribecky et al. 2021,
section 4.1). A dimension's triplets are answered by its own block of the embedding, and triplets
of all dimensions together by all blocks. Under cosine every block is first brought to unit length;
under Euclidean distance the blocks are taken as they come, as in the paper's test. Renditions of
one composition are never compared with each other.

Metrics
-------
`score_network`
    Scores, leakage, all combinations of dimensions, floors and another network with paired tests.
`corpus_floors`
    What nobody trained: statistics of the same features, and the same network untrained.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from workbench.corpus.segments import Corpus
from workbench.corpus.tracks import track_vectors
from workbench.evaluation.answers import check_distance
from workbench.evaluation.floors import (
    COEFFICIENTS,
    Floor,
    frame_statistics,
    mfcc_codebook,
    mfcc_histograms,
    standardised,
)
from workbench.evaluation.questions import OVERALL, Questions, model_answers
from workbench.evaluation.report import against_floor, combination_report, comparisons
from workbench.evaluation.scores import count_right
from workbench.evaluation.triplets import tag_metrics
from workbench.subspaces.heads import mask_blocks, unit
from workbench.subspaces.triplets import sample_triplets

if TYPE_CHECKING:
    from torch import nn

    from workbench.backbones.build import NetworkShape

TRIPLETS_PER_DIMENSION = 1000


class Candidate(NamedTuple):
    """A network to be scored: what it is called, itself, its shape and its dimensions."""

    name: str
    network: nn.Module
    shape: NetworkShape
    dimensions: tuple[str, ...]


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
    vectors: np.ndarray, dimensions: tuple[str, ...], *, distance: str = "cosine"
) -> tuple[np.ndarray, dict[str, slice]]:
    """Return vectors with each dimension's block as its distance needs it, and the blocks."""
    width = mask_blocks(vectors.shape[1], len(dimensions)).shape[1]
    blocks = {name: slice(i * width, (i + 1) * width) for i, name in enumerate(dimensions)}
    if distance == "cosine":
        vectors = np.concatenate([unit(vectors[:, block]) for block in blocks.values()], axis=1)
    return vectors.astype(np.float32), blocks


def score_network(
    corpus: Corpus,
    candidate: Candidate,
    *,
    against: Candidate | None = None,
    distance: str = "cosine",
    split: str = "test",
    device: str = "cpu",
    seed: int = 0,
) -> dict[str, Any]:
    """Score a network on a part of a rendered corpus, as plain numbers.

    Parameters
    ----------
    corpus
        The rendered corpus.
    candidate
        The network.
    against
        Another one, asked the same triplets of the dimensions that both have.
    distance
        ``cosine`` or ``euclidean``.
    split
        The part.
    device
        Where to compute.
    seed
        Chooses the triplets.

    Returns
    -------
    ``scores`` and the leakage tables of `tag_metrics`; ``items``; ``combinations``, ``floors``
    and ``against`` as `workbench.evaluation.report.evaluate` has them, counting artists.
    """
    check_distance(distance)
    both = candidate.dimensions if against is None else against.dimensions
    shared = tuple(name for name in candidate.dimensions if name in both)
    part = corpus.part(corpus.rows(split))
    rows = np.arange(len(part))
    questions = corpus_questions(part, rows, shared, seed=seed)
    artists = np.unique(part.table["group"], return_inverse=True)[1]
    asked = questions.named | {OVERALL: questions.pooled}
    groups = {name: artists[triplets.rows[:, 0]] for name, triplets in asked.items()}
    raw, vectors, blocks = _embedded(part, candidate, shared, distance, device)
    right = model_answers(vectors, blocks, questions)
    floors = {"raw cosine": Floor(raw, "cosine")}
    floors |= corpus_floors(part, rows, candidate.shape, device=device, seed=seed)
    result: dict[str, Any] = {
        **tag_metrics(vectors, blocks, questions, seed=seed),
        "items": len(part),
        "distance": distance,
        "combinations": combination_report(
            vectors, blocks, questions.pooled, artists, seed, "euclidean"
        ),
        "floors": {n: against_floor(right, floor, asked, groups) for n, floor in floors.items()},
    }
    if against is not None:
        _, vectors, blocks = _embedded(part, against, shared, distance, device)
        other = model_answers(vectors, blocks, questions)
        result["against"] = {
            "model": against.name,
            "scores": {name: count_right(answer).as_dict() for name, answer in other.items()},
            "comparison": comparisons(other, right, groups),
        }
    return result


def _embedded(
    part: Corpus, candidate: Candidate, shared: tuple[str, ...], distance: str, device: str
) -> tuple[np.ndarray, np.ndarray, dict[str, slice]]:
    """Return the whole embeddings, the shared dimensions' blocks side by side, and where."""
    shape = candidate.shape
    raw = track_vectors(
        candidate.network.to(device),
        part.with_context(shape.chroma_s),
        np.arange(len(part)),
        tempogram=shape.tempogram,
        device=device,
    )
    vectors, blocks = dimension_vectors(raw, candidate.dimensions, distance=distance)
    chosen = [vectors[:, blocks[name]] for name in shared]
    width = chosen[0].shape[1]
    places = {name: slice(i * width, (i + 1) * width) for i, name in enumerate(shared)}
    return raw, np.concatenate(chosen, axis=1), places


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
        shape.build().to(device),
        corpus.with_context(shape.chroma_s),
        rows,
        tempogram=shape.tempogram,
        device=device,
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
