"""Fine-tune the heads on judgements: regularised, cross-validated over items, never silently worse.

A full head fitted without restraint does better on items it has seen and worse on others. So each
dimension's head is pulled towards where it started, with a pull chosen on triplets with items
that took no part in the fit, and both kinds of accuracy are reported before and after.

Every version starts from the ancestor that learned from no judgement, and learns from all that
stand. A parent that has learned already knows the answers to the triplets it would be tested on:
tuned on top of it, a model would look better and better while it gets worse, and what was undone
would live on. For the same reason the parent's own scores come from the same folds, fitted to the
judgements it had.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.errors import NotReadyError, WorkbenchError
from workbench.evaluation.questions import OVERALL, model_answers, tag_questions
from workbench.evaluation.report import comparisons
from workbench.evaluation.scores import Score, count_right
from workbench.evaluation.triplets import held_out_items
from workbench.progress import Progress
from workbench.search.subspaces import subspace_blocks
from workbench.subspaces.model import Model
from workbench.subspaces.store import timestamp
from workbench.subspaces.structure import song_groups
from workbench.subspaces.triplets import (
    NO_TRIPLETS,
    Triplets,
    artist_groups,
    compared,
    relations,
    sample_triplets,
)
from workbench.training.fit import item_folds
from workbench.training.initial import store_model
from workbench.training.judged import JudgedTriplets, judged_triplets
from workbench.training.tuning import FOLDS, STEPS, HeadTuning, Observer, Outcome

if TYPE_CHECKING:
    from workbench.subspaces.store import ModelCard
    from workbench.workspace import Workspace

FEWEST_JUDGEMENTS = 20
_TAG_TRIPLETS = 300


@dataclass(frozen=True)
class FineTuneResult:
    """A new version, whether it was promoted and why, and the scores before and after."""

    version: str
    parent: str
    promoted: bool
    reason: str
    report: dict[str, Any]


def finetune(
    ws: Workspace,
    *,
    parent: str | None = None,
    excluding: Collection[str] = (),
    seed: int = 0,
    progress: Progress | None = None,
) -> FineTuneResult:
    """Fit a new model version to the judgements and promote it unless it is worse.

    Parameters
    ----------
    ws
        The workspace, with a model and judgements.
    parent
        The version to compare with and to come after; by default the current one.
    excluding
        Sittings not to learn from, by id; the version's report names them.
    seed
        One seed gives one result.
    progress
        Told about every few steps (``step`` events) and asked whether to stop.

    Raises
    ------
    NotReadyError
        If there are fewer than 20 answers to learn from.
    CancelledError
        If the progress says so; nothing is stored then.
    """
    progress = progress or Progress()
    model = ws.models.load(parent)
    if model.card.head == "mask":
        raise WorkbenchError(
            f"Model {model.card.version} has mask heads, which have nothing to tune; fit linear "
            "heads with `workbench train heads --head linear`."
        )
    excluding = sorted({ws.judgements.find_session(name) for name in excluding})
    judged = judged_triplets(ws, model.card, excluding=excluding)
    if judged.answers < FEWEST_JUDGEMENTS:
        raise NotReadyError(
            f"Fine-tuning needs at least {FEWEST_JUDGEMENTS} answers that say which is closer, "
            f"and there are {judged.answers}; judge some more triplets first."
        )
    origin = ws.models.load(ws.models.untaught(model.card.version).version)
    rng = np.random.default_rng(seed)
    items = ws.catalogue.items()
    x = origin.normaliser(ws.vectors(origin.card.encoder).rows(judged.ids))
    tagged = _tag_triplets(ws, origin, judged, song_groups(items.loc[judged.ids]), rng)
    folds = item_folds(artist_groups(items, judged.ids, fewest=2 * FOLDS), FOLDS, rng)
    taught = {n: votes for n, votes in judged.known_votes.items() if votes.any()}
    names = list(judged.triplets)
    total = STEPS * (2 * len(names) + len(taught))
    before, after, heads, pulls = {}, {}, {}, {}
    done = 0

    def tuning_with(name: str, votes: dict[str, np.ndarray]) -> HeadTuning:
        splits = np.random.default_rng([seed, names.index(name)])
        judged_then = replace(judged, votes=votes)
        tags = tagged.get(name, NO_TRIPLETS)
        return HeadTuning(origin, name, x, judged_then, tags, folds, splits)

    progress.stage("Fine-tuning", total)
    for name in names:
        observe = Observer(progress, name, done, total)
        tuning = tuning_with(name, judged.votes)
        before[name], after[name], pulls[name] = tuning.cross_validate(observe)
        heads[name] = tuning.final(pulls[name], observe.shifted(STEPS))
        done += 2 * STEPS
        if name in taught:
            again = tuning_with(name, taught)
            _, before[name], _ = again.cross_validate(observe.shifted(2 * STEPS))
            done += STEPS
    report = {
        "before": _as_table(before),
        "after": _as_table(after),
        "judgements": judged.answers,
        "pull": {name: str(pull) for name, pull in pulls.items()},
        "ceiling": {name: score.as_dict() for name, score in judged.ceiling.items()},
        "excluded": list(judged.excluded),
    }
    tuned = Model(model.card, origin.normaliser, {**origin.heads, **heads})
    report["tags"] = tags_before_and_after(ws, model, tuned)
    promoted, reason = verdict(report)
    card = replace(
        model.card,
        version="",
        parent=model.card.version,
        judgements=judged.answers,
        watermark=judged.watermark,
        metrics={"finetune": report, "untaught": _still_untaught(origin.card, heads)},
        note=reason,
        created_at=timestamp(),
    )
    stored = store_model(ws, replace(tuned, card=card), promote=promoted)
    progress.close()
    result = FineTuneResult(stored.version, model.card.version, promoted, reason, report)
    progress.event("result", **vars(result))
    return result


def _still_untaught(card: ModelCard, tuned: Collection[str]) -> list[str]:
    return [name for name in card.dimensions if name not in {*card.taught, *tuned}]


def verdict(report: dict[str, Any]) -> tuple[bool, str]:
    """Return whether a version may be promoted, and the sentences that say why.

    It is promoted when it answers at least as many triplets of unseen items as its parent and
    more of both kinds together. Where a dimension knows the tags of held-out songs less well than
    before, that is said; it stops nothing, since raters and tags may differ.
    """
    kinds = {
        kind: (report["before"][kind]["overall"], report["after"][kind]["overall"])
        for kind in ("unseen", "seen")
    }
    text = "; ".join(
        f"items {kind}: {new['k']} of {new['n']} right, before {old['k']}"
        for kind, (old, new) in kinds.items()
        if new["n"]
    )
    gains = {kind: new["k"] - old["k"] for kind, (old, new) in kinds.items()}
    fallen = _fallen(report.get("tags", {}))
    if kinds["unseen"][1]["n"] == 0:
        why = "no triplet had three unseen items to judge it by"
    elif gains["unseen"] < 0:
        why = "it is worse on items it has not seen"
    elif gains["seen"] < 0 and gains["unseen"] <= -gains["seen"]:
        why = "it is worse on items it has seen"
    elif gains["seen"] == 0 and gains["unseen"] == 0:
        why = "it answers no more triplets than before"
    else:
        return True, f"Promoted: it is better, and not worse on unseen items ({text}).{fallen}"
    return False, f"Not promoted: {why} ({text}).{fallen}"


def tags_before_and_after(ws: Workspace, parent: Model, tuned: Model) -> dict[str, Any]:
    """Return how both answer the same triplets from the tags of held-out items.

    Returns
    -------
    ``before`` and ``after``: scores per dimension and overall; ``comparison``: what is gained and
    lost, with p values (see `workbench.evaluation.report.comparisons`).
    """
    ids = held_out_items(ws, parent.card)
    source, blocks = ws.vectors(parent.card.encoder), subspace_blocks(parent.card)
    questions = tag_questions(ws, ids, parent.card.dimensions, among=source.ids)
    raw = source.rows(questions.ids)
    before, after = (model_answers(m.transform(raw), blocks, questions) for m in (parent, tuned))
    songs = song_groups(ws.catalogue.items().loc[questions.ids])
    asked = questions.named | {OVERALL: questions.pooled}
    groups = {name: songs[triplets.rows[:, 0]] for name, triplets in asked.items()}
    return {
        "before": {name: count_right(right).as_dict() for name, right in before.items()},
        "after": {name: count_right(right).as_dict() for name, right in after.items()},
        "comparison": comparisons(before, after, groups),
    }


def _fallen(tags: dict[str, Any]) -> str:
    """Say which dimensions know the tags of held-out songs less well than before."""
    parts = [
        f"{name} {tags['before'][name]['score']:.2f} to {tags['after'][name]['score']:.2f} "
        f"(p {row['p_grouped_holm']:.2f})"
        for name, row in tags.get("comparison", {}).items()
        if name != OVERALL and row["lost"] > row["gained"]
    ]
    return f" On the tags of held-out songs it fell: {', '.join(parts)}." if parts else ""


def _tag_triplets(
    ws: Workspace,
    model: Model,
    judged: JudgedTriplets,
    groups: np.ndarray,
    rng: np.random.Generator,
) -> dict[str, Triplets]:
    """Draw triplets from tags as a prior; items the model holds out take no part."""
    some = compared(groups, rng)
    usable = ~np.isin(groups[some], model.card.held_out)
    found = {}
    for name, relation in relations(ws, judged.ids[some].tolist()).items():
        drawn = sample_triplets(relation * (usable[:, None] & usable[None, :]), _TAG_TRIPLETS, rng)
        found[name] = Triplets(some[drawn.rows], drawn.share)
    return found


def _as_table(outcomes: dict[str, Outcome]) -> dict[str, dict[str, Any]]:
    table: dict[str, dict[str, Any]] = {}
    for kind in ("seen", "unseen"):
        scores = {name: getattr(outcome, kind) for name, outcome in outcomes.items()}
        scores["overall"] = sum(scores.values(), Score())
        table[kind] = {name: score.as_dict() for name, score in scores.items()}
    return table
