"""Machine tags as a tagger would have left them, without a sound or a tagger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from workbench import Workspace
from workbench.tagging.machine_tags import MachineTags, TagCard
from workbench.tagging.taggers import TagName

KEY = "ears-1"


def store_heard(
    ws: Workspace,
    scores: Mapping[tuple[str, str], Sequence[float]],
    ids: Sequence[int] | None = None,
    *,
    key: str = KEY,
    threshold: float = 0.5,
) -> MachineTags:
    """Store the scores of tags, one per item; by default of all items."""
    stored = MachineTags(ws, key)
    names = tuple(TagName(*name) for name in scores)
    wanted = ws.catalogue.items().index.to_numpy() if ids is None else np.asarray(ids)
    stored.store.write(wanted, np.array(list(scores.values()), dtype=np.float32).T)
    stored.write_card(TagCard(key, "CC0", threshold, names, ""))
    return stored
