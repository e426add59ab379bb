"""One training under way: batches, steps, validation and what a checkpoint holds."""

from __future__ import annotations

import hashlib
import time
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from workbench.backbones.build import embed_segments
from workbench.corpus.segments import Corpus, relations_of
from workbench.corpus.tracks import track_vectors
from workbench.errors import WorkbenchError
from workbench.evaluation.answers import answers
from workbench.evaluation.scores import Score, count_right
from workbench.progress import Progress
from workbench.subspaces.heads import mask_blocks, unit
from workbench.subspaces.triplets import Triplets, sample_triplets
from workbench.training.augment import colour, shift
from workbench.training.base_loss import BaseLoss
from workbench.training.base_options import BaseOptions
from workbench.training.base_state import Checkpoint
from workbench.training.base_targets import TargetCoder
from workbench.training.batches import draw_batches, frequencies, two_starts
from workbench.training.schedules import Schedule, make_schedule

_TRIPLETS = 1000  # per dimension in a validation
_LARGEST_STEP = 1.0  # norm of the gradient


class Run:
    """A training under way: everything a checkpoint has to hold."""

    def __init__(self, corpus: Corpus, options: BaseOptions, device: str) -> None:
        torch.manual_seed(options.seed)
        self.corpus = corpus = corpus.with_context(options.shape.chroma_s)
        self.options, self.device = options, device
        self.train, self.validation = corpus.rows("train"), corpus.rows("validation")
        labels = corpus.table.iloc[self.train]
        self.coder = TargetCoder.fit(labels, options.dimensions)
        self.often = frequencies(labels, options.dimensions, options.balance)
        # Channels last: max-pooling is three times as fast on a CPU.
        self.network = options.shape.build().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.network.to(device)
        self.loss = BaseLoss(options.shape.size, self.coder, options.loss).to(device)
        self.optimiser = torch.optim.Adam([*self.network.parameters(), *self.loss.parameters()])
        self.schedule: Schedule = make_schedule(
            options.schedule,
            self.optimiser,
            rate=options.rate,
            steps=options.epochs * options.steps,
        )
        self.rng = np.random.default_rng(options.seed)
        self.generator = torch.Generator().manual_seed(options.seed)  # a checkpoint fits any device
        self.digest = hashlib.sha256(corpus.table.to_csv(index=False).encode()).hexdigest()
        self.history: list[dict[str, Any]] = []
        self.best = 0
        self.best_weights: dict[str, Tensor] = {}
        self._asked = validation_triplets(corpus, self.validation, options)

    def epoch(self, number: int, progress: Progress) -> dict[str, Any]:
        """Learn from some batches, validate, and return what happened."""
        began, losses, each = time.monotonic(), [], []
        self.network.train()
        progress.stage(f"Epoch {number} of {self.options.epochs}", self.options.steps)
        batches = draw_batches(
            self.train,
            self.often,
            renditions=self.options.renditions,
            steps=self.options.steps,
            rng=self.rng,
        )
        for step, rows in enumerate(batches, 1):
            loss, of_dimensions = self._step(rows)
            if not np.isfinite(loss):
                names = sorted(set(self.corpus.table["composition"].iloc[rows]))
                raise FloatingPointError(
                    f"The loss became {loss} in step {step} of epoch {number} (a batch with "
                    f"{', '.join(names[:3])}); try a lower --rate."
                )
            losses.append(loss)
            each.append(of_dimensions)
            progress.advance(label=f"loss {np.mean(losses[-20:]):.3f}")
            progress.event("step", epoch=number, step=step, loss=loss)
        scores = self._validate()
        overall = float(np.mean([s.value for s in scores.values() if s.value is not None] or [0.0]))
        self.schedule.epoch(1.0 - overall)
        if not self.history or overall > max(h["overall"] for h in self.history):
            self.best = number
            self.best_weights = {k: v.clone() for k, v in self.network.state_dict().items()}
        means = np.mean(each, axis=0).tolist()
        return {
            "epoch": number,
            "loss": float(np.mean(losses)),
            "losses": dict(zip(self.options.dimensions, means, strict=True)),
            "scores": {name: score.as_dict() for name, score in scores.items()},
            "overall": overall,
            "rate": self.schedule.rate,
            "seconds": time.monotonic() - began,
        }

    def _step(self, rows: np.ndarray) -> tuple[float, np.ndarray]:
        starts = two_starts(len(rows) // 2, self.corpus.frames, self.rng)
        kind = self.options.shape.tempogram
        segments = self.corpus.segments(rows, starts, tempogram=kind)
        table = shift(
            self.corpus.table.iloc[rows].reset_index(drop=True),
            segments,
            self.rng,
            share=self.options.shift_share if "cens" in _inputs(self.network) else 0.0,
            cyclic=kind == "cyclic",
            tracks=rows,
        )
        colour(segments["mel"], self.rng, share=self.options.colour_share)
        relations = np.stack(list(relations_of(table, self.options.dimensions).values()))
        targets = [torch.from_numpy(t).to(self.device) for t in self.coder(table)]
        tracks = torch.from_numpy(rows).to(self.device)
        embedding = self._embed(segments)
        loss, each = self.loss(
            embedding,
            torch.from_numpy(relations).to(self.device),
            targets,
            tracks,
            self.generator,
        )
        value = float(loss.detach())
        if np.isfinite(value):
            self.optimiser.zero_grad(set_to_none=True)
            loss.backward()
            steep = nn.utils.clip_grad_norm_(self.network.parameters(), _LARGEST_STEP)
            heads = [p.grad for p in self.loss.parameters() if p.grad is not None]
            if not all(bool(grad.isfinite().all()) for grad in (steep, *heads)):
                return float("nan"), each.cpu().numpy()  # before it is in the weights
            self.optimiser.step()
            self.schedule.step()
        return value, each.cpu().numpy()

    def _embed(self, segments: dict[str, Tensor]) -> Tensor:
        moved = {name: s.to(self.device, non_blocking=True) for name, s in segments.items()}
        with torch.autocast(self.device, torch.bfloat16, enabled=self.options.mixed_precision):
            return embed_segments(self.network, moved)

    def _validate(self) -> dict[str, Score]:
        """Return the triplet score of every dimension in its own block, on track vectors."""
        vectors = track_vectors(
            self.network,
            self.corpus,
            self.validation,
            tempogram=self.options.shape.tempogram,
            device=self.device,
            mixed_precision=self.options.mixed_precision,
        )
        blocks = mask_blocks(vectors.shape[1], len(self.options.dimensions))
        return {
            name: count_right(answers(unit(vectors[:, block]), asked))
            for (name, asked), block in zip(self._asked.items(), blocks, strict=True)
        }

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


def validation_triplets(
    corpus: Corpus, rows: np.ndarray, options: BaseOptions
) -> dict[str, Triplets]:
    """Return the triplets of a validation, per dimension; one seed asks the same every time."""
    rng = np.random.default_rng(options.seed)
    related = corpus.relations(rows, options.dimensions)
    return {name: sample_triplets(r, _TRIPLETS, rng) for name, r in related.items()}


def _inputs(network: nn.Module) -> tuple[str, ...]:
    return tuple(network.inputs)  # type: ignore[arg-type]
