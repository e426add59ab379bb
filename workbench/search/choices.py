"""What filters there are to choose from: the kinds, tags and instruments a catalogue has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.catalogue.keys import key_name
from workbench.catalogue.tables import DOMAINS, ITEM_KINDS
from workbench.search.filters import CLASSES, Filters
from workbench.search.tempo_key import KEY_RELATIONS

if TYPE_CHECKING:
    from workbench.search.index import CatalogueIndex

_MOST = 60  # values of a dimension that people can choose from


def filter_choices(index: CatalogueIndex) -> dict[str, Any]:
    """Return what a page offers to filter by.

    Returns
    -------
    ``kinds``, ``domains``, ``keys``, ``relations`` and ``instruments`` (classes first) as lists,
    ``tags`` as a list of values by dimension, the most frequent first; dimensions with more than
    sixty values, such as notes, are no choice.
    """
    instruments = index.tags.get("instrument", {})
    playing = [name for name in CLASSES if Filters(has=(name,)).mask(index).any()]
    keys = {(int(t), bool(m)) for t, m in zip(index.tonic, index.major, strict=True) if t >= 0}
    return {
        "kinds": [ITEM_KINDS[k] for k in np.unique(index.kind)],
        "domains": [DOMAINS[d] for d in np.unique(index.domain)],
        "keys": [key_name(tonic, major=major) for tonic, major in sorted(keys)],
        "relations": list(KEY_RELATIONS),
        "instruments": [
            *playing,
            *(tag.value for key, tag in sorted(instruments.items()) if key not in playing),
        ],
        "tags": {
            dimension: [
                tag.value for tag in sorted(values.values(), key=lambda tag: -len(tag.rows))
            ]
            for dimension, values in index.tags.items()
            if dimension not in ("tempo", "key", "instrument") and len(values) <= _MOST
        },
    }


def chosen_filters(chosen: dict[str, Any]) -> Filters:
    """Return the filters that a page sends: what `Filters` takes, lists for tuples, no empty ones.

    A tempo may have one end only.

    Raises
    ------
    WorkbenchError
        If it makes no sense.
    """
    tempo = chosen.get("tempo_bpm") or [None, None]
    low, high = map(_number, tempo)
    return Filters(
        kinds=tuple(chosen.get("kinds") or ()),
        domains=tuple(chosen.get("domains") or ()),
        tags={name: tuple(values) for name, values in (chosen.get("tags") or {}).items() if values},
        tempo_bpm=None if low is None and high is None else (low or 0.0, high or 1000.0),
        tempo_octaves=bool(chosen.get("tempo_octaves")),
        key=chosen.get("key") or None,
        key_relation=chosen.get("key_relation") or "same",
        has=tuple(chosen.get("has") or ()),
        without=tuple(chosen.get("without") or ()),
        used=chosen.get("used"),
        machine=bool(chosen.get("machine")),
        machine_threshold=_number(chosen.get("machine_threshold")),
    )


def _number(given: Any) -> float | None:
    return None if given in (None, "") else float(given)
