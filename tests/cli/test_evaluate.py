"""`workbench evaluate` as people and programs read it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from synthetic import judge, opinion

from workbench import Workspace


def result(workbench, *arguments: object) -> dict:
    answer = workbench("evaluate", "--json", *arguments)
    assert answer.code == 0, answer.err
    return json.loads(answer.out)


def test_scores_come_with_floors_and_both_kinds_of_leakage(workbench, fitted_once) -> None:
    card = fitted_once.models.card()
    found = result(workbench, "-w", fitted_once.root)
    for name in ("scores", "leakage", "strict_leakage", "leakage_mean", "held_out_items"):
        assert found[name] == card.metrics[name]
    assert found["model"] == "v0001"
    assert {"encoder", "chance"} <= set(found["floors"])
    answer = workbench("evaluate", "-w", fitted_once.root)
    assert answer.code == 0
    assert answer.out.startswith("Model v0001, euclidean distance; encoder descriptors-1")
    for text in (
        f"{len(card.held_out)} songs held out",
        "chance",
        "McNemar",
        "no sound",
        "Leakage",
    ):
        assert text in answer.out


def test_one_dimension_may_be_shown(workbench, fitted_once) -> None:
    found = result(workbench, "-w", fitted_once.root, "--dimension", "tempo", "--no-floors")
    assert (
        set(found["scores"]) == set(found["leakage"]) == set(found["strict_leakage"]) == {"tempo"}
    )
    assert "floors" not in found


def test_judgements_and_files_are_asked_beside_the_tags(
    workbench, fitted: Workspace, tmp_path: Path
) -> None:
    songs = fitted.catalogue.items(kind="song").index.to_numpy()
    answers = opinion(songs, 30, np.random.default_rng(0))
    judge(fitted, answers)
    judge(fitted, answers[:10], rater="Ben")
    file = tmp_path / "mine.csv"
    file.write_text("dimension,anchor,a,b,votes\nkey,1,3,5,4:0\n,Song 3,Song 4,Song 5,0:2\n")
    found = result(
        workbench, "-w", fitted.root, "--judgements", "--raters", "2", "--agreement", "0.9",
        "--triplets", file, "--combinations", "--distance", "cosine",
    )  # fmt: skip
    judged, own = found["votes"]["judgements"], found["votes"][str(file)]
    assert judged["scores"]["genre"]["n"] == judged["agreed"] == 10
    assert judged["voted"] >= 29
    assert (own["layout"], own["rows"], own["matched"]) == ("triplets", 2, 2)
    assert (own["scores"]["key"]["n"], own["scores"]["overall"]["n"]) == (1, 2)
    assert len(judged["combinations"]["table"]) == 63
    text = workbench("evaluate", "-w", fitted.root, "--judgements", "--combinations").out
    assert "Triplets of judgements: 30 of 30 triplets agreed on, 30 asked" in text
    assert "also the luckiest" in text


def test_models_are_compared_on_what_both_held_out(workbench, fitted: Workspace) -> None:
    from workbench.training.initial import fit_initial

    first = fitted.models.card()
    second = fit_initial(fitted, seed=1, promote=False)
    both = set(first.held_out) & set(second.held_out)
    answer = workbench("evaluate", "-w", fitted.root, "--against", second.version)
    if len(both) < 3:
        assert answer.code == 7
        assert f"held out {len(both)} songs in common" in answer.err
        return
    assert f"{len(both)} songs that both models held out" in answer.out
    assert f"Against model {second.version}, on the same triplets:" in answer.out


def test_what_cannot_be_asked_is_one_sentence(workbench, fitted: Workspace, tmp_path: Path) -> None:
    for arguments, code, sentence in (
        (["--judgements"], 7, "There are no judgements yet"),
        (["--distance", "taxi"], 4, "no distance 'taxi'"),
        (["--against", "v7"], 4, "no model 'v7'"),
        (["--triplets", tmp_path / "no.csv"], 1, "There is no file"),
        (["--raters", "0"], 2, "--raters"),
    ):
        answer = workbench("evaluate", "-w", fitted.root, *arguments)
        assert (answer.code, answer.out) == (code, "")
        assert sentence in answer.err
        assert answer.err.count("\n") == 1
    songs = fitted.catalogue.items(kind="song").index.to_numpy()
    judge(fitted, opinion(songs, 5, np.random.default_rng(0)))
    answer = workbench("evaluate", "-w", fitted.root, "--judgements", "--raters", "3")
    assert answer.code == 7
    assert (
        "No triplet of judgements is left to ask: of 5 that people voted on 0 are agreed on"
        in answer.err
    )


def test_a_model_that_learned_from_judgements_is_warned_of(workbench, fitted: Workspace) -> None:
    from dataclasses import replace

    songs = fitted.catalogue.items(kind="song").index.to_numpy()
    judge(fitted, opinion(songs, 30, np.random.default_rng(0)))
    model = fitted.models.load()
    fitted.models.save(replace(model, card=replace(model.card, judgements=30)), promote=True)
    out = workbench("evaluate", "-w", fitted.root, "--judgements", "--no-floors").out
    assert "Warning: v0002 (30) learned from judgements, perhaps from these" in out
