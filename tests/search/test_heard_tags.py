"""Machine tags in searches: only where asked for, by their scores, and said so."""

from __future__ import annotations

import numpy as np
import pytest
from heard import KEY, store_heard

from workbench import Workspace
from workbench.errors import NotReadyError, UnknownNameError, WorkbenchError
from workbench.search.filters import Filters
from workbench.search.find import find
from workbench.search.heard_tags import heard_tags, machine_choices, passed_by
from workbench.search.index import catalogue_index
from workbench.tagging.reviews import ReviewLog, Verdict


@pytest.fixture
def heard(fitted: Workspace) -> Workspace:
    """Songs and parts, of which a machine heard some calm, some dreamy and some with a gong."""
    ids = fitted.catalogue.items().index.to_numpy()
    scores = np.random.default_rng(0).random((3, len(ids)))
    names = [("mood", "Calm"), ("mood", "dreamy"), ("instrument", "gong")]
    store_heard(fitted, dict(zip(names, scores, strict=True)))
    return fitted


def scores_of(ws: Workspace, name: tuple[str, str]) -> dict[int, float]:
    index = catalogue_index(ws)
    column = heard_tags(ws).score(*name)
    return {int(item): float(score) for item, score in zip(index.ids, column, strict=True)}


def people(ws: Workspace, dimension: str, value: str) -> set[int]:
    tags = ws.catalogue.tags(dimension)
    return set(tags.loc[tags["value"] == value, "item_id"])


def test_machine_tags_count_only_where_asked_for(heard: Workspace) -> None:
    every = {"count": 999, "own": True}
    said = people(heard, "mood", "calm")
    calm = scores_of(heard, ("mood", "calm"))
    without = find(heard, 1, filters=Filters(tags={"mood": ("calm",)}), **every)
    assert set(without.index) == said
    assert "by_machine" not in without
    filters = Filters(tags={"mood": ("calm",)}, machine=True)
    assert set(find(heard, 1, filters=filters, **every).index) == said | {
        item for item, score in calm.items() if score >= 0.5
    }
    filters = Filters(tags={"mood": ("calm",)}, machine=True, machine_threshold=0.9)
    assert set(find(heard, 1, filters=filters, **every).index) == said | {
        item for item, score in calm.items() if score >= 0.9
    }
    filters = Filters(tags={"mood": ("calm",)}, machine=True, certain=True)
    assert set(find(heard, 1, filters=filters, **every).index) == said


def test_each_result_says_by_which_machine_tag_it_passes(heard: Workspace) -> None:
    filters = Filters(tags={"mood": ("calm", "dreamy")}, machine=True)
    found = find(heard, 1, filters=filters, count=999, own=True)
    said = people(heard, "mood", "calm")
    calm, dreamy = scores_of(heard, ("mood", "calm")), scores_of(heard, ("mood", "dreamy"))
    for item, words in found["by_machine"].items():
        if item in said:
            assert words == ""
            continue
        assert words.endswith(f"({KEY})")
        assert (f"mood Calm {calm[item]:.2f}" in words) == (calm[item] >= 0.5)
        assert (f"mood dreamy {dreamy[item]:.2f}" in words) == (dreamy[item] >= 0.5)


def test_what_only_a_machine_knows_is_unknown_unless_it_counts(heard: Workspace) -> None:
    with pytest.raises(UnknownNameError, match="No item has the mood 'dreamy'"):
        find(heard, 1, filters=Filters(tags={"mood": ("dreamy",)}))
    with pytest.raises(UnknownNameError, match="the instrument 'gong'"):
        find(heard, 1, filters=Filters(has=("gong",)))
    with pytest.raises(UnknownNameError, match="'nobody'"):
        find(heard, 1, filters=Filters(tags={"mood": ("nobody",)}, machine=True))


def test_a_song_has_the_instruments_heard_in_its_parts(heard: Workspace) -> None:
    items = heard.catalogue.items()
    gong = {
        item for item, score in scores_of(heard, ("instrument", "gong")).items() if score >= 0.5
    }
    wholes = set(items.loc[sorted(gong), "parent_id"].dropna().astype(int))
    found = find(heard, 1, filters=Filters(has=("gong",), machine=True), count=999, own=True)
    assert set(found.index) == gong | wholes
    in_part = wholes - gong
    assert in_part
    assert {found.loc[item, "by_machine"] for item in in_part} == {f"heard in a part ({KEY})"}
    without = Filters(without=("gong",), machine=True)
    others = find(heard, 1, filters=without, count=999, own=True)
    assert set(others.index) == set(items.index) - gong - wholes
    assert set(others["by_machine"]) == {""}


def test_scores_of_some_items_lie_at_their_rows(heard: Workspace) -> None:
    store_heard(heard, {("mood", "calm"): [0.7, 0.9]}, ids=[3, 8], key="ears-2")
    tags = heard_tags(heard)
    index = catalogue_index(heard)
    assert tags.tagger == "ears-2"  # the one that ran last
    assert dict(zip(index.ids[tags.scores[:, 0] > 0], [0.7, 0.9], strict=True)) == {3: 0.7, 8: 0.9}
    assert np.isnan(tags.score("mood", "unheard")).all()
    filters = Filters(tags={"mood": ("calm",)}, machine=True)
    rows = index.rows([8])
    said = 8 in people(heard, "mood", "calm")
    assert passed_by(filters, index, tags, rows) == ["" if said else "mood calm 0.90 (ears-2)"]


def test_what_a_reviewer_rejects_was_not_heard(heard: Workspace) -> None:
    filters = Filters(tags={"mood": ("dreamy",)}, machine=True)
    before = find(heard, 1, filters=filters, count=999, own=True)
    item = int(before.index[-1])
    verdict = {"item_id": item, "dimension": "mood", "value": "dreamy", "reviewer": "Ada"}
    ReviewLog(heard.database).append(Verdict(**verdict, verdict="rejected", tagger=KEY))
    after = find(heard, 1, filters=filters, count=999, own=True)
    assert set(after.index) == set(before.index) - {item}
    ReviewLog(heard.database).append(Verdict(**verdict, verdict="accepted", tagger=KEY))
    again = find(heard, 1, filters=filters, count=999, own=True)
    assert again.loc[item, "by_machine"] == ""  # it is a person's tag now


def test_choices_are_what_was_heard(heard: Workspace, ws: Workspace) -> None:
    assert machine_choices(ws) == {}
    choices = machine_choices(heard)
    assert (choices["tagger"], choices["threshold"]) == (KEY, 0.5)
    assert sorted(choices["tags"]["mood"]) == ["Calm", "dreamy"]
    store_heard(heard, {("mood", "calm"): [0.1] * len(catalogue_index(heard))})
    assert machine_choices(heard)["tags"] == {}


def test_without_machine_tags_asking_for_them_says_what_to_run(fitted_once: Workspace) -> None:
    with pytest.raises(NotReadyError, match="run `workbench tag` first"):
        find(fitted_once, 1, filters=Filters(machine=True))
    with pytest.raises(WorkbenchError, match="from 0 to 1"):
        Filters(machine_threshold=2)
