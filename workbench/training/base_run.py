"""The training of a base model under way: its batches, losses and validation."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from workbench.backbones.build import embed_segments
from workbench.corpus.segments import Corpus, relations_of
from workbench.corpus.tracks import track_vectors
from workbench.evaluation.answers import answers
from workbench.evaluation.scores import Score, count_right
from workbench.subspaces.heads import mask_blocks, unit
from workbench.subspaces.triplets import Triplets, sample_triplets
from workbench.training.augment import colour, shift
from workbench.training.base_loss import BaseLoss
from workbench.training.base_options import BaseOptions
from workbench.training.base_targets import TargetCoder
from workbench.training.batches import draw_batches, frequencies, two_starts
from workbench.training.training_run import TrainingRun

_TRIPLETS = 1000  # per dimension in a validation


class Run(TrainingRun):
    """The training of a base model under way."""

    options: BaseOptions

    def __init__(self, corpus: Corpus, options: BaseOptions, device: str) -> None:
        torch.manual_seed(options.seed)
        self.corpus = corpus = corpus.with_context(options.shape.chroma_s)
        self.device = device
        self.train, self.validation = corpus.rows("train"), corpus.rows("validation")
        labels = corpus.table.iloc[self.train]
        self.coder = TargetCoder.fit(labels, options.dimensions)
        self.often = frequencies(labels, options.dimensions, options.balance)
        # Channels last: max-pooling is three times as fast on a CPU.
        network = options.shape.build().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        network.to(device)
        loss = BaseLoss(options.shape.size, self.coder, options.loss).to(device)
        super().__init__(network, loss, options, corpus.table, options.schedule)
        self._asked = validation_triplets(corpus, self.validation, options)

    def batches(self) -> Iterator[np.ndarray]:
        """Give rows of renditions, each twice."""
        return draw_batches(
            self.train,
            self.often,
            renditions=self.options.renditions,
            steps=self.options.steps,
            rng=self.rng,
        )

    def loss_of(self, rows: np.ndarray) -> tuple[Tensor, dict[str, float]]:
        """Return the loss of two segments of each rendition, and that of each dimension."""
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
        return loss, dict(zip(self.options.dimensions, each.tolist(), strict=True))

    def _embed(self, segments: dict[str, Tensor]) -> Tensor:
        moved = {name: s.to(self.device, non_blocking=True) for name, s in segments.items()}
        with torch.autocast(self.device, torch.bfloat16, enabled=self.options.mixed_precision):
            return embed_segments(self.network, moved)

    def validate(self) -> dict[str, Score]:
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


def validation_triplets(
    corpus: Corpus, rows: np.ndarray, options: BaseOptions
) -> dict[str, Triplets]:
    """Return the triplets of a validation, per dimension; one seed asks the same every time."""
    rng = np.random.default_rng(options.seed)
    related = corpus.relations(rows, options.dimensions)
    return {name: sample_triplets(r, _TRIPLETS, rng) for name, r in related.items()}


def _inputs(network: nn.Module) -> tuple[str, ...]:
    return tuple(network.inputs)  # type: ignore[arg-type]
