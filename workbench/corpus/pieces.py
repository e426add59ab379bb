"""A corpus of pieces: sections and stems of performances, with their notes and what is known.

For relations between parts, sections and domains. A piece is twelve seconds of a mix or of one
track, as sound features and as notes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from workbench.array_files import opened_arrays
from workbench.catalogue.keys import parse_key
from workbench.cluster.place import choose_place
from workbench.corpus.build import FAILURES, Recipe, check_recipe, chosen_rows
from workbench.corpus.performances import draw_performance
from workbench.corpus.piece_making import ARRAYS, Job, Piece, make_pieces
from workbench.corpus.pool import run_jobs
from workbench.corpus.scores import read_beats
from workbench.corpus.studios import draw_studios
from workbench.errors import NotReadyError, WorkbenchError
from workbench.files import atomic_write
from workbench.progress import Progress
from workbench.row_files import table_as_csv

_STUDIOS, _TEST_STUDIOS = 96, 32
_TRIES = 3


def build_pieces(
    manifest: pd.DataFrame,
    folder: Path,
    recipe: Recipe,
    *,
    processes: int | None = None,
    cluster: str | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Render a manifest's scores into a corpus of pieces; an interrupted build goes on.

    Parameters
    ----------
    manifest
        As `workbench.corpus.manifest.read_manifest` returns it.
    folder
        Gets ``pieces.npz``, ``pieces.csv`` and ``failures.json``.
    recipe
        How it is made; `seconds` is the length of a piece, `renditions` counts performances.
    processes
        How many render side by side on this machine, one core each; by default one per core.
    cluster
        The address of a Dask scheduler whose workers do it instead; by default the configured one.
    progress
        Told about every score.

    Returns
    -------
    The table of pieces.

    Raises
    ------
    NotReadyError
        If no score may be used or could be rendered.
    WorkbenchError
        If the folder holds a corpus of other scores or another recipe, a sound font is none or on
        both sides, or a process was ended.
    """
    progress = progress or Progress()
    place = choose_place(processes=processes, cluster=cluster)
    parts = folder.resolve() / "parts"
    parts.mkdir(parents=True, exist_ok=True)
    rows = chosen_rows(manifest, recipe)
    check_recipe(folder, recipe, rows)
    studios = {
        "train": tuple(draw_studios(recipe.fonts, _STUDIOS, seed=recipe.seed)),
        "test": tuple(draw_studios(recipe.test_fonts, _TEST_STUDIOS, seed=recipe.seed + 1)),
    }
    jobs = [
        Job(
            row={str(name): value for name, value in row.items()},
            studios=studios["test" if row["split"] == "test" else "train"],
            count=recipe.renditions if row["split"] == "train" else recipe.test_renditions,
            seconds=recipe.seconds,
            seed=recipe.seed,
        )
        for row in rows.to_dict("records")
    ]
    todo = [job for job in jobs if not (parts / job.file).exists()]
    failures: dict[str, str] = {}
    sees = [*recipe.fonts, *recipe.test_fonts, *(Path(job.row["path"]) for job in todo[:1])]
    progress.stage("Rendering performances", len(todo))
    work = partial(_perform, parts=parts)
    for job, failure in run_jobs(
        work, todo, place=place, folder=parts, sees=sees, progress=progress
    ):
        if failure:
            failures[job.row["path"]] = failure
        progress.advance(label=Path(job.row["path"]).name)
    with atomic_write(folder / FAILURES) as stream:
        stream.write(json.dumps(failures, indent=1, ensure_ascii=False).encode())
    return _merge(folder, [parts / job.file for job in jobs if (parts / job.file).exists()])


def _perform(job: Job, parts: Path) -> str | None:
    """Write one score's part file; return what is wrong with the score, if anything."""
    name = Path(job.row["path"]).name
    named = parse_key(job.row["key"]) if job.row["key"] else None
    bpm = job.row["tempo_bpm"] if job.row["tempo_bpm"] == job.row["tempo_bpm"] else None
    found: list[Piece] = []
    try:
        score = read_beats(Path(job.row["path"]))
        for number in range(job.count):
            rng = np.random.default_rng([job.seed, number, int(job.file[:8], 16)])
            studio = job.studios[int(rng.integers(len(job.studios)))]
            performance = None
            for _ in range(_TRIES):
                performance = performance or draw_performance(
                    score, rng, seconds=job.seconds, key=named, bpm=bpm
                )
            if performance is not None:
                found += make_pieces(job, number, performance, studio, rng)
    except WorkbenchError as error:
        return str(error)
    except (MemoryError, OSError):  # the machine's fault and not the score's
        raise
    except Exception as error:  # a score may hold anything
        return f"{name}: {type(error).__name__}: {error}"
    if not found:
        return f"{name}: too short or too empty for a section"
    rows, features, notes = zip(*found, strict=True)
    with atomic_write(parts / job.file) as stream:
        np.savez(
            stream,
            rows=np.frombuffer(json.dumps(rows).encode(), np.uint8),
            notes=np.concatenate(notes),
            counts=np.array([len(n) for n in notes]),
            **{key: np.stack([f[key] for f in features]) for key in (*ARRAYS, "musicnn")},  # type: ignore[arg-type]
        )
    return None


def _merge(folder: Path, files: Sequence[Path]) -> pd.DataFrame:
    """Join part files into one file of arrays and the table."""
    rows: list[dict[str, Any]] = []
    arrays: dict[str, list[np.ndarray]] = {
        name: [] for name in (*ARRAYS, "musicnn", "notes", "counts")
    }
    for file in files:
        with opened_arrays(file) as part:
            rows += json.loads(part["rows"].tobytes())
            for name, found in arrays.items():
                found.append(part[name])
    if not rows:
        raise NotReadyError("No score could be rendered; see failures.json.")
    table = pd.DataFrame(rows)
    (folder / "pieces.csv").unlink(missing_ok=True)  # until all is written it is no corpus
    with atomic_write(folder / "pieces.npz") as stream:
        np.savez(stream, **{name: np.concatenate(found) for name, found in arrays.items()})  # type: ignore[arg-type]
    with atomic_write(folder / "pieces.csv") as stream:
        stream.write(table_as_csv(table).encode())
    return table
