from __future__ import annotations

import os
import pickle
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from workbench.backbones.build import NetworkShape
from workbench.errors import NotReadyError, StorageError, WorkbenchError
from workbench.training.base_loss import LossOptions
from workbench.training.base_options import BaseOptions
from workbench.training.base_state import Checkpoint, load_checkpoint, save_checkpoint

OPTIONS = BaseOptions(shape=NetworkShape(network="siamese", size=12, width=0.125))
FILE = "checkpoint.pt"


def checkpoint() -> Checkpoint:
    torch.manual_seed(0)
    layer = torch.nn.Linear(3, 2)
    optimiser = torch.optim.Adam(layer.parameters())
    layer(torch.ones(3)).sum().backward()
    optimiser.step()
    rng = np.random.default_rng(5)
    rng.random(3)
    return Checkpoint(
        options=OPTIONS,
        network=layer.state_dict(),
        loss={},
        optimiser=optimiser.state_dict(),
        schedule={"taken": 3},
        generator=torch.Generator().manual_seed(2).get_state(),
        rng=rng.bit_generator.state,
        history=[{"epoch": 1, "loss": 0.5, "scores": {"genre": {"k": 1, "low": None}}}],
        best=1,
        best_weights={k: v.clone() for k, v in layer.state_dict().items()},
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_checkpoint(tmp_path / "run", checkpoint())
    return tmp_path / "run"


def test_a_checkpoint_comes_back_as_it_was(folder: Path) -> None:
    saved, found = checkpoint(), load_checkpoint(folder, OPTIONS)
    for name in ("network", "best_weights"):
        for key, value in getattr(saved, name).items():
            torch.testing.assert_close(getattr(found, name)[key], value, atol=0, rtol=0)
    assert found.rng == saved.rng
    assert found.history == saved.history
    assert (found.schedule, found.best) == (saved.schedule, saved.best)
    assert torch.equal(found.generator, saved.generator)
    assert sorted(p.name for p in folder.iterdir()) == [FILE]


def test_until_a_checkpoint_is_complete_the_one_before_stays(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (folder / FILE).read_bytes()

    def half(data: Any, stream: Any) -> None:
        stream.write(b"half of it")
        raise KeyboardInterrupt

    monkeypatch.setattr(torch, "save", half)
    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(folder, checkpoint())
    assert (folder / FILE).read_bytes() == before
    assert [p.name for p in folder.iterdir()] == [FILE]


def test_without_a_checkpoint_there_is_nothing_to_go_on_from(tmp_path: Path) -> None:
    with pytest.raises(NotReadyError, match="holds no checkpoint to go on from"):
        load_checkpoint(tmp_path, OPTIONS)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"shape": replace(OPTIONS.shape, size=24)}, r"shape\.size was 12 and is 24"),
        ({"loss": LossOptions(margin=0.2)}, r"loss\.margin was 0\.1 and is 0\.2"),
        ({"dimensions": ("genre", "tempo")}, "dimensions was .* and is .*"),
        ({"schedule": "plateau-lee"}, "schedule was one-cycle and is plateau-lee"),
        ({"rate": 0.1, "seed": 3}, "seed was 0 and is 3"),
        (
            {"colour_share": 0.1, "balance": 0.0},
            r"colour_share was 0\.5 and is 0\.1; balance was 0\.5 and is 0\.0",
        ),
    ],
)
def test_a_training_with_other_options_is_refused_naming_what_differs(
    folder: Path, changes: dict[str, Any], named: str
) -> None:
    with pytest.raises(WorkbenchError, match=rf"other options \({named}\)"):
        load_checkpoint(folder, replace(OPTIONS, **changes))


def test_a_training_may_go_on_for_longer(folder: Path) -> None:
    assert load_checkpoint(folder, replace(OPTIONS, epochs=99, steps=7)).best == 1


@pytest.mark.parametrize("length", [0, 1, 2, 10, 100, 1000, -1, -30])
def test_a_checkpoint_that_was_cut_short_is_refused(folder: Path, length: int) -> None:
    data = (folder / FILE).read_bytes()
    (folder / FILE).write_bytes(data[:length])
    with pytest.raises(StorageError, match=r"checkpoint\.pt is damaged"):
        load_checkpoint(folder, OPTIONS)


@pytest.mark.parametrize(
    "data",
    [b"not a checkpoint", b"\x80\x02.", b"\x80\x02K\x01.", b"(", b"\x80\x02h\x05.", b"PK\x03\x04"],
)
def test_bytes_that_are_no_checkpoint_are_refused(folder: Path, data: bytes) -> None:
    (folder / FILE).write_bytes(data)
    with pytest.raises(StorageError, match=r"checkpoint\.pt is damaged"):
        load_checkpoint(folder, OPTIONS)


def test_flipped_bytes_give_a_checkpoint_or_a_sentence(folder: Path) -> None:
    data = (folder / FILE).read_bytes()
    rng = np.random.default_rng(0)
    for place in rng.integers(0, len(data), 60):
        damaged = bytearray(data)
        damaged[place] ^= 1 << int(rng.integers(8))
        (folder / FILE).write_bytes(damaged)
        with suppress(WorkbenchError):
            load_checkpoint(folder, OPTIONS)


@pytest.mark.parametrize("what", [3, [1, 2], {"options": {}}, None])
def test_a_file_of_something_else_is_refused(folder: Path, what: Any) -> None:
    torch.save(what, folder / FILE)
    with pytest.raises(StorageError, match="is damaged"):
        load_checkpoint(folder, OPTIONS)


def test_options_that_are_no_table_are_refused(folder: Path) -> None:
    data = torch.load(folder / FILE, weights_only=True)
    torch.save(data | {"options": 7}, folder / FILE)
    with pytest.raises(StorageError, match="is damaged"):
        load_checkpoint(folder, OPTIONS)


class Trap:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize("how", ["plain", "torch", "inside"])
def test_a_hostile_checkpoint_is_refused_and_not_run(
    folder: Path, tmp_path: Path, how: str
) -> None:
    trap = Trap(tmp_path / "sprung")
    if how == "plain":
        (folder / FILE).write_bytes(pickle.dumps(trap))
    elif how == "torch":
        torch.save(trap, folder / FILE)
    else:
        data = torch.load(folder / FILE, weights_only=True)
        torch.save(data | {"best": trap}, folder / FILE)
    with pytest.raises(StorageError, match="is damaged"):
        load_checkpoint(folder, OPTIONS)
    assert not trap.folder.exists()
