from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from synthetic import make_model

from workbench.errors import NotReadyError, StorageError, UnknownNameError
from workbench.subspaces.store import ModelStore


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models")


def test_versions_count_up_and_keep_what_the_card_says(store: ModelStore) -> None:
    model = make_model()
    first = store.save(model, promote=True)
    second = store.save(
        replace(model, card=replace(model.card, parent=first.version, judgements=7)), promote=False
    )
    assert [card.version for card in store.versions()] == ["v0001", "v0002"]
    assert (second.parent, second.judgements) == ("v0001", 7)
    assert store.current() == "v0001"
    assert [card.promoted for card in store.versions()] == [True, False]
    vectors = np.ones((2, 12), np.float32)
    np.testing.assert_array_equal(store.load("v0002").transform(vectors), model.transform(vectors))


def test_before_the_first_model_the_sentence_says_how_to_get_one(store: ModelStore) -> None:
    assert store.current() is None
    assert store.versions() == []
    with pytest.raises(NotReadyError, match="workbench train heads"):
        store.card()


def test_an_unknown_version_is_answered_with_the_known_ones(store: ModelStore) -> None:
    store.save(make_model(), promote=True)
    for call in (store.card, store.load, store.promote):
        with pytest.raises(UnknownNameError, match="v0001"):
            call("v0009")


def test_promoting_and_rolling_back_walk_along_a_stack(store: ModelStore) -> None:
    for _ in range(4):
        store.save(make_model(), promote=False)
    for version in ("v0001", "v0002", "v0003"):
        store.promote(version)
    assert [store.roll_back(), store.roll_back()] == ["v0002", "v0001"]
    assert store.current() == "v0001"
    with pytest.raises(NotReadyError, match="no earlier version"):
        store.roll_back()
    store.promote("v0004")
    assert store.roll_back() == "v0001"
    assert [card.promoted for card in store.versions()] == [True, True, True, True]


def test_the_untaught_ancestor_is_the_nearest_that_learned_from_no_judgement(
    store: ModelStore,
) -> None:
    model = make_model()
    for parent, judgements in ((None, 0), ("v0001", 0), ("v0002", 20), ("v0003", 40)):
        card = replace(model.card, parent=parent, judgements=judgements)
        store.save(replace(model, card=card), promote=True)
    assert store.untaught().version == store.untaught("v0003").version == "v0002"
    assert store.untaught("v0001").version == "v0001"


def test_promoting_the_current_version_again_does_not_lengthen_the_way_back(
    store: ModelStore,
) -> None:
    for _ in range(2):
        store.save(make_model(), promote=True)
    store.promote("v0002")
    assert store.roll_back() == "v0001"


def test_measurements_are_added_and_the_weights_stay(store: ModelStore) -> None:
    store.save(make_model(), promote=True)
    store.set_metrics("v0001", {"scores": {"overall": 1}})
    card = store.set_metrics("v0001", {"leakage": {}})
    assert card.metrics == {"scores": {"overall": 1}, "leakage": {}}
    store.load("v0001")


@pytest.mark.parametrize("text", ["", "[]", "{", '{"version": "v0001"}', '{"tail": 1}'])
def test_a_damaged_card_is_told(store: ModelStore, text: str) -> None:
    store.save(make_model(), promote=True)
    (store.folder / "v0001" / "card.json").write_text(text)
    with pytest.raises(StorageError, match=r"card\.json"):
        store.card("v0001")


@pytest.mark.parametrize("line", ["{", "[]", '{"version": "v0001"}'])
def test_a_damaged_history_is_told(store: ModelStore, line: str) -> None:
    store.save(make_model(), promote=True)
    with (store.folder / "history.jsonl").open("a") as history:
        history.write(line + "\n")
    with pytest.raises(StorageError, match=r"history\.jsonl"):
        store.current()


def test_a_write_that_breaks_off_leaves_no_version(
    store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise OSError(28, "No space left on device")

    store.save(make_model(), promote=True)
    monkeypatch.setattr("workbench.subspaces.store.write_text", broken)
    with pytest.raises(StorageError, match="full"):
        store.save(make_model(), promote=True)
    assert [card.version for card in store.versions()] == ["v0001"]
    assert sorted(p.name for p in store.folder.iterdir()) == [".lock", "history.jsonl", "v0001"]


WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from synthetic import make_model
from workbench.subspaces.store import ModelStore
store = ModelStore(Path(sys.argv[2]))
print("ready", flush=True)
sys.stdin.readline()
for _ in range(15):
    print(store.save(make_model(), promote=True).version, flush=True)
"""


def test_two_processes_writing_at_once_lose_no_version_and_no_promotion(store: ModelStore) -> None:
    here = str(Path(__file__).parents[1])
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, here, str(store.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("\n")
        writer.stdin.flush()
    written = [writer.communicate(timeout=60)[0].split() for writer in writers]
    assert all(writer.returncode == 0 for writer in writers)
    assert sorted(written[0] + written[1]) == [f"v{n:04d}" for n in range(1, 31)]
    assert len(store.versions()) == 30
    for version in ("v0001", "v0030"):
        store.load(version)
    lines = (store.folder / "history.jsonl").read_text().splitlines()
    promoted = {json.loads(line)["version"] for line in lines}
    assert len(promoted) == 30
