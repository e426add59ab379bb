"""What is known of an encoder before it is loaded."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from workbench.encoders.base import Encoder
from workbench.encoders.licences import UNKNOWN_LICENCE, is_non_commercial, licence_words
from workbench.errors import WorkbenchError

_KEY = re.compile(r"\w[\w.+-]*")


@dataclass(frozen=True)
class EncoderInfo:
    """What the registry knows of an encoder without loading it.

    `key` names its vectors. Where `installed` is false, `install` is the command that helps, or
    `problem` says what is wrong. `source` is where it comes from.
    """

    key: str
    description: str
    licence: str
    installed: bool
    install: str = ""
    source: str = "built in"
    problem: str = ""

    @property
    def licence_words(self) -> str:
        """The licence as people are shown it."""
        return licence_words(self.licence)

    def as_dict(self) -> dict[str, Any]:
        """Return the fields, and whether the licence forbids commercial use, for JSON."""
        return {**vars(self), "non_commercial": is_non_commercial(self.licence)}


class KnownEncoder(NamedTuple):
    """An encoder by the short name people use, and how to load it."""

    name: str
    info: EncoderInfo
    load: Callable[[], Encoder]


def broken(name: str, source: str, problem: str) -> KnownEncoder:
    """Return the entry of an encoder that cannot be used, with the reason."""

    def refuse() -> Encoder:
        raise WorkbenchError(problem)

    problem = " ".join(problem.split()).rstrip(".")
    info = EncoderInfo(name, "", UNKNOWN_LICENCE, False, source=source, problem=problem)
    return KnownEncoder(name, info, refuse)


def joined_version(base: str | None, relations: str | None = None) -> str:
    """Return the version of the default encoder with networks of some versions, or without."""
    return str(1 + int(base or 0) + int(relations or 0))


def is_safe_key(key: str) -> bool:
    """Return whether a key can name a folder on every system."""
    return bool(_KEY.fullmatch(key))


def first_line(text: str | None) -> str:
    """Return the first line of a docstring without its full stop."""
    lines = (text or "").strip().splitlines()
    return lines[0].rstrip(".") if lines else ""
