from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from postgres import copied
from simulated import simulate_judgements
from synthetic import judge, opinion

from workbench import Workspace
from workbench.errors import CancelledError, NotReadyError, WorkbenchError
from workbench.evaluation.scores import Score
from workbench.progress import Progress
from workbench.subspaces.heads import mask_blocks, widen_to_mlp
from workbench.subspaces.structure import song_groups
from workbench.subspaces.triplets import NO_TRIPLETS
from workbench.training import finetune as module
from workbench.training.finetune import FineTuneResult, finetune, verdict


def report(before: tuple[Score, Score], after: tuple[Score, Score]) -> dict[str, Any]:
    """A report from (seen, unseen) scores before and after."""
    return {
        when: {
            kind: {"overall": score.as_dict()}
            for kind, score in zip(("seen", "unseen"), scores, strict=True)
        }
        for when, scores in (("before", before), ("after", after))
    }


@pytest.mark.parametrize("seen", range(-3, 4))
@pytest.mark.parametrize("unseen", range(-3, 4))
def test_a_version_is_promoted_only_when_better_and_not_worse_on_unseen_items(
    seen: int, unseen: int
) -> None:
    promoted, reason = verdict(
        report((Score(50, 100), Score(20, 40)), (Score(50 + seen, 100), Score(20 + unseen, 40)))
    )
    assert promoted == (unseen >= 0 and seen + unseen > 0)
    assert f"{20 + unseen} of 40" in reason
    assert reason.startswith("Promoted" if promoted else "Not promoted")
    if unseen < 0:
        assert "worse on items it has not seen" in reason


def test_without_a_triplet_of_unseen_items_nothing_is_promoted() -> None:
    promoted, reason = verdict(report((Score(5, 10), Score()), (Score(9, 10), Score())))
    assert not promoted
    assert "no triplet" in reason


def test_a_dimension_that_knows_its_tags_less_well_is_named() -> None:
    found = report((Score(50, 100), Score(20, 40)), (Score(60, 100), Score(20, 40)))
    changes = {"genre": (90, 80), "tempo": (70, 75), "key": (60, 60), "overall": (73, 72)}
    found["tags"] = {
        "before": {name: Score(old, 100).as_dict() for name, (old, _) in changes.items()},
        "after": {name: Score(new, 100).as_dict() for name, (_, new) in changes.items()},
        "comparison": {
            name: {"gained": max(new - old, 0), "lost": max(old - new, 0), "p_grouped_holm": 0.03}
            for name, (old, new) in changes.items()
        },
    }
    promoted, reason = verdict(found)
    assert promoted
    assert reason.endswith("On the tags of held-out songs it fell: genre 0.90 to 0.80 (p 0.03).")


@pytest.fixture(scope="module")
def judged_once(fitted_once: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """240 answers by ear for the order of the songs, in two dimensions; not to be changed."""
    ws = copied(fitted_once, tmp_path_factory.mktemp("judged") / "ws")
    rng = np.random.default_rng(0)
    for dimension in ("genre", "tempo"):
        judge(ws, opinion(songs_of(ws), 120, rng, dimension=dimension))
    return ws


@pytest.fixture
def judged(judged_once: Workspace, tmp_path: Path) -> Workspace:
    return copied(judged_once, tmp_path / "judged")


@pytest.fixture(scope="module")
def tuned_once(
    judged_once: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Workspace, FineTuneResult]:
    """A copy of `judged_once` with v0002 fine-tuned from v0001; not to be changed."""
    ws = copied(judged_once, tmp_path_factory.mktemp("tuned") / "ws")
    return ws, finetune(ws)


@pytest.fixture
def tuned(
    tuned_once: tuple[Workspace, FineTuneResult], tmp_path: Path
) -> tuple[Workspace, FineTuneResult]:
    """A copy of `tuned_once` in which v0002 is current, promoted or not."""
    ws = copied(tuned_once[0], tmp_path / "tuned")
    ws.models.promote(tuned_once[1].version)
    return ws, tuned_once[1]


def songs_of(ws: Workspace) -> np.ndarray:
    return ws.catalogue.items(kind="song").index.to_numpy()


def genre_head(ws: Workspace, version: str) -> np.ndarray:
    return ws.models.load(version).heads["genre"]["weight"]


def snapshot(ws: Workspace) -> dict[str, bytes]:
    return {
        str(file.relative_to(ws.root)): file.read_bytes()
        for folder in ("models", "vectors", "maps")
        for file in sorted((ws.root / folder).rglob("*"))
        if file.is_file()
    }


def test_a_new_version_says_where_it_comes_from_and_what_it_learned_from(
    tuned_once: tuple[Workspace, FineTuneResult],
) -> None:
    ws, result = tuned_once
    card = ws.models.card(result.version)
    assert (card.version, card.parent, result.parent) == ("v0002", "v0001", "v0001")
    assert card.judgements == 240
    assert card.watermark == ws.judgements.table()["id"].iloc[-1]
    assert card.note == result.reason
    assert card.metrics["finetune"] == json.loads(json.dumps(result.report))
    assert card.metrics["scores"]["overall"]["n"] > 0
    assert ws.models.current() == ("v0002" if result.promoted else "v0001")
    assert ws.vectors("model-v0002").exists


def test_dimensions_nobody_judged_stay_as_they_were(
    tuned_once: tuple[Workspace, FineTuneResult],
) -> None:
    ws, _ = tuned_once
    parent, child = ws.models.load("v0001"), ws.models.load("v0002")
    for name in parent.card.dimensions:
        same = np.array_equal(parent.heads[name]["weight"], child.heads[name]["weight"])
        assert same == (name not in ("genre", "tempo"))


def test_tags_of_held_out_songs_are_compared_before_and_after(
    tuned_once: tuple[Workspace, FineTuneResult],
) -> None:
    ws, result = tuned_once
    tags = result.report["tags"]
    assert tags["before"] == ws.models.card("v0001").metrics["scores"]
    assert tags["after"] == ws.models.card("v0002").metrics["scores"]
    for name, row in tags["comparison"].items():
        assert row["gained"] - row["lost"] == tags["after"][name]["k"] - tags["before"][name]["k"]
        assert 0 < row["p"] <= row["p_holm"] <= 1
    untouched = tags["comparison"]["mood"]
    assert (untouched["gained"], untouched["lost"], untouched["p_holm"]) == (0, 0, 1.0)


def test_both_kinds_of_scores_add_up_over_dimensions(
    tuned_once: tuple[Workspace, FineTuneResult],
) -> None:
    found = tuned_once[1].report
    for when in ("before", "after"):
        for kind in ("seen", "unseen"):
            scores = dict(found[when][kind])
            overall = scores.pop("overall")
            assert set(scores) == {"genre", "tempo"}
            assert overall["k"] == sum(s["k"] for s in scores.values())
            assert overall["n"] == sum(s["n"] for s in scores.values()) > 0
            assert overall["low"] <= overall["score"] <= overall["high"]
    assert found["judgements"] == 240


def test_one_seed_gives_one_result_and_does_not_flatter_itself_on_the_way(
    tuned: tuple[Workspace, FineTuneResult],
) -> None:
    """The parent knows the answers; what is reported of it and of its child must not."""
    ws, first = tuned
    second = finetune(ws)
    assert second.parent == first.version
    assert second.report["before"] == first.report["after"] == second.report["after"]
    assert not second.promoted
    np.testing.assert_array_equal(genre_head(ws, second.version), genre_head(ws, first.version))


def test_more_answers_are_compared_with_what_the_parent_knew(
    tuned: tuple[Workspace, FineTuneResult],
) -> None:
    ws, first = tuned
    judge(ws, opinion(songs_of(ws), 60, np.random.default_rng(8)), rater="Ben")
    second = finetune(ws)
    asked = second.report["before"]["seen"]
    assert asked["genre"]["n"] > first.report["after"]["seen"]["genre"]["n"]
    afresh = finetune(ws, parent="v0001")
    assert afresh.report["after"] == second.report["after"]  # the way there does not matter
    assert afresh.report["before"] != second.report["before"]


def test_what_is_undone_is_forgotten(tuned: tuple[Workspace, FineTuneResult]) -> None:
    ws, plain = tuned
    contrary = [
        (dimension, anchor, a, b, "b" if choice == "a" else "a")
        for dimension, anchor, a, b, choice in opinion(songs_of(ws), 80, np.random.default_rng(5))
    ]
    ids = judge(ws, contrary, rater="Zoe")
    disturbed = finetune(ws)
    session = ws.judgements.table().set_index("id").loc[ids[0], "session_id"]
    while ws.judgements.undo(session):
        pass
    assert ws.judgements.count() == 240
    again = finetune(ws, parent=disturbed.version)
    np.testing.assert_allclose(
        genre_head(ws, again.version), genre_head(ws, plain.version), atol=1e-6
    )
    assert np.abs(genre_head(ws, disturbed.version) - genre_head(ws, plain.version)).max() > 1e-3


def test_fewer_than_twenty_answers_are_too_few(fitted: Workspace) -> None:
    answers = opinion(songs_of(fitted), 25, np.random.default_rng(0))
    judge(fitted, answers[:19])
    judge(fitted, [(d, x, a, b, "cannot_tell") for d, x, a, b, _ in answers[19:]], rater="Ben")
    judge(fitted, [("groove", *answers[20][1:])], rater="Cid")  # no dimension of the model
    before = snapshot(fitted)
    with pytest.raises(NotReadyError, match=r"at least 20 answers.*there are 19"):
        finetune(fitted)
    assert snapshot(fitted) == before
    judge(fitted, answers[19:20], rater="Dee")
    finetune(fitted)


class Cancelling(Progress):
    def __init__(self, after: int) -> None:
        self._left = after

    def cancelled(self) -> bool:
        self._left -= 1
        return self._left < 0


@pytest.mark.parametrize("after", [0, 30, 150])
def test_cancelling_keeps_everything_as_it_was(judged: Workspace, after: int) -> None:
    before = snapshot(judged)
    with pytest.raises(CancelledError):
        finetune(judged, progress=Cancelling(after))
    assert snapshot(judged) == before


def test_masks_have_nothing_to_tune(judged: Workspace) -> None:
    model = judged.models.load()
    dimensions = ["genre", "tempo", "key", "mood"]
    blocks = mask_blocks(208, 4)
    heads = {name: {"mask": block} for name, block in zip(dimensions, blocks, strict=True)}
    card = replace(model.card, head="mask", dimensions=dimensions, subspace_dim=52)
    judged.models.save(replace(model, card=card, heads=heads), promote=True)
    with pytest.raises(WorkbenchError, match="mask heads, which have nothing to tune"):
        finetune(judged)


def test_an_mlp_is_tuned_too(judged: Workspace) -> None:
    linear = judged.models.load()
    heads = {
        name: widen_to_mlp(head["weight"], np.random.default_rng(0))
        for name, head in linear.heads.items()
    }
    card = replace(linear.card, head="mlp")
    judged.models.save(replace(linear, card=card, heads=heads), promote=True)
    result = finetune(judged)
    assert judged.models.card(result.version).head == "mlp"
    judged.models.load(result.version)


def test_tags_of_held_out_items_are_no_prior_and_artists_are_not_parted(
    judged: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen from inside: the tag triplets and the folds that the fits are given."""
    seen: dict[str, Any] = {}
    plain = module.HeadTuning

    def spy(model: Any, name: str, x: Any, answers: Any, tagged: Any, folds: Any, rng: Any) -> Any:
        seen[name] = (answers.ids, tagged, folds)
        return plain(model, name, x, answers, tagged, folds, rng)

    monkeypatch.setattr(module, "HeadTuning", spy)
    finetune(judged)
    items, held_out = judged.catalogue.items(), set(judged.models.card("v0001").held_out)
    for ids, tagged, folds in seen.values():
        assert held_out & set(ids.tolist())  # raters may judge them; their tags stay out
        assert tagged is not NO_TRIPLETS
        assert len(tagged) > 20
        used = song_groups(items.loc[ids[np.unique(tagged.rows)]])
        assert not held_out & set(used.tolist())
        artists = items.loc[ids, "artist"]
        for artist in set(artists):
            assert len(set(folds[artists == artist])) == 1
        assert set(folds) == {0, 1, 2}


def test_a_rater_of_the_demo_is_learned_from(demo_workspace: Workspace, tmp_path: Path) -> None:
    ws = copied(demo_workspace, tmp_path / "demo")
    simulate_judgements(ws, 600, error=0.05)
    result = finetune(ws)
    before, after = (result.report[when]["seen"]["overall"] for when in ("before", "after"))
    assert after["n"] == before["n"] > 400
    assert after["k"] > before["k"]
    unseen = result.report["after"]["unseen"]["overall"]
    assert unseen["n"] > 0
    if result.promoted:
        assert unseen["k"] >= result.report["before"]["unseen"]["overall"]["k"]
