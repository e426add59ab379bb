"""Relations within and across domains, beside floors: the tables of docs/results.md.

``python -m tests.benchmarks.relations CORPUS [NETWORKS]`` with a corpus made by
``workbench train corpus --pieces``. The floor of finding a recording by its score is chroma
matching by dynamic time warping (librosa), which takes the whole catalogue for every query.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from workbench.backbones.relation_store import load_relations
from workbench.corpus.piece_corpus import NoteArrays, PieceCorpus
from workbench.corpus.piece_relations import HEARD_ONLY
from workbench.encoders.relations import SHIPPED
from workbench.evaluation.relations import (
    PLACES,
    mix_rows,
    other_performance,
    ranked,
    score_relations,
)

_EVERY = 4  # columns of chroma that are averaged: 2.7 a second
_QUERIES = 200


def main() -> None:
    """Print the tables as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("networks", type=Path, nargs="?", default=SHIPPED)
    parser.add_argument("--queries", type=int, default=_QUERIES)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    corpus = PieceCorpus.open(options.corpus)
    networks, _ = load_relations(options.networks)
    scores = score_relations(networks, corpus)
    dtw = dtw_floor(corpus.part(corpus.rows("test")), options.queries)
    if options.json:
        options.json.write_text(json.dumps({**scores, "dtw": dtw}, indent=1))
    print_relations(scores)
    print_finding(scores["finding"] | dtw)


def dtw_floor(part: PieceCorpus, queries: int) -> dict[str, Any]:
    """Return how well chroma and DTW find recordings by their notes, and other performances."""
    mixes = mix_rows(part.table)
    arrays = NoteArrays([part.notes[row] for row in mixes], part.seconds)
    tonal, _, _ = arrays.windows(np.arange(len(mixes)))
    notes = _thin(tonal.chroma.numpy())
    sound = _thin(part.sound["chroma"][mixes].astype(np.float32))
    other = other_performance(part.table, mixes)
    chosen = np.sort(np.random.default_rng(0).permutation(len(mixes))[:queries])
    began = time.perf_counter()
    same = _distances(notes[chosen], sound)
    each = (time.perf_counter() - began) / len(chosen)
    print(f"DTW takes {each * 1000:.0f} ms for a query among {len(mixes)} recordings.\n")
    turned = np.min([_distances(np.roll(notes[chosen], k, axis=1), sound) for k in range(12)], 0)
    turned[np.arange(len(chosen)), chosen] = np.inf
    has = other[chosen] >= 0
    rows = np.arange(len(chosen))
    return {
        "chroma and DTW, notes to sound": ranked((same <= same[rows, chosen][:, None]).sum(axis=1)),
        "chroma and DTW in twelve keys, another performance": ranked(
            (turned <= turned[rows, other[chosen]][:, None]).sum(axis=1)[has]
        ),
    }


def _distances(queries: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return the cost of the best warping path of every pair of chromagrams."""
    from librosa.sequence import dtw

    def cost(query: np.ndarray, target: np.ndarray) -> float:
        apart = np.ascontiguousarray(1.0 - query.T @ target)
        return float(dtw(C=apart, backtrack=False)[-1, -1])

    return np.array([[cost(query, target) for target in targets] for query in queries])


def _thin(chroma: np.ndarray) -> np.ndarray:
    count = chroma.shape[2] // _EVERY
    thin = chroma[:, :, : count * _EVERY].reshape(len(chroma), 12, count, _EVERY).mean(axis=3)
    return thin / (np.linalg.norm(thin, axis=1, keepdims=True) + 1e-6)


def print_relations(scores: dict[str, Any]) -> None:
    """Print triplet scores of every relation, within and across, beside the best floor."""
    print(f"| relation | {' | '.join(PLACES)} | best floor, sound |")
    print("| --- |" + " --- |" * (len(PLACES) + 1))
    for name in scores["relations"]["sound"]:
        cells = [_text(scores["relations"][place].get(name)) for place in PLACES]
        floors = {f: s[name]["score"] for f, s in scores["floors"].items() if s[name]["n"]}
        best = max(floors, key=lambda f: floors[f], default="")
        cells.append(f"{best}: {floors[best]:.3f}" if best else "")
        print(f"| {name}{' (heard only)' if name in HEARD_ONLY else ''} | {' | '.join(cells)} |")


def print_finding(finding: dict[str, Any]) -> None:
    """Print how well scores find recordings."""
    print(f"\n| way, among {finding['recordings']} | first | among ten | median rank |")
    print("| --- | --- | --- | ---: |")
    for name, way in finding.items():
        if name != "recordings":
            rank = f"{way['median rank']:g}" if way["median rank"] else ""
            print(f"| {name} | {_text(way['at 1'])} | {_text(way['at 10'])} | {rank} |")


def _text(score: dict[str, Any] | None) -> str:
    if not score or not score["n"]:
        return ""
    low, high = score["low"], score["high"]
    return f"{score['score']:.3f} [{low:.3f}, {high:.3f}] ({score['k']}/{score['n']})"


if __name__ == "__main__":
    main()
