"""Stand-ins: an encoder that hears pitch and reads scores alike, and a catalogue of tones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from workbench import Workspace
from workbench.catalogue.items import Catalogue
from workbench.subspaces.model import Model, Normaliser
from workbench.subspaces.store import ModelCard
from workbench.symbolic.assemble import Found, assemble
from workbench.symbolic.score import Score, Track

RATE = 4000
DIM = 12


class PitchClasses:
    """Vectors of twelve numbers: how much of each pitch class a sound or a score holds."""

    name, version, licence = "pitch", "1", "MIT"
    sample_rate, dim, segment_s = RATE, DIM, 0.5
    domains: tuple[str, ...] = ("audio", "symbolic")
    blocks = {"classes": slice(0, DIM)}  # noqa: RUF012

    def encode(self, batch: Sequence[np.ndarray]) -> np.ndarray:
        return np.array([self._of_sound(samples) for samples in batch], dtype=np.float32)

    def encode_scores(self, batch: Sequence[Score]) -> np.ndarray:
        return np.array([score.pitch_class_weights() for score in batch], dtype=np.float32)

    def _of_sound(self, samples: np.ndarray) -> np.ndarray:
        power = np.abs(np.fft.rfft(samples)) ** 2
        hertz = np.fft.rfftfreq(len(samples), 1 / RATE)
        heard = hertz > 60
        classes = np.round(12 * np.log2(hertz[heard] / 440) + 9).astype(int) % 12
        weights = np.bincount(classes, weights=power[heard], minlength=12)
        return weights / weights.sum()


def tone(pitch: int, seconds: float = 2.0, *, rate: int = RATE) -> np.ndarray:
    """Return a sine of a MIDI pitch, float32 [samples]."""
    time = np.arange(int(seconds * rate)) / rate
    return (0.3 * np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * time)).astype(np.float32)


def score(*pitches: int, tempo: float = 120.0) -> Score:
    """Return a score of one quarter after another, 0.5 s each at 120 bpm."""
    count = len(pitches)
    return assemble(
        "test",
        Found(
            onset=np.arange(count, dtype=float),
            duration=np.ones(count),
            pitch=np.array(pitches),
            velocity=np.full(count, 80),
            track=np.zeros(count, int),
            tracks=[Track("piano")],
            tempi=[(0.0, tempo)],
        ),
    )


class Tones:
    """A workspace whose item i is the tone of pitch 60 + i; some of them are scores."""

    def __init__(self, ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ws, self.encoder = ws, PitchClasses()
        self.scores: dict[int, Score] = {}
        self.sounds: dict[int, np.ndarray] = {}
        monkeypatch.setattr(Catalogue, "sound_of", lambda _, i, rate: self.sounds[i])
        monkeypatch.setattr(Catalogue, "score_of", lambda _, i: self.scores[i])
        monkeypatch.setattr("workbench.encoders.warm.warm_encoder", lambda *_: self.encoder)
        for number in range(12):
            item = self._add("audio", number)
            self.sounds[item] = tone(60 + number)
        for number in range(4):
            item = self._add("symbolic", number)
            self.scores[item] = score(60 + number, 60 + number)
        self.embed()

    def _add(self, domain: str, number: int) -> int:
        return self.ws.catalogue.add_item(kind="track", domain=domain, title=f"{domain} {number}")

    def embed(self) -> None:
        ids = sorted([*self.sounds, *self.scores])
        vectors = np.stack(
            [
                self.encoder.encode([self.sounds[i]])[0]
                if i in self.sounds
                else self.encoder.encode_scores([self.scores[i]])[0]
                for i in ids
            ]
        )
        self.ws.vectors("pitch-1").write(np.array(ids), vectors)
        if self.ws.models.current() is None:
            flat = Normaliser(
                np.zeros(DIM, np.float32), np.ones(DIM, np.float32), np.array([0, DIM])
            )
            heads = {
                "key": {"weight": np.eye(DIM, dtype=np.float32)},
                "sound": {"weight": np.eye(DIM, dtype=np.float32)[::-1].copy()},
            }
            card = ModelCard("", "pitch-1", "linear", ["key", "sound"], DIM)
            self.ws.models.save(Model(card, flat, heads), promote=True)


@pytest.fixture
def tones(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> Tones:
    return Tones(ws, monkeypatch)
