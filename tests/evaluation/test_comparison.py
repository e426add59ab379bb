"""Two versions are asked the same triplets, and what they disagree on is what a loop finds."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest
from synthetic import add_songs, judge

from workbench import Workspace
from workbench.errors import NotReadyError
from workbench.evaluation import comparison
from workbench.evaluation.comparison import (
    Asked,
    BothAnswers,
    answer_both,
    comparison_table,
    defaults,
    held_out_by_both,
    judged_by_people,
    pooled,
    summary,
    surest,
)
from workbench.evaluation.questions import Questions
from workbench.subspaces.model import Model
from workbench.subspaces.store import ModelCard
from workbench.subspaces.triplets import Triplets
from workbench.training.initial import fit_initial, store_model


def second_version(ws: Workspace, *, seed: int = 0, **changes: object) -> ModelCard:
    """Store a version whose heads differ a little from the current one's."""
    model = ws.models.load()
    rng = np.random.default_rng(seed)
    heads = {
        name: {"weight": head["weight"] + rng.normal(0, 0.15, head["weight"].shape).astype("f4")}
        for name, head in model.heads.items()
    }
    card = replace(model.card, version="", parent=model.card.version, metrics={}, **changes)
    return store_model(ws, Model(card, model.normaliser, heads), promote=True)


@pytest.fixture(scope="module")
def two(
    backend: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Workspace, ModelCard, ModelCard]:
    """Forty songs and two versions of a model."""
    ws = Workspace.create(tmp_path_factory.mktemp("two") / "workspace")
    add_songs(ws, 40, stems=1, artists=10)
    fit_initial(ws)
    return ws, ws.models.card(), second_version(ws)


def distance(ws: Workspace, card: ModelCard, dimension: str, a: int, b: int) -> float:
    """Return the distance of two items in a subspace, by the model itself."""
    model = ws.models.load(card.version)
    place = card.dimensions.index(dimension) * card.subspace_dim
    x = model.transform(ws.vectors(card.encoder).rows([a, b]))[:, place : place + card.subspace_dim]
    return float(np.sqrt(((x[0].astype(float) - x[1]) ** 2).sum()))


def test_scores_on_tags_are_those_of_the_cards(two) -> None:
    ws, first, second = two
    asked = held_out_by_both(ws, first, second)
    table = comparison_table(answer_both(ws, first, second, asked.questions))
    for name, row in table.items():
        assert row["first"] == first.metrics["scores"][name]
        assert row["second"] == second.metrics["scores"][name]


def test_margins_are_distances_by_the_model_and_the_right_one_comes_first(two) -> None:
    ws, first, second = two
    asked = held_out_by_both(ws, first, second)
    found = answer_both(ws, first, second, asked.questions)
    tags = {name: ws.catalogue.tags(name).set_index("item_id")["value"] for name in found}
    for name in ("genre", "era"):
        part = found[name]
        for row in range(0, len(part), 41):
            anchor, closer, further = part.items[row].tolist()
            assert tags[name][anchor] == tags[name][closer] != tags[name][further]
            for place, card in enumerate((first, second)):
                margin = distance(ws, card, name, anchor, further) - distance(
                    ws, card, name, anchor, closer
                )
                assert part.margins[row, place] == pytest.approx(margin, abs=1e-5)


def test_disagreements_are_those_of_a_loop_the_surest_first(two) -> None:
    ws, first, second = two
    asked = held_out_by_both(ws, first, second)
    found = answer_both(ws, first, second, asked.questions)
    expected = {}
    for name, part in found.items():
        for row, (one, other) in enumerate(part.margins.tolist()):
            if (one > 0) != (other > 0):
                expected[name, row] = min(abs(one), abs(other))
    listed = surest(found, most=10_000)
    assert set(listed) == set(expected)
    sureness = [expected[key] for key in listed]
    assert sureness == sorted(sureness, reverse=True)
    few = surest(found, most=2)
    assert max(Counter(name for name, _ in few).values()) <= 2
    assert few == [key for key in listed if key in few]


def test_counts_and_test_are_those_of_a_loop(two) -> None:
    ws, first, second = two
    found = answer_both(ws, first, second, held_out_by_both(ws, first, second).questions)
    every = pooled(found)
    counts = Counter((bool(a > 0), bool(b > 0)) for a, b in every.margins.tolist())
    result = summary(every)
    assert (result["both"], result["neither"]) == (counts[True, True], counts[False, False])
    assert (result["gained"], result["lost"]) == (counts[False, True], counts[True, False])
    assert result["n"] == sum(counts.values()) == sum(len(part) for part in found.values())
    differing = counts[False, True] + counts[True, False]
    assert result["p"] == pytest.approx(binomtest(counts[False, True], differing).pvalue)
    assert result["difference"]["value"] == pytest.approx(
        result["second"]["score"] - result["first"]["score"]
    )


def test_songs_kept_aside_by_one_alone_are_not_asked_about(two) -> None:
    ws, first, second = two
    other = replace(second, held_out=second.held_out[2:])
    asked = held_out_by_both(ws, first, other)
    assert set(asked.questions.ids[: asked.songs].tolist()) == set(second.held_out[2:])
    others = [i for i in ws.catalogue.items(kind="song").index if i not in first.held_out]
    with pytest.raises(NotReadyError, match="in common"):
        held_out_by_both(ws, first, replace(second, held_out=others))


def test_of_many_songs_some_are_asked_about_and_it_says_how_many(two, monkeypatch) -> None:
    ws, first, second = two
    monkeypatch.setattr(comparison, "MOST_SONGS", 4)
    asked = held_out_by_both(ws, first, second)
    assert (asked.songs, asked.of) == (4, len(first.held_out))
    again = held_out_by_both(ws, first, second)
    assert np.array_equal(asked.questions.ids, again.questions.ids)


def test_judgements_are_random_unlearned_and_decided(ws: Workspace) -> None:
    songs = [int(song) for song in add_songs(ws, 30, artists=10)]
    fit_initial(ws)
    first = ws.models.card()
    x, a, b, c, d = songs[:5]
    judge(ws, [("genre", x, a, b, "a")], rater="Ada")
    last = ws.judgements.history()["id"].iloc[-1]
    second = second_version(ws, judgements=1, watermark=last)
    for rater, choice in (("Ada", "a"), ("Ben", "a"), ("Cid", "b"), ("Dee", "cannot_tell")):
        judge(ws, [("genre", x, d, c, choice)], rater=rater)  # d, by two of four
    judge(ws, [("tempo", x, a, b, "a")], rater="Ada")
    judge(ws, [("tempo", x, a, b, "b")], rater="Ben")  # nobody decides
    judge(ws, [("genre", x, a, b, "a")], rater="Ben")  # learned through Ada
    judge(ws, [("era", x, b, c, "b")], rater="Ada", sampler="uncertainty")
    asked = judged_by_people(ws, first, second)
    found = answer_both(ws, first, second, asked.questions)
    assert list(found) == ["genre"]
    assert found["genre"].items.tolist() == [[x, d, c]]
    assert asked.votes_on("genre", x, d, c) == (2, 1, 1)
    assert asked.votes_on("genre", x, c, d) == (1, 2, 1)
    assert asked.votes_on("genre", x, a, b) is None


def test_a_judgement_of_overall_similarity_is_answered_by_all_dimensions(two) -> None:
    ws, first, second = two
    ids = np.asarray(ws.vectors(first.encoder).ids[:3])
    questions = Questions(ids, {"overall": Triplets(np.array([[0, 1, 2]]), np.float32([0.0]))}, {})
    part = answer_both(ws, first, second, questions)["overall"]
    assert part.items.tolist() == [[ids[0], ids[2], ids[1]]]
    x = ws.models.load(first.version).transform(ws.vectors(first.encoder).rows(ids))
    margin = np.linalg.norm(x[0] - x[1]) - np.linalg.norm(x[0] - x[2])
    assert part.margins[0, 0] == pytest.approx(margin, abs=1e-5)


def test_a_tie_is_not_right() -> None:
    part = BothAnswers(np.zeros((2, 3), np.int64), np.array([[0.0, 0.2], [0.1, 0.1]]), np.arange(2))
    assert part.right[0].tolist() == [False, True]
    assert part.disagreed.tolist() == [0]


def test_nothing_asked_is_nothing_found(two) -> None:
    ws, first, second = two
    nothing = Questions(np.zeros(0, np.int64), {}, {})
    assert answer_both(ws, first, second, nothing) == {}
    assert len(pooled({})) == 0
    assert Asked(nothing).votes_on("genre", 1, 2, 3) is None


def test_the_current_version_is_compared_with_its_parent_else_the_two_latest() -> None:
    cards = [
        ModelCard(version, "e", "linear", [], 4, parent=parent)
        for version, parent in (("v1", None), ("v2", "v1"), ("v3", "v2"))
    ]
    assert defaults(cards, "v2") == ("v1", "v2")
    assert defaults(cards, "v1") == ("v2", "v3")
    assert defaults(cards, None) == ("v2", "v3")
