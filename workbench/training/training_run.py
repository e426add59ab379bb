"""What every training under way has: epochs, steps, and all that a checkpoint has to hold."""

from __future__ import annotations

import hashlib
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from workbench.errors import WorkbenchError
from workbench.evaluation.scores import Score
from workbench.progress import Progress
from workbench.training.base_state import Checkpoint
from workbench.training.schedules import Schedule, make_schedule

_EPOCHS_APART = 1_000_003  # of seeds
_LARGEST_STEP = 1.0  # norm of the gradient


class TrainingRun(ABC):
    """A training under way.

    Parameters
    ----------
    network, loss
        What learns, and what it learns by; parameters of both are optimised.
    options
        With `rate`, `epochs`, `steps` and `seed`.
    table
        Of the corpus, one row per example, with a ``composition`` each.
    schedule
        Name of the learning rate's schedule.
    """

    def __init__(
        self, network: nn.Module, loss: nn.Module, options: Any, table: pd.DataFrame, schedule: str
    ) -> None:
        self.network, self.loss, self.options, self.table = network, loss, options, table
        self.optimiser = torch.optim.Adam([*network.parameters(), *loss.parameters()])
        self.schedule: Schedule = make_schedule(
            schedule, self.optimiser, rate=options.rate, steps=options.epochs * options.steps
        )
        self.rng = np.random.default_rng(options.seed)
        self.generator = torch.Generator().manual_seed(options.seed)  # a checkpoint fits any device
        self.digest = hashlib.sha256(table.to_csv(index=False).encode()).hexdigest()
        self.history: list[dict[str, Any]] = []
        self.best = 0
        self.best_weights: dict[str, Tensor] = {}

    @abstractmethod
    def batches(self) -> Iterable[np.ndarray]:
        """Give the rows of each batch of an epoch."""

    @abstractmethod
    def loss_of(self, rows: np.ndarray) -> tuple[Tensor, dict[str, float]]:
        """Return the loss of a batch, and its parts by name."""

    @abstractmethod
    def validate(self) -> dict[str, Score]:
        """Return scores on what is not learned from."""

    def epoch(self, number: int, progress: Progress) -> dict[str, Any]:
        """Learn from some batches, validate, and return what happened."""
        began, losses, each = time.monotonic(), [], []
        # Dropout draws from torch's own generator: an epoch that is gone on with draws the same.
        torch.manual_seed(self.options.seed + number * _EPOCHS_APART)
        self.network.train()
        progress.stage(f"Epoch {number} of {self.options.epochs}", self.options.steps)
        for step, rows in enumerate(self.batches(), 1):
            loss, parts = self._step(rows)
            if not np.isfinite(loss):
                names = sorted(set(self.table["composition"].iloc[rows]))
                raise FloatingPointError(
                    f"The loss became {loss} in step {step} of epoch {number} (a batch with "
                    f"{', '.join(names[:3])}); try a lower --rate."
                )
            losses.append(loss)
            each.append(parts)
            progress.advance(label=f"loss {np.mean(losses[-20:]):.3f}")
            progress.event("step", epoch=number, step=step, loss=loss)
        scores = self.validate()
        overall = float(np.mean([s.value for s in scores.values() if s.value is not None] or [0.0]))
        self.schedule.epoch(1.0 - overall)
        if not self.history or overall > max(h["overall"] for h in self.history):
            self.best = number
            self.best_weights = {k: v.clone() for k, v in self.network.state_dict().items()}
        return {
            "epoch": number,
            "loss": float(np.mean(losses)),
            "losses": {name: float(np.mean([p[name] for p in each])) for name in each[0]},
            "scores": {name: score.as_dict() for name, score in scores.items()},
            "overall": overall,
            "rate": self.schedule.rate,
            "seconds": time.monotonic() - began,
        }

    def _step(self, rows: np.ndarray) -> tuple[float, dict[str, float]]:
        """Learn from a batch; return its loss, NaN where its gradient is no number."""
        loss, parts = self.loss_of(rows)
        value = float(loss.detach())
        if np.isfinite(value):
            self.optimiser.zero_grad(set_to_none=True)
            loss.backward()
            steep = nn.utils.clip_grad_norm_(self.network.parameters(), _LARGEST_STEP)
            heads = [p.grad for p in self.loss.parameters() if p.grad is not None]
            if not all(bool(grad.isfinite().all()) for grad in (steep, *heads)):
                return float("nan"), parts  # before it is in the weights
            self.optimiser.step()
            self.schedule.step()
        return value, parts

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
