"""Which judgements a model has learned from, and so cannot be asked about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.judgements.answer_table import answer_table

if TYPE_CHECKING:
    import pandas as pd

    from workbench.subspaces.store import ModelCard
    from workbench.workspace import Workspace


def was_learned(ws: Workspace, card: ModelCard, table: pd.DataFrame) -> pd.Series:
    """Return which judgements a model had learned from, bool by row.

    Parameters
    ----------
    ws, card
        The workspace and the model.
    table
        Judgements, as ``JudgementLog.table`` returns them.
    """
    left_out = card.metrics.get("finetune", {}).get("excluded", [])
    return (table["at"] <= _learned_until(ws, card)) & ~table["session_id"].isin(left_out)


def unlearned(ws: Workspace, cards: list[ModelCard], table: pd.DataFrame) -> pd.DataFrame:
    """Return the judgements of triplets that no model learned anything about.

    What another rater says of a triplet is no news to a model that learned one rater's answer, so
    all answers to it go.

    Parameters
    ----------
    ws, cards
        The workspace and the models.
    table
        Judgements, as ``JudgementLog.table`` returns them.
    """
    learned = table.index != table.index
    for card in cards:
        learned |= was_learned(ws, card, table).to_numpy()
    known = set(answer_table(table[learned]).tasks)
    low, high = table[["a_id", "b_id"]].min(axis=1), table[["a_id", "b_id"]].max(axis=1)
    asked = zip(table["dimension"], table["anchor_id"], low, high, strict=True)
    return table[[task not in known for task in asked]]


def _learned_until(ws: Workspace, card: ModelCard) -> pd.Timestamp:
    """Return when the last judgement was given that a model learned from."""
    import pandas as pd

    history = ws.judgements.history()
    last = history.loc[history["id"] == card.watermark, "at"]
    return last.iloc[0] if len(last) else pd.Timestamp(0, tz="UTC")
