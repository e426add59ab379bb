"""A base training as its job would have told it, for tests and pictures of its page."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path
from typing import Any

from workbench import Workspace
from workbench.backbones.card import NetworkCard, NetworkShape
from workbench.evaluation.scores import Score
from workbench.subspaces.dimensions import DIMENSIONS
from workbench.widgets.training_choices import Choices

Event = dict[str, Any]
BEGAN = 1_790_000_000.0
SECONDS = 75.0
REACHED = {"genre": 0.82, "mood": 0.74, "instrument": 0.88, "era": 0.79, "tempo": 0.93, "key": 0.71}
FLOORS = {
    "MFCC statistics": {"genre": 0.71, "mood": 0.66, "instrument": 0.77, "era": 0.7, "tempo": 0.52,
                        "key": 0.5},
    "mean CENS": {"genre": 0.55, "mood": 0.56, "instrument": 0.54, "era": 0.56, "tempo": 0.5,
                  "key": 0.7},
    "mean tempogram": {"genre": 0.6, "mood": 0.58, "instrument": 0.55, "era": 0.57, "tempo": 0.78,
                       "key": 0.5},
}  # fmt: skip


def epoch_events(
    number: int,
    *,
    of: int = 40,
    steps: int = 20,
    dimensions: tuple[str, ...] = DIMENSIONS,
    overall: float | None = None,
) -> list[Event]:
    """Return the events of one epoch; `overall` is by default the mean of its scores."""
    chance = random.Random(number)
    at = BEGAN + (number - 1) * SECONDS
    level = 1.4 + 2.4 * math.exp(-number / 6)
    events: list[Event] = [
        {"event": "stage", "at": at, "name": f"Epoch {number} of {of}", "total": steps}
    ]
    losses = []
    for step in range(1, steps + 1):
        losses.append(
            level + 0.4 * math.exp(-number / 6) * (1 - step / steps) + chance.gauss(0, 0.12)
        )
        now = at + SECONDS * step / steps
        events += [
            {"event": "advance", "at": now, "done": step, "total": steps, "label": "loss"},
            {"event": "step", "at": now, "epoch": number, "step": step, "loss": losses[-1]},
        ]
    grown = 1 - math.exp(-number / 7)
    reached = {n: 0.52 + (REACHED.get(n, 0.7) - 0.52) * grown + chance.gauss(0, 0.012)
               for n in dimensions}  # fmt: skip
    scores = {n: Score(round(1000 * value), 1000).as_dict() for n, value in reached.items()}
    mean = sum(s["score"] for s in scores.values()) / len(scores)
    return [
        *events,
        {
            "event": "epoch",
            "at": at + SECONDS,
            "epoch": number,
            "loss": sum(losses) / len(losses),
            "losses": {n: level / 6 + chance.gauss(0, 0.02) for n in dimensions},
            "scores": scores,
            "overall": mean if overall is None else overall,
            "rate": 0.004,
            "seconds": SECONDS + chance.gauss(0, 1),
        },
    ]


def epochs(first: int, last: int, **options: Any) -> list[Event]:
    """Return the events of some epochs."""
    return [e for number in range(first, last + 1) for e in epoch_events(number, **options)]


def write_training(
    ws: Workspace,
    events: list[Event],
    *,
    choices: Choices | None = None,
    resume: bool = False,
    pid: int = 2**22 + 1,
) -> Path:
    """Store the job of a base training as its process would have left it."""
    folder = ws.jobs_folder / f"20260301-1300{len(list(ws.jobs_folder.glob('*'))):02d}-abcdef"
    folder.mkdir(parents=True)
    choices = choices or Choices(ws.root / "corpus", ws.root / "networks" / "base")
    (folder / "job.json").write_text(json.dumps({"arguments": choices.arguments(resume=resume)}))
    (folder / "pid").write_text(str(pid))
    tell(folder, *events)
    return folder


def tell(job: Path, *events: Event) -> None:
    """Add events to a job."""
    with (job / "events.jsonl").open("a") as stream:
        stream.write("".join(json.dumps(event) + "\n" for event in events))


def write_corpus(folder: Path) -> None:
    """Write what a page reads of a corpus: six scores with two renditions each."""
    folder.mkdir(parents=True)
    (folder / "recipe.json").write_text("{}")
    split = ["train"] * 4 + ["validation", "test"]
    rows = [f"score{i},{r},{split[i]}" for i in range(6) for r in range(2)]
    (folder / "renditions.csv").write_text("\n".join(["composition,rendition,split", *rows]) + "\n")


def network_card(
    name: str = "multi-input",
    dimensions: tuple[str, ...] = DIMENSIONS,
    licence: str = "BSD-3-Clause",
) -> NetworkCard:
    """Return the card of a network that was scored on its test part."""
    scores = {n: Score(round(960 * REACHED.get(n, 0.7)), 1000).as_dict() for n in dimensions}
    floors = {
        floor: {
            n: {**Score(round(1000 * of.get(n, 0.5)), 1000).as_dict(), "gained": 1, "lost": 1,
                "p_holm": 1e-6, "p_grouped_holm": 0.2 if n == "key" else 1e-4}
            for n in dimensions
        }
        for floor, of in FLOORS.items()
    }  # fmt: skip
    return NetworkCard(
        "multi-input",
        "1",
        NetworkShape(size=64 * len(dimensions)),
        dimensions,
        licence,
        scores={
            "scores": {**scores, "overall": Score(3800, 5000).as_dict()},
            "leakage_mean": {"plain": 0.61, "strict": 0.553},
            "floors": floors,
            "items": 412,
        },
    )


def write_network(folder: Path, card: NetworkCard | None = None) -> None:
    """Write a network's card where its training would have."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "card.json").write_text(json.dumps((card or network_card()).as_dict()))
