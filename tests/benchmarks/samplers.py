"""How many judgements does each sampler need? ``python -m tests.benchmarks.samplers``.

``... samplers NAME=WORKSPACE NAME=WORKSPACE [--runs N] [--error 0.1] [--only mix,random] [--draw]``
simulates raters of each workspace (which is copied and left alone) who hear a hidden notion of a
dimension and err at a known rate. They are asked what a sampler proposes, a batch at a time, by the
product's own samplers, log and background fits: a batch is chosen by the ensemble fitted before the
last one was answered, as where nobody waits. After some numbers of judgements heads are fitted to
them, for all samplers alike, and asked about random triplets of the songs asked about (seen) and of
a quarter of the songs that took no part (unseen); the truth is what the rater hears.

Every run adds a line to ``test-output/samplers.jsonl``, and runs that are there are not made again;
``--draw`` only prints the table and draws the figure.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.sampler_curves import FIGURE, draw, table
from tests.simulated import hidden_distances
from workbench import Workspace
from workbench.judgements.log import Answer
from workbench.sampling.proposals import draw_triplets
from workbench.sampling.refitting import ensembles_of
from workbench.sampling.samplers import SAMPLERS, make_sampler
from workbench.subspaces.heads import apply_head
from workbench.subspaces.triplets import NO_TRIPLETS, Triplets
from workbench.training.fit import Problem, Pull, fit_heads
from workbench.training.judged import judged_triplets

CHECKPOINTS = (50, 100, 150, 200, 250, 300, 400, 500, 700, 1000)
UNSEEN_SHARE = 0.25
ASKED = 4000  # held-out triplets of each kind
# Gains are held by 1,000 / n: the pull on their squared logarithms is a mean over the columns of
# the encoder, the loss one over the n judgements, so this is one prior whatever n is.
PULL_TIMES_JUDGEMENTS = 1000.0
_NOTION, _RATER, _SPLIT = 300, 1, 2  # seeds
RESULTS = Path("test-output/samplers.jsonl")


def main() -> None:
    """Simulate what has not been, print the table, draw the figure."""
    options = _options()
    RESULTS.parent.mkdir(exist_ok=True)
    done = read_runs()
    known = {(r["corpus"], r["sampler"], r["run"], r["error"]) for r in done}
    for run in range(0 if options.draw else options.runs):
        for corpus, workspace in options.workspaces.items():
            for sampler in options.only:
                if (corpus, sampler, run, options.error) in known:
                    continue
                found = simulate(Path(workspace), sampler, run=run, error=options.error)
                with RESULTS.open("a") as file:
                    file.write(json.dumps({"corpus": corpus, **found}) + "\n")
    runs = read_runs()
    print(table(runs))
    FIGURE.write_text(draw(runs, error=options.error))


def read_runs() -> list[dict[str, Any]]:
    """Return the runs made so far."""
    if not RESULTS.exists():
        return []
    return [json.loads(line) for line in RESULTS.read_text().splitlines()]


def simulate(source: Path, name: str, *, run: int, error: float) -> dict[str, Any]:
    """Ask a rater 1,000 times what a sampler proposes; return the scores on the way.

    Runs go through the dimensions; every sampler meets the same rater, songs and questions.
    """
    with tempfile.TemporaryDirectory() as folder:
        ignored = shutil.ignore_patterns("media", "jobs", "maps", "model-v*", "cache")
        ws = Workspace(shutil.copytree(source, Path(folder) / "copy", ignore=ignored))
        simulation = Simulation(ws, run, error)
        scores = [simulation.scores()]
        sampler = make_sampler(ws, name, simulation.seen.tolist())
        for before, after in zip((0, *CHECKPOINTS), CHECKPOINTS, strict=False):
            left = after - before
            while left:
                left -= simulation.ask(sampler, min(left, sampler.batch, 16))
            scores.append(simulation.scores())
    return {
        "sampler": name,
        "run": run,
        "error": error,
        "dimension": simulation.dimension,
        "judgements": [0, *CHECKPOINTS],
        **{kind: [score[kind] for score in scores] for kind in scores[0]},
    }


class Simulation:
    """A workspace with one simulated rater, and what the heads fitted to the answers know."""

    def __init__(self, ws: Workspace, run: int, error: float) -> None:
        self.ws, self.error = ws, error
        self.model = ws.models.load(ws.models.versions()[0].version)
        self.dimension = self.model.card.dimensions[run % len(self.model.card.dimensions)]
        songs = ws.catalogue.items(kind="song", domain="audio")
        self.ids = songs.index[songs["media_id"].notna()].to_numpy()
        self.heard = hidden_distances(ws, self.dimension, self.ids, _NOTION + run)
        rng = np.random.default_rng([_SPLIT, run])
        places = rng.permutation(len(self.ids))
        unseen, seen = np.split(places, [round(UNSEEN_SHARE * len(places))])
        self.seen = np.sort(self.ids[seen])
        self.questions = {
            "seen": seen[draw_triplets(len(seen), ASKED, rng)],
            "unseen": unseen[draw_triplets(len(unseen), ASKED, rng)],
        }
        self.rng = np.random.default_rng([_RATER, run])
        self.session = ws.judgements.open_session("simulated rater")
        self.x = self.model.normaliser(ws.vectors(self.model.card.encoder).rows(self.ids))
        self.known: set[tuple[int, int, int]] = set()

    def ask(self, sampler: Any, count: int) -> int:
        """Have `count` proposals judged, as the rating session does; return how many were new."""
        proposals = sampler.propose(self.dimension, self.rng, 4 * count)
        ensembles_of(self.ws).wait()  # a fit that was begun is there before the next batch
        proposals = [p for p in proposals if p.triplet not in self.known][:count]
        self.known |= {p.triplet for p in proposals}
        answers = []
        for p in proposals:
            anchor, a, b = np.searchsorted(self.ids, (p.anchor, p.a, p.b))
            closer = self.heard[anchor, a] < self.heard[anchor, b]
            wrong = self.rng.random() < self.error
            answers.append(
                Answer(
                    session_id=self.session,
                    rater="simulated rater",
                    dimension=self.dimension,
                    anchor_id=p.anchor,
                    a_id=p.a,
                    b_id=p.b,
                    choice="a" if closer != wrong else "b",
                    sampler=p.sampler,
                    sampler_score=p.score,
                    model_version=p.model_version,
                )
            )
        self.ws.judgements.append_all(answers)
        return len(answers)

    def scores(self) -> dict[str, float]:
        """Return the share of held-out triplets that heads fitted to all answers get right."""
        y = apply_head(self.model.card.head, self._fitted(), self.x)
        found = {}
        for kind, (anchor, a, b) in ((k, q.T) for k, q in self.questions.items()):
            nearer = (y[anchor] * (y[a] - y[b])).sum(1) > 0
            truth = self.heard[anchor, a] < self.heard[anchor, b]
            found[kind] = round(float((nearer == truth).mean()), 4)
        return found

    def _fitted(self) -> dict[str, np.ndarray]:
        start = self.model.heads[self.dimension]
        triplets, votes, x = self._judged()
        if not len(triplets):
            return start
        problem = Problem(x, triplets, NO_TRIPLETS, votes[None], np.zeros((1, 0), np.float32))
        pull = Pull(gains=PULL_TIMES_JUDGEMENTS / float(votes.sum()))
        heads = fit_heads(self.model.card.head, start, problem, [pull])
        return {key: value[0] for key, value in heads.items()}

    def _judged(self) -> tuple[Triplets, np.ndarray, np.ndarray]:
        judged = judged_triplets(self.ws, self.model.card)
        x = self.x[np.searchsorted(self.ids, judged.ids)]
        if not judged.answers:
            return NO_TRIPLETS, np.zeros(0, np.float32), x
        return judged.triplets[self.dimension], judged.votes[self.dimension], x


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.benchmarks.samplers", description=__doc__)
    parser.add_argument("workspaces", nargs="*", metavar="NAME=WORKSPACE")
    parser.add_argument("--runs", type=int, default=12, help="raters per corpus and sampler")
    parser.add_argument("--error", type=float, default=0.1, help="how often raters err")
    parser.add_argument("--only", default=",".join(SAMPLERS), help="samplers, with commas")
    parser.add_argument("--draw", action="store_true", help="simulate nothing")
    options = parser.parse_args()
    options.workspaces = dict(pair.split("=", 1) for pair in options.workspaces)
    options.only = options.only.split(",")
    return options


if __name__ == "__main__":
    main()
