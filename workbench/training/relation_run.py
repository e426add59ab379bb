"""One training of the networks of relations under way: batches, steps and validation."""

from __future__ import annotations

import hashlib
import time
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from workbench.backbones.relation_store import RelationShape
from workbench.backbones.relations import RelationNetworks, Windows, unit_blocks
from workbench.corpus.piece_corpus import NoteArrays, PieceCorpus
from workbench.corpus.piece_relations import HEARD_ONLY, TAGS, across, piece_relations
from workbench.errors import WorkbenchError
from workbench.evaluation.cross_domain import recall_at, relation_scores
from workbench.evaluation.scores import Score
from workbench.progress import Progress
from workbench.training.base_state import Checkpoint
from workbench.training.base_targets import TargetCoder
from workbench.training.relation_batches import PieceBatches
from workbench.training.relation_loss import Embedded, RelationLoss
from workbench.training.relation_options import RelationOptions
from workbench.training.schedules import Schedule, make_schedule

_WRITTEN_SHARE = 0.3  # of pieces whose notes come without dynamics and instruments
_LARGEST_STEP = 1.0  # norm of the gradient
_EMBED_BATCH = 256


class RelationRun:
    """A training under way: everything a checkpoint has to hold."""

    def __init__(self, corpus: PieceCorpus, options: RelationOptions, device: str) -> None:
        torch.manual_seed(options.seed)
        self.corpus, self.options, self.device = corpus, options, device
        self.train, self.validation = corpus.rows("train"), corpus.rows("validation")
        self.notes = NoteArrays(corpus.notes, corpus.seconds)
        vectors = corpus.sound["vector"][self.train].astype(np.float32)
        shape = RelationShape(options.relations, options.size, vectors.shape[1], corpus.seconds)
        self.network = RelationNetworks(shape)
        self.network.mean.copy_(torch.from_numpy(vectors.mean(axis=0)))
        self.network.scale.copy_(torch.from_numpy(np.maximum(vectors.std(axis=0), 1e-4)))
        # Channels last: convolutions and pooling are several times as fast on a CPU.
        self.network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        labelled = [name for name in options.relations if name in TAGS]
        self.coder = TargetCoder.fit(corpus.table.iloc[self.train], labelled)
        self.loss = RelationLoss(self.coder, options).to(device)
        parameters = [*self.network.parameters(), *self.loss.parameters()]
        self.optimiser = torch.optim.Adam(parameters)
        self.schedule: Schedule = make_schedule(
            "one-cycle", self.optimiser, rate=options.rate, steps=options.epochs * options.steps
        )
        self.rng = np.random.default_rng(options.seed)
        self.generator = torch.Generator().manual_seed(options.seed)
        self.batches = PieceBatches(corpus.table, self.train)
        self.digest = hashlib.sha256(corpus.table.to_csv(index=False).encode()).hexdigest()
        self.history: list[dict[str, Any]] = []
        self.best = 0
        self.best_weights: dict[str, Tensor] = {}

    def epoch(self, number: int, progress: Progress) -> dict[str, Any]:
        """Learn from some batches, validate, and return what happened."""
        began, losses = time.monotonic(), []
        progress.stage(f"Epoch {number} of {self.options.epochs}", self.options.steps)
        parts: dict[str, float] = {}
        for step in range(1, self.options.steps + 1):
            loss, parts = self._step(self.batches.draw(self.options.seeds, self.rng))
            if not np.isfinite(loss):
                raise FloatingPointError(
                    f"The loss became {loss} in step {step} of epoch {number}; try a lower --rate."
                )
            losses.append(loss)
            progress.advance(label=f"loss {np.mean(losses[-20:]):.3f}")
            progress.event("step", epoch=number, step=step, loss=loss)
        scores = self._validate()
        overall = float(np.mean([s.value for s in scores.values() if s.value is not None] or [0.0]))
        if not self.history or overall > max(h["overall"] for h in self.history):
            self.best = number
            self.best_weights = {k: v.clone() for k, v in self.network.state_dict().items()}
        return {
            "epoch": number,
            "loss": float(np.mean(losses)),
            "losses": parts,
            "scores": {name: score.as_dict() for name, score in scores.items()},
            "overall": overall,
            "rate": self.schedule.rate,
            "seconds": time.monotonic() - began,
        }

    def _step(self, rows: np.ndarray) -> tuple[float, dict[str, float]]:
        self.network.train()
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
        value = float(loss.detach())
        if np.isfinite(value):
            self.optimiser.zero_grad(set_to_none=True)
            loss.backward()
            steep = nn.utils.clip_grad_norm_(self.network.parameters(), _LARGEST_STEP)
            if not bool(steep.isfinite()):
                return float("nan"), parts  # before it is in the weights
            self.optimiser.step()
            self.schedule.step()
        return value, parts

    def _validate(self) -> dict[str, Score]:
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

    def restore(self, saved: Checkpoint) -> None:
        """Go back to a checkpoint of the same training.

        Raises
        ------
        WorkbenchError
            If it learned from another corpus.
        """
        if saved.corpus != self.digest:
            raise WorkbenchError(
                "The checkpoint is of a training on another corpus; start again without --resume."
            )
        self.network.load_state_dict(saved.network)
        self.loss.load_state_dict(saved.loss)
        self.optimiser.load_state_dict(saved.optimiser)
        self.schedule.restore(saved.schedule)
        self.generator.set_state(saved.generator)
        self.rng.bit_generator.state = saved.rng
        self.history, self.best = list(saved.history), saved.best
        self.best_weights = saved.best_weights

    def checkpoint(self) -> Checkpoint:
        """Return all that is needed to go on."""
        return Checkpoint(
            options=self.options,
            network=self.network.state_dict(),
            loss=self.loss.state_dict(),
            optimiser=self.optimiser.state_dict(),
            schedule=self.schedule.state(),
            generator=self.generator.get_state(),
            rng=self.rng.bit_generator.state,
            history=self.history,
            best=self.best,
            best_weights=self.best_weights,
            corpus=self.digest,
        )


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
