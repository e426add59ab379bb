from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from heard import store_heard
from songs_workspace import add_model
from synthetic import judge, opinion
from triplet_sets import every_triplet, shown

from workbench import Workspace
from workbench.errors import NotReadyError, UnknownNameError
from workbench.sampling.refitting import ensembles_of
from workbench.sampling.samplers import SAMPLERS, make_sampler

ADAPTIVE = ("uncertainty", "information", "coverage")
SONGS = np.arange(1, 33)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def settle(ws: Workspace, dimension: str) -> None:
    """Have the ensemble fitted to all answers there are."""
    ensembles_of(ws).refit(ws, dimension, SONGS)


def test_a_mix_goes_on_at_random_where_tags_are_lacking(
    make_ws: Callable[..., Workspace],
) -> None:
    ws = make_ws(5, tags=False)
    ids = ws.catalogue.items().index.tolist()
    proposals = make_sampler(ws, "mix", ids).propose("tempo", np.random.default_rng(9), 1000)
    assert set(shown(proposals)) == every_triplet(ids)
    assert {p.sampler for p in proposals} == {"random"}


def test_tag_guided_triplets_follow_the_catalogue(ws: Workspace) -> None:
    ids = ws.catalogue.items().index.tolist()
    genre = ws.catalogue.tags("genre").set_index("item_id")["value"]
    proposals = make_sampler(ws, "tags", ids).propose("genre", np.random.default_rng(10), 10_000)
    assert len(proposals) == 12 * 3 * 8  # anchors x others of the genre x items of other genres
    assert all((genre[p.anchor] == genre[p.a]) != (genre[p.anchor] == genre[p.b])
               for p in proposals)  # fmt: skip


@pytest.mark.parametrize("items", [[], [1], [1, 2], [1, 2, 2]])
def test_fewer_than_three_items_are_explained(ws: Workspace, items: list[int]) -> None:
    for name in SAMPLERS:
        with pytest.raises(NotReadyError, match="workbench import"):
            make_sampler(ws, name, items)


def test_an_unknown_sampler_is_explained(ws: Workspace) -> None:
    with pytest.raises(UnknownNameError, match=", ".join(SAMPLERS)):
        make_sampler(ws, "clever", [1, 2, 3])


def test_the_mix_is_fifteen_in_a_hundred_random_and_the_rest_adaptive(songs_ws: Workspace) -> None:
    settle(songs_ws, "genre")
    sampler = make_sampler(songs_ws, "mix", SONGS.tolist())
    proposals = [p for seed in range(40) for p in sampler.propose("genre", rng(seed), 50)]
    names = Counter(p.sampler for p in proposals)
    assert set(names) == {"random", "coverage"}
    assert abs(names["random"] / len(proposals) - 0.15) < 0.03
    assert {(p.score is None, p.model_version) for p in proposals if p.sampler == "random"} == {
        (True, None)
    }
    assert {p.model_version for p in proposals if p.sampler == "coverage"} == {"v0001"}
    half = make_sampler(songs_ws, "mix", SONGS.tolist(), random_share=0.5)
    drawn = [p for seed in range(20) for p in half.propose("genre", rng(seed), 50)]
    assert abs(Counter(p.sampler for p in drawn)["random"] / len(drawn) - 0.5) < 0.06


@pytest.mark.parametrize("name", ADAPTIVE)
def test_adaptive_samplers_begin_with_the_prior_before_any_answer(
    songs_ws: Workspace, name: str
) -> None:
    settle(songs_ws, "genre")
    proposals = make_sampler(songs_ws, name, SONGS.tolist()).propose("genre", rng(), 16)
    assert {p.sampler for p in proposals} == {name}
    assert all(p.score is not None and 0 <= p.score <= 1 for p in proposals)


@pytest.mark.parametrize("name", ADAPTIVE)
def test_the_same_seed_and_answers_propose_the_same(songs_ws: Workspace, name: str) -> None:
    judge(songs_ws, opinion(SONGS, 30, rng(1)))
    batches = []
    for ws in (songs_ws, Workspace(songs_ws.root)):
        settle(ws, "genre")
        batches.append(make_sampler(ws, name, SONGS.tolist()).propose("genre", rng(2), 16))
    assert batches[0] == batches[1]


@pytest.mark.parametrize("name", [*ADAPTIVE, "mix"])
def test_the_first_batch_does_not_wait_and_comes_from_tags_and_chance(
    songs_ws: Workspace, name: str
) -> None:
    sampler = make_sampler(songs_ws, name, SONGS.tolist())
    first = sampler.propose("genre", rng(3), 40)
    ensembles_of(songs_ws).wait()
    second = sampler.propose("genre", rng(3), 40)
    assert {p.sampler for p in first} == {"random", "tags"}
    assert {p.sampler for p in second} - {"random"} == {"coverage" if name == "mix" else name}


@pytest.mark.parametrize("name", [*ADAPTIVE, "mix"])
@pytest.mark.parametrize("lack", ["model", "dimension", "gains"])
def test_tags_and_chance_stand_in_where_there_are_no_heads(
    songs_ws: Workspace, ws: Workspace, name: str, lack: str
) -> None:
    dimension = "mood" if lack == "dimension" else "genre"
    there = ws if lack == "model" else songs_ws
    if lack == "gains":
        add_model(there, "mask")
    items = there.catalogue.items().index.tolist()
    sampler = make_sampler(there, name, items)
    for _ in range(2):
        proposals = sampler.propose(dimension, rng(4), 30)
        ensembles_of(there).wait()
        assert len(proposals) == 30
        assert {p.sampler for p in proposals} == {"random", "tags"}


@pytest.mark.parametrize("name", SAMPLERS)
def test_every_sampler_says_how_many_are_worth_taking(ws: Workspace, name: str) -> None:
    songs = ws.catalogue.items().index.tolist()
    store_heard(ws, {("genre", "jazz"): [number % 2 for number in range(len(songs))]})
    sampler = make_sampler(ws, name, songs)
    assert sampler.name == name
    assert sampler.batch == (64 if name in ("random", "tags", "machine_tags") else 16)
    assert len(sampler.propose("genre", rng(5), sampler.batch)) == sampler.batch


def test_no_torch_is_needed_to_propose() -> None:
    """A page's kernel would feel its import."""
    code = (
        "import sys, workbench.sampling.samplers, workbench.sampling.ensemble;"
        "assert not {'torch', 'sklearn', 'librosa'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
