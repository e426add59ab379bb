"""An epoch of base training in one line, for terminals and logs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def epoch_words(record: Mapping[str, Any], epochs: int, best: int) -> str:
    """Return what happened in an epoch as one line.

    Parameters
    ----------
    record
        ``epoch``, ``loss``, ``scores`` {dimension: {``score``}}, ``overall`` and ``seconds``.
    epochs
        How many there are at most.
    best
        The number of the best epoch so far.

    Examples
    --------
    >>> scores = {"genre": {"score": 0.791}, "mood": {"score": None}}
    >>> epoch_words(
    ...     {"epoch": 3, "loss": 1.927, "scores": scores, "overall": 0.791, "seconds": 75.2}, 40, 2
    ... )
    'epoch  3/40  loss 1.93  genre .79  mood -  overall .79  best 2  1:15'
    """
    number = f"{record['epoch']:{len(str(epochs))}d}/{epochs}"
    scores = [f"{name} {_score(score['score'])}" for name, score in record["scores"].items()]
    minutes, seconds = divmod(round(record["seconds"]), 60)
    parts = [
        f"epoch {number}",
        f"loss {record['loss']:.2f}",
        *scores,
        f"overall {_score(record['overall'])}",
        f"best {best}",
        f"{minutes}:{seconds:02d}",
    ]
    return "  ".join(parts)


def _score(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}".removeprefix("0")
