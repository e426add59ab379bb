"""The experiments of the Music Tagging Transformer in small, one command each.

``python -m tests.benchmarks.tagging WORKSPACE TABLE EXPERIMENT [SEED]`` trains on a workspace into
which the corpus of ``tests.benchmarks.tagged_corpus`` was imported, with the tags of a table of
``workbench tags clean``. Experiments:

- ``supervised``: a network on the labelled items alone (rows 1 of the published tables);
- ``augmented``: the same under augmentation;
- ``expand``: a student as large, taught by ``augmented`` of the same seed;
- ``distil``: a smaller student of the same teacher;
- ``alone``: the smaller network without a teacher, the floor of ``distil``;
- ``hard``: ``expand`` with hard labels;
- ``patent``: ``augmented`` with the patent's literal ranges;
- ``again``: a student of the student;
- ``cnn``: the short-chunk residual network;
- ``length``, ``width``, ``depth``: excerpts of 3 to 30 s, and smaller and larger transformers.

``noisy`` lets the four main ones hear the test under the reference's augmentations, which no
training heard of these songs. ``report`` prints the tables and draws the figure from whatever was
trained, ``ship`` puts one tagger into the package. What was trained is not trained again; what was
interrupted goes on.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tests.benchmarks.tagging_figure import FIGURE, Interval, draw
from workbench import Workspace
from workbench.backbones.card import CARD, WEIGHTS, write_card
from workbench.backbones.tagger_card import TaggerCard, TaggerShape, read_tagger_card
from workbench.backbones.tagger_store import load_tagger_network
from workbench.encoders.tagger import SHIPPED, excerpts_of
from workbench.evaluation.tagging import paired_difference, tag_scores
from workbench.features.spectral import SAMPLE_RATE, mel_decibels
from workbench.progress import TerminalProgress
from workbench.tagging.trained import taggers_folder
from workbench.training.noise import REFERENCE
from workbench.training.tagger_options import TaggerOptions, student_shape
from workbench.training.tagger_project import Trainee, train_in_workspace
from workbench.training.tagger_release import TEST_SCORES

SHAPE = TaggerShape(channels=16, width=64, seconds=3.0)
SMALLER = student_shape(SHAPE, "distil")  # 8 channels, width 32
PLAIN = TaggerOptions(shape=SHAPE, noise="none", epochs=14, steps=50)
NOISY = replace(PLAIN, noise="reference")
SWEEP = replace(PLAIN, shape=SMALLER, epochs=3, steps=200)
BATCH_S = 48.0  # of a sweep: as much music in every batch, however long the excerpts
MAIN = ("supervised", "augmented", "expand", "distil")
SWEEPS = {"length": "length of excerpts", "width": "width", "depth": "layers"}
MORE = ("alone", "hard", "patent", "again", "cnn")
LICENCE = "BSD-3-Clause"
SHIPPED_NAME, SHIPPED_RUN = "music-tagger", "augmented-s0"
REPRODUCE = (
    "python -m tests.benchmarks.tagged_corpus MANIFEST FOLDER FONT [FONT ...]",
    "workbench init WORKSPACE",
    "workbench import WORKSPACE FOLDER/music --manifest FOLDER/manifest.csv",
    "workbench tags clean tags.csv --dimension genre --dimension era --dimension mood "
    "--dimension instrument",
    "python -m tests.benchmarks.tagging WORKSPACE tags.csv augmented",
)


@dataclass(frozen=True)
class Run:
    """One training: its name, its options, and what it is called in a sweep."""

    name: str
    options: TaggerOptions
    label: str = ""


def runs(experiment: str, seed: int) -> Iterator[Run]:
    """Give the trainings of an experiment."""
    teacher = f"augmented-s{seed}-1"
    taught = {
        "expand": replace(NOISY, teacher=teacher),
        "distil": replace(NOISY, teacher=teacher, shape=SMALLER),
        "hard": replace(NOISY, teacher=teacher, pseudo_labels="hard"),
        "again": replace(NOISY, teacher=f"expand-s{seed}-1"),
        "supervised": PLAIN,
        "augmented": NOISY,
        "alone": replace(NOISY, shape=SMALLER),
        "patent": replace(NOISY, noise="patent"),
        "cnn": replace(NOISY, shape=replace(SHAPE, network="short-chunk")),
    }
    sweeps: dict[str, list[tuple[str, dict[str, Any]]]] = {
        "length": [(f"{s:g}s", {"seconds": float(s)}) for s in (3, 5, 10, 15, 30)],
        "width": [(str(w), {"width": w}) for w in (16, 32, 64, 128)],
        "depth": [(str(d), {"layers": d}) for d in (1, 2, 4, 8)],
    }
    if experiment in taught:
        yield Run(f"{experiment}-s{seed}", replace(taught[experiment], seed=seed))
        return
    for label, changes in sweeps[experiment]:
        shape = replace(SMALLER, **changes)
        batch = max(round(BATCH_S / shape.seconds), 2)
        name = "base" if shape == SMALLER else f"{experiment}-{label}"
        options = replace(SWEEP, shape=shape, batch=batch, seed=seed)
        yield Run(f"{name}-s{seed}", options, label)


def main(workspace: str, table: str, experiment: str, seed: str = "0") -> None:
    """Train what an experiment needs, or print what was found."""
    ws = Workspace(workspace)
    if experiment == "report":
        report(ws)
        return
    if experiment == "noisy":
        noisy(ws)
        return
    if experiment == "ship":
        ship(ws)
        return
    for run in runs(experiment, int(seed)):
        folder = taggers_folder(ws) / f"{run.name}-1"
        if (folder / CARD).is_file():
            continue
        trainee = Trainee(run.name, "1", folder, resume=folder.is_dir())
        progress = TerminalProgress()
        card, scores = train_in_workspace(
            ws, trainee, run.options, table=Path(table), licence=LICENCE, progress=progress
        )
        progress.close()
        print(f"{card.key}: ROC-AUC {scores.macro_roc}, PR-AUC {scores.macro_pr}", flush=True)


def report(ws: Workspace) -> None:
    """Print tables of all that was trained, with paired differences from the step before."""
    folder = taggers_folder(ws)
    cards = {p.name: read_tagger_card(p) for p in sorted(folder.iterdir()) if (p / CARD).is_file()}
    names = sorted({key.split("-s")[0] for key in cards})
    found = {n: [k for k in cards if k.split("-s")[0] == n] for n in names}
    print("| training | parameters | seeds | ROC-AUC | PR-AUC |")
    print("| --- | ---: | ---: | --- | --- |")
    order = [*MAIN, *MORE, *(n for n in names if n not in MAIN + MORE)]
    for name in (n for n in order if n in found):
        keys = found[name]
        size = cards[keys[0]].training["parameters"]
        areas = " | ".join(_pooled(cards, keys, kind) for kind in ("roc", "pr"))
        print(f"| {name} | {size:,} | {len(keys)} | {areas} |")
    print("\n| step | ROC-AUC gained | PR-AUC gained |")
    print("| --- | --- | --- |")
    pairs = [("augmented", "supervised"), ("expand", "augmented"), ("distil", "expand")]
    pairs += [("distil", "alone"), ("hard", "expand"), ("again", "expand"), ("patent", "augmented")]
    for a, b in pairs:
        if a in found and b in found:
            gain = difference(folder, found[a], found[b])
            print(f"| {a} over {b} | {gain.macro_roc} | {gain.macro_pr} |")
    trainings = [
        (n, _mean(cards, found[n], "roc"), _mean(cards, found[n], "pr"))
        for n in (*MAIN, "alone")
        if n in found
    ]
    sweeps = [(what, _sweep(cards, name)) for name, what in SWEEPS.items()]
    floor = next(iter(cards.values())).scores["macro_pr_auc"]["floor"]
    FIGURE.write_text(draw(trainings, [s for s in sweeps if s[1]], floor))
    print(f"\nThe PR-AUC of chance is {floor:.3f}; the figure is {FIGURE}.")


def noisy(ws: Workspace) -> None:
    """Print how well the main trainings tell the tags of the test under noise."""
    print("| training | ROC-AUC | PR-AUC |\n| --- | --- | --- |")
    folder = taggers_folder(ws)
    for name in (*MAIN, "alone"):
        keys = [p.name for p in sorted(folder.glob(f"{name}-s*")) if (p / CARD).is_file()]
        if not keys:
            continue
        stored = [np.load(folder / key / TEST_SCORES) for key in keys]
        one = stored[0]
        scores = np.mean([_under_noise(ws, folder / key, one["ids"]) for key in keys], axis=0)
        found = tag_scores(one["truth"], scores, one["known"], groups=one["groups"])
        print(f"| {name} | {found.macro_roc} | {found.macro_pr} |", flush=True)


def _under_noise(ws: Workspace, folder: Path, ids: np.ndarray) -> np.ndarray:
    """Return what a tagger hears in items under noise that is the same for every tagger."""
    network, card = load_tagger_network(folder)
    scores = []
    for item_id in ids.tolist():
        excerpts = excerpts_of(ws.catalogue.sound_of(item_id, SAMPLE_RATE), card.shape.seconds)
        noise = REFERENCE(excerpts, torch.Generator().manual_seed(item_id))
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
            scores.append(network(mel_decibels(noise)).float().sigmoid().mean(0).numpy())
    return np.stack(scores)


def ship(ws: Workspace) -> None:
    """Copy the shipped student under its own name, with what it was made from."""
    folder = taggers_folder(ws) / f"{SHIPPED_RUN}-1"
    shutil.copyfile(folder / WEIGHTS, SHIPPED / WEIGHTS)
    licences = sorted(set(ws.catalogue.tags("licence")["value"]))
    card = read_tagger_card(folder)
    card = replace(
        card,
        name=SHIPPED_NAME,
        version="1",
        licence=LICENCE,
        data=card.data | {"licences": licences},
        reproduce=REPRODUCE,
    )
    write_card(SHIPPED, card.as_dict())


def difference(folder: Path, a: list[str], b: list[str]) -> Any:
    """Return what the mean score of some taggers has over that of others, on the same items."""
    shared = sorted({k.split("-s")[-1] for k in a} & {k.split("-s")[-1] for k in b})
    chosen = [[k for k in keys if k.split("-s")[-1] in shared] for keys in (a, b)]
    loaded = [[np.load(folder / k / TEST_SCORES) for k in keys] for keys in chosen]
    first = loaded[0][0]
    means = [np.mean([one["scores"] for one in many], axis=0) for many in loaded]
    ours, theirs = means
    return paired_difference(first["truth"], ours, theirs, first["known"], groups=first["groups"])


def _pooled(cards: dict[str, TaggerCard], keys: list[str], kind: str) -> str:
    """Return the mean over the seeds, the mean interval, and each seed's own."""
    value, low, high = _mean(cards, keys, kind)
    each = ", ".join(f"{cards[key].scores[f'macro_{kind}_auc']['value']:.3f}" for key in keys)
    return f"{value:.3f} [{low:.3f}, {high:.3f}]" + (f" ({each})" if len(keys) > 1 else "")


def _mean(cards: dict[str, TaggerCard], keys: list[str], kind: str) -> Interval:
    found = [cards[key].scores[f"macro_{kind}_auc"] for key in keys]
    value, low, high = (float(np.mean([f[n] for f in found])) for n in ("value", "low", "high"))
    return value, low, high


def _sweep(cards: dict[str, TaggerCard], name: str) -> list[tuple[str, Interval]]:
    """Return the PR-AUC of a sweep by label, in the order in which it is trained."""
    wanted = [run for run in runs(name, 0) if f"{run.name}-1" in cards]
    return [(run.label, _mean(cards, [f"{run.name}-1"], "pr")) for run in wanted]


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
