from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from workbench.backbones.build import NetworkShape
from workbench.backbones.store import (
    CARD,
    WEIGHTS,
    NetworkCard,
    load_network,
    read_card,
    save_network,
)
from workbench.errors import StorageError

SHAPE = NetworkShape(network="siamese", size=12, norm="l2", width=0.125)
PLAIN = NetworkCard(
    "tiny",
    "3",
    SHAPE,
    ("genre", "tempo"),
    "CC0",
    data={"scores": 3},
    training={"loss": ["triplet"]},
    scores={"genre": 0.5},
    reproduce=("workbench train",),
)


@pytest.fixture
def saved(tmp_path: Path) -> tuple[Path, torch.nn.Module, NetworkCard]:
    torch.manual_seed(0)
    network = SHAPE.build()
    network(torch.rand(3, 128, 129))  # moves the running statistics
    folder = tmp_path / "weights"
    return folder, network.eval(), save_network(folder, network, PLAIN)


def edit_card(folder: Path, **values: object) -> None:
    card = json.loads((folder / CARD).read_text())
    (folder / CARD).write_text(json.dumps(card | values))


def test_a_network_comes_back_as_it_was(
    saved: tuple[Path, torch.nn.Module, NetworkCard],
) -> None:
    folder, network, card = saved
    loaded, found = load_network(folder)
    assert found == card == replace(PLAIN, sha256=card.sha256)
    assert not loaded.training
    x = torch.rand(2, 128, 129)
    with torch.inference_mode():
        torch.testing.assert_close(loaded(x), network(x), atol=0, rtol=0)
    assert sorted(p.name for p in folder.iterdir()) == [CARD, WEIGHTS]


def test_a_saved_network_replaces_the_one_before(
    saved: tuple[Path, torch.nn.Module, NetworkCard],
) -> None:
    folder, _, card = saved
    other = replace(SHAPE, size=24)
    again = save_network(folder, other.build(), replace(PLAIN, shape=other, version="4"))
    assert again.sha256 != card.sha256
    assert load_network(folder)[1] == again


@pytest.mark.parametrize("name", [CARD, WEIGHTS])
def test_a_missing_file_is_named(
    saved: tuple[Path, torch.nn.Module, NetworkCard], name: str
) -> None:
    folder = saved[0]
    (folder / name).unlink()
    with pytest.raises(StorageError, match=name):
        load_network(folder)


@pytest.mark.parametrize("keep", [0, 1, 100, -1])
def test_weights_that_were_cut_short_are_refused(
    saved: tuple[Path, torch.nn.Module, NetworkCard], keep: int
) -> None:
    folder = saved[0]
    data = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(data[:keep])
    with pytest.raises(StorageError, match="not the weights its card names"):
        load_network(folder)


def test_one_changed_byte_is_noticed(saved: tuple[Path, torch.nn.Module, NetworkCard]) -> None:
    folder = saved[0]
    data = bytearray((folder / WEIGHTS).read_bytes())
    data[-5] ^= 1
    (folder / WEIGHTS).write_bytes(data)
    with pytest.raises(StorageError, match="not the weights its card names"):
        load_network(folder)


def test_weights_of_another_shape_are_refused_naming_an_array(
    saved: tuple[Path, torch.nn.Module, NetworkCard],
) -> None:
    folder = saved[0]
    edit_card(folder, shape=replace(SHAPE, size=24).as_dict())
    with pytest.raises(
        StorageError, match=r"embed.conv.bias has shape \(12,\).*needs \(24,\) \(2 arrays differ"
    ):
        load_network(folder)


def test_weights_of_another_network_are_refused(
    saved: tuple[Path, torch.nn.Module, NetworkCard],
) -> None:
    folder = saved[0]
    edit_card(folder, shape=replace(SHAPE, network="inception").as_dict())
    with pytest.raises(StorageError, match="arrays differ"):
        load_network(folder)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_refused(tmp_path: Path, value: float) -> None:
    network = SHAPE.build()
    with torch.no_grad():
        network.embed.conv.bias[3] = value
    save_network(tmp_path, network, PLAIN)
    with pytest.raises(StorageError, match="not finite"):
        load_network(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"name": "x"}', "\x00", '{"shape": 3}'])
def test_a_file_that_is_no_card_is_refused(
    saved: tuple[Path, torch.nn.Module, NetworkCard], text: str
) -> None:
    folder = saved[0]
    (folder / CARD).write_text(text)
    with pytest.raises(StorageError, match=r"card\.json: not the card of a trained network"):
        read_card(folder)


@pytest.mark.parametrize(
    "values",
    [
        {"size": "12"},
        {"size": 12.5},
        {"size": None},
        {"size": -1},
        {"width": "wide"},
        {"network": ["siamese"]},
        {"network": "resnet"},
        {"norm": "l1"},
        {"colour": "red"},
    ],
)
def test_a_card_with_an_impossible_shape_is_refused(
    saved: tuple[Path, torch.nn.Module, NetworkCard], values: dict[str, object]
) -> None:
    folder = saved[0]
    edit_card(folder, shape=SHAPE.as_dict() | values)
    with pytest.raises(StorageError):
        load_network(folder)


@pytest.mark.parametrize("dimensions", [[], ["a", "b", "c", "d", "e"], ["genre", "genre"]])
def test_dimensions_that_cannot_share_the_embedding_are_refused(
    saved: tuple[Path, torch.nn.Module, NetworkCard], dimensions: list[str]
) -> None:
    folder = saved[0]
    edit_card(folder, dimensions=dimensions)
    with pytest.raises(StorageError, match="dimensions"):
        load_network(folder)
