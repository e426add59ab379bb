"""Thirty-two songs with tags, vectors and a model of genre and tempo, whose heads are random."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from synthetic import ENCODER, add_songs

from workbench import Workspace
from workbench.encoders.registry import load_encoder
from workbench.subspaces.heads import mask_blocks
from workbench.subspaces.model import Model, Normaliser
from workbench.subspaces.store import ModelCard


def add_model(ws: Workspace, head: str = "linear", *, taught: bool = False) -> str:
    """Store a model with random heads for genre and tempo, and make it the current one."""
    vectors = np.array(ws.vectors(ENCODER).vectors)
    normaliser = Normaliser.fit(vectors, load_encoder(ENCODER).blocks)
    rng = np.random.default_rng(0)
    width, names = vectors.shape[1], ["genre", "tempo"]
    heads = {n: {"weight": rng.normal(size=(8, width)).astype(np.float32)} for n in names}
    if head == "mask":
        heads = {n: {"mask": mask_blocks(16, 2)[i]} for i, n in enumerate(names)}
    parent, judgements = (ws.models.current(), 20) if taught else (None, 0)
    card = ModelCard("", ENCODER, head, names, 8, parent=parent, judgements=judgements)
    return ws.models.save(Model(card, normaliser, heads), promote=True).version


@pytest.fixture
def songs_ws(backend: str, tmp_path: Path) -> Workspace:
    ws = Workspace.create(tmp_path / "songs")
    add_songs(ws)
    add_model(ws)
    return ws
