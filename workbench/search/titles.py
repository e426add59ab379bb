"""Items by the words of their titles and artists."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def search_titles(items: pd.DataFrame, words: str, *, limit: int) -> pd.DataFrame:
    """Return the items whose title or artist contains every word, songs first, then by title.

    Parameters
    ----------
    items
        As ``Catalogue.items`` returns them.
    words
        What was typed; case does not matter, nothing typed finds everything.
    limit
        Most rows returned.
    """
    text = (items["title"] + " " + items["artist"]).str.casefold()
    for word in words.casefold().split():
        text = text[text.str.contains(word, regex=False)]
    hits = items.loc[text.index]
    hits = hits.assign(rank=hits["kind"] != "song").sort_values(["rank", "title"], kind="stable")
    return hits.drop(columns="rank").head(limit)
