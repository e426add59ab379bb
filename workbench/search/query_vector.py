"""The place of a query in the subspaces of a model."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np

from workbench.audio.decode import Sound, decode
from workbench.audio.mixing import Mixer
from workbench.catalogue.tables import DOMAINS, ITEM_KINDS
from workbench.errors import MediaError, NotReadyError, UnknownNameError, WorkbenchError

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.search.index import CatalogueIndex
    from workbench.search.query import Query
    from workbench.subspaces.store import ModelCard
    from workbench.symbolic.score import Score
    from workbench.vectors.store import VectorStore
    from workbench.workspace import Workspace


class ScoresUnreadError(WorkbenchError):
    """The model's encoder takes sound only, and the query is a score."""


class ScoreEncoder(Protocol):
    """What an encoder with ``"symbolic"`` among its `domains` offers besides `encode`."""

    def encode_scores(self, batch: Sequence[Score]) -> np.ndarray:
        """Return the vectors of scores, float32 [n, dim], in the space of `encode`."""
        ...


def query_vector(
    ws: Workspace, query: Query, index: CatalogueIndex, store: VectorStore, card: ModelCard
) -> np.ndarray:
    """Return the subspace vector of a query, float32 [dimensions * subspace_dim].

    A whole item has one stored. Anything else is encoded as it is heard: a set as its mix, not as
    the mean of its vectors, since what belongs together is more than the sum of its parts.

    Raises
    ------
    UnknownNameError
        If an item does not exist.
    NotReadyError
        If an item that has a vector stored when it is embedded has none.
    MediaError
        If there is too little sound, or no note.
    ScoresUnreadError
        If the model's encoder reads no scores and `query.render` is not set.
    """
    for item in query.items:
        if not len(index.rows([item])):
            raise UnknownNameError(f"There is no item {item}.")
    if query.is_plain_item:
        return _stored(query, index, store, card, ws)
    return _heard.get(ws, query, card, index)


def _encode(ws: Workspace, query: Query, card: ModelCard, index: CatalogueIndex) -> np.ndarray:
    encoder = _encoder(ws, card)
    score = None if query.render else _score(ws, query, index)
    if score is not None:
        _check_reads_scores(encoder, card)
        vector = cast("ScoreEncoder", encoder).encode_scores([score])
    else:
        sound = _sound(ws, query, encoder.sample_rate)
        shortest = _shortest_s(encoder)
        given = len(sound) / encoder.sample_rate
        if given < shortest:
            raise MediaError(
                f"The query lasts {given:.2f} s, too short to compare: {shortest:g} s are needed."
            )
        vector = encoder.encode([sound])
    return np.asarray(ws.models.load(card.version).transform(np.asarray(vector))[0])


class _Heard:
    """The vectors of the last queries: weights and filters change more often than they do."""

    def __init__(self, kept: int = 8) -> None:
        self._kept = kept
        self._vectors: OrderedDict[Hashable, np.ndarray] = OrderedDict()

    def get(
        self, ws: Workspace, query: Query, card: ModelCard, index: CatalogueIndex
    ) -> np.ndarray:
        """Return the vector of a query, encoded if it is not one of the last."""
        stamp = None
        if query.file is not None and query.file.is_file():
            told = query.file.stat()
            stamp = (told.st_mtime_ns, told.st_size)
        key = (ws.root, query, stamp, card.version, card.sha256, index.members.tobytes())
        vector = self._vectors.pop(key, None)
        self._vectors[key] = _encode(ws, query, card, index) if vector is None else vector
        while len(self._vectors) > self._kept:
            self._vectors.popitem(last=False)
        return self._vectors[key]


_heard = _Heard()


def _encoder(ws: Workspace, card: ModelCard) -> Any:
    from workbench.encoders.warm import warm_encoder  # a stored vector needs no encoder

    return warm_encoder(card.encoder, ws.root)


def _shortest_s(encoder: Any) -> float:
    """Return how long a sound an encoder needs: a segment, its own or the front end's."""
    from workbench.features.spectral import SEGMENT_S

    return float(getattr(encoder, "segment_s", SEGMENT_S))


def _stored(
    query: Query, index: CatalogueIndex, store: VectorStore, card: ModelCard, ws: Workspace
) -> np.ndarray:
    (item,) = query.items
    try:
        return store.rows([item])[0]
    except NotReadyError:
        row = index.rows([item])[0]
        if ITEM_KINDS[index.kind[row]] == "submix" and index.parts(np.array([row])).sum() == 1:
            raise MediaError(
                f"Submix {item} holds no tracks; add some, or choose another item."
            ) from None
        if _is_score(index, item):
            _check_reads_scores(_encoder(ws, card), card)
        raise


def _check_reads_scores(encoder: Any, card: ModelCard) -> None:
    if "symbolic" not in encoder.domains:
        raise ScoresUnreadError(
            f"Model {card.version} cannot read scores: its encoder {card.encoder} takes sound "
            "only; go on with one that takes scores (`workbench embed`, `workbench train heads`), "
            "or ask for the score by its rendered sound (--render, render=True)."
        )


def _is_score(index: CatalogueIndex, item: int) -> bool:
    return DOMAINS[index.domain[index.rows([item])[0]]] == "symbolic"


# -- as a score ---------------------------------------------------------------------------------


def _score(ws: Workspace, query: Query, index: CatalogueIndex) -> Score | None:
    """Return the query as one score; None where it is a sound, or no score can hold it."""
    from workbench.symbolic.reading import READABLE_SUFFIXES, read_score

    if query.file is not None:
        if query.file.suffix.lower() not in READABLE_SUFFIXES:
            return None
        score = read_score(query.file)
    else:
        if not all(_is_score(index, item) for item in query.items):
            return None
        scores = [ws.catalogue.score_of(item) for item in query.items]
        joined = join_scores(scores) if not any(p.offset_s for p in query.parts) else None
        if joined is None:
            return None
        score = joined
    return _span(score, query)


def _span(score: Score, query: Query) -> Score:
    if query.span_s is not None:
        score = score.span(*query.span_s)
        if not len(score):
            start, end = query.span_s
            raise MediaError(f"The score has no notes between {start:g} and {end:g} s.")
    if not len(score):
        raise MediaError("The score has no notes.")
    return score


def join_scores(scores: Sequence[Score]) -> Score | None:
    """Return scores that are played together as one, None where they keep different time.

    Tracks of one score have the same tempo and metre and become that score again. Others have no
    common bars, and a score that invents some would be compared by what nobody wrote: they are
    compared by the sound of their mix.
    """
    first = scores[0]
    if any(
        not (np.array_equal(s.tempi, first.tempi) and np.array_equal(s.metres, first.metres))
        for s in scores[1:]
    ):
        return None
    notes, place = [], 0
    for score in scores:
        moved = score.notes.copy()
        moved["track"] += place
        place += len(score.tracks)
        notes.append(moved)
    joined = np.concatenate(notes)
    joined = joined[np.lexsort((joined["track"], joined["pitch"], joined["onset"]))]
    joined.setflags(write=False)
    longest = max(scores, key=lambda s: float(s.bars[-1, 0]))
    tracks = tuple(track for score in scores for track in score.tracks)
    return replace(longest, notes=joined, tracks=tracks)


# -- as a sound ---------------------------------------------------------------------------------


def _sound(ws: Workspace, query: Query, sample_rate: int) -> np.ndarray:
    """Return what a query sounds like, mono float32 [samples]."""
    if query.file is not None:
        sound = _file_sound(ws, query.file).mono(sample_rate)
    else:
        mixer = Mixer(sample_rate)
        for part in query.parts:
            heard = Sound(ws.catalogue.sound_of(part.item, sample_rate)[None], sample_rate)
            mixer.add(heard, gain_db=part.gain_db, offset_s=part.offset_s)
        sound = mixer.sound.samples[0]
    if query.span_s is not None:
        start, end = (round(s * sample_rate) for s in query.span_s)
        sound = sound[start:end]
    if not len(sound) or not np.abs(sound).max() > 0:
        raise MediaError("There is no sound in this query; choose another item or span.")
    return np.ascontiguousarray(sound, dtype=np.float32)


def _file_sound(ws: Workspace, file: Path) -> Sound:
    from workbench.symbolic.reading import READABLE_SUFFIXES, read_score
    from workbench.symbolic.render import SAMPLE_RATE

    if file.suffix.lower() not in READABLE_SUFFIXES:
        return decode(file)
    return Sound(ws.catalogue.synthesis.sound(read_score(file)), SAMPLE_RATE)
