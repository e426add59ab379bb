from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from toy_corpus import toy_corpus

from workbench.backbones.card import NetworkShape
from workbench.corpus.segments import Corpus
from workbench.corpus.tracks import track_vectors
from workbench.errors import WorkbenchError
from workbench.evaluation.rendered import Candidate, corpus_questions, score_network

DIMENSIONS = ("genre", "era")
SHAPE = NetworkShape("siamese", size=8, width=0.125, chroma_s=0.0)


def rendered(count: int = 30) -> Corpus:
    corpus = toy_corpus(4, count)
    table = corpus.table.replace({"split": {"validation": "test"}})
    return replace(corpus, table=table)


def candidate(seed: int, dimensions: tuple[str, ...] = DIMENSIONS) -> Candidate:
    torch.manual_seed(seed)
    return Candidate(f"network {seed}", SHAPE.build().eval(), SHAPE, dimensions)


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
def test_scores_are_those_of_a_loop_over_triplets(distance: str) -> None:
    corpus, network = rendered(), candidate(0)
    found = score_network(corpus, network, distance=distance)
    rows = corpus.rows("test")
    vectors = track_vectors(network.network, corpus, rows)
    asked = corpus_questions(corpus, rows, DIMENSIONS).triplets

    def apart(u: np.ndarray, v: np.ndarray) -> float:
        if distance == "euclidean":
            return float(np.linalg.norm(u - v))
        return 1.0 - float(u @ v / np.linalg.norm(u) / np.linalg.norm(v))

    for place, name in enumerate(DIMENSIONS):
        block = vectors[:, 4 * place : 4 * place + 4].astype(np.float64)
        right = sum(apart(block[x], block[a]) < apart(block[x], block[b]) for x, a, b in
                    asked[name].rows)  # fmt: skip
        assert found["scores"][name]["k"] == pytest.approx(right, abs=1)
        assert found["scores"][name]["n"] == len(asked[name])
    assert found["items"] == 30


def test_floors_stand_beside_every_score() -> None:
    found = score_network(rendered(), candidate(0))
    names = {"raw cosine", "MFCC statistics", "MFCC-VQ", "mean CENS", "mean tempogram",
             "untrained network"}  # fmt: skip
    assert set(found["floors"]) == names
    for floor in found["floors"].values():
        assert set(floor) == {*DIMENSIONS, "overall"}
        for row in floor.values():
            assert 0 <= row["p_holm"] <= 1
            assert 0 <= row["p_grouped_holm"] <= 1


def test_two_networks_answer_the_same_triplets() -> None:
    corpus, first, second = rendered(), candidate(0), candidate(1)
    one = score_network(corpus, first, against=second)["against"]
    assert one["model"] == "network 1"
    assert one["scores"]["genre"] == score_network(corpus, second)["scores"]["genre"]
    twin = score_network(corpus, first, against=first)["against"]["comparison"]
    assert all((row["gained"], row["lost"]) == (0, 0) for row in twin.values())


def test_only_dimensions_of_both_are_asked() -> None:
    found = score_network(rendered(), candidate(0), against=candidate(1, ("tempo", "era")))
    assert set(found["scores"]) == {"era", "overall"}


def test_an_unknown_distance_is_refused() -> None:
    with pytest.raises(WorkbenchError, match="manhattan"):
        score_network(rendered(), candidate(0), distance="manhattan")
