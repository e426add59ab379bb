"""Score networks of relations on composers and a sound font they never met.

Conventions
-----------
A relation's triplets are answered by its own block, of unit length. *Within* a domain all three
items are sounds, or notes; *across*, the anchor is in one domain and the others in the other one.
Negatives of complementarity and consecutiveness are in the anchor's tempo and key (see
`workbench.corpus.piece_relations`), so that those are of no help.

Metrics
-------
`score_relations`
    Triplet scores of every relation, and how well a score finds its recording and the reverse.
`relation_floors`
    What nobody trained, asked the same triplets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.corpus.piece_corpus import NoteArrays, PieceCorpus
from workbench.corpus.piece_relations import HEARD_ONLY, across, piece_relations
from workbench.evaluation.cross_domain import ranks_of_own, relation_scores
from workbench.evaluation.floors import standardised
from workbench.evaluation.scores import Score
from workbench.subspaces.heads import unit

if TYPE_CHECKING:
    from workbench.backbones.relations import RelationNetworks

PLACES = ("sound", "notes", "sound to notes", "notes to sound")
_CLOSE = (1, 10)


def score_relations(
    network: RelationNetworks,
    corpus: PieceCorpus,
    *,
    split: str = "test",
    device: str = "cpu",
    seed: int = 0,
) -> dict[str, Any]:
    """Score networks on a part of a corpus, as plain numbers.

    Returns
    -------
    ``relations`` {place: {relation: score}}, with places `PLACES`; ``finding``, how often and at
    which median rank notes find their sound and the reverse among all mixes of the part, as
    performed, as written (without dynamics and instruments) and in another performance; ``floors``
    {name: {relation: score}} of sound.
    """
    from workbench.training.relation_run import embed_pieces

    names = network.shape.relations
    rows = corpus.rows(split)
    table = corpus.table.iloc[rows].reset_index(drop=True)
    arrays = NoteArrays([corpus.notes[row] for row in rows], corpus.seconds)
    inside = np.arange(len(rows))
    part = corpus.part(rows)
    sound, notes, _ = embed_pieces(network, part, arrays, inside, device)
    _, plain, _ = embed_pieces(network, part, arrays, inside, device, written=True)
    within = piece_relations(table, part.profiles, names=names)
    crossed = across(within, names)
    found: dict[str, dict[str, Any]] = {place: {} for place in PLACES}
    for i, name in enumerate(names):
        s, n, relation = sound[:, i], notes[:, i], crossed[i]
        found["sound"][name] = relation_scores(s, s, within[i], seed=seed).as_dict()
        if name not in HEARD_ONLY:
            found["notes"][name] = relation_scores(n, n, within[i], seed=seed).as_dict()
            found["sound to notes"][name] = relation_scores(s, n, relation, seed=seed).as_dict()
            found["notes to sound"][name] = relation_scores(n, s, relation.T, seed=seed).as_dict()
    told = [i for i, name in enumerate(names) if name not in HEARD_ONLY]
    mixes = mix_rows(table)
    drums = table["drums"].to_numpy(dtype=bool)[mixes]
    other = other_performance(table, mixes)
    return {
        "pieces": len(rows),
        "relations": found,
        "finding": {
            "recordings": len(mixes),
            **by_kind("notes to sound", _ranks(notes, sound, mixes, told), drums),
            **by_kind("sound to notes", _ranks(sound, notes, mixes, told), drums),
            "as written": ranked(_ranks(plain, sound, mixes, told)),
            "another performance": _finding_another(notes, sound, names, mixes, other),
        },
        "floors": relation_floors(part, within, names, seed=seed),
    }


def by_kind(way: str, ranks: np.ndarray, drums: np.ndarray) -> dict[str, dict[str, Any]]:
    """Return recall and median rank of all queries, of those with tones, and of drums alone."""
    return {
        way: ranked(ranks),
        f"{way}, with tones": ranked(ranks[~drums]),
        f"{way}, drums alone": ranked(ranks[drums]),
    }


def _ranks(
    queries: np.ndarray, targets: np.ndarray, mixes: np.ndarray, told: list[int]
) -> np.ndarray:
    return ranks_of_own(queries[mixes][:, told], targets[mixes][:, told])


def mix_rows(table: Any) -> np.ndarray:
    """Return the rows of first sections of full mixes: one per performance."""
    return np.flatnonzero((table["track"].astype(str) == "") & (table["section"] == 0))


def relation_floors(
    corpus: PieceCorpus, within: np.ndarray, names: tuple[str, ...], *, seed: int = 0
) -> dict[str, dict[str, Any]]:
    """Return scores within sound of what nobody trained for relations."""
    vectors = corpus.sound["vector"].astype(np.float32)
    candidates = {
        "descriptors": standardised(vectors),
        "tempo and key": standardised(vectors[:, :84]),
        "mean chroma": _centred(corpus.sound["chroma"].astype(np.float32).mean(axis=2)),
    }
    return {
        floor: {
            name: relation_scores(unit(x), unit(x), relation, seed=seed).as_dict()
            for name, relation in zip(names, within, strict=True)
        }
        for floor, x in candidates.items()
    }


def _finding_another(
    notes: np.ndarray,
    sound: np.ndarray,
    names: tuple[str, ...],
    mixes: np.ndarray,
    other: np.ndarray,
) -> dict[str, Any]:
    """Return how well notes find another performance, in another tempo and key, by composition."""
    block = names.index("composition") if "composition" in names else None
    has = other >= 0
    if block is None or not has.any():
        return ranked(np.zeros(0, int))
    queries, targets = notes[mixes[has], block], sound[mixes, block]
    similarity = queries @ targets.T
    own = np.flatnonzero(has)
    similarity[np.arange(len(own)), own] = -np.inf  # the performance it comes from is not asked for
    wanted = similarity[np.arange(len(own)), other[has]]
    return ranked((similarity >= wanted[:, None]).sum(axis=1))


def other_performance(table: Any, mixes: np.ndarray) -> np.ndarray:
    """Return the place among `mixes` of another performance of each one's score, -1 without."""
    scores = table["composition"].to_numpy()[mixes]
    places = {name: np.flatnonzero(scores == name) for name in set(scores)}
    return np.array(
        [next((p for p in places[name] if p != i), -1) for i, name in enumerate(scores)]
    )


def ranked(ranks: np.ndarray) -> dict[str, Any]:
    """Return recall at 1 and at 10 and the median of ranks, as plain numbers."""
    recall = {f"at {k}": Score(int((ranks <= k).sum()), len(ranks)).as_dict() for k in _CLOSE}
    return {**recall, "median rank": float(np.median(ranks)) if len(ranks) else None}


def _centred(x: np.ndarray) -> np.ndarray:
    return np.asarray(x - x.mean(axis=0))
