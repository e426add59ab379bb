"""The worked example of docs/encoders.md is the program that is tested here."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from sounds import tone, write

from workbench import Workspace
from workbench.catalogue.importer import import_music
from workbench.encoders.declare import add_python
from workbench.encoders.registry import load_encoder
from workbench.search.embed import embed

DOC = Path(__file__).resolve().parents[2] / "docs" / "encoders.md"


@pytest.fixture
def example(tmp_path: Path) -> Path:
    blocks = re.findall(r"```python\n(.*?)```", DOC.read_text(encoding="utf-8"), re.DOTALL)
    file = tmp_path / "loudness.py"
    file.write_text(next(block for block in blocks if "class Loudness" in block))
    return file


def test_it_has_twenty_lines(example: Path) -> None:
    assert len([line for line in example.read_text().splitlines() if line.strip()]) <= 20


def test_the_example_embeds_a_workspace(ws: Workspace, example: Path, tmp_path: Path) -> None:
    quiet, loud = 0.1 * tone(200), tone(200)
    write(tmp_path / "music" / "quiet.wav", quiet)
    write(tmp_path / "music" / "loud.wav", loud)
    import_music(ws, [tmp_path / "music"])
    info = add_python(ws, "loudness", f"{example}:Loudness")
    assert info.description == "Loudness over time: its mean, spread and ups and downs"
    assert info.licence == "BSD-3-Clause"
    report = embed(ws, encoder="loudness", processes=1)
    assert (report.encoder, report.computed, report.failures) == (info.key, 2, {})
    store, titles = ws.vectors(info.key), ws.catalogue.items()["title"]
    levels = {titles[i]: v[0] for i, v in zip(store.ids, store.vectors, strict=True)}
    assert levels["loud"] - levels["quiet"] == pytest.approx(20, abs=0.2)  # a tenth is -20 dB


def test_the_example_takes_sounds_of_any_length(ws: Workspace, example: Path) -> None:
    encoder = load_encoder(add_python(ws, "loudness", f"{example}:Loudness").key, ws.root)
    found = encoder.encode([np.zeros(1, np.float32), np.ones(100_000, np.float32)])
    assert found.shape == (2, 6)
    assert np.isfinite(found).all()
    assert found[1, 0] == pytest.approx(0, abs=1e-3)  # full scale
