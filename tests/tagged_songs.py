"""A workspace of low and high tones with and without hiss, by many artists; most are tagged."""

from __future__ import annotations

import numpy as np
import pytest

from workbench import Workspace
from workbench.audio.decode import encode
from workbench.backbones.tagger_card import TaggerShape
from workbench.catalogue.items import TagValue
from workbench.catalogue.media import describe_audio
from workbench.training.tagger_options import TaggerOptions

COUNT, LABELLED = 56, 36
TINY = TaggerShape(channels=4, width=16, layers=1, heads=2, seconds=1.0)
QUICK = TaggerOptions(
    shape=TINY, noise="none", epochs=2, steps=6, batch=8, clip_s=2.0, mixed_precision=False
)


def add_song(ws: Workspace, number: int, *, tags: bool, seconds: float = 2.0) -> int:
    """Add one song: odd ones are high, every third one hisses."""
    rng = np.random.default_rng(number)
    time = np.arange(0, seconds, 1 / 22050)
    high, hisses = number % 2 == 1, number % 3 == 0
    sound = 0.3 * np.sin(2 * np.pi * (3000 if high else 200) * (1 + number / 500) * time)
    sound += (0.1 if hisses else 0.0) * rng.standard_normal(len(time))
    file = ws.root / "media" / f"song{number}.wav"
    encode(file, sound.astype(np.float32)[None], 22050)
    said = [("genre", "high" if high else "low"), ("mood", "hissing" if hisses else "clear")]
    return ws.catalogue.add_item(
        kind="song",
        domain="audio",
        title=f"Song {number}",
        artist=f"Artist {chr(97 + number // 26)}{chr(97 + number % 26)}",
        media=describe_audio(file),
        tags=[TagValue(d, v, "test") for d, v in said] if tags else [],
    )


def fill(ws: Workspace, *, count: int = COUNT, labelled: int = LABELLED) -> Workspace:
    """Add songs, the first ones with tags."""
    for number in range(count):
        add_song(ws, number, tags=number < labelled)
    return ws


@pytest.fixture(scope="session")
def songs(backend: str, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Fifty-six songs, of which thirty-six are tagged; not to be changed."""
    return fill(Workspace.create(tmp_path_factory.mktemp("songs") / "workspace"))
