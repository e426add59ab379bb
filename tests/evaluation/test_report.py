"""A report holds a model's scores beside floors, combinations and another model."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from workbench import Workspace
from workbench.errors import NotReadyError
from workbench.evaluation.answers import answers
from workbench.evaluation.floors import Floor
from workbench.evaluation.questions import Questions, tag_questions
from workbench.evaluation.report import against_floor, comparisons, evaluate, usable_items
from workbench.evaluation.scores import count_right, holm, paired_p_value
from workbench.evaluation.triplets import held_out_items
from workbench.evaluation.voted import Vote, VotedTriplets
from workbench.search.subspaces import subspace_blocks
from workbench.subspaces.structure import song_groups
from workbench.subspaces.triplets import Triplets


@pytest.fixture(scope="module")
def asked(fitted_once: Workspace) -> Questions:
    model = fitted_once.models.load()
    return tag_questions(
        fitted_once, held_out_items(fitted_once, model.card), model.card.dimensions
    )


def test_scores_are_those_of_the_card(fitted_once: Workspace, asked: Questions) -> None:
    model = fitted_once.models.load()
    report = evaluate(fitted_once, model, asked)
    assert report["scores"] == model.card.metrics["scores"]
    assert json.loads(json.dumps(report)) == report


def test_each_floor_answers_the_same_triplets(fitted_once: Workspace, asked: Questions) -> None:
    model = fitted_once.models.load()
    report = evaluate(fitted_once, model, asked)
    assert list(report["floors"]) == ["encoder", "encoder, standardised", "chance"]
    assert len(report["without_sound"]) == len(asked.ids)
    raw = fitted_once.vectors(model.card.encoder).rows(asked.ids)
    vectors, blocks = model.transform(raw), subspace_blocks(model.card)
    for name, triplets in asked.named.items():
        floor = report["floors"]["encoder"][name]
        theirs = answers(raw, triplets, distance="cosine")
        ours = answers(vectors[:, blocks[name]], triplets)
        assert floor["k"] == theirs.sum()
        assert floor["n"] == report["scores"][name]["n"] == len(triplets)
        assert floor["gained"] == np.sum(ours & ~theirs)
        assert floor["lost"] == np.sum(theirs & ~ours)
        assert floor["p"] == paired_p_value(theirs, ours)
        assert floor["p_grouped"] >= floor["p"] * 0.9  # songs are fewer than triplets
        assert report["floors"]["chance"][name]["score"] == 0.5


def test_several_dimensions_are_corrected_for_and_overall_is_one_test() -> None:
    rng = np.random.default_rng(0)
    names = ["genre", "mood", "tempo", "overall"]
    first = {name: rng.random(80) < 0.5 for name in names}
    second = {name: rng.random(80) < 0.75 for name in names}
    groups = {name: np.arange(80) for name in names}
    found = comparisons(first, second, groups)
    corrected = holm({name: found[name]["p"] for name in names[:3]})
    assert {name: found[name]["p_holm"] for name in names[:3]} == corrected
    assert found["overall"]["p_holm"] == found["overall"]["p"]


def test_items_a_floor_knows_nothing_of_take_no_part() -> None:
    vectors = np.array([[0.0], [1], [2], [np.nan]], np.float32)
    triplets = Triplets(np.array([[0, 1, 2], [0, 2, 1], [0, 3, 1], [1, 0, 3]]), np.ones(4))
    right = {"mood": np.array([True, True, True, False])}
    found = against_floor(
        right, Floor(vectors, "euclidean"), {"mood": triplets}, {"mood": np.arange(4)}
    )
    row = found["mood"]
    assert (row["k"], row["n"], row["gained"], row["lost"]) == (1, 2, 1, 0)


def test_a_model_is_compared_with_another(fitted_once: Workspace, asked: Questions) -> None:
    model = fitted_once.models.load()
    rng = np.random.default_rng(0)
    heads = {
        name: {"weight": rng.normal(size=p["weight"].shape).astype(np.float32)}
        for name, p in model.heads.items()
    }
    worse = replace(model, heads=heads, card=replace(model.card, version="v9"))
    found = evaluate(fitted_once, model, asked, against=worse, floors=False)["against"]
    assert found["model"] == "v9"
    back = evaluate(fitted_once, worse, asked, against=model, floors=False)["against"]
    for name, row in found["comparison"].items():
        other = back["comparison"][name]
        assert (row["gained"], row["lost"]) == (other["lost"], other["gained"])
        assert row["p_holm"] == other["p_holm"]
    assert found["comparison"]["overall"]["p"] < 0.001
    same = evaluate(fitted_once, model, asked, against=model, floors=False)["against"]
    assert {row["p_holm"] for row in same["comparison"].values()} == {1.0}


def test_combinations_come_with_a_warning(fitted_once: Workspace, asked: Questions) -> None:
    model = fitted_once.models.load()
    report = evaluate(fitted_once, model, asked, floors=False, combinations=True)
    found = report["combinations"]
    assert len(found["table"]) == 63
    assert found["best"] == found["table"][0]
    everything = next(row for row in found["table"] if len(row["dimensions"]) == 6)
    assert everything["k"] == report["scores"]["overall"]["k"]
    assert "luckiest" in found["warning"]
    assert found["chosen_on_other_items"]["score"]["n"] > 0


def test_triplets_without_a_dimension_are_answered_by_all(fitted_once: Workspace) -> None:
    ids = fitted_once.catalogue.items(kind="song").index.tolist()
    votes = [Vote(*ids[:3]), Vote(*ids[3:6], for_a=0, for_b=2), Vote(*ids[6:9], dimension="key")]
    asked = VotedTriplets.of(votes).agreed()
    model = fitted_once.models.load()
    report = evaluate(fitted_once, model, asked)
    vectors = model.transform(fitted_once.vectors(model.card.encoder).rows(asked.ids))
    assert set(report["scores"]) == {"key", "overall"}
    assert report["scores"]["overall"] == count_right(answers(vectors, asked.pooled)).as_dict()
    assert report["scores"]["overall"]["n"] == 3


def test_questions_about_some_items_keep_their_answers(asked: Questions) -> None:
    chosen = asked.ids[:7]
    some = asked.about(chosen, ["genre", "key"])
    assert set(some.triplets) <= {"genre", "key"}
    expected = {
        (name, *asked.ids[row])
        for name in ("genre", "key")
        for row in asked.triplets[name].rows
        if np.isin(asked.ids[row], chosen).all()
    }
    found = {(n, *some.ids[row]) for n, t in some.triplets.items() for row in t.rows}
    assert found == expected
    assert found
    for name, triplets in some.triplets.items():
        for anchor, a, b in triplets.rows:
            assert some.relations[name][anchor, a] == 1
            assert some.relations[name][anchor, b] == -1


def test_held_out_means_the_song_is(fitted_once: Workspace) -> None:
    model = fitted_once.models.load()
    items = fitted_once.catalogue.items()
    questions = Questions(items.index.to_numpy(), {}, {})
    found = usable_items(fitted_once, questions, model, held_out=True)
    assert set(song_groups(items.loc[found])) == set(model.card.held_out)
    assert len(found) == 2 * len(model.card.held_out)  # each song and its part
    other = replace(model, card=replace(model.card, held_out=model.card.held_out[:4]))
    assert len(usable_items(fitted_once, questions, model, other, held_out=True)) == 8


def test_nothing_to_ask_is_told(fitted_once: Workspace) -> None:
    empty = Questions(np.zeros(0, np.int64), {}, {})
    with pytest.raises(NotReadyError, match="There is no triplet to ask"):
        evaluate(fitted_once, fitted_once.models.load(), empty)
