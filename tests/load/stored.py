"""Is every judgement stored once: the database, against what people saw acknowledged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from workbench import Workspace

from .people import Seen


def stored_once(ws: Workspace, seen: Iterable[Seen]) -> dict[str, int]:
    """Compare the judgements of some people with what they sent.

    Returns
    -------
    dict
        `acknowledged` answers and how many of them are `missing`; `stored` rows, of which
        `unknown` were never sent and `twice` are a second row of one rater about one triplet that
        stands; `shared` triplets stand from two raters although each was to be judged by one.
    """
    people = list(seen)
    names = {person.name for person in people}
    sent = {i: ok for person in people for i, ok in {**person.answers, **person.undos}.items()}
    history = ws.judgements.history()
    rows = Counter(history.loc[history["rater"].isin(names), "id"])
    table = ws.judgements.table()
    standing = table[table["rater"].isin(names) & (table["purpose"] == "new")]
    triplet = ["dimension", "anchor_id", "a_id", "b_id"]
    judged = standing[standing["choice"] != "skip"]
    acknowledged = [i for i, ok in sent.items() if ok]
    return {
        "sent": len(sent),
        "acknowledged": len(acknowledged),
        "missing": sum(i not in rows for i in acknowledged),
        "stored": sum(rows.values()),
        "unknown": sum(count for i, count in rows.items() if i not in sent),
        "twice": int(standing.duplicated(["rater", *triplet]).sum())
        + sum(count - 1 for count in rows.values()),
        "shared": int((judged.groupby(triplet)["rater"].nunique() > 1).sum()),
    }
