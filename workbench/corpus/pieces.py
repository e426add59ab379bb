"""A corpus of pieces: sections and stems of performances, with their notes and what is known.

For relations between parts, sections and domains. A piece is twelve seconds of a mix or of one
track, as sound features and as notes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from workbench.catalogue.keys import key_name, parse_key
from workbench.corpus.build import FAILURES, Recipe, check_recipe, chosen_rows
from workbench.corpus.performances import (
    Performance,
    Section,
    draw_performance,
    draw_stems,
    pieces_of,
)
from workbench.corpus.pool import run_jobs
from workbench.corpus.renditions import FAMILY_OF, mood_of
from workbench.corpus.scores import BeatScore, Part, read_beats
from workbench.corpus.sound import dry_sound, finished
from workbench.corpus.studios import Studio, draw_studios
from workbench.encoders.descriptors import musicnn_vector
from workbench.encoders.warm import warm_descriptors
from workbench.errors import NotReadyError, WorkbenchError
from workbench.features.frontend import front_end
from workbench.features.reduced import reduced
from workbench.features.spectral import SAMPLE_RATE
from workbench.files import atomic_write
from workbench.progress import Progress

if TYPE_CHECKING:
    from workbench.encoders.musicnn.network import MusicNN

ARRAYS = ("vector", "chroma", "bands")
MUSICNN_WIDTH = 200
_STUDIOS, _TEST_STUDIOS = 96, 32
_TRIES = 3
_HEARD_BY_MUSICNN = 8  # one score of so many: enough for a linear guess


class _Piece(NamedTuple):
    truth: dict[str, Any]
    features: dict[str, np.ndarray]
    notes: np.ndarray


@dataclass(frozen=True)
class _Job:
    """One score and all its performances."""

    row: dict[str, Any]
    studios: tuple[Studio, ...]
    count: int
    seconds: float
    seed: int

    @property
    def file(self) -> str:
        return f"{hashlib.sha256(self.row['name'].encode()).hexdigest()[:20]}.npz"

    @property
    def heard(self) -> bool:
        """Whether musicnn hears its pieces, where it is installed."""
        return int(self.file[:8], 16) % _HEARD_BY_MUSICNN == 0


def build_pieces(
    manifest: pd.DataFrame,
    folder: Path,
    recipe: Recipe,
    *,
    processes: int = 2,
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
        Rendering side by side, one core each.
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
    parts = folder / "parts"
    parts.mkdir(parents=True, exist_ok=True)
    rows = chosen_rows(manifest, recipe)
    check_recipe(folder, recipe, rows)
    studios = {
        "train": tuple(draw_studios(recipe.fonts, _STUDIOS, seed=recipe.seed)),
        "test": tuple(draw_studios(recipe.test_fonts, _TEST_STUDIOS, seed=recipe.seed + 1)),
    }
    jobs = [
        _Job(
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
    progress.stage("Rendering performances", len(todo))
    for job, failure in run_jobs(partial(_perform, parts=parts), todo, processes=processes):
        if failure:
            failures[job.row["path"]] = failure
        progress.advance(label=Path(job.row["path"]).name)
    with atomic_write(folder / FAILURES) as stream:
        stream.write(json.dumps(failures, indent=1, ensure_ascii=False).encode())
    return _merge(folder, [parts / job.file for job in jobs if (parts / job.file).exists()])


def _perform(job: _Job, parts: Path) -> str | None:
    """Write one score's part file; return what is wrong with the score, if anything."""
    name = Path(job.row["path"]).name
    named = parse_key(job.row["key"]) if job.row["key"] else None
    bpm = job.row["tempo_bpm"] if job.row["tempo_bpm"] == job.row["tempo_bpm"] else None
    found: list[_Piece] = []
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
                found += _pieces(job, number, score, performance, studio, rng)
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


def _pieces(
    job: _Job,
    number: int,
    score: BeatScore,
    performance: Performance,
    studio: Studio,
    rng: np.random.Generator,
) -> list[_Piece]:
    length = round(job.seconds * SAMPLE_RATE)
    dry: dict[tuple[int, int], np.ndarray] = {}

    def sound(section: Section, i: int) -> np.ndarray:
        if (section.number, i) not in dry:
            rendered = dry_sound(section.parts[i], studio.font, length)
            dry[section.number, i] = np.float32(10 ** (performance.gains_db[i] / 20)) * rendered
        return dry[section.number, i]

    found = []
    for section, stem in pieces_of(performance, draw_stems(performance, rng)):
        chosen = list(section.parts) if stem is None else [stem]
        mix = np.sum([sound(section, i) for i in chosen], axis=0)
        samples = finished(mix, studio.chain, seed=int(rng.integers(2**31)))
        if np.abs(samples).max() > 0:
            parts = [section.parts[i] for i in chosen]
            truth = _truth(job.row, number, performance, section, stem, parts, studio, job.seconds)
            features = features_of(samples, musicnn=job.heard)
            found.append(_Piece(truth, features, note_table(parts)))
    return found


def features_of(samples: np.ndarray, *, musicnn: bool = False) -> dict[str, np.ndarray]:
    """Return what is kept of a sound, by the names of `ARRAYS` and ``musicnn``, float16.

    Parameters
    ----------
    samples
        Mono at 22.05 kHz, float32 [samples].
    musicnn
        Let musicnn hear it, where it is installed; NaN otherwise.
    """
    import torch

    vector = warm_descriptors().encode([samples])[0]
    chroma, bands = reduced(front_end(torch.from_numpy(samples)))
    heard = np.full(MUSICNN_WIDTH, np.nan)
    network = _musicnn() if musicnn else None
    if network is not None:
        heard = musicnn_vector(network, samples)
    found = {"vector": vector, "chroma": chroma, "bands": bands, "musicnn": heard}
    return {name: array.astype(np.float16) for name, array in found.items()}


@lru_cache(maxsize=1)
def _musicnn() -> MusicNN | None:
    from workbench.encoders.musicnn.install import load_weights, weights_file
    from workbench.encoders.musicnn.network import MusicNN

    return MusicNN(load_weights()) if weights_file().is_file() else None


def note_table(parts: Sequence[Part]) -> np.ndarray:
    """Return the notes of parts as one table; see `workbench.features.notes.COLUMNS`."""
    tables = [
        np.column_stack([p.notes, np.full(len(p.notes), p.program), np.full(len(p.notes), p.drums)])
        for p in parts
    ]
    notes = np.concatenate(tables).astype(np.float32)
    return notes[np.lexsort((notes[:, 2], notes[:, 0]))]


def _truth(
    row: dict[str, Any],
    number: int,
    performance: Performance,
    section: Section,
    stem: int | None,
    parts: list[Part],
    studio: Studio,
    seconds: float,
) -> dict[str, Any]:
    """Return what is known of a piece, from its making and from its score."""
    centre, key = performance.centre, section.key
    drums_only = all(p.drums for p in parts)
    onsets = np.unique(np.round(np.concatenate([p.notes[:, 0] for p in parts]), 1))
    families = sorted({"drums" if p.drums else FAMILY_OF.get(p.program, "synth") for p in parts})
    key = None if drums_only else key
    return {
        "composition": Path(row["name"]).stem,
        "performance": number,
        "section": section.number,
        "track": "" if stem is None else stem,
        "corpus": row["corpus"],
        "group": row["group"],
        "split": row["split"],
        "genre": row["style"],
        "mood": mood_of(len(onsets) / seconds, key),
        "instrument": "|".join(families),
        "era": row["era"],
        "tempo": performance.bpm,
        "key": key_name(key[0], major=key[1]) if key else "",
        "centre": key_name(centre[0], major=centre[1]) if centre else "",
        "shift": performance.shift,
        "drums": drums_only,
        "studio": studio.name,
        "programs": "|".join(sorted({"d" if p.drums else str(p.program) for p in parts})),
        "licence": row["licence"],
        **asdict(studio.chain),
    }


def _merge(folder: Path, files: Sequence[Path]) -> pd.DataFrame:
    """Join part files into one file of arrays and the table."""
    rows: list[dict[str, Any]] = []
    arrays: dict[str, list[np.ndarray]] = {
        name: [] for name in (*ARRAYS, "musicnn", "notes", "counts")
    }
    for file in files:
        with np.load(file, allow_pickle=False) as part:
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
        stream.write(table.to_csv(index=False).encode())
    return table
