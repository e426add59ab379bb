"""The training of the networks of relations under way: batches, losses and validation."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from workbench.backbones.relation_store import RelationShape
from workbench.backbones.relations import RelationNetworks, Windows, unit_blocks
from workbench.corpus.piece_corpus import NoteArrays, PieceCorpus
from workbench.corpus.piece_relations import HEARD_ONLY, TAGS, across, piece_relations
from workbench.evaluation.cross_domain import recall_at, relation_scores
from workbench.evaluation.scores import Score
from workbench.training.base_targets import TargetCoder
from workbench.training.relation_batches import PieceBatches
from workbench.training.relation_loss import Embedded, RelationLoss
from workbench.training.relation_options import RelationOptions
from workbench.training.training_run import TrainingRun

_WRITTEN_SHARE = 0.3  # of pieces whose notes come without dynamics and instruments
_EMBED_BATCH = 256


class RelationRun(TrainingRun):
    """The training of the networks of relations under way."""

    network: RelationNetworks
    options: RelationOptions

    def __init__(self, corpus: PieceCorpus, options: RelationOptions, device: str) -> None:
        torch.manual_seed(options.seed)
        self.corpus, self.device = corpus, device
        self.train, self.validation = corpus.rows("train"), corpus.rows("validation")
        self.notes = NoteArrays(corpus.notes, corpus.seconds)
        vectors = corpus.sound["vector"][self.train].astype(np.float32)
        shape = RelationShape(options.relations, options.size, vectors.shape[1], corpus.seconds)
        network = RelationNetworks(shape)
        network.mean.copy_(torch.from_numpy(vectors.mean(axis=0)))
        network.scale.copy_(torch.from_numpy(np.maximum(vectors.std(axis=0), 1e-4)))
        # Channels last: convolutions and pooling are several times as fast on a CPU.
        network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        labelled = [name for name in options.relations if name in TAGS]
        self.coder = TargetCoder.fit(corpus.table.iloc[self.train], labelled)
        loss = RelationLoss(self.coder, options).to(device)
        super().__init__(network, loss, options, corpus.table, "one-cycle")
        self._pieces = PieceBatches(corpus.table, self.train)

    def batches(self) -> Iterator[np.ndarray]:
        """Give rows of pieces."""
        for _ in range(self.options.steps):
            yield self._pieces.draw(self.options.seeds, self.rng)

    def loss_of(self, rows: np.ndarray) -> tuple[Tensor, dict[str, float]]:
        """Return the loss of pieces in both domains, and its parts."""
        table = self.corpus.table.iloc[rows].reset_index(drop=True)
        related = piece_relations(table, self.corpus.profiles[rows], names=self.options.relations)
        crossed = across(related, self.options.relations)
        targets = [torch.from_numpy(t).to(self.device) for t in self.coder(table)]
        written = self.rng.random(len(rows)) < _WRITTEN_SHARE
        sounds = self.corpus.sounds(rows)
        tonal, drums, shares = self.notes.windows(rows, written)
        sounds, tonal, drums = (_moved(w, self.device) for w in (sounds, tonal, drums))
        with torch.autocast(self.device, torch.bfloat16, enabled=self.options.mixed_precision):
            notes, predicted = self.network.notes(tonal, drums, shares.to(self.device))
            sound = self.network.sound(sounds)
        vector = (sounds.vector - self.network.mean) / self.network.scale
        batch = Embedded(sound.float(), notes.float(), predicted.float(), vector)
        loss, parts = self.loss(
            batch,
            torch.from_numpy(related).to(self.device),
            torch.from_numpy(crossed).to(self.device),
            targets,
            self.generator,
        )
        return loss, parts

    def validate(self) -> dict[str, Score]:
        """Return triplet scores across domains (heard-only ones within sound), and recall."""
        rows = self.validation
        sound, notes, _ = embed_pieces(self.network, self.corpus, self.notes, rows, self.device)
        names = self.options.relations
        table = self.corpus.table.iloc[rows].reset_index(drop=True)
        related = piece_relations(table, self.corpus.profiles[rows], names=names)
        crossed = across(related, names)
        scores: dict[str, Score] = {}
        for i, name in enumerate(names):
            heard = name in HEARD_ONLY
            found = relation_scores(
                sound[:, i],
                (sound if heard else notes)[:, i],
                (related if heard else crossed)[i],
                seed=self.options.seed,
            )
            scores[name] = found
        told = [i for i, name in enumerate(names) if name not in HEARD_ONLY]
        scores["recall at 1"] = recall_at(notes[:, told], sound[:, told], 1)
        return scores


def embed_pieces(
    networks: RelationNetworks,
    corpus: PieceCorpus,
    notes: NoteArrays,
    rows: np.ndarray,
    device: str = "cpu",
    *,
    written: bool = False,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return pieces in the subspaces, in both domains.

    Parameters
    ----------
    networks, corpus, notes, rows
        Which networks embed which pieces.
    device
        Where to compute.
    written
        Read notes without dynamics and instruments.

    Returns
    -------
    sound, notes : float32 [n, relations, size]
        Unit vectors.
    predicted : float32 [n, vector]
        The vectors of the sounds as their notes predict them, in units of the networks' `scale`.
    """
    networks.eval()
    count = len(networks.shape.relations)
    found: tuple[list[np.ndarray], ...] = ([], [], [])
    with torch.inference_mode():
        for i in range(0, len(rows), _EMBED_BATCH):
            chosen = rows[i : i + _EMBED_BATCH]
            sounds = _moved(corpus.sounds(chosen), device)
            tonal, drums, shares = notes.windows(chosen, np.full(len(chosen), written))
            of_notes, predicted = networks.notes(
                _moved(tonal, device), _moved(drums, device), shares.to(device)
            )
            for kept, x in zip(found[:2], (networks.sound(sounds), of_notes), strict=True):
                kept.append(unit_blocks(x, count).unflatten(1, (count, -1)).cpu().numpy())
            found[2].append(predicted.cpu().numpy())
    sound, symbolic, vectors = (np.concatenate(x) for x in found)
    return sound, symbolic, vectors


def _moved(windows: Windows, device: str) -> Windows:
    return Windows(*(array.to(device) for array in windows))
