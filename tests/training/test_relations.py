from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from workbench.backbones.relation_store import load_relations
from workbench.backbones.relations import RelationNetworks
from workbench.corpus.piece_corpus import PieceCorpus
from workbench.corpus.piece_relations import RELATIONS
from workbench.errors import UnknownNameError, WorkbenchError
from workbench.progress import Progress
from workbench.training.base_targets import TargetCoder
from workbench.training.fit import one_thread
from workbench.training.relation_batches import PieceBatches
from workbench.training.relation_loss import Embedded, RelationLoss
from workbench.training.relation_options import RelationOptions
from workbench.training.relation_release import musicnn_guess, release_relations
from workbench.training.relations import train_relations

FEW = ("genre", "composition", "track", "complementarity", "sound")
OPTIONS = RelationOptions(
    relations=FEW, size=4, epochs=2, steps=2, seeds=2, mixed_precision=False, rate=1e-3
)


@pytest.fixture(scope="module")
def corpus(tiny_pieces: tuple[Path, Path]) -> PieceCorpus:
    return PieceCorpus.open(tiny_pieces[1])


class Stopping(Progress):
    """Cancels after the first epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.epochs = 0

    def event(self, name: str, **facts: object) -> None:
        self.epochs += name == "epoch"

    def cancelled(self) -> bool:
        return self.epochs >= 1


@one_thread()
def test_a_resumed_training_ends_as_an_uninterrupted_one(
    corpus: PieceCorpus, tmp_path: Path
) -> None:
    whole = train_relations(corpus, OPTIONS, folder=tmp_path / "whole")
    train_relations(corpus, OPTIONS, folder=tmp_path / "parts", progress=Stopping())
    resumed = train_relations(corpus, OPTIONS, folder=tmp_path / "parts", resume=True)
    assert len(resumed.history) == 2
    for name, weights in whole.network.state_dict().items():
        torch.testing.assert_close(resumed.network.state_dict()[name], weights, rtol=0, atol=0)


@one_thread()
def test_networks_learn_which_notes_belong_to_which_sound(
    corpus: PieceCorpus, tmp_path: Path
) -> None:
    options = replace(OPTIONS, epochs=1, steps=25, seeds=4, rate=3e-3)
    losses: list[float] = []

    class Listening(Progress):
        def event(self, name: str, **facts: object) -> None:
            if name == "step":
                losses.append(float(facts["loss"]))

    train_relations(corpus, options, folder=tmp_path, progress=Listening())
    assert np.mean(losses[-5:]) < 0.7 * np.mean(losses[:5])


def test_what_is_released_can_be_loaded_and_says_what_it_is(
    corpus: PieceCorpus, tmp_path: Path
) -> None:
    trained = train_relations(corpus, OPTIONS, folder=tmp_path)
    card = release_relations(corpus, trained, OPTIONS, folder=tmp_path, version="5")
    networks, read = load_relations(tmp_path)
    assert isinstance(networks, RelationNetworks)
    assert read.shape.relations == FEW
    assert card.data["corpora"]["tiny"]["licences"] == ["CC0"]
    scores = read.scores
    assert set(scores["relations"]["sound"]) == set(FEW)
    assert set(scores["relations"]["sound to notes"]) == set(FEW) - {"sound"}
    assert scores["finding"]["recordings"] == scores["finding"]["notes to sound"]["at 1"]["n"]


def test_a_batch_brings_other_performances_of_a_score_and_others_in_its_tempo_and_key() -> None:
    rows = [
        {"composition": c, "performance": p, "corpus": "x", "tempo": t, "centre": k}
        for c, p, t, k in [
            ("a", 0, 60.0, "C"), ("a", 1, 90.0, "D"), ("b", 0, 60.0, "C"), ("c", 0, 60.0, "D"),
            ("d", 0, 90.0, "D"),
        ]
        for _ in range(3)
    ]  # fmt: skip
    table = pd.DataFrame(rows)
    batches = PieceBatches(table, np.arange(len(table)))
    rng = np.random.default_rng(0)
    brought = {}
    for _ in range(60):
        found = table.iloc[batches.draw(1, rng)]
        names = frozenset(zip(found["composition"], found["performance"], strict=True))
        brought[names] = len(found)
    assert set(brought) == {
        frozenset({("a", 0), ("a", 1), ("b", 0)}),
        frozenset({("a", 0), ("a", 1), ("d", 0)}),
        frozenset({("b", 0), ("a", 0)}),
        frozenset({("c", 0)}),
        frozenset({("d", 0), ("a", 1)}),
    }
    assert all(count == 3 * len(names) for names, count in brought.items())


def test_triplets_across_domains_have_the_anchor_in_one_and_the_others_in_the_other() -> None:
    options = replace(
        OPTIONS, relations=("composition",), losses=("triplet",), size=2, mining="all",
        pair_weight=0.0, predict_weight=0.0,
    )  # fmt: skip
    loss = RelationLoss(TargetCoder({}), options)
    rng = np.random.default_rng(0)
    sound, notes = (torch.from_numpy(rng.normal(size=(4, 2))).float() for _ in range(2))
    relation = np.array([[[1, 1, -1, -1]] * 2 + [[-1, -1, 1, 1]] * 2], dtype=np.int8)
    nothing = torch.zeros(1, 4, 4, dtype=torch.int8)
    empty = torch.zeros(4, 0)
    _, parts = loss(Embedded(sound, notes, empty, empty), nothing, torch.from_numpy(relation), [])
    a, b = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (sound.numpy(), notes.numpy()))
    hinges = [
        max(0.0, 0.3 + np.linalg.norm(x[i] - y[p]) - np.linalg.norm(x[i] - y[n]))
        for x, y in ((a, b), (b, a))
        for i in range(4)
        for p in range(4)
        for n in range(4)
        if relation[0, i, p] > 0 and relation[0, i, n] < 0
    ]
    assert parts["sound"] == parts["notes"] == 0.0
    assert parts["across"] == pytest.approx(np.mean(hinges), rel=1e-4)


def test_musicnn_is_guessed_where_it_has_heard_something(corpus: PieceCorpus) -> None:
    trained_on = corpus.rows("train")
    width = corpus.sound["vector"].shape[1]
    rng = np.random.default_rng(0)
    mapping = rng.normal(size=(200, 3)).astype(np.float32)
    heard = np.full((len(corpus), 200), np.nan, np.float32)
    heard[trained_on] = corpus.sound["vector"][trained_on, :3].astype(np.float32) @ mapping.T
    from workbench.backbones.relation_store import RelationShape

    network = RelationNetworks(RelationShape(("genre",), 4, width))
    guess = musicnn_guess(replace(corpus, musicnn=heard), network)
    vectors = corpus.sound["vector"][trained_on].astype(np.float32)
    said = np.column_stack([vectors, np.ones(len(vectors))]) @ guess.T
    assert np.corrcoef(said.ravel(), heard[trained_on].ravel())[0, 1] > 0.9
    silent = musicnn_guess(replace(corpus, musicnn=np.full_like(heard, np.nan)), network)
    assert not silent.any()


@pytest.mark.parametrize(
    "changed",
    [{"relations": ("genre", "mystery")}, {"relations": ()}, {"losses": ("hope",)}],
)
def test_unknown_names_are_refused_with_those_there_are(changed: dict) -> None:
    with pytest.raises(UnknownNameError, match="choose of"):
        replace(OPTIONS, **changed).check()


@pytest.mark.parametrize("changed", [{"margin": 0.0}, {"rate": 0.0}, {"size": 0}, {"seeds": 0}])
def test_numbers_that_make_no_sense_are_refused(changed: dict) -> None:
    with pytest.raises(WorkbenchError):
        replace(OPTIONS, **changed).check()


def test_all_relations_have_names() -> None:
    assert len(set(RELATIONS)) == 13
