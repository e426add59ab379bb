"""Let a tagger hear a catalogue: resumable, on all cores, one bad file never stops it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from workbench.catalogue.tables import DOMAINS, ITEM_KINDS
from workbench.cluster.place import choose_place
from workbench.cluster.views import View, opened_workspace, view_for
from workbench.encoders.warm import one_process_at_a_time
from workbench.errors import NotReadyError, StorageError, UnknownNameError, WorkbenchError
from workbench.progress import Progress
from workbench.tagging.machine_tags import MachineTags, TagCard
from workbench.tagging.taggers import (
    Tagger,
    TaggerInfo,
    check_scores,
    find_tagger,
    load_tagger,
)
from workbench.vectors.batches import (
    Done,
    each_item,
    fill_store,
    items_with_music,
    merge_parts,
    parts_of,
    without_rows,
)

if TYPE_CHECKING:
    from workbench.workspace import Workspace

_NOISE_S = 4.0


@dataclass
class TagReport:
    """What `tag_items` did: the tagger, how many items are new, and which could not be heard.

    `said` counts the tags of all items whose score reaches the tagger's threshold.
    """

    tagger: str
    computed: int = 0
    total: int = 0
    said: int = 0
    failures: dict[int, str] = field(default_factory=dict)


def tag_items(
    ws: Workspace,
    tagger: str | None = None,
    *,
    kind: str | None = None,
    domains: Sequence[str] = DOMAINS,
    processes: int | None = None,
    cluster: str | None = None,
    progress: Progress | None = None,
    again: bool = False,
) -> TagReport:
    """Store what a tagger says of all items that have music and were not tagged yet.

    Sounds are decoded, submixes mixed, scores rendered.

    Parameters
    ----------
    ws
        The workspace.
    tagger
        Its key; by default the first that is installed.
    kind
        Of which kind of items, such as ``"song"``; by default of all.
    domains
        ``audio``, ``symbolic`` or both.
    processes
        How many run at once on this machine; by default one per core.
    cluster
        The address of a Dask scheduler whose workers do it instead; by default the configured one.
    progress
        Told about every item.
    again
        Hear items once more that were tagged before.

    Raises
    ------
    UnknownNameError
        If there is no such tagger or kind, or the tagger is not installed.
    NotReadyError
        If there is no music.
    StorageError
        If what is stored is of other tags than the tagger's.
    WorkbenchError
        If no item could be heard.

    Notes
    -----
    Finished batches are kept as part files, so that an interrupted run goes on where it was.
    """
    progress = progress or Progress()
    place = choose_place(processes=processes, cluster=cluster, config=ws.config)
    if kind not in (None, *ITEM_KINDS):
        raise UnknownNameError(
            f"There is no kind of items {kind!r}; choose one of {', '.join(ITEM_KINDS)}."
        )
    info = find_tagger(ws, tagger)
    stored = MachineTags(ws, info.key)
    _prepare(stored, load_tagger(info.key, ws), info, again=again)
    merge_parts(stored.store)
    heard = items_with_music(ws, kind=kind, domains=domains)
    todo = [int(i) for i in heard] if again else without_rows(stored.store, heard)
    report = TagReport(info.key)
    if todo:
        progress.stage(f"Tagging with {info.key}", len(todo))
        with view_for(ws, place) as view:
            work = partial(_tag_batch, info.key, view, parts_of(stored.store))
            done, report.failures = fill_store(
                stored.store, work, todo, place=place, progress=progress
            )
        report.computed = len(done)
        progress.close()
    if not stored.store.exists:
        raise _nothing_stored(report)
    if report.computed:
        stored.write_card(stored.card)  # as of now
    report.total = len(stored.ids)
    report.said = int(np.count_nonzero(stored.scores(stored.ids) >= stored.card.threshold))
    return report


def _prepare(stored: MachineTags, tagger: Tagger, info: TaggerInfo, *, again: bool) -> None:
    """Store the names of the tags before their scores; other names need a fresh start."""
    card = TagCard(info.key, tagger.licence, info.threshold, tuple(tagger.tags), "")
    try:
        known = stored.card.tags
    except NotReadyError:
        known = None
    except StorageError:
        if not again:
            raise
        known = ()
    if known is not None and known != card.tags:
        if not again:
            raise StorageError(
                f"The stored tags of {info.key} are not those the tagger gives now; run "
                f"`workbench tag --tagger {info.key} --again` to hear all items anew."
            )
        shutil.rmtree(stored.store.folder, ignore_errors=True)
        known = None
    if known is None:
        stored.write_card(card)


def _nothing_stored(report: TagReport) -> WorkbenchError:
    if not report.failures:
        return NotReadyError("There is no music to tag; import some with `workbench import`.")
    item_id, reason = next(iter(report.failures.items()))
    return WorkbenchError(
        f"None of the {len(report.failures)} items could be tagged; item {item_id}: {reason}."
    )


def _tag_batch(key: str, view: View, parts: Path, batch: Sequence[int]) -> Done:
    tagger = _warm_tagger(key, view)
    catalogue = opened_workspace(view).catalogue

    def scores_of(item_id: int) -> np.ndarray:
        return check_scores(tagger.scores(catalogue.sound_of(item_id, tagger.sample_rate)), tagger)

    return each_item(batch, scores_of, parts, failing="tagged")


@lru_cache(maxsize=2)
def _warm_tagger(key: str, view: View) -> Tagger:
    """Return a tagger whose first use is behind it in this process, as `warm_encoder` does."""
    tagger = load_tagger(key, opened_workspace(view))
    noise = np.random.default_rng(0).normal(scale=0.1, size=int(_NOISE_S * tagger.sample_rate))
    with one_process_at_a_time():
        check_scores(tagger.scores(noise.astype(np.float32)), tagger)
    return tagger
