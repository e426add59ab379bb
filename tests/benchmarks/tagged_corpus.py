"""A tagged corpus with most of its tags hidden, as files to import.

``python -m tests.benchmarks.tagged_corpus MANIFEST FOLDER FONT [FONT ...]`` renders the scores of a
manifest whose licences allow giving away what is learned from them, 30 s each, and writes them with
a ``manifest.csv`` for ``workbench import``. Style and era are those of the score; instruments and
mood are known from the making. Composers and drummers are dealt whole to training, validation and
test. In training all but a few scores lose their tags, as in a catalogue of which a few hundred
pieces are tagged; ``truth.csv`` keeps them for those who want to look afterwards.
"""

from __future__ import annotations

import hashlib
import os
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import soundfile

from workbench.catalogue.keys import parse_key
from workbench.cluster.place import choose_place
from workbench.corpus.build import Recipe, chosen_rows
from workbench.corpus.manifest import read_manifest
from workbench.corpus.pool import run_jobs
from workbench.corpus.renditions import draw_rendition
from workbench.corpus.scores import read_beats
from workbench.corpus.sound import draw_chain, sound_of
from workbench.errors import WorkbenchError
from workbench.features.spectral import SAMPLE_RATE
from workbench.progress import Progress

SECONDS = 30.0
LABELLED_SHARE = 0.2  # of the scores in training
_RENDITIONS = {"train": 3, "validation": 2, "test": 2}
_SEED = 0


@dataclass(frozen=True)
class Job:
    """One rendition of a score."""

    row: dict[str, Any]
    number: int
    fonts: tuple[Path, ...]

    @property
    def file(self) -> str:
        name = f"{self.row['name']} {self.number}"
        return f"{hashlib.sha256(name.encode()).hexdigest()[:16]}.flac"


def main(manifest: str, folder: str, *fonts: str) -> None:
    """Render, and write the manifest."""
    root = Path(folder)
    (root / "parts").mkdir(parents=True, exist_ok=True)
    (root / "music").mkdir(exist_ok=True)
    recipe = Recipe(fonts=tuple(Path(f) for f in fonts), test_fonts=(), seconds=SECONDS)
    rows = chosen_rows(read_manifest(Path(manifest)), recipe)
    jobs = [
        Job({str(k): v for k, v in row.items()}, number, recipe.fonts)
        for row in rows.to_dict("records")
        for number in range(_RENDITIONS[row["split"]])
    ]
    progress = Progress()
    progress.stage("Rendering scores", len(jobs))
    todo = [job for job in jobs if not (root / "parts" / f"{job.file}.csv").exists()]
    place = choose_place(processes=int(os.environ.get("PROCESSES", 0)) or None)
    for job, problem in run_jobs(partial(_make, root=root), todo, place=place, folder=root):
        progress.advance(label=problem or job.row["title"])
    parts = [root / "parts" / f"{job.file}.csv" for job in jobs]
    truth = pd.concat([pd.read_csv(p, dtype=str) for p in parts if p.exists()], ignore_index=True)
    truth = truth.fillna("")
    truth.to_csv(root / "truth.csv", index=False)
    names = np.array(sorted(set(truth.loc[truth["split"] == "train", "composition"])))
    rng = np.random.default_rng(_SEED)
    kept = set(rng.permutation(names)[: round(LABELLED_SHARE * len(names))])
    hidden = (truth["split"] == "train") & ~truth["composition"].isin(kept)
    table = truth.copy()
    table.loc[hidden, ["genre", "era", "mood", "instrument"]] = ""
    table.to_csv(root / "manifest.csv", index=False)
    print(f"{len(table)} files, {int(hidden.sum())} of them without tags: {root / 'manifest.csv'}")


def _make(job: Job, root: Path) -> str | None:
    """Render one file and note its truth; return what is wrong, if anything."""
    row = job.row
    rng = np.random.default_rng([_SEED, job.number, int(job.file[:8], 16)])
    font, chain = job.fonts[int(rng.integers(len(job.fonts)))], draw_chain(rng)
    bpm = row["tempo_bpm"] if row["tempo_bpm"] == row["tempo_bpm"] else None
    try:
        score = read_beats(Path(row["path"]))
        named = parse_key(row["key"]) if row["key"] else None
        drawn = (draw_rendition(score, rng, seconds=SECONDS, key=named, bpm=bpm) for _ in range(3))
        rendition = next((r for r in drawn if r is not None), None)
    except WorkbenchError as error:
        return str(error)
    if rendition is None:
        return f"{row['name']}: too short or too empty"
    sound = sound_of(rendition, chain, font, seconds=SECONDS, seed=int(rng.integers(2**31)))
    if not np.abs(sound).max() > 0:
        return f"{row['name']}: silent"
    soundfile.write(root / "music" / job.file, sound, SAMPLE_RATE, subtype="PCM_16")
    said = {
        "path": f"music/{job.file}",
        "title": f"{row['title'] or Path(row['name']).stem} ({job.number + 1})",
        "artist": row["artist"] or Path(row["name"]).stem,
        "composition": row["name"],
        "genre": row["style"],
        "era": row["era"],
        "mood": rendition.mood,
        "instrument": ";".join(rendition.instruments),
        "split": row["split"],
        "licence": row["licence"],
    }
    pd.DataFrame([said]).to_csv(root / "parts" / f"{job.file}.csv", index=False)
    return None


if __name__ == "__main__":
    main(*sys.argv[1:])
