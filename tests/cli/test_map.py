"""The map command: what it did, how far its maps can be believed, and its options."""

from __future__ import annotations

import json

import pytest

from workbench import Workspace
from workbench.maps.compute import compute_maps


def test_maps_are_drawn_once_and_their_quality_is_told(workbench, fitted: Workspace) -> None:
    answer = workbench("map", "-w", fitted.root)
    lines = answer.out.splitlines()
    facts = fitted.maps.facts("v0001")
    assert lines[0] == f"The maps of model v0001 are drawn: {facts.items} items."
    assert lines[1].split()[:3] == ["dimension", "trustworthiness", "continuity"]
    for line, (name, drawing) in zip(lines[2:], facts.drawings.items(), strict=True):
        told = [name, f"{drawing.trustworthiness:.3f}", f"{drawing.continuity:.3f}"]
        assert line.split()[:3] == told
    assert "are up to date" in workbench("map", "-w", fitted.root).out
    assert "are drawn" in workbench("map", "-w", fitted.root, "--again").out


def test_programs_read_the_facts(workbench, fitted: Workspace) -> None:
    answer = workbench("map", "-w", fitted.root, "--neighbours", 7, "--seed", 3, "--json")
    told = json.loads(answer.out)
    facts = fitted.maps.facts("v0001")
    assert told["done"] == "drawn"
    assert (told["neighbours"], told["seed"], told["items"]) == (7, 3, facts.items)
    genre = told["drawings"]["genre"]
    assert genre["trustworthiness"] == pytest.approx(facts.drawings["genre"].trustworthiness)


def test_a_map_that_lies_on_its_parents_says_so(workbench, fitted: Workspace) -> None:
    from dataclasses import replace

    from workbench.training.initial import store_model

    compute_maps(fitted)
    model = fitted.models.load()
    child = replace(model, card=replace(model.card, parent="v0001"))
    version = store_model(fitted, child, promote=False).version
    answer = workbench("map", "-w", fitted.root, "--model", version)
    assert answer.out.splitlines()[2].endswith("in v0001, moved by 0.0% of its width on average")


def test_doctor_says_what_is_not_on_the_maps(workbench, fitted: Workspace) -> None:
    compute_maps(fitted)
    store = fitted.vectors(fitted.models.card().encoder)
    store.write([*store.ids, 10_001], [*store.vectors, store.vectors[0]])
    assert "1 item is not on them" in workbench("doctor", "-w", fitted.root).out
