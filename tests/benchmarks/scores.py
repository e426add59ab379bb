"""Score first models on held-out artists, split by split: ``python -m tests.benchmarks.scores``.

The music is the demo's: the workspace of ``WORKBENCH_WORKSPACE``, else ``demo-workspace`` (which is
copied and left alone). Beside each score stands that of the encoder's plain cosine, and 0.5 is
chance. Counts are summed over the splits, so their intervals, which take triplets for
independent, are too narrow; the spread between splits is given as well.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import numpy as np

from workbench import Workspace
from workbench.evaluation.answers import answers
from workbench.evaluation.questions import TRIPLETS_PER_DIMENSION
from workbench.evaluation.scores import Score, count_right
from workbench.subspaces.triplets import relations, sample_triplets
from workbench.training.initial import fit_initial

SPLITS = 8


def main() -> None:
    """Fit a model per split and print one row per dimension."""
    source = Workspace(os.environ.get("WORKBENCH_WORKSPACE") or "demo-workspace")
    with tempfile.TemporaryDirectory() as folder:
        ignored = shutil.ignore_patterns("media", "jobs", "models", "maps")
        ws = Workspace(shutil.copytree(source.root, Path(folder) / "copy", ignore=ignored))
        models: dict[str, list[Score]] = {}
        floors: dict[str, list[Score]] = {}
        leaks: list[float] = []
        for seed in range(SPLITS):
            card = fit_initial(ws, seed=seed, promote=False)
            for name, floor in _plain_cosine(ws, card.version).items():
                floors.setdefault(name, []).append(floor)
                score = card.metrics["scores"][name]
                models.setdefault(name, []).append(Score(score["k"], score["n"]))
            leaks += [
                cell["score"]
                for row, cells in card.metrics["leakage"].items()
                for column, cell in cells.items()
                if row != column and cell["n"]
            ]
    print("| dimension | model | between splits | plain cosine |")
    print("| --- | --- | --- | --- |")
    for name, scores in models.items():
        values = [s.value for s in scores if s.value is not None]
        print(
            f"| {name} | {sum(scores, Score())} | {min(values):.2f} to {max(values):.2f} "
            f"| {sum(floors[name], Score())} |"
        )
    print(f"\nMean score off the diagonal of the leakage table: {np.mean(leaks):.3f}")


def _plain_cosine(ws: Workspace, version: str) -> dict[str, Score]:
    model = ws.models.load(version)
    held_out = np.array(model.card.held_out)
    x = model.normaliser(ws.vectors(model.card.encoder).rows(held_out))
    rng = np.random.default_rng(0)
    found = {}
    for name, relation in relations(ws, held_out.tolist()).items():
        found[name] = count_right(
            answers(x, sample_triplets(relation, TRIPLETS_PER_DIMENSION, rng))
        )
    return found


if __name__ == "__main__":
    main()
