"""Tables 1 and 2 of Ribecky et al. 2021 on a rendered corpus.

``python -m tests.benchmarks.configurations CORPUS [--epochs N --steps N --width W]`` trains every
configuration of Table 1 with the same batches, losses and length, and the plain siamese network
beside them, and scores all on the same triplets of composers and a sound font never met: the
triplets of all six dimensions together, answered by all subspaces of a model, and those of the
four that every model has; the p value, counting artists, is against the baseline of four. Table 2
scores combinations of the dimensions of the six-dimensional multi-input network.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from workbench.backbones.card import NetworkShape
from workbench.corpus.segments import Corpus
from workbench.corpus.tracks import track_vectors
from workbench.evaluation.answers import answers
from workbench.evaluation.combinations import all_combinations, combination_scores
from workbench.evaluation.questions import Questions
from workbench.evaluation.rendered import corpus_questions, dimension_vectors
from workbench.evaluation.scores import compare, count_right
from workbench.progress import TerminalProgress
from workbench.subspaces.dimensions import DIMENSIONS
from workbench.training.base import train_base
from workbench.training.base_loss import LossOptions
from workbench.training.base_options import BaseOptions

FOUR = ("genre", "mood", "instrument", "era")
PUBLISHED = NetworkShape(
    "multi-input", 384, tempogram="autocorrelation", chroma_s=0.0, shortcut=False
)
# The row of Table 1, its dimensions and its network.
CONFIGURATIONS: tuple[tuple[str, tuple[str, ...], NetworkShape], ...] = (
    ("siamese (AI Music)", FOUR, NetworkShape("siamese", 128)),
    ("baseline", FOUR, NetworkShape("inception", 256)),
    ("multi-input", FOUR, NetworkShape("multi-input", 256)),
    ("baseline", DIMENSIONS, NetworkShape("inception", 258)),
    ("baseline", DIMENSIONS, NetworkShape("inception", 384)),
    ("multi-input as published", DIMENSIONS, PUBLISHED),
    ("multi-input", DIMENSIONS, NetworkShape("multi-input", 258)),
    ("multi-input", DIMENSIONS, NetworkShape("multi-input", 384)),
)


def main() -> None:
    """Train and score every configuration; print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--width", type=float, default=0.25)
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    corpus = Corpus.open(arguments.corpus)
    questions = corpus_questions(corpus, corpus.rows("test"), DIMENSIONS)
    asked = {
        "all six": questions.pooled,
        "the first four": replace(
            questions, triplets={name: questions.triplets[name] for name in FOUR}
        ).pooled,
    }
    artists = np.unique(corpus.table["group"].iloc[questions.ids], return_inverse=True)[1]
    answered: list[tuple[str, dict[str, np.ndarray]]] = []
    for label, dimensions, shape in CONFIGURATIONS:
        vectors, blocks = _trained_vectors(corpus, arguments, dimensions, shape)
        right = {name: answers(vectors, triplets) for name, triplets in asked.items()}
        answered.append((f"{label} | {len(dimensions)} | {shape.size}", right))
        print(answered[-1][0], *map(count_right, right.values()), sep=" | ", flush=True)
    print("\n| model | dimensions | size | triplets of all six | of the first four | p |")
    print("| --- | --- | --- | --- | --- | ---: |")
    baseline = answered[1][1]["all six"]
    for name, right in answered:
        groups = artists[asked["all six"].rows[:, 0]]
        found = compare(baseline, right["all six"], groups=groups)
        scores = " | ".join(str(count_right(r)) for r in right.values())
        print(f"| {name} | {scores} | {found['p_grouped']:.2g} |")
    _print_combinations(vectors, blocks, questions)


def _trained_vectors(
    corpus: Corpus,
    arguments: argparse.Namespace,
    dimensions: tuple[str, ...],
    shape: NetworkShape,
) -> tuple[np.ndarray, dict[str, slice]]:
    shape = replace(shape, width=arguments.width)
    options = BaseOptions(
        shape=shape,
        loss=LossOptions(losses=("triplet", "proxies")),
        dimensions=dimensions,
        rate=4e-3,
        epochs=arguments.epochs,
        steps=arguments.steps,
    )
    with tempfile.TemporaryDirectory() as folder:
        trained = train_base(
            corpus,
            options,
            folder=Path(folder),
            device=arguments.device,
            progress=TerminalProgress(),
        )
    seen = corpus.with_context(shape.chroma_s)
    raw = track_vectors(
        trained.network,
        seen,
        corpus.rows("test"),
        tempogram=shape.tempogram,
        device=arguments.device,
    )
    return dimension_vectors(raw, dimensions)


def _print_combinations(
    vectors: np.ndarray, blocks: dict[str, slice], questions: Questions
) -> None:
    """Print the single dimensions and the ten best combinations, as the paper does."""
    found = combination_scores(vectors, blocks, questions.pooled)
    best = sorted(found, key=lambda c: -found[c].k)[:10]
    print("\n| active dimensions | triplet score |\n| --- | --- |")
    for combination in [*best, *all_combinations(DIMENSIONS)[: len(DIMENSIONS)]]:
        print(f"| {', '.join(combination)} | {found[combination]} |")


if __name__ == "__main__":
    main()
