from __future__ import annotations

import numpy as np
import pytest

from workbench import Workspace
from workbench.errors import NotReadyError
from workbench.evaluation.scores import Score
from workbench.evaluation.triplets import answers, evaluate_model, leakage
from workbench.search.subspaces import subspace_blocks
from workbench.subspaces.dimensions import get_dimension
from workbench.subspaces.triplets import Triplets


def random_triplets(n: int, count: int, seed: int = 0) -> Triplets:
    rng = np.random.default_rng(seed)
    rows = np.array([rng.choice(n, 3, replace=False) for _ in range(count)])
    return Triplets(rows, rng.choice([0, 0.25, 0.5, 0.75, 1], count).astype(np.float32))


def test_answers_are_those_of_a_loop_over_distances() -> None:
    vectors = np.random.default_rng(0).normal(size=(20, 4)).astype(np.float32)
    triplets = random_triplets(20, 300)
    found = answers(vectors, triplets)
    for right, (anchor, a, b), share in zip(found, triplets.rows, triplets.share, strict=True):
        to_a = np.sqrt(sum((vectors[anchor] - vectors[a]) ** 2))
        to_b = np.sqrt(sum((vectors[anchor] - vectors[b]) ** 2))
        expected = (share > 0.5 and to_a < to_b) or (share < 0.5 and to_b < to_a)
        assert right == expected
    assert 0 < found.sum() < 300


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_tie_is_wrong_whoever_was_meant(share: float) -> None:
    triplets = Triplets(np.array([[0, 1, 2]]), np.array([share], np.float32))
    assert not answers(np.zeros((3, 2)), triplets).any()
    mirrored = np.array([[0.0, 1.0], [1.0, 0.0], [-1.0, 0.0]])
    assert not answers(mirrored, triplets).any()


def test_leakage_asks_every_subspace_about_every_dimension() -> None:
    vectors = np.random.default_rng(0).normal(size=(20, 6)).astype(np.float32)
    blocks = {"genre": slice(0, 2), "tempo": slice(2, 4), "key": slice(4, 6)}
    asked = {name: random_triplets(20, 40 + i, i) for i, name in enumerate(blocks)}
    found = leakage(vectors, blocks, asked)
    for subspace, block in blocks.items():
        for name, triplets in asked.items():
            right = answers(np.ascontiguousarray(vectors[:, block]), triplets)
            assert found[subspace][name] == Score(int(sum(right)), len(triplets))


def test_scores_are_of_held_out_songs_alone(fitted_once: Workspace) -> None:
    model = fitted_once.models.load()
    found = evaluate_model(fitted_once, model)
    held_out = model.card.held_out
    assert found["held_out_items"] == len(held_out) >= 6
    assert found == evaluate_model(fitted_once, model, items=held_out)
    assert found["scores"] == model.card.metrics["scores"]
    vectors = model.transform(fitted_once.vectors(model.card.encoder).rows(held_out))
    tags = fitted_once.catalogue.tags()
    for name, block in subspace_blocks(model.card).items():
        relation = get_dimension(fitted_once, name).relation(tags, held_out)
        all_right = all_asked = 0
        for anchor, near in np.argwhere(relation > 0):
            for far in np.flatnonzero(relation[anchor] < 0):
                distances = [
                    np.linalg.norm(vectors[anchor, block] - vectors[other, block])
                    for other in (near, far)
                ]
                all_right += distances[0] < distances[1]
                all_asked += 1
        score = found["scores"][name]
        assert 0 < score["n"] <= all_asked
        if score["n"] == all_asked:  # few enough to ask them all
            assert score["k"] == all_right
        assert found["leakage"][name][name] == score


def test_overall_pools_all_triplets_over_all_subspaces(fitted_once: Workspace) -> None:
    scores = evaluate_model(fitted_once, fitted_once.models.load())["scores"]
    assert scores["overall"]["n"] == sum(s["n"] for n, s in scores.items() if n != "overall")


def test_subspaces_know_their_own_dimension_better_than_chance(fitted_once: Workspace) -> None:
    metrics = evaluate_model(fitted_once, fitted_once.models.load())
    own, others = Score(), Score()
    for subspace, row in metrics["leakage"].items():
        for name, score in row.items():
            if name == subspace:
                own += Score(score["k"], score["n"])
            else:
                others += Score(score["k"], score["n"])
    assert own.value > 0.8
    assert 0.35 < others.value < 0.65  # the dimensions vary independently


def test_one_seed_asks_one_set_of_triplets(fitted_once: Workspace) -> None:
    model = fitted_once.models.load()
    assert evaluate_model(fitted_once, model, seed=3) == evaluate_model(fitted_once, model, seed=3)


def test_too_few_held_out_items_are_told(fitted_once: Workspace) -> None:
    with pytest.raises(NotReadyError, match="more music"):
        evaluate_model(fitted_once, fitted_once.models.load(), items=[1, 2])
