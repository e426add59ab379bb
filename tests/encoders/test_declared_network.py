"""A network that was trained here, declared as an encoder of a workspace."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from workbench import Workspace
from workbench.backbones.card import NetworkCard, NetworkShape
from workbench.backbones.store import save_network
from workbench.encoders import declare
from workbench.encoders.network import NetworkEncoder
from workbench.encoders.registry import find_encoder, list_encoders, load_encoder
from workbench.errors import StorageError, WorkbenchError


def trained(folder: Path, seed: int = 0) -> Path:
    torch.manual_seed(seed)
    shape = NetworkShape(network="siamese", size=8, width=0.25)
    card = NetworkCard("siamese", "1", shape, ("genre", "tempo"), "CC0")
    save_network(folder, shape.build(), card)
    return folder


def test_it_is_listed_loaded_and_encodes(ws: Workspace, tmp_path: Path) -> None:
    folder = trained(tmp_path / "trained")
    info = declare.add_network(ws, "ours", folder)
    assert info.key.startswith("ours-")
    assert (info.licence, info.installed) == ("CC0", True)
    assert info.key in [known.key for known in list_encoders(ws)]
    encoder = load_encoder(info.key, ws.root)
    assert encoder.blocks == {"genre": slice(0, 4), "tempo": slice(4, 8)}
    sound = np.random.default_rng(0).normal(scale=0.1, size=70_000).astype(np.float32)
    np.testing.assert_array_equal(encoder.encode([sound]), NetworkEncoder(folder).encode([sound]))


def test_a_network_trained_again_in_its_place_is_refused(ws: Workspace, tmp_path: Path) -> None:
    folder = trained(tmp_path / "trained")
    declare.add_network(ws, "ours", folder)
    trained(folder, seed=1)
    problem = find_encoder("ours", ws).problem
    assert "not the one it was added with" in problem


def test_a_folder_without_a_network_is_refused(ws: Workspace, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="not the card of a trained network"):
        declare.add_network(ws, "ours", tmp_path)
    with pytest.raises(WorkbenchError, match="name"):
        declare.add_network(ws, "descriptors", trained(tmp_path / "trained"))
