"""Score tempo and key estimates on rendered scores: ``python -m tests.benchmarks.estimates``.

The scores are those of ``WORKBENCH_SCORES``, a folder as ``shared/data`` beside the checkout is:
``manifest.csv`` with path, corpus and key, and MIDI files whose tempo is written in them. Their
first minute is rendered with the sound font of the demo, so tempo and key are known exactly. The
rules are those of mir_eval: 8 % for tempo, and weights for related keys.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mir_eval
import numpy as np
import pandas as pd

from workbench.evaluation.scores import Score
from workbench.features import key, tempo
from workbench.features.cens import constant_q_chroma
from workbench.features.spectral import HOP, SAMPLE_RATE, onset_envelope

SECONDS = 60
PER_CORPUS = 50
TEMPO_FROM = ("pop909", "groove", "mutopia")
KEY_FROM = ("pop909", "mutopia")
_TONICS = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")


def main() -> None:
    """Render, estimate, and print a table for tempo and one for key."""
    data = Path(
        os.environ.get("WORKBENCH_SCORES") or Path(__file__).resolve().parents[3] / "shared/data"
    )
    manifest = pd.read_csv(data / "manifest.csv")
    tempi: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    keys: dict[str, list[float]] = defaultdict(list)
    for corpus in dict.fromkeys((*TEMPO_FROM, *KEY_FROM)):
        for row, score, samples in _rendered(data, manifest[manifest.corpus == corpus]):
            if corpus in TEMPO_FROM:
                _judge_tempo(tempi[corpus], samples, float(score.tempos[0].qpm))
            truth = key_name(row.key)
            if corpus in KEY_FROM and truth:
                keys[corpus].append(_key_score(samples, truth))
    print("| tempo, by | pieces of | within 4 % | or times 2, 3, 1/2, 1/3 | mir_eval, 8 % |")
    print("| --- | --- | --- | --- | --- |")
    for corpus, by in tempi.items():
        for who in ("here", "librosa"):
            cells = " | ".join(str(_count(by[f"{who} {what}"])) for what in ("1", "2", "one"))
            print(f"| {who} | {corpus} | {cells} |")
    print("\n| key | right | right, fifth, relative or parallel | mir_eval weighted |")
    print("| --- | --- | --- | ---: |")
    for corpus, found in keys.items():
        right = _count([x == 1.0 for x in found])
        print(f"| {corpus} | {right} | {_count([x > 0 for x in found])} | {np.mean(found):.3f} |")


def _rendered(data: Path, rows: pd.DataFrame) -> Iterator[tuple[Any, Any, np.ndarray]]:
    """Yield evenly chosen pieces of one tempo: row, score and mono sound at 22.05 kHz."""
    import symusic

    from workbench.symbolic.render import render

    left = PER_CORPUS
    rows = rows[rows.path.str.endswith(".mid") & ~rows.path.str.contains("_fill_")]
    for row in rows.sample(frac=1.0, random_state=0).itertuples():
        score = symusic.Score(str(data / str(row.path)), ttype="second")
        if left == 0 or len({round(t.qpm, 2) for t in score.tempos}) != 1 or score.end() < 15:
            continue
        left -= 1
        opening = score.clip(0.0, float(SECONDS), clip_end=True)
        sound = render(opening, sample_rate=SAMPLE_RATE).mean(axis=0)[: SECONDS * SAMPLE_RATE]
        yield row, score, sound / max(float(np.abs(sound).max()), 1e-9)


def _judge_tempo(found: dict[str, list[float]], samples: np.ndarray, truth: float) -> None:
    import librosa
    import torch

    envelope = onset_envelope(torch.from_numpy(samples)).numpy()
    theirs = librosa.feature.tempo(onset_envelope=envelope, sr=SAMPLE_RATE, hop_length=HOP)
    for who, bpm in (("here", tempo.estimate_tempo(envelope) or 0.0), ("librosa", theirs[0])):
        octaves = [abs(bpm / (truth * factor) - 1) <= 0.04 for factor in (1, 2, 3, 1 / 2, 1 / 3)]
        other = bpm * 2 if bpm < 110 else bpm / 2
        _, one, _ = mir_eval.tempo.detection(
            np.array([truth, 0.0]), 1.0, np.array([bpm, other]), tol=0.08
        )
        values = {"1": octaves[0], "2": any(octaves), "one": one}
        for what, value in values.items():
            found[f"{who} {what}"].append(float(value))


def _key_score(samples: np.ndarray, truth: str) -> float:
    import torch

    chroma = constant_q_chroma(torch.from_numpy(samples)).mean(-1).numpy()
    estimate = key.estimate_key(chroma)
    if estimate is None:
        return 0.0
    tonic, major = estimate
    name = f"{_TONICS[tonic]} {'major' if major else 'minor'}"
    return float(mir_eval.key.weighted_score(truth, name))


def key_name(text: Any) -> str | None:
    """Return a key as mir_eval writes it, from "Bb:maj" or LilyPond's "bes major", else None."""
    match = re.fullmatch(r"([a-g])(is|s|es|b|#)? ?:?(maj|min)(or)?", str(text).lower())
    if match is None:
        return None
    letter, accidental, mode = match[1], match[2] or "", match[3]
    if letter in "ae" and accidental == "s":
        accidental = "es"
    shift = {"": 0, "is": 1, "s": 1, "#": 1, "es": -1, "b": -1}[accidental]
    tonic = ("c d ef g a b".find(letter) + shift) % 12
    return f"{_TONICS[tonic]} {mode}or"


def _count(right: list[Any]) -> Score:
    return Score(int(np.count_nonzero(right)), len(right))


if __name__ == "__main__":
    main()
