"""Workspaces made of numbers and silence, for tests of pages."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from workbench import Workspace
from workbench.catalogue.items import TagValue
from workbench.catalogue.media import MediaInfo
from workbench.evaluation.scores import Score
from workbench.judgements.log import Answer
from workbench.maps.store import Layout
from workbench.subspaces.dimensions import DIMENSIONS
from workbench.subspaces.store import ModelCard

HOSTILE = "<img src=x onerror=alert(1)> & Söhne"


def score(k: int, n: int = 60) -> dict[str, Any]:
    """Return a score as cards hold it."""
    return Score(k, n).as_dict()


def add_songs(ws: Workspace, count: int = 12) -> list[int]:
    """Add songs of 30 s, each with one track, and tags in every dimension; return the songs."""
    rng = np.random.default_rng(7)
    songs = []
    for index in range(count):
        title = HOSTILE if index == 1 else f"Song {index:02d}"
        tags = [
            TagValue("genre", ("folk", "ragtime", "chorale")[index % 3], "score"),
            TagValue("mood", ("calm", "tense")[index % 2], "estimate", weak=True),
            TagValue("era", ("Baroque", "Romantic")[index % 2], "composer"),
            TagValue("tempo", str(60 + 5 * index), "rendering", number=60.0 + 5 * index),
            TagValue("key", ("C major", "A minor")[index % 2], "score"),
        ]
        song = ws.catalogue.add_item(
            kind="song",
            domain="audio",
            title=title,
            artist=f"Artist {index % 4}",
            media=_media(ws, f"song{index}", rng),
            tags=tags,
        )
        ws.catalogue.add_item(
            kind="track",
            domain="audio",
            title=f"{title}: flute",
            artist=f"Artist {index % 4}",
            parent_id=song,
            media=_media(ws, f"track{index}", rng),
            tags=[TagValue("instrument", "flute", "score")],
        )
        songs.append(song)
    return songs


def add_model(
    ws: Workspace, right: int, *, parent: str | None = None, promote: bool = True, **changes: Any
) -> ModelCard:
    """Store a model's card (no weights), vectors and maps; `right` of 60 answers in every score."""
    version = f"v{len(ws.models.versions()) + 1:04d}"
    scores = {name: score(right + index) for index, name in enumerate(DIMENSIONS)}
    card = ModelCard(
        **{
            "version": version,
            "encoder": "default",
            "head": "linear",
            "dimensions": list(DIMENSIONS),
            "subspace_dim": 4,
            "parent": parent,
            "created_at": f"2026-03-{len(ws.models.versions()) + 1:02d}T10:00:00+00:00",
            "licence": "ISC",
            "metrics": {"scores": scores | {"overall": score(right * 6 + 15, 360)},
                        "leakage": {own: {asked: score(right if own == asked else 31)
                                          for asked in DIMENSIONS} for own in DIMENSIONS},
                        "held_out_items": 15},
            **changes,
        }
    )  # fmt: skip
    folder = ws.models.folder / version
    folder.mkdir(parents=True)
    (folder / "card.json").write_text(json.dumps(asdict(card)))
    if promote:
        ws.models.promote(version)
    ids = ws.catalogue.items(domain="audio").index.to_numpy()
    rng = np.random.default_rng(len(version) + right)
    blocks = rng.normal(size=(len(ids), len(DIMENSIONS), 4)).astype(np.float32)
    blocks /= np.linalg.norm(blocks, axis=2, keepdims=True)
    ws.vectors("default").write(ids, rng.normal(size=(len(ids), 8)).astype(np.float32))
    ws.vectors(f"model-{version}").write(ids, blocks.reshape(len(ids), -1))
    ws.maps.save(
        version,
        {n: Layout(ids, rng.normal(size=(len(ids), 2)).astype(np.float32)) for n in DIMENSIONS},
    )
    return card


def judge(ws: Workspace, songs: list[int], counts: dict[tuple[str, str, str], int]) -> None:
    """Give answers: (rater, dimension, choice) -> how many."""
    sittings = {rater: ws.judgements.open_session(rater) for rater, _, _ in counts}
    rng = np.random.default_rng(3)
    for (rater, dimension, choice), number in counts.items():
        for _ in range(number):
            anchor, a, b = (int(i) for i in rng.choice(songs, 3, replace=False))
            ws.judgements.append(
                Answer(session_id=sittings[rater], rater=rater, dimension=dimension,
                       anchor_id=anchor, a_id=a, b_id=b, choice=choice)
            )  # fmt: skip


def write_job(ws: Workspace, events: list[dict[str, Any]], *, pid: int = 2**22 + 1) -> Path:
    """Store a fine-tuning job as its process would have left it."""
    folder = ws.jobs_folder / f"20260301-1200{len(list(ws.jobs_folder.glob('*'))):02d}-abcdef"
    folder.mkdir(parents=True)
    (folder / "job.json").write_text(json.dumps({"arguments": ["finetune"]}))
    (folder / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    (folder / "pid").write_text(str(pid))
    return folder


def _media(ws: Workspace, name: str, rng: np.random.Generator) -> MediaInfo:
    file = ws.root / "media" / f"{name}.wav"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(name.encode())
    peaks = rng.integers(0, 255, 800).astype(np.uint8).tobytes()
    return MediaInfo(sha256=name, path=str(file), format="wav", size_bytes=1, sample_rate=44100,
                     channels=2, duration_s=30.0, peaks=peaks)  # fmt: skip
