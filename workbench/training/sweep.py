"""Try every combination of options for fitting heads, by cross-validation, side by side.

Songs are dealt to folds, whole artists at a time; heads are fitted without a fold and asked about
triplets from the tags of its items. Every fold of every combination is a job of its own with a
file of its own, named by all that it depends on: an interrupted sweep goes on where it was, a
larger grid computes only what is new, and after a change of tags or vectors all is computed anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import partial
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from workbench.cluster.place import choose_place
from workbench.cluster.run import run_batches
from workbench.cluster.views import View, opened_workspace, view_for
from workbench.encoders.registry import find_encoder, load_encoder
from workbench.errors import CancelledError, NotReadyError, UnknownNameError, WorkbenchError
from workbench.evaluation.answers import answers
from workbench.evaluation.questions import OVERALL
from workbench.evaluation.scores import Score, count_right
from workbench.files import atomic_write, write_text
from workbench.progress import Progress
from workbench.subspaces.heads import apply_head
from workbench.subspaces.model import Normaliser
from workbench.subspaces.structure import song_groups
from workbench.subspaces.triplets import artist_groups, relations, sample_triplets
from workbench.training.fit import item_folds
from workbench.training.initial import HeadOptions, encoder_with_vectors, weighted_heads

if TYPE_CHECKING:
    from workbench.workspace import Workspace

OPTIONS = tuple(field.name for field in fields(HeadOptions))
FOLDS = 3
_TRIPLETS = 1000  # per dimension and fold
_FEWEST_SONGS = 12


@dataclass(frozen=True)
class SweepResult:
    """What a sweep found.

    Attributes
    ----------
    table
        A row per combination, the best first: its options, per dimension and ``overall`` the
        share of right answers, ``low`` and ``high`` of the overall one, ``k`` and ``n``.
    failures
        Why combinations have no row.
    computed
        How many folds were fitted now, and not before.
    """

    table: pd.DataFrame
    failures: dict[str, str]
    computed: int


@dataclass(frozen=True)
class _Job:
    """One fold of one combination."""

    options: HeadOptions
    fold: int
    file: str


def sweep(
    ws: Workspace,
    grid: Mapping[str, Sequence[float]],
    folder: Path,
    *,
    encoder: str | None = None,
    folds: int = FOLDS,
    seed: int = 0,
    processes: int | None = None,
    cluster: str | None = None,
    progress: Progress | None = None,
) -> SweepResult:
    """Fit linear heads with each combination of options and score them on unseen artists.

    Parameters
    ----------
    ws
        The workspace, with vectors and tags.
    grid
        Values of options of `workbench.training.initial.HeadOptions`; others stay as they are.
    folder
        Gets ``sweep.csv``, ``sweep.json`` and a file per fold; made if need be.
    encoder
        Whose vectors; by default those of the best encoder that has some.
    folds
        Into how many parts the songs are dealt.
    seed
        Deals songs and draws triplets: the same for every combination.
    processes
        How many run at once on this machine; by default one per core.
    cluster
        The address of a Dask scheduler whose workers do it instead; by default the configured one.
    progress
        Told about every fold, and asked whether to stop.

    Raises
    ------
    UnknownNameError
        If there is no such option or encoder.
    NotReadyError
        If there are fewer than 12 songs with vectors.
    WorkbenchError
        If a value cannot be used, or the grid is empty.

    Notes
    -----
    The best of many combinations looks a little better than it is, since luck chose, too: intervals
    that overlap say that two combinations cannot be told apart.
    """
    progress = progress or Progress()
    place = choose_place(processes=processes, cluster=cluster, config=ws.config)
    combinations = list(dict.fromkeys(_combinations(grid)))  # one named twice is one
    key = (find_encoder(encoder, ws) if encoder else encoder_with_vectors(ws)).key
    about = {"data": _fingerprint(ws, key), "encoder": key, "folds": folds, "seed": seed}
    parts = folder.resolve() / "parts"
    parts.mkdir(parents=True, exist_ok=True)
    jobs = [
        _Job(options, fold, _name(asdict(options) | about | {"fold": fold}))
        for options in combinations
        for fold in range(folds)
    ]
    todo = [job for job in jobs if not (parts / job.file).is_file()]
    failures: dict[str, str] = {}
    failed = 0
    progress.stage(f"Trying {len(combinations)} combinations", len(todo))
    with view_for(ws, place) as view:
        work = partial(_fit_folds, view, key, parts, folds, seed)
        for outcome in run_batches(work, todo, place=place, folder=parts, progress=progress):
            reasons = outcome.result or ["its process was ended again and again"]
            for job, reason in zip(outcome.items, reasons, strict=True):
                if reason:
                    failures[_said(job.options)] = reason
                    failed += 1
                progress.advance(label=_said(job.options))
            if progress.cancelled():
                raise CancelledError("The sweep was stopped; what was finished is kept.")
    progress.close()
    table = _table([job for job in jobs if _said(job.options) not in failures], parts)
    with atomic_write(folder / "sweep.csv") as stream:
        stream.write(table.to_csv(index=False).encode())
    rows = json.loads(table.to_json(orient="records", double_precision=15))
    found = {**about, "combinations": rows, "failures": failures}
    write_text(folder / "sweep.json", json.dumps(found, indent=1))
    return SweepResult(table, failures, len(todo) - failed)


def _combinations(grid: Mapping[str, Sequence[float]]) -> Iterator[HeadOptions]:
    for name, values in grid.items():
        if name not in OPTIONS:
            raise UnknownNameError(
                f"There is no option {name!r} of heads; choose among {', '.join(OPTIONS)}."
            )
        whole = isinstance(getattr(HeadOptions(), name), int)
        for value in values:
            if not value > 0 or not np.isfinite(value) or (whole and value != int(value)):
                kind = "whole number above zero" if whole else "number above zero"
                raise WorkbenchError(f"{name} has to be a {kind}, and {value} is not.")
    if not grid or not all(grid.values()):
        raise WorkbenchError(f"Give values of at least one option: {', '.join(OPTIONS)}.")
    for values in product(*grid.values()):
        given = dict(zip(grid, values, strict=True))
        kinds = {name: type(getattr(HeadOptions(), name)) for name in given}
        yield HeadOptions(**{name: kinds[name](value) for name, value in given.items()})


def _fingerprint(ws: Workspace, key: str) -> str:
    """Return a hash of what heads learn from: items, tags and vectors."""
    store = ws.vectors(key)
    items, tags = ws.catalogue.items(), ws.catalogue.tags()
    tables = [items[["kind", "artist", "parent_id"]], tags[["item_id", "dimension", "value"]]]
    found = hashlib.sha256(np.ascontiguousarray(store.ids).tobytes())
    found.update(np.ascontiguousarray(store.vectors).tobytes())
    for table in tables:
        found.update(pd.util.hash_pandas_object(table.astype(str)).to_numpy().tobytes())
    return found.hexdigest()[:16]


def _name(facts: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:20] + ".json"


def _said(options: HeadOptions) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in asdict(options).items())


def _fit_folds(
    view: View, key: str, parts: Path, folds: int, seed: int, jobs: Sequence[_Job]
) -> list[str | None]:
    return [_fit_fold(opened_workspace(view), key, parts, folds, seed, job) for job in jobs]


def _fit_fold(ws: Workspace, key: str, parts: Path, folds: int, seed: int, job: _Job) -> str | None:
    """Write the scores of one fold of one combination; return why there are none."""
    source, blocks = ws.vectors(key), load_encoder(key, ws.root).blocks
    items = ws.catalogue.items()
    items = items.loc[items.index.isin(source.ids)]
    songs = items[items["kind"] == "song"].index.to_numpy()
    if len(songs) < _FEWEST_SONGS:
        raise NotReadyError(
            f"A sweep needs at least {_FEWEST_SONGS} songs with vectors, and there are "
            f"{len(songs)}; import more music."
        )
    rng = np.random.default_rng(seed)
    dealt = item_folds(artist_groups(items.loc[songs], songs, fewest=2 * folds), folds, rng)
    unseen = songs[dealt == job.fold]
    seen = items.index[~np.isin(song_groups(items), unseen)].to_numpy()
    raw = source.rows(seen)
    try:
        normaliser = Normaliser.fit(raw, blocks)
        draws = np.random.default_rng([seed, job.fold])
        heads, _ = weighted_heads(ws, seen, normaliser, raw, job.options, draws, Progress())
    except (ValueError, WorkbenchError, np.linalg.LinAlgError) as error:
        return str(error)
    x = normaliser(source.rows(unseen))
    scores = {}
    for name, relation in relations(ws, unseen.tolist()).items():
        asked = sample_triplets(relation, _TRIPLETS, np.random.default_rng([seed, job.fold]))
        right = answers(apply_head("linear", heads[name], x), asked)
        scores[name] = count_right(right).as_dict()
    write_text(parts / job.file, json.dumps(scores))
    return None


def _table(jobs: Sequence[_Job], parts: Path) -> pd.DataFrame:
    """Add up the folds of each combination."""
    totals: dict[HeadOptions, dict[str, Score]] = {}
    for job in jobs:
        total = totals.setdefault(job.options, {})
        for name, score in json.loads((parts / job.file).read_text()).items():
            total[name] = total.get(name, Score()) + Score(score["k"], score["n"])
    rows = []
    for options, scores in totals.items():
        overall = sum(scores.values(), Score()).as_dict()
        shares = {name: score.value for name, score in scores.items() if score.n}
        rows.append(
            {**asdict(options), **shares, OVERALL: overall["score"]}
            | {name: overall[name] for name in ("low", "high", "k", "n")}
        )
    table = pd.DataFrame(rows)
    return table.sort_values("k", ascending=False, kind="stable") if len(table) else table
