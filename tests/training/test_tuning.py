from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from synthetic import judge, opinion

from workbench import Workspace
from workbench.errors import CancelledError
from workbench.evaluation.triplets import answers
from workbench.progress import Progress
from workbench.subspaces.heads import apply_head
from workbench.subspaces.triplets import NO_TRIPLETS
from workbench.training import tuning as module
from workbench.training.fit import PULLS, Problem, item_folds
from workbench.training.judged import judged_triplets
from workbench.training.tuning import FOLDS, STEPS, HeadTuning, Observer


class Recorder(Progress):
    def __init__(self, *, cancel_after: int | None = None) -> None:
        self.events: list[dict[str, Any]] = []
        self._cancel_after = cancel_after

    def event(self, kind: str, /, **data: Any) -> None:
        self.events.append({"kind": kind, **data})

    def cancelled(self) -> bool:
        return self._cancel_after is not None and len(self.events) >= self._cancel_after


def observer(progress: Progress | None = None) -> Observer:
    return Observer(progress or Progress(), "genre", 0, 2 * STEPS)


@pytest.fixture
def parts(fitted: Workspace) -> dict[str, Any]:
    """What HeadTuning is made of: 200 answers about the genre of 40 songs."""
    songs = fitted.catalogue.items(kind="song").index.to_numpy()
    judge(fitted, opinion(songs, 200, np.random.default_rng(0)))
    model = fitted.models.load()
    judged = judged_triplets(fitted, model.card)
    x = model.normaliser(fitted.vectors(model.card.encoder).rows(judged.ids))
    folds = item_folds(judged.ids, FOLDS, np.random.default_rng(1))
    return {"model": model, "name": "genre", "x": x, "judged": judged, "folds": folds}


def make(parts: dict[str, Any], *, seed: int = 2) -> HeadTuning:
    return HeadTuning(**parts, tagged=NO_TRIPLETS, rng=np.random.default_rng(seed))


def test_no_fit_learns_from_what_it_is_tested_on(
    parts: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every tested triplet has no weight in the fits it tests; unseen ones have no item in them."""
    learned: list[np.ndarray] = []
    tested: list[np.ndarray] = []
    fit, score = module.fit_heads, HeadTuning._score

    def spy_fit(kind: str, start: Any, problem: Problem, *rest: Any, **options: Any) -> Any:
        learned.append(problem.judged_weight)
        options.pop("on_step", None)
        return fit(kind, start, problem, *rest, **options)

    def spy_score(self: HeadTuning, vectors: np.ndarray, chosen: np.ndarray) -> Any:
        tested.append(chosen)
        return score(self, vectors, chosen)

    monkeypatch.setattr(module, "fit_heads", spy_fit)
    monkeypatch.setattr(HeadTuning, "_score", spy_score)
    make(parts).cross_validate(observer())
    weights = learned[0].reshape(-1, len(PULLS), learned[0].shape[1])
    tests = tested[::2]  # each test twice: before and after
    assert len(weights) == len(tests) == 2 * FOLDS
    rows = parts["judged"].triplets["genre"].rows
    for split, (weight, test) in enumerate(zip(weights, tests, strict=True)):
        assert test.any()
        assert not weight[:, test].any()
        assert weight.any()
        if split < FOLDS:
            learned_items = set(rows[weight.any(axis=0)].ravel())
            assert not learned_items & set(rows[test].ravel())
    times = np.sum(tests[FOLDS:], axis=0)
    assert (times == 1).all()  # each triplet is asked once as a seen one
    assert (np.sum(tests[:FOLDS], axis=0) <= 1).all()


def test_scores_before_are_those_of_the_head_it_starts_from(parts: dict[str, Any]) -> None:
    before, after, pull = make(parts).cross_validate(observer())
    triplets = parts["judged"].triplets["genre"]
    y = apply_head("linear", parts["model"].heads["genre"], parts["x"])
    decided = triplets.share != 0.5
    assert before.seen.k == answers(y, triplets)[decided].sum()
    assert before.seen.n == after.seen.n == decided.sum()
    assert before.unseen.n == after.unseen.n > 0
    assert pull in PULLS


def test_the_final_head_answers_more_of_what_it_learned_from(parts: dict[str, Any]) -> None:
    tuning = make(parts)
    triplets, start = parts["judged"].triplets["genre"], parts["model"].heads["genre"]
    fitted = tuning.final(PULLS[0], observer())
    assert {k: v.shape for k, v in fitted.items()} == {k: v.shape for k, v in start.items()}
    right = [
        int(answers(apply_head("linear", head, parts["x"]), triplets).sum())
        for head in (start, fitted)
    ]
    assert right[1] > right[0] + 10


def test_one_seed_gives_one_result(parts: dict[str, Any]) -> None:
    results = [make(parts).cross_validate(observer()) for _ in range(2)]
    assert results[0] == results[1]


def test_steps_are_told_every_few_and_count_on(parts: dict[str, Any]) -> None:
    progress = Recorder()
    tuning, observe = make(parts), observer(progress)
    tuning.cross_validate(observe)
    tuning.final(PULLS[-1], observe.shifted(STEPS))
    steps = [event["step"] for event in progress.events]
    assert steps == sorted(steps)
    assert steps[-1] == 2 * STEPS
    assert len(steps) < STEPS
    first = progress.events[0]
    assert first["kind"] == "step"
    assert first["of"] == 2 * STEPS
    assert 0 < first["loss"] < 5
    assert 0 <= first["seen"] <= 1
    assert 0 <= first["unseen"] <= 1


def test_cancelling_ends_within_a_few_steps(parts: dict[str, Any]) -> None:
    progress = Recorder(cancel_after=2)
    with pytest.raises(CancelledError):
        make(parts).cross_validate(observer(progress))
    assert len(progress.events) == 2


def test_of_equally_good_pulls_the_strongest_is_chosen() -> None:
    assert module._strongest_best(np.array([2.0, 1.0, 1.0, 1.5])) == 2
    assert module._strongest_best(np.zeros(4)) == 3
