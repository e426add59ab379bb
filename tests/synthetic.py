"""Workspaces without sound: songs whose vectors show their tags in known columns."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from workbench import Workspace
from workbench.catalogue.items import TagValue
from workbench.encoders.registry import load_encoder
from workbench.judgements.log import Answer, new_id
from workbench.subspaces.heads import mask_blocks, widen_to_mlp
from workbench.subspaces.model import Model, Normaliser
from workbench.subspaces.store import ModelCard

ENCODER = "descriptors-1"
GENRES = ("folk", "jazz", "rag", "mass")
TEMPI = (60.0, 75.0, 90.0, 105.0)
KEYS = ("C major", "A minor", "F# major", "Eb minor")
NAMES = {
    "genre": GENRES,
    "mood": ("calm", "tense", "glad", "sad"),
    "instrument": ("lute", "organ", "piano", "voice"),
    "era": ("1500s", "1600s", "1700s", "1900s"),
    "tempo": tuple(f"{bpm:.0f}" for bpm in TEMPI),
    "key": KEYS,
}
MODEL_WIDTH, MODEL_DIM = 12, 4
MODEL_BLOCKS = {"first": slice(0, 5), "second": slice(5, 12)}


def make_model(head: str = "linear") -> Model:
    """Return a small model of two dimensions with random heads."""
    rng = np.random.default_rng(0)
    normaliser = Normaliser.fit(
        rng.normal(2, 3, (50, MODEL_WIDTH)).astype(np.float32), MODEL_BLOCKS
    )
    heads = {}
    for number, name in enumerate(("genre", "tempo")):
        weight = rng.normal(size=(MODEL_DIM, MODEL_WIDTH)).astype(np.float32)
        heads[name] = {
            "linear": {"weight": weight},
            "mlp": widen_to_mlp(weight, rng),
            "mask": {"mask": mask_blocks(MODEL_WIDTH, 3)[number]},
        }[head]
    card = ModelCard("v0001", "descriptors-1", head, ["genre", "tempo"], MODEL_DIM)
    return Model(card, normaliser, heads)


def add_songs(
    ws: Workspace, count: int = 32, *, stems: int = 0, artists: int | None = None, seed: int = 0
) -> np.ndarray:
    """Add songs (and stems of each) with tags and vectors; return the ids of the songs.

    Each dimension has four values, and each value shows in five columns of its own, under noise.
    Songs i and i + `artists` are by one artist.
    """
    rng = np.random.default_rng(seed)
    encoder = load_encoder(ENCODER)
    directions = {
        name: np.repeat(np.eye(4), 5, axis=1) @ np.eye(encoder.dim)[24 + 20 * i : 44 + 20 * i]
        for i, name in enumerate(NAMES)
    }
    songs, ids, vectors = [], [], []
    for number in range(count):
        values = {name: int(rng.integers(4)) for name in NAMES}
        song = None
        for part in range(1 + stems):
            item_id = ws.catalogue.add_item(
                kind="track" if part else "song",
                domain="audio",
                title=f"Song {number}" + (f", part {part}" if part else ""),
                artist=f"Artist {number % artists}" if artists else "",
                parent_id=song,
                tags=[
                    TagValue(n, NAMES[n][v], "test", TEMPI[v] if n == "tempo" else None)
                    for n, v in values.items()
                ],
            )
            song = song or item_id
            ids.append(item_id)
            bumps = sum(directions[name][value] for name, value in values.items())
            vectors.append(3 * bumps + rng.normal(scale=0.5, size=encoder.dim))
        songs.append(song)
    ws.vectors(ENCODER).write(np.array(ids), np.array(vectors, dtype=np.float32))
    return np.array(songs)


def judge(
    ws: Workspace,
    answers: Iterable[tuple[str, int, int, int, str]],
    *,
    rater: str = "Ada",
    sampler: str = "random",
) -> list[str]:
    """Record answers (dimension, anchor, a, b, choice) and return their ids."""
    session = ws.judgements.open_session(rater)
    rows = [
        Answer(
            id=new_id(),
            session_id=session,
            rater=rater,
            dimension=dimension,
            anchor_id=int(anchor),
            a_id=int(a),
            b_id=int(b),
            choice=choice,
            sampler=sampler,
        )
        for dimension, anchor, a, b, choice in answers
    ]
    ws.judgements.append_all(rows)
    return [row.id for row in rows]


def opinion(
    songs: np.ndarray, count: int, rng: np.random.Generator, *, dimension: str = "genre"
) -> list[tuple[str, int, int, int, str]]:
    """Return answers of a rater who hears the order of the songs and nothing else."""
    place = {song: number for number, song in enumerate(songs)}
    answers = []
    for _ in range(count):
        anchor, a, b = rng.choice(songs, 3, replace=False)
        nearer = abs(place[anchor] - place[a]) <= abs(place[anchor] - place[b])
        answers.append((dimension, anchor, a, b, "a" if nearer else "b"))
    return answers
