"""The columns of exported judgements, and how cells become values again."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from workbench.catalogue.tables import CHOICES, PURPOSES, now
from workbench.errors import WorkbenchError
from workbench.exchange.item_keys import KEY, ROLES
from workbench.judgements.rows import CONFIDENCES
from workbench.row_files import Row

_SITTING = {"session_id": str, "session_started_at": str, "task": str, "device": str}
_CLIP = {"place": int, "start_s": float, "length_s": float, "gain_db": float, "needed_ms": int,
         "heard_ms": int, "plays": int, "switches": int}  # fmt: skip
_ITEMS = {
    f"{role}_{name}": kind
    for role in ROLES
    for name, kind in {"id": int, **dict.fromkeys(KEY, str)}.items()
}
_ANSWER = {
    "a_is_left": bool,
    "choice": str,
    "confidence": int,
    "response_ms": int,
    "purpose": str,
    "sampler": str,
    "sampler_score": float,
    "clip_length_s": float,
    "model_version": str,
    "app_version": str,
}
_HEAD = {"id": str, "supersedes": str, "answer_id": str, "rater": str, "at": str}
NESTED: dict[str, type] = {
    **_HEAD, "dimension": str, **_ITEMS, **_ANSWER, **_SITTING, "workspace": str, "clips": dict
}  # fmt: skip
FLAT: dict[str, type] = {
    **{name: kind for name, kind in NESTED.items() if name != "clips"},
    **{f"{role}_{name}": kind for role in ROLES for name, kind in _CLIP.items()},
}
_LONGEST = 200  # characters of a text
_LONGEST_ID = 36
_WHOLE = 2**31 - 1
_FROM_THE_FUTURE = timedelta(days=1)  # clocks differ


def flat_clips(clips: dict[str, Any] | None) -> dict[str, Any]:
    """Return what was presented and heard as columns such as ``a_heard_ms``."""
    return {
        f"{role}_{name}": value
        for role, clip in (clips or {}).items()
        if role in ROLES
        for name, value in clip.items()
        if name in _CLIP
    }


def nested_clips(row: Row) -> dict[str, dict[str, Any]] | None:
    """Return `clips` as the log holds them, from columns or from a column ``clips``.

    Raises
    ------
    WorkbenchError
        If a number is none.
    """
    given = row.get("clips")
    if given is not None and not (
        isinstance(given, dict) and all(isinstance(given.get(r, {}), dict) for r in ROLES)
    ):
        raise WorkbenchError("its clips are no object of anchor, a and b")
    clips: dict[str, dict[str, Any]] = {}
    for role in ROLES:
        for name, kind in _CLIP.items():
            cell = given.get(role, {}).get(name) if given else row.get(f"{role}_{name}")
            value = (whole if kind is int else number)(cell, f"{role}_{name}")
            if value is not None:
                clips.setdefault(role, {})[name] = value
    return clips or None


def answer_values(row: Row) -> dict[str, Any]:
    """Return the columns of a judgement that need no look into the workspace.

    Raises
    ------
    WorkbenchError
        If one of them is missing or is not what it should be.
    """
    choice = one_of(row.get("choice"), "choice", CHOICES)
    supersedes = text(row.get("supersedes"), "supersedes", longest=_LONGEST_ID) or None
    if choice == "undo" and supersedes is None:
        raise WorkbenchError("it is an undo of nothing")
    confidence = whole(row.get("confidence"), "confidence")
    if confidence not in (None, *CONFIDENCES):
        raise WorkbenchError("its confidence is none of 1, 2 and 3")
    return {
        "id": needed(row, "id", longest=_LONGEST_ID),
        "supersedes": supersedes,
        "answer_id": text(row.get("answer_id"), "answer_id", longest=_LONGEST_ID) or None,
        "session_id": needed(row, "session_id", longest=_LONGEST_ID),
        "rater": needed(row, "rater", longest=80),
        "at": moment(row.get("at"), "at"),
        "dimension": needed(row, "dimension", longest=80),
        "a_is_left": truth(row.get("a_is_left"), "a_is_left"),
        "choice": choice,
        "confidence": confidence,
        "response_ms": whole(row.get("response_ms"), "response_ms"),
        "clips": nested_clips(row),
        "clip_length_s": number(row.get("clip_length_s"), "clip_length_s"),
        "purpose": one_of(row.get("purpose") or "new", "purpose", PURPOSES),
        "sampler": text(row.get("sampler"), "sampler") or "imported",
        "sampler_score": number(row.get("sampler_score"), "sampler_score"),
        "model_version": text(row.get("model_version"), "model_version") or None,
        "app_version": text(row.get("app_version"), "app_version"),
    }


def sitting_values(row: Row) -> dict[str, Any]:
    """Return the columns of the sitting a judgement belongs to."""
    started = row.get("session_started_at")
    return {
        "id": needed(row, "session_id", longest=_LONGEST_ID),
        "rater": needed(row, "rater", longest=80),
        "device": text(row.get("device"), "device"),
        "task": text(row.get("task"), "task", longest=80),
        "started_at": moment(row.get("at") if started in (None, "") else started, "at"),
    }


# -- cells ----------------------------------------------------------------------------------------


def text(cell: Any, name: str, *, longest: int = _LONGEST) -> str:
    """Return a cell as text of one line, empty where there is none."""
    if cell is None:
        return ""
    found = str(cell) if isinstance(cell, str | int | float) else None
    controls = found is None or any(
        unicodedata.category(c) in ("Cc", "Cs") for c in found[:longest]
    )
    if found is None or controls or len(found) > longest:
        raise WorkbenchError(
            f"its {name} is no text of at most {longest} characters without control characters"
        )
    return found


def needed(row: Row, name: str, *, longest: int) -> str:
    """Return a text that has to be there."""
    found = text(row.get(name), name, longest=longest)
    if not found.strip():
        raise WorkbenchError(f"its {name} is missing")
    return found


def one_of(cell: Any, name: str, known: tuple[str, ...]) -> str:
    """Return one of a few words."""
    if cell not in known:
        raise WorkbenchError(f"its {name} is none of {', '.join(known)}")
    return str(cell)


def number(cell: Any, name: str) -> float | None:
    """Return a finite number, None where there is none."""
    return _numeric(cell, name, float)


def whole(cell: Any, name: str) -> int | None:
    """Return a whole number, None where there is none."""
    found = _numeric(cell, name, float)
    if found is not None and (found != int(found) or abs(found) > _WHOLE):
        raise WorkbenchError(f"its {name} is no whole number")
    return None if found is None else int(found)


def _numeric(cell: Any, name: str, convert: Callable[[Any], float]) -> float | None:
    if cell is None or cell == "" or (isinstance(cell, float) and math.isnan(cell)):
        return None
    try:
        found = convert(cell)
    except (TypeError, ValueError, OverflowError):
        found = math.nan
    if not math.isfinite(found) or isinstance(cell, bool):
        raise WorkbenchError(f"its {name} is no number")
    return found


def truth(cell: Any, name: str) -> bool:
    """Return true or false."""
    found = {"true": True, "1": True, "false": False, "0": False}.get(str(cell).strip().lower())
    if found is None:
        raise WorkbenchError(f"its {name} is neither true nor false")
    return found


def moment(cell: Any, name: str) -> datetime:
    """Return a moment in UTC; one without a time zone is taken for UTC."""
    try:
        found = cell if isinstance(cell, datetime) else datetime.fromisoformat(str(cell))
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise WorkbenchError(f"its {name} is no date with a time") from error
    if found.year < 1970 or found > now() + _FROM_THE_FUTURE:
        raise WorkbenchError(f"its {name} lies before 1970 or in the future")
    return found
