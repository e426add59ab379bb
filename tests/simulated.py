"""A simulated rater whose notion of similarity differs from the tags, and errs at a known rate."""

from __future__ import annotations

import numpy as np

from workbench import Workspace
from workbench.judgements.log import Answer, new_id


def hidden_distances(ws: Workspace, dimension: str, ids: np.ndarray, seed: int) -> np.ndarray:
    """Return what the rater hears, [n, n]: the dimension's features, with an emphasis of their own.

    Each column of the encoder's vector counts as much as it does for the first model's head, times
    a random factor that ranges over orders of magnitude.
    """
    model = ws.models.load(ws.models.versions()[0].version)
    x = model.normaliser(ws.vectors(model.card.encoder).rows(ids))
    heard = np.linalg.norm(model.heads[dimension]["weight"], axis=0)
    y = x * heard * np.sqrt(np.random.default_rng(seed).gamma(0.3, size=x.shape[1]))
    y /= np.linalg.norm(y, axis=1, keepdims=True)
    return np.linalg.norm(y[:, None] - y[None], axis=2)


def simulate_judgements(
    ws: Workspace,
    count: int,
    *,
    error: float = 0.1,
    seed: int = 0,
    rater: str = "simulated rater",
) -> None:
    """Add `count` answers about random triplets of songs, dealt evenly to the dimensions."""
    songs = ws.catalogue.items(kind="song", domain="audio")
    ids = songs.index[songs["media_id"].notna()].to_numpy()
    rng = np.random.default_rng(seed)
    session = ws.judgements.open_session(rater)
    answers = []
    dimensions = ws.models.card().dimensions
    distances = {n: hidden_distances(ws, n, ids, 100 + i) for i, n in enumerate(dimensions)}
    for number in range(count):
        name = dimensions[number % len(dimensions)]
        anchor, a, b = rng.choice(len(ids), 3, replace=False)
        closer = "a" if distances[name][anchor, a] < distances[name][anchor, b] else "b"
        if rng.random() < error:
            closer = "b" if closer == "a" else "a"
        answers.append(
            Answer(
                id=new_id(),
                session_id=session,
                rater=rater,
                dimension=name,
                anchor_id=int(ids[anchor]),
                a_id=int(ids[a]),
                b_id=int(ids[b]),
                a_is_left=bool(rng.random() < 0.5),
                choice=closer,
                sampler="random",
            )
        )
    ws.judgements.append_all(answers)
