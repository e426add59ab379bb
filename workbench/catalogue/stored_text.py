"""Text as every database takes it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

_NUL, _ITS_SYMBOL = "\0", "\N{SYMBOL FOR NULL}"


def stored_text(text: str) -> str:
    r"""Return a text as it is stored: what PostgreSQL or UTF-8 cannot hold is made visible.

    Parameters
    ----------
    text
        Such as a title read from a file: it may hold NUL and halves of surrogate pairs.

    Examples
    --------
    >>> print(stored_text("a\0b \ud83d"))
    a␀b \ud83d
    """
    if _NUL in text:
        text = text.replace(_NUL, _ITS_SYMBOL)
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()


class StoredText(sa.types.TypeDecorator[str]):
    """A column of text; both databases are given the same."""

    impl = sa.String
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        """Return what is stored, or compared with what is stored."""
        return stored_text(value) if isinstance(value, str) else value
