"""A dimension's numbers are those of the card, and of loops over its triplets."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from synthetic import judge

from workbench import Workspace
from workbench.errors import NotReadyError
from workbench.evaluation import dimension_report
from workbench.evaluation.dimension_report import (
    Answered,
    agreed_triplets,
    derived_only,
    drawn_triplets,
    exemplary,
    human_ceiling,
    joined,
    measured_versions,
    tag_counts,
)
from workbench.evaluation.questions import tag_questions
from workbench.evaluation.report import evaluate
from workbench.evaluation.triplets import held_out_items
from workbench.subspaces.model import Model
from workbench.training.initial import store_model


def test_tags_are_counted_by_item() -> None:
    rows = [(1, "folk", False), (1, "jig", True), (2, "folk", True), (3, "jazz", False)]
    tags = pd.DataFrame(rows, columns=["item_id", "value", "weak"])
    counts = tag_counts(tags)
    assert (counts.items, counts.weak, counts.values) == (3, 1, 3)
    assert derived_only(tags) == {2}
    assert derived_only(tags[tags["weak"]]) == set()  # all are derived: nothing better is there
    assert tag_counts(tags[:0]).items == 0


def test_scores_are_the_cards_and_floors_those_of_an_evaluation(fitted_once: Workspace) -> None:
    ws = fitted_once
    model = ws.models.load()
    versions, floors, songs = measured_versions(ws, model.card, "genre")
    assert versions[model.card.version].as_dict() == model.card.metrics["scores"]["genre"]
    assert songs == len(model.card.held_out)
    asked = tag_questions(ws, held_out_items(ws, model.card), model.card.dimensions)
    expected = evaluate(ws, model, asked)["floors"]["encoder"]["genre"]
    assert list(floors) == ["encoder"]  # no sound, so no others
    assert (floors["encoder"].k, floors["encoder"].n) == (expected["k"], expected["n"])


def test_versions_that_kept_other_songs_aside_are_left_out(fitted: Workspace) -> None:
    model = fitted.models.load()
    for held_out in (model.card.held_out, model.card.held_out[1:]):
        card = replace(model.card, version="", held_out=held_out)
        store_model(fitted, Model(card, model.normaliser, model.heads), promote=False)
    versions, _, _ = measured_versions(fitted, model.card, "era")
    assert list(versions) == ["v0001", "v0002"]
    assert versions["v0001"] == versions["v0002"]


def test_a_dimension_without_tags_says_so(fitted_once: Workspace) -> None:
    card = fitted_once.models.card()
    card = replace(card, dimensions=[*card.dimensions, "sound"])
    with pytest.raises(NotReadyError, match="about sound"):
        measured_versions(fitted_once, card, "sound")
    assert len(drawn_triplets(fitted_once, card, "sound")) == 0


def test_drawn_triplets_are_of_songs_kept_aside_and_repeat_with_the_seed(
    fitted_once: Workspace, monkeypatch
) -> None:
    ws, card = fitted_once, fitted_once.models.card()
    found = drawn_triplets(ws, card, "genre", seed=3)
    assert set(np.unique(found.items).tolist()) <= set(card.held_out)
    tags = ws.catalogue.tags("genre").set_index("item_id")["value"]
    assert all(tags[x] == tags[a] != tags[b] for x, a, b in found.items.tolist())
    model = ws.models.load()
    place = card.dimensions.index("genre") * card.subspace_dim
    space = model.transform(ws.vectors(card.encoder).rows(found.items.reshape(-1)))
    x, a, b = (
        space[:, place : place + card.subspace_dim].reshape(-1, 3, card.subspace_dim).swapaxes(0, 1)
    )
    by_hand = np.linalg.norm(x - b, axis=1) - np.linalg.norm(x - a, axis=1)
    assert found.margins == pytest.approx(by_hand, abs=1e-5)
    again = drawn_triplets(ws, card, "genre", seed=3)
    assert np.array_equal(found.items, again.items)
    monkeypatch.setattr(dimension_report, "SONGS", 4)
    few = drawn_triplets(ws, card, "genre")
    assert (few.songs, few.of) == (4, len(card.held_out))


def test_people_who_agree_are_counted(fitted: Workspace) -> None:
    ws, card = fitted, fitted.models.card()
    x, a, b, c = (int(i) for i in card.held_out[:4])
    for rater, choice in (("Ada", "b"), ("Ben", "b")):
        judge(ws, [("genre", x, a, b, choice), ("genre", x, c, b, "a"), ("mood", x, a, b, "a")],
              rater=rater)  # fmt: skip
    judge(ws, [("genre", x, b, c, "a"), ("genre", a, b, c, "a")], rater="Cid")
    table = ws.judgements.table()
    own = table[table["dimension"] == "genre"]
    found = agreed_triplets(ws, card, "genre", own)
    assert found.items.tolist() == [[x, b, a]]  # c against b: two of three; a: one alone
    assert found.votes.tolist() == [[2, 0, 0]]
    ceiling = human_ceiling(own)
    pairs = {(x, a, b): ["b", "b"], (x, b, c): ["c", "c", "b"]}
    agreeing = [one == other for said in pairs.values()
                for one, other in itertools.combinations(said, 2)]  # fmt: skip
    assert (ceiling.k, ceiling.n) == (sum(agreeing), len(agreeing))


def test_exemplary_triplets_share_no_item_and_have_the_widest_margins() -> None:
    items = np.array([[1, 2, 3], [1, 4, 5], [4, 5, 6], [7, 8, 9], [10, 11, 12]])
    found = Answered(items, np.array([0.3, 0.9, 0.5, -0.2, 0.1]), np.zeros((5, 3), int))
    assert exemplary(found, most=9) == [1, 4]
    assert exemplary(found, most=1) == [1]
    assert exemplary(found, most=9, without={4}) == [0, 4]
    assert exemplary(found, most=0) == []


def test_kinds_of_triplets_are_joined_in_their_order() -> None:
    parts = [Answered(np.full((n, 3), n), np.full(n, float(n)), np.zeros((n, 3), int))
             for n in (1, 0, 2)]  # fmt: skip
    assert joined(parts).margins.tolist() == [1.0, 2.0, 2.0]
