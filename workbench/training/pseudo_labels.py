"""What a teacher says of unlabelled music, which its student learns (WO 2023/003505, para. 47)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from workbench.array_files import opened_arrays
from workbench.backbones.tagger_card import TaggerCard
from workbench.backbones.tagger_store import TaggerNetwork
from workbench.encoders.tagger import heard
from workbench.files import atomic_write
from workbench.progress import Progress
from workbench.training.tagger_data import TaggerData

FILE = "pseudo_labels.npz"
_SAVE_EVERY = 200  # items: what an interruption can lose


def pseudo_labels(
    teacher: TaggerNetwork,
    card: TaggerCard,
    data: TaggerData,
    rows: np.ndarray,
    *,
    folder: Path,
    device: str = "cpu",
    progress: Progress | None = None,
) -> np.ndarray:
    """Return the probabilities of the tags in items, as the teacher hears them without any noise.

    Parameters
    ----------
    teacher, card
        The tagger.
    data, rows
        Which items of what.
    folder
        Keeps them in ``pseudo_labels.npz``; an interrupted run goes on.
    device
        Where to compute.
    progress
        Told about every item.

    Returns
    -------
    float32 [rows, tags]
    """
    progress = progress or Progress()
    ids = data.table["item_id"].to_numpy()[rows]
    known = _read(folder / FILE, card)
    missing = [(row, int(i)) for row, i in zip(rows, ids, strict=True) if int(i) not in known]
    if missing:
        progress.stage(f"Listening with {card.key}", len(missing))
        teacher.to(device).eval()
        for number, (row, item_id) in enumerate(missing, 1):
            known[item_id] = heard(
                teacher, data.excerpts.whole(int(row)), card.shape.seconds, device=device
            )
            progress.advance()
            if number % _SAVE_EVERY == 0 or number == len(missing):
                _write(folder / FILE, card, known)
        progress.close()
    return np.stack([known[int(i)] for i in ids]).astype(np.float32)


def hardened(scores: np.ndarray, thresholds: tuple[float, ...]) -> np.ndarray:
    """Return 1 where a score reaches its tag's threshold and 0 elsewhere, float32 [n, tags]."""
    return (scores >= np.array(thresholds, np.float32)).astype(np.float32)


def _read(file: Path, card: TaggerCard) -> dict[int, np.ndarray]:
    """Return the labels a teacher gave before; none where they are another's or damaged."""
    try:
        with opened_arrays(file) as stored:
            if str(stored["teacher"]) == card.sha256:
                pairs = zip(stored["ids"].tolist(), stored["scores"], strict=True)
                return {int(item_id): scores for item_id, scores in pairs}
    except (OSError, ValueError):
        pass
    return {}


def _write(file: Path, card: TaggerCard, known: dict[int, np.ndarray]) -> None:
    with atomic_write(file) as stream:
        np.savez(
            stream,
            teacher=np.array(card.sha256),
            ids=np.array(list(known), np.int64),
            scores=np.stack(list(known.values())),
        )
