"""Whatever bytes come, a reader gives a result or one sentence, soon and in little memory."""

from __future__ import annotations

import pytest
from damage import altered, damaged
from hypothesis import given
from hypothesis import strategies as st
from targets import Target, Targets
from tries import HOW_OFTEN, one_sentence, tried

NAMES = [
    *("mid", "abc", "musicxml", "mxl", "csv", "json", "npz"),
    *("manifest", "scores", "judgements.csv", "judgements.jsonl", "judgements.parquet"),
    *("rows.json", "triplets.json", "triplets.csv", "votes", "items", "arrays.npz", "arrays.npy"),
    *("network.card", "network.weights", "tagger.card", "tagger.weights"),
    *("relations.card", "relations.weights", "model.card", "model.weights"),
    *("checkpoint.index", "hub.config", "hub.readme"),
    *("vectors.ids.npy", "vectors.vectors.npy", "maps", "parts", "history"),
    *("tags.card", "workbench.toml", "notebook", "job.events", "export"),
]


@pytest.fixture(scope="module")
def targets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Target]:
    """Every reader, by the name of what it reads."""
    return {target.name: target for target in Targets(tmp_path_factory.mktemp("hostile")).all()}


def test_no_reader_is_left_out(targets: dict[str, Target]) -> None:
    assert list(targets) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_valid_file_is_read(targets: dict[str, Target], name: str) -> None:
    for sample in targets[name].samples():
        assert one_sentence(lambda sample=sample: targets[name].read(sample))


@pytest.mark.parametrize("count", HOW_OFTEN)
@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_file_costs_one_sentence(
    targets: dict[str, Target], name: str, count: int
) -> None:
    target = targets[name]
    samples = target.samples()
    files = damaged(samples)
    if target.is_json:
        files = st.one_of(altered(samples), altered(samples), files)

    @tried(count)
    @given(files)
    def holds(data: bytes) -> None:
        one_sentence(lambda: target.read(data))

    holds()
