from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from toy_corpus import toy_corpus

from workbench.backbones.build import NetworkShape, embed_segments
from workbench.corpus.segments import Corpus
from workbench.corpus.tracks import track_vectors
from workbench.errors import NotReadyError, StorageError, WorkbenchError
from workbench.progress import Progress
from workbench.training import base_run
from workbench.training.base import train_base
from workbench.training.base_loss import LossOptions
from workbench.training.base_options import BaseOptions, check_device
from workbench.training.epochs import Trained
from workbench.training.fit import one_thread

SHAPE = NetworkShape(network="siamese", size=12, width=0.125, chroma_s=0.0)
OPTIONS = BaseOptions(
    shape=SHAPE,
    loss=LossOptions(("triplet", "classification"), track_weight=0.0),
    dimensions=("genre", "era"),
    rate=0.02,
    epochs=2,
    steps=4,
    renditions=6,
    mixed_precision=False,
)


@pytest.fixture(autouse=True)
def _on_one_thread() -> Iterator[None]:
    with one_thread():
        yield


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return toy_corpus()


def poisoned(corpus: Corpus, split: str = "train") -> Corpus:
    mel = corpus.arrays["mel"].copy()
    mel[corpus.rows(split), 3, 5] = np.nan
    mel[corpus.rows(split), 3, 200] = np.nan
    mel[corpus.rows(split), 3, 129] = np.nan
    return replace(corpus, arrays=corpus.arrays | {"mel": mel})


def same(first: Trained, second: Trained) -> bool:
    one, two = first.network.state_dict(), second.network.state_dict()
    assert one.keys() == two.keys()
    return all(torch.equal(one[name], two[name]) for name in one)


def timeless(history: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{k: v for k, v in record.items() if k != "seconds"} for record in history]


class StopAfter(Progress):
    """Asks to stop after so many epochs, or interrupts before a step of the epoch after."""

    def __init__(self, epochs: int, *, within: int = 0) -> None:
        self.left, self.within = epochs, within

    def event(self, kind: str, /, **data: Any) -> None:
        if kind == "epoch":
            self.left -= 1
        if self.left == 0 and kind == "step" and data["step"] == self.within:
            raise KeyboardInterrupt

    def cancelled(self) -> bool:
        return self.left <= 0 and not self.within


def test_a_toy_is_learned(corpus: Corpus, tmp_path: Path) -> None:
    options = replace(OPTIONS, epochs=3, steps=20, renditions=12)
    trained = train_base(corpus, options, folder=tmp_path)
    losses = [record["loss"] for record in trained.history]
    assert losses[-1] < 0.7 * losses[0]
    scores = trained.history[trained.best - 1]["scores"]
    assert scores["genre"]["score"] > 0.9
    assert scores["era"]["score"] > 0.9
    assert not trained.network.training


def test_history_tells_what_happened(corpus: Corpus, tmp_path: Path) -> None:
    trained = train_base(corpus, OPTIONS, folder=tmp_path)
    assert [record["epoch"] for record in trained.history] == [1, 2]
    for record in trained.history:
        assert set(record["losses"]) == set(record["scores"]) == {"genre", "era"}
        values = [score["score"] for score in record["scores"].values()]
        assert record["overall"] == pytest.approx(np.mean(values))
        assert record["seconds"] > 0
    overall = [record["overall"] for record in trained.history]
    assert trained.best == 1 + int(np.argmax(overall))


def test_the_best_epochs_weights_are_kept(corpus: Corpus, tmp_path: Path) -> None:
    trained = train_base(corpus, replace(OPTIONS, epochs=4), folder=tmp_path)
    rows = corpus.rows("validation")
    vectors = track_vectors(trained.network, corpus, rows, tempogram=SHAPE.tempogram)
    asked = base_run.validation_triplets(corpus, rows, OPTIONS)
    found = {}
    for i, (name, triplets) in enumerate(asked.items()):
        block = vectors[:, 6 * i : 6 * (i + 1)].astype(float)
        block /= np.linalg.norm(block, axis=1, keepdims=True) + 1e-9
        a, p, n = triplets.rows.T
        near, far = (np.linalg.norm(block[a] - block[x], axis=1) for x in (p, n))
        found[name] = np.mean(near < far)
    best = trained.history[trained.best - 1]["scores"]
    for name, score in found.items():
        assert best[name]["score"] == pytest.approx(score, abs=0.005)


def test_one_seed_gives_one_result(corpus: Corpus, tmp_path: Path) -> None:
    first, again = (train_base(corpus, OPTIONS, folder=tmp_path / name) for name in "ab")
    assert same(first, again)
    assert timeless(first.history) == timeless(again.history)
    other = train_base(corpus, replace(OPTIONS, seed=1), folder=tmp_path / "c")
    assert not same(first, other)


@pytest.mark.parametrize("schedule", ["one-cycle", "plateau-lee"])
@pytest.mark.parametrize("within", [0, 2])
def test_a_training_that_was_stopped_goes_on_as_if_it_had_not_been(
    corpus: Corpus, tmp_path: Path, schedule: str, within: int
) -> None:
    options = replace(OPTIONS, schedule=schedule, epochs=3, loss=LossOptions(("proxies",)))
    whole = train_base(corpus, options, folder=tmp_path / "whole")
    if within:
        with pytest.raises(KeyboardInterrupt):
            train_base(corpus, options, folder=tmp_path / "b", progress=StopAfter(1, within=within))
    else:
        part = train_base(corpus, options, folder=tmp_path / "b", progress=StopAfter(1))
        assert len(part.history) == 1
        assert not same(part, whole) or whole.best == 1
    resumed = train_base(corpus, options, folder=tmp_path / "b", resume=True)
    assert same(whole, resumed)
    assert timeless(whole.history) == timeless(resumed.history)
    assert whole.best == resumed.best


def test_all_inputs_and_dimensions_resume_alike(
    tiny_corpus: tuple[Path, Path], tmp_path: Path
) -> None:
    corpus = Corpus.open(tiny_corpus[1])
    options = BaseOptions(
        shape=NetworkShape(size=12, width=0.125, tempogram="cyclic", chroma_s=1.0),
        loss=LossOptions(("triplet", "classification", "proxies")),
        dimensions=("genre", "instrument", "tempo", "key"),
        epochs=2,
        steps=2,
        renditions=4,
    )
    whole = train_base(corpus, options, folder=tmp_path / "whole")
    train_base(corpus, options, folder=tmp_path / "b", progress=StopAfter(1))
    resumed = train_base(corpus, options, folder=tmp_path / "b", resume=True)
    assert same(whole, resumed)
    assert timeless(whole.history) == timeless(resumed.history)


def test_a_finished_training_resumes_to_itself(corpus: Corpus, tmp_path: Path) -> None:
    first = train_base(corpus, OPTIONS, folder=tmp_path)
    again = train_base(corpus, OPTIONS, folder=tmp_path, resume=True)
    assert same(first, again)
    assert first.history == again.history


def test_a_training_that_is_stopped_before_it_begins_says_so(
    corpus: Corpus, tmp_path: Path
) -> None:
    with pytest.raises(NotReadyError, match="ended before its first epoch"):
        train_base(corpus, OPTIONS, folder=tmp_path, progress=StopAfter(0))


def test_resuming_nothing_is_refused(corpus: Corpus, tmp_path: Path) -> None:
    with pytest.raises(NotReadyError, match="holds no checkpoint"):
        train_base(corpus, OPTIONS, folder=tmp_path, resume=True)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"shape": replace(SHAPE, size=24)}, r"shape\.size was \d+ and is 24"),
        ({"seed": 9, "rate": 0.5}, "seed was 0 and is 9"),
    ],
)
def test_a_checkpoint_of_another_training_is_refused_naming_what_differs(
    corpus: Corpus, tmp_path: Path, changes: dict[str, Any], named: str
) -> None:
    train_base(corpus, replace(OPTIONS, epochs=1), folder=tmp_path)
    before = (tmp_path / "checkpoint.pt").read_bytes()
    with pytest.raises(WorkbenchError, match=rf"other options \({named}\)"):
        train_base(corpus, replace(OPTIONS, **changes), folder=tmp_path, resume=True)
    assert (tmp_path / "checkpoint.pt").read_bytes() == before


def test_what_was_kept_goes_on_with_smaller_batches_and_a_lower_rate(
    corpus: Corpus, tmp_path: Path
) -> None:
    before = train_base(corpus, replace(OPTIONS, epochs=1), folder=tmp_path)
    gentler = replace(OPTIONS, epochs=2, renditions=3, rate=1e-4, mixed_precision=False)
    after = train_base(corpus, gentler, folder=tmp_path, resume=True)
    assert after.history[0] == before.history[0]
    assert len(after.history) == 2
    assert after.history[1]["rate"] <= 1e-4


def test_a_gradient_that_is_no_number_never_reaches_the_weights(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train_base(corpus, replace(OPTIONS, epochs=1), folder=tmp_path)
    before = (tmp_path / "checkpoint.pt").read_bytes()
    poison = torch.tensor(float("nan"))
    monkeypatch.setattr(nn.utils, "clip_grad_norm_", lambda *_: poison)
    with pytest.raises(WorkbenchError, match=r"became nan in step 1 of epoch 2.*--resume"):
        train_base(corpus, OPTIONS, folder=tmp_path, resume=True)
    assert (tmp_path / "checkpoint.pt").read_bytes() == before


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"loss": LossOptions(metric="manhattan")}, "no metric 'manhattan'"),  # type: ignore[arg-type]
        ({"loss": LossOptions(margin=float("nan"))}, "margin"),
        ({"loss": LossOptions(track_weight=-1.0)}, "track weight"),
        ({"seed": -1}, "seed"),
        ({"balance": 1.5}, "0 to 1"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    corpus: Corpus, tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(WorkbenchError, match=words):
        train_base(corpus, replace(OPTIONS, **changes), folder=tmp_path)


def test_a_damaged_checkpoint_is_refused(corpus: Corpus, tmp_path: Path) -> None:
    train_base(corpus, replace(OPTIONS, epochs=1), folder=tmp_path)
    file = tmp_path / "checkpoint.pt"
    file.write_bytes(file.read_bytes()[:-500])
    with pytest.raises(StorageError, match="is damaged"):
        train_base(corpus, OPTIONS, folder=tmp_path, resume=True)


@pytest.mark.parametrize("size", [13, 1])
def test_a_size_that_does_not_divide_is_refused(corpus: Corpus, tmp_path: Path, size: int) -> None:
    with pytest.raises(WorkbenchError, match=str(size)):
        train_base(corpus, replace(OPTIONS, shape=replace(SHAPE, size=size)), folder=tmp_path)


def test_a_loss_that_is_no_number_says_where_and_keeps_the_checkpoint(
    corpus: Corpus, tmp_path: Path
) -> None:
    train_base(corpus, replace(OPTIONS, epochs=1), folder=tmp_path)
    before = (tmp_path / "checkpoint.pt").read_bytes()
    with pytest.raises(
        WorkbenchError, match=r"became nan in step \d of epoch 2 \(.*piece-.*Epoch 1 is kept"
    ):
        train_base(poisoned(corpus), OPTIONS, folder=tmp_path, resume=True)
    assert (tmp_path / "checkpoint.pt").read_bytes() == before


def test_a_first_epoch_that_diverges_leaves_nothing(corpus: Corpus, tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match=r"epoch 1 .*lower --rate.*Nothing was learned yet"):
        train_base(poisoned(corpus), OPTIONS, folder=tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
    ],
)
def test_memory_that_runs_out_is_a_sentence(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    train_base(corpus, replace(OPTIONS, epochs=1), folder=tmp_path)

    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(base_run, "embed_segments", fail)
    with pytest.raises(
        WorkbenchError,
        match=r"Memory ran out in epoch 2 with 12 segments.*--batch.*Epoch 1 is kept",
    ):
        train_base(corpus, OPTIONS, folder=tmp_path, resume=True)


@pytest.mark.parametrize("names", [("triplet",), ("classification",), ("proxies",)])
def test_batches_that_teach_nothing_are_harmless(tmp_path: Path, names: tuple[str, ...]) -> None:
    corpus = toy_corpus(train=12, validation=6)
    known = corpus.rows("train")[:2]
    for name, values in (("genre", ("folk", "jazz")), ("era", ("modern", "baroque"))):
        corpus.table[name] = ""
        corpus.table.loc[known, name] = values
    options = replace(OPTIONS, loss=LossOptions(names), renditions=2, epochs=1, steps=8)
    trained = train_base(corpus, options, folder=tmp_path)
    assert np.isfinite(trained.history[0]["loss"])
    assert all(torch.isfinite(v).all() for v in trained.network.state_dict().values())
    assert trained.history[0]["scores"]["genre"] == {
        "k": 0,
        "n": 0,
        "score": None,
        "low": None,
        "high": None,
    }


@pytest.mark.parametrize("split", ["train", "validation"])
def test_a_corpus_without_a_split_is_refused_by_its_name(tmp_path: Path, split: str) -> None:
    corpus = toy_corpus(4, 4)
    corpus.table["split"] = "validation" if split == "train" else "train"
    with pytest.raises(NotReadyError, match=f"no {split} renditions"):
        train_base(corpus, OPTIONS, folder=tmp_path)


def test_a_dimension_of_one_class_is_refused_by_name(tmp_path: Path) -> None:
    corpus = toy_corpus(8, 8, genres=("folk",))
    with pytest.raises(NotReadyError, match=r"Dimension genre has one class \(folk\)"):
        train_base(corpus, OPTIONS, folder=tmp_path)


def test_batches_larger_than_the_corpus_take_all_of_it(tmp_path: Path) -> None:
    corpus = toy_corpus(6, 6)
    trained = train_base(corpus, replace(OPTIONS, renditions=500, epochs=1), folder=tmp_path)
    assert len(trained.history) == 1


def test_track_vectors_are_means_over_whole_segments(corpus: Corpus) -> None:
    torch.manual_seed(0)
    network = SHAPE.build()
    rows = np.array([5, 2, 30])
    found = track_vectors(network, corpus, rows)
    with torch.inference_mode():
        for row, vector in zip(rows, found, strict=True):
            mel = torch.from_numpy(corpus.arrays["mel"][row].astype(np.float32))
            parts = [
                embed_segments(network, {"mel": mel[None, :, start : start + 129]})
                for start in (0, 129)
            ]
            np.testing.assert_allclose(vector, torch.cat(parts).mean(0), atol=1e-5)


def test_mixed_precision_learns_about_the_same(corpus: Corpus, tmp_path: Path) -> None:
    options = replace(OPTIONS, epochs=1)
    full = train_base(corpus, options, folder=tmp_path / "a")
    mixed = train_base(corpus, replace(options, mixed_precision=True), folder=tmp_path / "b")
    assert mixed.history[0]["loss"] == pytest.approx(full.history[0]["loss"], rel=0.1)


def test_progress_hears_of_steps_and_epochs(corpus: Corpus, tmp_path: Path) -> None:
    told: list[tuple[str, dict[str, Any]]] = []

    class Listener(Progress):
        def event(self, kind: str, /, **data: Any) -> None:
            told.append((kind, data))

    trained = train_base(corpus, OPTIONS, folder=tmp_path, progress=Listener())
    assert [kind for kind, _ in told] == ["step"] * 4 + ["epoch"] + ["step"] * 4 + ["epoch"]
    assert [data for kind, data in told if kind == "epoch"] == trained.history
    first = [data["loss"] for kind, data in told if kind == "step"][:4]
    assert np.mean(first) == pytest.approx(trained.history[0]["loss"])


def test_a_schedule_that_has_finished_ends_the_training(corpus: Corpus, tmp_path: Path) -> None:

    options = replace(OPTIONS, schedule="plateau-lee", rate=1e-9, epochs=60, steps=1, renditions=2)
    trained = train_base(corpus, options, folder=tmp_path)
    assert 25 <= len(trained.history) < 60


def test_a_device_that_is_not_there_is_refused() -> None:
    check_device("cpu")
    with pytest.raises(WorkbenchError, match="no device 'tpu'; choose cpu or cuda"):
        check_device("tpu")
    if not torch.cuda.is_available():
        with pytest.raises(WorkbenchError, match="no CUDA device; choose --device cpu"):
            check_device("cuda")
