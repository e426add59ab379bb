"""Tables 1 and 2 of Ribecky et al. 2021 on a rendered corpus.

``python -m tests.benchmarks.configurations CORPUS [--epochs N --steps N --width W]`` trains every
configuration of Table 1 with the same batches, losses and length, and the plain siamese network
beside them, and scores all on the same triplets of composers and a sound font never met: the
triplets of all six dimensions together, answered by all subspaces of a model. Table 2 scores
combinations of the dimensions of the six-dimensional multi-input network.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

from workbench.backbones.card import NetworkShape
from workbench.corpus.segments import Corpus
from workbench.corpus.tracks import track_vectors
from workbench.evaluation.combinations import all_combinations, combination_scores
from workbench.evaluation.questions import Questions, model_answers
from workbench.evaluation.rendered import corpus_questions, dimension_vectors
from workbench.evaluation.scores import compare, count_right
from workbench.progress import TerminalProgress
from workbench.subspaces.dimensions import DIMENSIONS
from workbench.training.base import train_base
from workbench.training.base_loss import LossOptions
from workbench.training.base_options import BaseOptions

FOUR = ("genre", "mood", "instrument", "era")
# The row of Table 1, its network, dimensions and embedding size.
CONFIGURATIONS = (
    ("siamese (AI Music)", "siamese", FOUR, 128),
    ("baseline", "inception", FOUR, 256),
    ("multi-input", "multi-input", FOUR, 256),
    ("baseline", "inception", DIMENSIONS, 258),
    ("baseline", "inception", DIMENSIONS, 384),
    ("multi-input", "multi-input", DIMENSIONS, 384),
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
    answered: list[tuple[str, np.ndarray]] = []
    for label, network, dimensions, size in CONFIGURATIONS:
        vectors, blocks = _trained_vectors(corpus, arguments, network, dimensions, size)
        everything = {"overall": slice(0, vectors.shape[1])}
        pooled = Questions(questions.ids, {"overall": questions.pooled}, {})
        right = model_answers(vectors, everything, pooled)["overall"]
        answered.append((f"{label} | {len(dimensions)} | {size}", right))
        print(f"{label}, {len(dimensions)} dimensions, {size}: {count_right(right)}", flush=True)
    print("\n| model | dimensions | size | triplet score | against the baseline (p) |")
    print("| --- | --- | --- | --- | --- |")
    baseline = answered[1][1]
    for name, right in answered:
        found = compare(baseline, right)
        change = f"+{found['gained']} -{found['lost']} ({found['p']:.3g})"
        print(f"| {name} | {count_right(right)} | {change} |")
    _print_combinations(vectors, blocks, questions)


def _trained_vectors(
    corpus: Corpus,
    arguments: argparse.Namespace,
    network: str,
    dimensions: tuple[str, ...],
    size: int,
) -> tuple[np.ndarray, dict[str, slice]]:
    shape = NetworkShape(network=network, size=size, width=arguments.width)
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
