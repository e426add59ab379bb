"""From a training to a tagger one can use: thresholds, scores on the test part, a card."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from workbench.backbones.tagger_card import TaggerCard
from workbench.backbones.tagger_store import TaggerNetwork, save_tagger
from workbench.evaluation.tagging import TagScores, tag_scores
from workbench.files import atomic_write
from workbench.progress import Progress
from workbench.training.base_release import training_facts
from workbench.training.epochs import Trained
from workbench.training.tagger_data import TaggerData
from workbench.training.tagger_options import TaggerOptions
from workbench.training.tagger_run import scores_of

UNCERTAIN = 0.5  # the threshold of a tag that validation says nothing of
TEST_SCORES = "test_scores.npz"


def release_tagger(
    data: TaggerData,
    trained: Trained,
    options: TaggerOptions,
    *,
    folder: Path,
    name: str,
    version: str,
    licence: str,
    device: str = "cpu",
    reproduce: tuple[str, ...] = (),
    progress: Progress | None = None,
) -> tuple[TaggerCard, TagScores]:
    """Choose thresholds, score a tagger on artists it never met, and store it.

    Parameters
    ----------
    data, trained, options
        What it learned from, what came out and how.
    folder
        Gets ``network.safetensors``, ``card.json`` and ``test_scores.npz``, with which two taggers
        can be compared on the same items.
    name, version, licence
        Of the tagger.
    device
        Where to compute.
    reproduce
        The commands that make it, for the card.
    progress
        Told about every item.
    """
    network: TaggerNetwork = trained.network  # type: ignore[assignment]
    progress = progress or Progress()
    validation = data.rows("validation", labelled=True)
    test = data.rows("test", labelled=True)
    progress.stage("Listening to what was held out", len(validation) + len(test))
    chosen = scores_of(network, data, validation, options, device, progress=progress)
    scores = scores_of(network, data, test, options, device, progress=progress)
    progress.close()
    labels = data.labels
    thresholds = best_thresholds(labels.truth[validation], chosen, labels.known[validation])
    groups = data.table["group"].to_numpy(dtype=str)[test]
    found = tag_scores(
        labels.truth[test], scores, labels.known[test], groups=groups, names=labels.tags
    )
    with atomic_write(folder / TEST_SCORES) as stream:
        np.savez(
            stream,
            ids=data.table["item_id"].to_numpy()[test],
            groups=groups,
            truth=labels.truth[test],
            known=labels.known[test],
            scores=scores,
        )
    card = TaggerCard(
        name=name,
        version=version,
        shape=options.shape,
        tags=labels.tags,
        thresholds=tuple(thresholds.tolist()),
        licence=licence,
        teacher=options.teacher,
        data=_counts(data),
        training=training_facts(trained, options, device) | {"parameters": _size(network)},
        scores=found.as_dict() | {"per_tag": _rows(found)},
        reproduce=reproduce,
    )
    return save_tagger(folder, network.cpu(), card), found


def best_thresholds(truth: np.ndarray, scores: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return the score of each tag from which on F1 is highest, float64 [tags].

    A threshold lies half-way between two scores; a tag without an example has 0.5.

    Parameters
    ----------
    truth, known
        Bool [n, tags].
    scores
        Probabilities, float32 [n, tags].

    Examples
    --------
    >>> import numpy as np
    >>> truth = np.array([[True], [False], [True]])
    >>> scores = np.array([[0.4], [0.2], [0.9]])
    >>> best_thresholds(truth, scores, np.ones_like(truth)).round(2).tolist()
    [0.3]
    """
    found = np.full(truth.shape[1], UNCERTAIN)
    for tag in range(truth.shape[1]):
        rows = known[:, tag]
        if not truth[rows, tag].any():
            continue
        order = np.argsort(-scores[rows, tag], kind="stable")
        ranked, right = scores[rows, tag][order].astype(float), truth[rows, tag][order]
        ends = np.flatnonzero(np.append(ranked[1:] < ranked[:-1], True))  # ties stay together
        hits = right.cumsum()[ends]
        f1 = 2 * hits / (ends + 1 + right.sum())
        best = int(ends[f1.argmax()])
        below = ranked[best + 1] if best + 1 < len(ranked) else 0.0
        found[tag] = (ranked[best] + below) / 2
    return np.clip(found, 1e-3, 1 - 1e-3)


def _counts(data: TaggerData) -> dict[str, Any]:
    counts: dict[str, Any] = {
        split: {
            "labelled": len(data.rows(split, labelled=True)),
            "unlabelled": len(data.rows(split, labelled=False)),
        }
        for split in ("train", "validation", "test")
    }
    rows = data.rows("train", labelled=True)
    examples = data.labels.truth[rows].sum(axis=0)
    named = {
        f"{t.dimension}: {t.value}": int(n) for t, n in zip(data.labels.tags, examples, strict=True)
    }
    return counts | {"examples": named, "unreadable": len(data.failures)}


def _size(network: TaggerNetwork) -> int:
    return sum(p.numel() for p in network.parameters())


def _rows(found: TagScores) -> list[dict[str, Any]]:
    rows = found.table().to_dict("records")
    return [{str(k): None if v != v else v for k, v in row.items()} for row in rows]
