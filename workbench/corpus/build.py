"""Render scores many times over and keep their features, so that no epoch waits for a renderer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from workbench.array_files import opened_arrays
from workbench.catalogue.keys import key_name, parse_key
from workbench.cluster.place import choose_place
from workbench.corpus.manifest import SPLITS, artist_names, split_by_artist
from workbench.corpus.pool import run_jobs
from workbench.corpus.renditions import SECONDS, Rendition, draw_rendition
from workbench.corpus.scores import read_beats
from workbench.corpus.sound import draw_chain, sound_of
from workbench.errors import NotReadyError, WorkbenchError
from workbench.features.spectral import SEGMENT_S
from workbench.files import atomic_path, atomic_write
from workbench.progress import Progress
from workbench.row_files import table_as_csv
from workbench.symbolic.soundfont import font_hash

ARRAYS = ("mel", "cens", "envelope")
FAILURES = "failures.json"
_TRIES = 3  # excerpts that turn out to be rests are drawn again


@dataclass(frozen=True)
class Recipe:
    """How a corpus is made; the same recipe gives the same corpus.

    Attributes
    ----------
    fonts, test_fonts
        Sound fonts of training and validation, and of the test, which must be others.
    renditions
        Of each score in training; validation and test take `test_renditions`.
    seconds
        Length of a rendition.
    shippable_only
        Leave out rows whose licence forbids giving away what was learned from them.
    per_corpus
        Most scores taken from one corpus, so that a large one does not drown the others.
    seed
        Of everything that is left to chance.
    """

    fonts: tuple[Path, ...]
    test_fonts: tuple[Path, ...]
    renditions: int = 4
    test_renditions: int = 2
    seconds: float = SECONDS
    shippable_only: bool = True
    per_corpus: int = 500
    seed: int = 0


def build_corpus(
    manifest: pd.DataFrame,
    folder: Path,
    recipe: Recipe,
    *,
    processes: int | None = None,
    cluster: str | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Render a manifest's scores into a folder; an interrupted build goes on where it was.

    Parameters
    ----------
    manifest
        As `workbench.corpus.manifest.read_manifest` returns it.
    folder
        Gets ``renditions.csv``, one array per representation, and ``failures.json``.
    recipe
        How it is made.
    processes
        How many render side by side on this machine, one core each; by default one per core.
    cluster
        The address of a Dask scheduler whose workers do it instead; by default the configured one.
    progress
        Told about every score.

    Returns
    -------
    The table of renditions, as `workbench.corpus.segments.Corpus` reads it.

    Raises
    ------
    NotReadyError
        If no score may be used or could be rendered.
    WorkbenchError
        If the folder holds a corpus of other scores or another recipe, a sound font is none or on
        both sides, a rendition is to be shorter than a segment, or a process was ended.
    """
    progress = progress or Progress()
    if recipe.seconds < SEGMENT_S:
        raise WorkbenchError(f"A rendition lasts {SEGMENT_S:g} seconds at least, one segment.")
    place = choose_place(processes=processes, cluster=cluster)
    parts = folder.resolve() / "parts"
    parts.mkdir(parents=True, exist_ok=True)
    rows = chosen_rows(manifest, recipe)
    check_recipe(folder, recipe, rows)
    jobs = _jobs(rows, recipe)
    todo = [job for job in jobs if not (parts / job.file).exists()]
    failures: dict[str, str] = {}
    sees = [*recipe.fonts, *recipe.test_fonts, *(Path(job.row["path"]) for job in todo[:1])]
    progress.stage("Rendering scores", len(todo))
    work = partial(_render, parts=parts)
    for job, failure in run_jobs(
        work, todo, place=place, folder=parts, sees=sees, progress=progress
    ):
        path = job.row["path"]
        if failure:
            failures[path] = failure
        progress.advance(label=Path(path).name)
    with atomic_write(folder / FAILURES) as stream:
        stream.write(json.dumps(failures, indent=1, ensure_ascii=False).encode())
    return _merge(folder, [parts / job.file for job in jobs if (parts / job.file).exists()])


@dataclass(frozen=True)
class _Job:
    """One score and all its renditions."""

    row: dict[str, Any]
    fonts: tuple[Path, ...]
    count: int
    seconds: float
    seed: int

    @property
    def file(self) -> str:
        return f"{hashlib.sha256(self.row['name'].encode()).hexdigest()[:20]}.npz"


def read_failures(folder: Path) -> dict[str, str]:
    """Return why scores could not be used when a corpus was last built, by path."""
    failures: dict[str, str] = json.loads((folder / FAILURES).read_text())
    return failures


def recipe_facts(recipe: Recipe, rows: pd.DataFrame) -> dict[str, Any]:
    """Return a recipe as plain values, with hashes of the sound fonts and of what the rows say.

    Raises
    ------
    WorkbenchError
        If a sound font is none, or is on both sides.
    """
    hashes = {font: font_hash(font) for font in (*recipe.fonts, *recipe.test_fonts)}
    both = {hashes[font] for font in recipe.fonts} & {hashes[font] for font in recipe.test_fonts}
    if both:
        raise WorkbenchError("The test's sound fonts must be others than those of the training.")
    said = rows.drop(columns="path").to_csv(index=False)
    return {
        **json.loads(json.dumps(asdict(recipe), default=lambda path: path.name)),
        "font_hashes": {font.name: digest for font, digest in hashes.items()},
        "scores": hashlib.sha256(said.encode()).hexdigest(),
    }


def check_recipe(folder: Path, recipe: Recipe, rows: pd.DataFrame) -> None:
    """Keep the recipe beside the corpus; refuse to mix two.

    Raises
    ------
    WorkbenchError
        If the folder holds a corpus of other scores or another recipe.
    """
    text = json.dumps(recipe_facts(recipe, rows), indent=1)
    file = folder / "recipe.json"
    if file.exists() and file.read_text() != text:
        raise WorkbenchError(
            f"{folder} holds a corpus of other scores or another recipe; choose another folder or "
            "remove it."
        )
    with atomic_write(file) as stream:
        stream.write(text.encode())


def chosen_rows(manifest: pd.DataFrame, recipe: Recipe) -> pd.DataFrame:
    """Return the rows of a manifest that a recipe takes, with their ``split`` and ``group``.

    Raises
    ------
    NotReadyError
        If none may be used.
    """
    rows = manifest[manifest["shippable"]] if recipe.shippable_only else manifest
    if rows.empty:
        raise NotReadyError("The manifest has no score that may be used; see its licences.")
    rows = rows.assign(split=split_by_artist(rows, seed=recipe.seed), group=artist_names(rows))
    rows = rows.sample(frac=1.0, random_state=recipe.seed)
    return rows.groupby("corpus", sort=True).head(recipe.per_corpus).sort_values("name")


def _jobs(rows: pd.DataFrame, recipe: Recipe) -> list[_Job]:
    return [
        _Job(
            row={str(name): value for name, value in row.items()},
            fonts=recipe.test_fonts if row["split"] == "test" else recipe.fonts,
            count=recipe.renditions if row["split"] == "train" else recipe.test_renditions,
            seconds=recipe.seconds,
            seed=recipe.seed,
        )
        for row in rows.to_dict("records")
    ]


def _render(job: _Job, parts: Path) -> str | None:
    """Write one score's part file; return what is wrong with the score, if anything."""
    import torch

    from workbench.features.frontend import front_end

    named = parse_key(job.row["key"]) if job.row["key"] else None
    bpm = job.row["tempo_bpm"] if job.row["tempo_bpm"] == job.row["tempo_bpm"] else None
    rows, arrays = [], []
    try:
        score = read_beats(Path(job.row["path"]))
        for number in range(job.count):
            rng = np.random.default_rng([job.seed, number, int(job.file[:8], 16)])
            font, chain = job.fonts[int(rng.integers(len(job.fonts)))], draw_chain(rng)
            rendition = None
            for _ in range(_TRIES):
                rendition = rendition or draw_rendition(
                    score, rng, seconds=job.seconds, key=named, bpm=bpm
                )
            if rendition is None:
                continue
            sound = sound_of(
                rendition, chain, font, seconds=job.seconds, seed=int(rng.integers(2**31))
            )
            if not np.abs(sound).max() > 0:
                continue
            features = front_end(torch.from_numpy(sound))
            arrays.append([f.numpy().astype(np.float16) for f in features])
            rows.append(_truth(job.row, rendition, font, number) | asdict(chain))
    except WorkbenchError as error:
        return str(error)
    except (MemoryError, OSError):  # the machine's fault and not the score's
        raise
    except Exception as error:  # a score may hold anything
        return f"{Path(job.row['path']).name}: {type(error).__name__}: {error}"
    if not rows:
        return f"{Path(job.row['path']).name}: too short or too empty for an excerpt"
    with atomic_write(parts / job.file) as stream:
        table = np.frombuffer(json.dumps(rows).encode(), np.uint8)
        stacked = {n: np.stack(a) for n, a in zip(ARRAYS, zip(*arrays, strict=True), strict=True)}
        np.savez(stream, **{"rows": table, **stacked})  # type: ignore[arg-type] # its stub forgets arrays
    return None


def _truth(row: dict[str, Any], rendition: Rendition, font: Path, number: int) -> dict[str, Any]:
    """Return what is known of a rendition: from its making, and style and era of its score."""
    key = rendition.key
    return {
        "composition": Path(row["name"]).stem,
        "rendition": number,
        "corpus": row["corpus"],
        "group": row["group"],
        "split": row["split"],
        "genre": row["style"],
        "mood": rendition.mood,
        "instrument": "|".join(rendition.instruments),
        "era": row["era"],
        "tempo": rendition.bpm,
        "key": key_name(key[0], major=key[1]) if key else "",
        "preset": font.stem + " " + ",".join(str(p.program) for p in rendition.parts),
        "licence": row["licence"],
    }


def _merge(folder: Path, files: Sequence[Path]) -> pd.DataFrame:
    """Join part files into one array per representation, split by split, and the table."""
    rows: list[dict[str, Any]] = []
    for file in files:
        with opened_arrays(file) as part:
            rows += json.loads(part["rows"].tobytes())
    if not rows:
        raise NotReadyError("No score could be rendered; see failures.json.")
    table = pd.DataFrame(rows)
    ranks = table["split"].map({name: i for i, name in enumerate(SPLITS)}).to_numpy()
    position = np.empty(len(rows), dtype=int)
    position[np.argsort(ranks, kind="stable")] = np.arange(len(rows))
    (folder / "renditions.csv").unlink(missing_ok=True)  # until all is written it is no corpus
    arrays: dict[str, np.memmap] = {}
    start = 0
    with ExitStack() as whole:
        unfinished = {
            name: whole.enter_context(atomic_path(folder / f"{name}.npy")) for name in ARRAYS
        }
        for file in files:
            with opened_arrays(file) as part:
                count = len(part[ARRAYS[0]])
                for name in ARRAYS:
                    data = part[name]
                    if name not in arrays:
                        shape = (len(rows), *data.shape[1:])
                        arrays[name] = np.lib.format.open_memmap(
                            unfinished[name], "w+", np.float16, shape
                        )
                    arrays[name][position[start : start + count]] = data
            start += count
        for array in arrays.values():
            array.flush()
    table = table.iloc[np.argsort(position)].reset_index(drop=True)
    with atomic_write(folder / "renditions.csv") as stream:
        stream.write(table_as_csv(table).encode())
    return table
