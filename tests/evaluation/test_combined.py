"""Combinations of dimensions are asked the questions of every dimension."""

from __future__ import annotations

import numpy as np
import pytest

from workbench import Workspace
from workbench.errors import UnknownNameError, WorkbenchError
from workbench.evaluation.combined import combined_scores
from workbench.evaluation.questions import tag_questions
from workbench.evaluation.triplets import evaluate_model, held_out_items


def test_a_dimension_alone_scores_as_the_card_says(fitted_once: Workspace):
    model = fitted_once.models.load()
    card = evaluate_model(fitted_once, model)
    names = model.card.dimensions
    found = combined_scores(fitted_once, [(name,) for name in names])
    for own in names:
        for asked in names:
            assert found[own,][asked].as_dict() == card["leakage"][own][asked]


def test_all_at_once_is_the_overall_score(fitted_once: Workspace):
    model = fitted_once.models.load()
    everything = tuple(model.card.dimensions)
    found = combined_scores(fitted_once, [everything])
    assert (
        found[everything]["overall"].as_dict()
        == evaluate_model(fitted_once, model)["scores"]["overall"]
    )


def test_two_together_are_measured_side_by_side(fitted_once: Workspace):
    model = fitted_once.models.load()
    names = model.card.dimensions[:2]
    found = combined_scores(fitted_once, [tuple(names)])[tuple(names)]
    source = fitted_once.vectors(model.card.encoder)
    ids = held_out_items(fitted_once, model.card)
    asked = tag_questions(fitted_once, ids, model.card.dimensions, among=source.ids)
    size = model.card.subspace_dim
    vectors = model.transform(source.rows(asked.ids))[:, : 2 * size].astype(float)
    for name, triplets in asked.triplets.items():
        anchor, a, b = (vectors[triplets.rows[:, i]] for i in range(3))
        nearer = np.linalg.norm(anchor - a, axis=1) < np.linalg.norm(anchor - b, axis=1)
        assert found[name].k == int((nearer == (triplets.share > 0.5)).sum())
        assert found[name].n == len(triplets)


def test_unknown_and_empty_combinations_are_one_sentence(fitted_once: Workspace):
    with pytest.raises(UnknownNameError, match="groove"):
        combined_scores(fitted_once, [("genre", "groove")])
    with pytest.raises(WorkbenchError, match="at least one dimension"):
        combined_scores(fitted_once, [()])
