"""The first model: heads fitted to the tags of the catalogue.

The encoder's blocks are weighed per dimension (how much musicnn, how much key profile, ...), which
takes few numbers and so generalises from few items; the weighted vectors are projected onto their
principal directions, which gives the linear head, and that is refined a little by the triplet
loss. Items held out, whole artists at a time, never take part.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from workbench.encoders.registry import find_encoder, list_encoders, load_encoder
from workbench.errors import NotReadyError, UnknownNameError, WorkbenchError
from workbench.evaluation.triplets import evaluate_model
from workbench.progress import Progress
from workbench.search.rankings import item_weights
from workbench.search.subspaces import write_subspaces
from workbench.subspaces.dimensions import DIMENSIONS, RELATIONS, dimensions_of
from workbench.subspaces.heads import HEADS, Parameters, mask_blocks, widen_to_mlp
from workbench.subspaces.model import Model, Normaliser
from workbench.subspaces.store import ModelCard
from workbench.subspaces.structure import song_groups
from workbench.subspaces.triplets import (
    NO_TRIPLETS,
    Triplets,
    artist_groups,
    compared,
    relations,
    sample_triplets,
)
from workbench.training.fit import TEMPERATURE, Problem, Pull, fit_heads, one_thread

if TYPE_CHECKING:
    import pandas as pd

    from workbench.encoders.base import Encoder
    from workbench.encoders.info import EncoderInfo
    from workbench.workspace import Workspace

SUBSPACE_DIM = 64  # six of them make the paper's best embedding size, 384
HELD_OUT_SHARE = 0.25
_TRIPLETS = 2000  # per dimension
_FEWEST_ARTISTS = 8
_SMALLEST = 12  # songs; fewer cannot be split


@dataclass(frozen=True)
class HeadOptions:
    """How linear heads are fitted to tags.

    Attributes
    ----------
    width
        Numbers in a subspace vector.
    pull
        How strongly weights are held where they start; weaker ones scored lower on held-out
        artists.
    rate
        The learning rate, as a multiple of the usual one.
    temperature
        How sharply a difference of squared distances is taken for an answer.
    steps
        Of the optimiser.
    """

    width: int = SUBSPACE_DIM
    pull: float = 3.0
    rate: float = 1.0
    temperature: float = TEMPERATURE
    steps: int = 60


def fit_initial(
    ws: Workspace,
    *,
    head: str = "linear",
    encoder: str | None = None,
    by_use: bool = False,
    options: HeadOptions | None = None,
    seed: int = 0,
    promote: bool = True,
    progress: Progress | None = None,
) -> ModelCard:
    """Fit a model to the tags, score it on held-out items, store it and return its card.

    Parameters
    ----------
    ws
        The workspace, with vectors.
    head
        ``linear``, ``mlp`` (starts as the linear head; fine-tuning bends it) or ``mask``.
    encoder
        Whose vectors, by key or short name; by default the best encoder that has some.
    by_use
        Let items that were used in songs and liked count more than others (the patent's ranking of
        items, US 12,394,399); see `workbench.search.rankings.item_weights`.
    options
        How linear heads are fitted; what is best for a catalogue `workbench.training.sweep` finds.
    seed
        One seed gives one model.
    promote
        Whether to make it the current model.
    progress
        Told about every dimension.

    Raises
    ------
    NotReadyError
        If there are too few tagged items with vectors.
    """
    if head not in HEADS:
        raise UnknownNameError(f"There is no head {head!r}; choose one of {', '.join(HEADS)}.")
    progress = progress or Progress()
    options = options or HeadOptions()
    rng = np.random.default_rng(seed)
    chosen = find_encoder(encoder, ws) if encoder else encoder_with_vectors(ws)
    key = chosen.key
    source, loaded = ws.vectors(key), load_encoder(key, ws.root)
    items = ws.catalogue.items()
    items = items.loc[items.index.isin(source.ids)]
    songs = items[items["kind"] == "song"]
    if len(songs) < _SMALLEST:
        raise NotReadyError(
            f"A model needs at least {_SMALLEST} songs with vectors and tags, and there are "
            f"{len(songs)}; import more music."
        )
    held_out = hold_out(songs, rng)
    trained = items[~np.isin(song_groups(items), held_out)]
    raw = source.rows(trained.index.to_numpy())
    normaliser = Normaliser.fit(raw, loaded.blocks)
    names = list(dimensions_of(ws))
    heads: dict[str, Parameters]
    untaught: list[str] = []
    if head == "mask":
        blocks = _masks(loaded, names)
        heads = {n: {"mask": b} for n, b in zip(names, blocks, strict=True)}
        subspace_dim = blocks.shape[1]
    else:
        options = replace(options, width=min(options.width, loaded.dim))
        subspace_dim = options.width
        worth = item_weights(ws, trained.index.to_numpy()) if by_use else None
        heads, silent = weighted_heads(
            ws, trained.index.to_numpy(), normaliser, raw, options, rng, progress, worth=worth
        )
        own = _own_blocks(loaded, names)
        heads |= {
            name: {"weight": _own_block(normaliser, loaded.blocks[block], subspace_dim)}
            for name, block in own.items()
        }
        untaught = [name for name in silent if name not in own]
        if len(untaught) == len(names):  # without any tags: plain similarity, under every name
            untaught = []
        if head == "mlp":
            heads = {n: widen_to_mlp(p["weight"], rng) for n, p in heads.items()}
    card = ModelCard(
        version="",
        encoder=key,
        head=head,
        dimensions=names,
        subspace_dim=subspace_dim,
        licence=chosen.licence_words,
        held_out=[int(i) for i in held_out],
        metrics={"untaught": untaught},
        note="fitted to the tags",
    )
    model = Model(card, normaliser, heads)
    return store_model(ws, model, promote=promote)


def _own_blocks(encoder: Encoder, names: list[str]) -> dict[str, str]:
    """Return the encoder's own block of each relation among `names` that it was trained for."""
    named = {name: f"related {name}" for name in names if name in RELATIONS}
    return {name: block for name, block in named.items() if block in encoder.blocks}


def _own_block(normaliser: Normaliser, block: slice, subspace_dim: int) -> np.ndarray:
    """Return the weights that pick a block of the vector as it was trained, float32 [d, D].

    The columns get their own scales back, so that distances are those of the training around the
    catalogue's mean.
    """
    width = min(block.stop - block.start, subspace_dim)
    weight = np.zeros((subspace_dim, len(normaliser.mean)), np.float32)
    columns = np.arange(block.start, block.start + width)
    scale = normaliser.scale[columns]
    weight[np.arange(width), columns] = scale / np.linalg.norm(scale) * np.sqrt(width)
    return weight


def _masks(encoder: Encoder, names: list[str]) -> np.ndarray:
    """Return the columns of each dimension, int64 [dimensions, width].

    A network that was trained end to end says which they are; any other encoder is cut into equal
    blocks, as in the paper.

    Raises
    ------
    WorkbenchError
        If such a network was not trained for one of the dimensions.
    """
    if not encoder.blocks.keys() <= {*DIMENSIONS, *names}:
        return mask_blocks(encoder.dim, len(names))
    missing = [name for name in names if name not in encoder.blocks]
    if missing:
        raise WorkbenchError(
            f"The network was not trained for {', '.join(missing)}; use --head linear."
        )
    return np.stack([np.arange(encoder.dim)[encoder.blocks[name]] for name in names])


def store_model(ws: Workspace, model: Model, *, promote: bool) -> ModelCard:
    """Score a new model, store it with its subspace vectors, and promote it if asked."""
    metrics = evaluate_model(ws, model)
    card = replace(model.card, metrics={**model.card.metrics, **metrics})
    card = ws.models.save(replace(model, card=card), promote=False)
    write_subspaces(ws, replace(model, card=card))
    if promote:
        ws.models.promote(card.version)
    return ws.models.card(card.version)


def hold_out(songs: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Choose songs to hold out, whole artists at a time, int64 [m].

    A song without an artist counts as an artist of its own; where there are few artists, songs
    are chosen singly.
    """
    ids = songs.index.to_numpy()
    groups = artist_groups(songs, ids, fewest=_FEWEST_ARTISTS)
    members, sizes = np.unique(groups, return_inverse=True, return_counts=True)[1:]
    chosen, count = np.zeros(len(sizes), dtype=bool), 0
    for group in rng.permutation(len(sizes)):
        if count + sizes[group] <= HELD_OUT_SHARE * len(ids) * 1.1:
            chosen[group] = True
            count += sizes[group]
    return ids[chosen[members]].astype(np.int64)


def encoder_with_vectors(ws: Workspace) -> EncoderInfo:
    """Return the best encoder whose vectors are there.

    Raises
    ------
    NotReadyError
        If there are no vectors.
    """
    for info in list_encoders(ws):
        if info.installed and ws.vectors(info.key).exists:
            return info
    raise NotReadyError("There are no vectors yet; run `workbench embed` first.")


def weighted_heads(
    ws: Workspace,
    ids: np.ndarray,
    normaliser: Normaliser,
    raw: np.ndarray,
    options: HeadOptions,
    rng: np.random.Generator,
    progress: Progress,
    *,
    worth: np.ndarray | None = None,
) -> tuple[dict[str, Parameters], list[str]]:
    """Return a head per dimension, and the dimensions that the tags say nothing about.

    Parameters
    ----------
    ws, ids
        The workspace, and the n items to learn from.
    normaliser, raw
        What brings vectors to equal scales, and the vectors as stored, float32 [n, D].
    options
        How they are fitted.
    rng, progress
        Draws triplets; told about every dimension.
    worth
        How much each item counts, float [n]; by default all the same.
    """
    x = normaliser(raw)
    worth = np.ones(len(ids)) if worth is None else worth
    some = compared(song_groups(ws.catalogue.items().loc[ids]), rng)
    related = relations(ws, ids[some].tolist())
    heads, silent = {}, []
    progress.stage("Fitting heads to the tags", len(related))
    for name, relation in related.items():
        triplets = sample_triplets(relation, _TRIPLETS, rng)
        if not len(triplets):
            silent.append(name)
        with one_thread():
            weights = block_weights(x[some], normaliser.edges, triplets)
        columns = np.repeat(np.sqrt(weights), np.diff(normaliser.edges)).astype(np.float32)
        directions = principal_directions(x * columns, options.width)
        start = {"weight": (directions * columns).astype(np.float32)}
        counts = worth[some][triplets.rows].mean(axis=1, dtype=np.float32)[None]
        problem = Problem(x[some], NO_TRIPLETS, triplets, np.zeros((1, 0)), counts)
        fitted = fit_heads(
            "linear",
            start,
            problem,
            [Pull(weights=options.pull)],
            steps=options.steps,
            rate=options.rate,
            temperature=options.temperature,
        )
        heads[name] = {"weight": fitted["weight"][0]}
        progress.advance(label=name)
    progress.close()
    return heads, silent


def block_weights(
    x: np.ndarray, edges: np.ndarray, triplets: Triplets, *, steps: int = 300
) -> np.ndarray:
    """Learn how much each block of the vectors counts for a dimension, float64 [blocks], sum 1.

    The distance is the weighted sum of the blocks' own cosine distances; the weights are a softmax
    fitted by the logistic loss of the triplets with a mild pull towards equal weights.

    Parameters
    ----------
    x
        Normalised vectors, float32 [n, D].
    edges
        Where blocks begin and end, int [blocks + 1].
    triplets
        From tags; without any, all blocks count the same.
    """
    import torch
    from torch.nn import functional as F

    count = len(edges) - 1
    if not len(triplets):
        return np.full(count, 1 / count)
    anchor, near, far = (x[triplets.rows[:, i]] for i in range(3))
    gain = anchor * near - anchor * far  # cosine to the near one minus cosine to the far one
    per_block = np.add.reduceat(gain, edges[:-1], axis=1) * count
    gains = torch.from_numpy(per_block.astype(np.float32))
    logits = torch.zeros(count, requires_grad=True)
    sharpness = torch.tensor(1.0, requires_grad=True)
    optimiser = torch.optim.Adam([logits, sharpness], lr=0.05)
    for _ in range(steps):
        optimiser.zero_grad()
        margin = gains @ torch.softmax(logits, 0) * F.softplus(sharpness) * 4
        loss = F.softplus(-margin).mean() + 0.002 * (logits**2).sum()
        loss.backward()
        optimiser.step()
    return torch.softmax(logits, 0).detach().numpy().astype(np.float64)


def principal_directions(vectors: np.ndarray, count: int) -> np.ndarray:
    """Return the leading right singular vectors, float32 [count, D].

    Fewer items than `count` leave rows of zeros: the subspace keeps its size.
    """
    _, _, rows = np.linalg.svd(vectors, full_matrices=False)
    directions = np.zeros((count, vectors.shape[1]), dtype=np.float32)
    directions[: min(count, len(rows))] = rows[:count]
    return directions
