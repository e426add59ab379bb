"""The training of a tagger under way: labelled and pseudo-labelled excerpts under noise.

WO 2023/003505, figure 5: the loss on labelled music and the loss on unlabelled music with the
labels of a teacher are added up. Both are heard under noise; the teacher heard none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from workbench.backbones.tagger_store import TaggerNetwork, build_tagger
from workbench.encoders.tagger import heard
from workbench.evaluation.tagging import tag_scores
from workbench.features.spectral import SAMPLE_RATE, mel_decibels
from workbench.progress import Progress
from workbench.training.noise import find_noise
from workbench.training.tagger_data import TaggerData
from workbench.training.tagger_options import TaggerOptions
from workbench.training.training_run import TrainingRun


@dataclass(frozen=True)
class Area:
    """An area under a curve on the validation part."""

    value: float | None

    def as_dict(self) -> dict[str, float | None]:
        """Return it as a plain number."""
        return {"score": self.value}


class TaggerRun(TrainingRun):
    """The training of a tagger under way.

    Parameters
    ----------
    data
        What is learned from.
    options
        How.
    device
        ``cpu`` or ``cuda``.
    unlabelled
        Rows of items whose tags a teacher has guessed, int [n].
    guesses
        Its pseudo-labels, float32 [n, tags].
    """

    network: TaggerNetwork
    options: TaggerOptions

    def __init__(
        self,
        data: TaggerData,
        options: TaggerOptions,
        device: str,
        *,
        unlabelled: np.ndarray | None = None,
        guesses: np.ndarray | None = None,
    ) -> None:
        torch.manual_seed(options.seed)
        self.data, self.device = data, device
        self.labelled = data.rows("train", labelled=True)
        self.validation = data.rows("validation", labelled=True)
        self.unlabelled = np.zeros(0, np.int64) if unlabelled is None else unlabelled
        truth, known = data.labels.truth.astype(np.float32), data.labels.known.astype(np.float32)
        self._labels = truth, known
        self._guesses = truth.copy(), np.ones_like(known)  # what a person said stays
        if guesses is not None:
            open_entries = known[self.unlabelled] == 0
            rows = truth[self.unlabelled]
            self._guesses[0][self.unlabelled] = np.where(open_entries, guesses, rows)
        self._half = options.batch // 2 if len(self.unlabelled) else options.batch
        self._noise = find_noise(options.noise)
        network = build_tagger(options.shape, len(data.labels.tags))
        # Channels last: convolutions and pooling are several times as fast on a CPU.
        network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        super().__init__(network, torch.nn.Identity(), options, data.table, "one-cycle")

    def batches(self) -> Iterator[np.ndarray]:
        """Give rows: labelled ones, with a teacher followed by as many unlabelled ones."""
        labelled, unlabelled = _Deck(self.labelled, self.rng), _Deck(self.unlabelled, self.rng)
        for _ in range(self.options.steps):
            rest = self.options.batch - self._half
            yield np.concatenate([labelled.draw(self._half), unlabelled.draw(rest)])

    def loss_of(self, rows: np.ndarray) -> tuple[Tensor, dict[str, float]]:
        """Return l1 + l2, the losses on labelled and on unlabelled excerpts, and both."""
        length = round(self.options.shape.seconds * SAMPLE_RATE)
        drawn = [self.data.excerpts.drawn(int(row), length, self.rng) for row in rows]
        sounds = torch.from_numpy(np.stack(drawn)).to(self.device)
        with torch.no_grad():
            mel = mel_decibels(self._noise(sounds, self.generator))
        with torch.autocast(self.device, torch.bfloat16, enabled=self.options.mixed_precision):
            logits = self.network(mel)
        half = self._half
        targets, known = (
            torch.from_numpy(np.concatenate([said[rows[:half]], guessed[rows[half:]]])).to(
                self.device
            )
            for said, guessed in zip(self._labels, self._guesses, strict=True)
        )
        each = known * binary_cross_entropy_with_logits(logits.float(), targets, reduction="none")
        parts = {"labelled": _mean(each[:half], known[:half])}
        if len(rows) > half:
            parts["unlabelled"] = _mean(each[half:], known[half:])
        loss = torch.stack(list(parts.values())).sum()
        return loss, {name: float(part.detach()) for name, part in parts.items()}

    def validate(self) -> dict[str, Area]:  # type: ignore[override]
        """Return the macro areas under both curves on the validation part."""
        scores = scores_of(self.network, self.data, self.validation, self.options, self.device)
        labels = self.data.labels
        found = tag_scores(
            labels.truth[self.validation], scores, labels.known[self.validation], draws=1
        )
        areas = {"ROC-AUC": found.macro_roc.value, "PR-AUC": found.macro_pr.value}
        return {name: Area(None if np.isnan(a) else a) for name, a in areas.items()}


def scores_of(
    network: TaggerNetwork,
    data: TaggerData,
    rows: np.ndarray,
    options: TaggerOptions,
    device: str = "cpu",
    *,
    progress: Progress | None = None,
) -> np.ndarray:
    """Return the probabilities of the tags in items, float32 [rows, tags]."""
    network.eval()
    found = np.zeros((len(rows), len(data.labels.tags)), np.float32)
    for i, row in enumerate(rows):
        with torch.autocast(device, torch.bfloat16, enabled=options.mixed_precision):
            sound = data.excerpts.whole(int(row))
            found[i] = heard(network, sound, options.shape.seconds, device=device)
        if progress:
            progress.advance()
    return found


class _Deck:
    """Rows in random order, each once before any comes again."""

    def __init__(self, rows: np.ndarray, rng: np.random.Generator) -> None:
        self._rows, self._rng = rows, rng
        self._left = np.zeros(0, np.int64)

    def draw(self, count: int) -> np.ndarray:
        while len(self._left) < count:
            self._left = np.concatenate([self._left, self._rng.permutation(self._rows)])
        drawn, self._left = self._left[:count], self._left[count:]
        return drawn


def _mean(losses: Tensor, known: Tensor) -> Tensor:
    """Return the mean loss of what is known."""
    return losses.sum() / known.sum().clamp(min=1.0)
