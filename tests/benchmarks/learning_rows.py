"""Fine-tuning against the straightforward loop with pytorch-metric-learning."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tests.benchmarks.demo import copy_of_demo
from tests.benchmarks.suite import Comparison, Growth, Row, alternately, scratch
from tests.simulated import simulate_judgements
from workbench import Workspace
from workbench.training.finetune import finetune
from workbench.training.fit import PULLS, item_folds, seen_and_unseen
from workbench.training.judged import judged_triplets
from workbench.training.tuning import FOLDS

_EPOCHS, _BATCH = 20, 32


def finetuning(count: int) -> Iterator[Row]:
    """Fine-tune with cross-validation, against plain fits of the same triplets.

    The plain loop fits one candidate on each split of the cross-validation and the final head: its
    time for the splits counts once for each candidate, since they cost the same.
    """
    ws = copy_of_demo(scratch() / "copy")
    parent = ws.models.card().version
    simulate_judgements(ws, count)
    sides: dict[str, Callable[[], Any]] = {
        "ours": lambda: finetune(ws, parent=parent),
        "splits": lambda: plain(ws, parent, splits=True),
        "final": lambda: plain(ws, parent, splits=False),
    }
    plain(ws, parent, splits=False)  # imported
    found = alternately(sides, rounds=2 if count <= 1000 else 1, warm=count <= 1000)
    fits = 2 * FOLDS * len(PULLS) + 1
    yield Row(
        "finetune",
        f"fine-tune on {count:,} judgements: {fits} fits of each of six heads, scores, new version",
        found["ours"],
        f"pytorch-metric-learning, the same {fits} fits, {_EPOCHS} epochs in batches of {_BATCH}",
        len(PULLS) * found["splits"] + found["final"],
        at_least=3.0 if count == 1000 else None,
        under_s=10.0 if count == 1000 else None,
    )
    yield Row(
        "finetune",
        f"the same {count:,} judgements beside a single fit, nothing chosen or scored",
        found["ours"],
        "pytorch-metric-learning, one fit of each head",
        found["final"],
    )


def plain(ws: Workspace, version: str, *, splits: bool) -> None:
    """Fit heads to triplets, to those of each split or to all of them."""
    import torch
    from pytorch_metric_learning.losses import TripletMarginLoss

    model = ws.models.load(version)
    judged = judged_triplets(ws, model.card)
    x = torch.from_numpy(model.normaliser(ws.vectors(model.card.encoder).rows(judged.ids)))
    folds = item_folds(np.arange(len(judged.ids)), FOLDS, np.random.default_rng(0))
    for name, triplets in judged.triplets.items():
        everyone = np.arange(len(triplets))
        parts = [seen_and_unseen(triplets, folds, fold)[0] for fold in range(FOLDS)]
        parts += [everyone % FOLDS != fold for fold in range(FOLDS)]
        for chosen in parts if splits else [everyone >= 0]:
            weight = torch.tensor(model.heads[name]["weight"], requires_grad=True)
            optimiser = torch.optim.Adam([weight], lr=1e-3)
            loss = TripletMarginLoss(margin=0.1)
            rows = torch.from_numpy(triplets.rows[chosen])
            for _ in range(_EPOCHS):
                for batch in rows.split(_BATCH):
                    optimiser.zero_grad()
                    loss(x @ weight.T, indices_tuple=tuple(batch.T)).backward()
                    optimiser.step()


def finetuning_of(count: int) -> Callable[[], Any]:
    """Return how heads are tuned on `count` judgements."""
    ws = copy_of_demo(scratch() / "copy")
    parent = ws.models.card().version
    simulate_judgements(ws, count)
    return lambda: finetune(ws, parent=parent)


COMPARISONS = (Comparison("finetune", finetuning, (1000, 10_000)),)
GROWTHS = (Growth("finetune", "fine-tuning: judgements", finetuning_of, (200, 2000, 20_000)),)
