"""Why one candidate of a triplet is the closer one, in words: by tags, or by what people said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from workbench.subspaces.dimensions import Dimension
from workbench.subspaces.notions import SameKey, SharedTag, TempoWithin

if TYPE_CHECKING:
    import pandas as pd

_MOST_VALUES = 3


def notion_words(dimension: Dimension) -> str:
    """Say when two items count as similar in a dimension.

    Examples
    --------
    >>> from workbench.subspaces.dimensions import BUILT_IN
    >>> notion_words(BUILT_IN["genre"])
    'Two pieces are similar where they have a genre tag in common.'
    """
    match dimension.notion:
        case SharedTag():
            return f"Two pieces are similar where they have a {dimension.name} tag in common."
        case TempoWithin(margin_bpm=margin, octaves=octaves):
            also = ", and twice or half as fast counts as the same" if octaves else ""
            return f"Two pieces are similar where they are within {margin:g} bpm{also}."
        case SameKey(relation_name=relation):
            others = {
                "same": "",
                "relative": " or the relative one (C major and A minor)",
                "parallel": " or the parallel one (C major and C minor)",
                "relative_and_parallel": ", the relative or the parallel one",
            }
            return f"Two pieces are similar where they are in the same key{others[relation]}."
        case _:
            return f"Parts of songs are compared, not whole songs: {dimension.question}"


def tag_words(tags: pd.DataFrame, ids: Sequence[int]) -> dict[int, list[str]]:
    """Return the values of items in one dimension; tempi have their unit, derived ones say so.

    Parameters
    ----------
    tags
        Of one dimension, as ``Catalogue.tags`` returns them.
    ids
        The items; those without a tag are left out.
    """
    found: dict[int, list[str]] = {}
    own = tags[tags["item_id"].isin(ids)]
    columns = [own[name] for name in ("item_id", "dimension", "value", "number", "weak")]
    for item, dimension, value, number, weak in zip(*columns, strict=True):
        counted = dimension == "tempo" and number is not None and number == number
        words = f"{number:.0f} bpm" if counted else str(value)
        words += " (derived)" if weak else ""
        known = found.setdefault(int(item), [])
        if words not in known:
            known.append(words)
    return found


def tag_reason(dimension: Dimension, anchor: Sequence[str], closer: Sequence[str]) -> str:
    """Say why tags take a candidate for the closer one.

    Parameters
    ----------
    dimension
        Which notion decides.
    anchor, closer
        The values of the anchor and of that candidate, as `tag_words` gives them.

    Examples
    --------
    >>> from workbench.subspaces.dimensions import BUILT_IN
    >>> tag_reason(BUILT_IN["genre"], ["folk", "jig"], ["jig"])
    'A shares “jig” with the anchor, B does not.'
    """
    match dimension.notion:
        case SharedTag():
            shared = " and ".join(f"“{value}”" for value in anchor if value in closer)
            return f"A shares {shared or 'a tag'} with the anchor, B does not."
        case TempoWithin(margin_bpm=margin, octaves=octaves):
            also = ", counted at double or half speed too" if octaves else ""
            return f"A is within {margin:g} bpm of the anchor{also}; B is not."
        case SameKey():
            return "A is in a key that counts as the same, B is not."
        case _:
            return "A is known to go with the anchor, B is not."


def vote_reason(for_closer: int, for_further: int, undecided: int) -> str:
    """Say how many people took a candidate for the closer one.

    Examples
    --------
    >>> vote_reason(3, 1, 0), vote_reason(1, 0, 0), vote_reason(2, 0, 1)
    ('3 of 4 people said A.', 'One person said A.', '2 of 3 people said A, 1 could not tell.')
    """
    total = for_closer + for_further + undecided
    if total == 1:
        return "One person said A."
    unsure = f", {undecided} could not tell" if undecided else ""
    return f"{for_closer} of {total} people said A{unsure}."


def shown_values(values: Sequence[str]) -> str:
    """Return an item's values as one line, at most three.

    Examples
    --------
    >>> shown_values(["harp", "flute", "voice", "drum"]), shown_values([])
    ('harp, flute, voice …', '')
    """
    more = " …" if len(values) > _MOST_VALUES else ""
    return ", ".join(values[:_MOST_VALUES]) + more
