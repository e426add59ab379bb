"""Tables of a workspace's ``workbench.toml``: added and removed, the rest left untouched.

The file is a person's: comments and order are kept. It is edited as text, and the result is
written only if it parses to exactly what was meant.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from workbench.errors import UnknownNameError, WorkbenchError
from workbench.files import write_text
from workbench.workspace import CONFIG_FILE

if TYPE_CHECKING:
    from workbench.workspace import Workspace


def add_table(ws: Workspace, section: str, name: str, table: Mapping[str, Any]) -> None:
    """Add ``[section.name]`` with values that JSON and TOML write alike.

    Raises
    ------
    WorkbenchError
        If the file cannot be edited safely; nothing is written then.
    """
    text = _read(ws)
    lines = [f"[{section}.{name}]", *(f"{key} = {_value(v)}" for key, v in table.items())]
    gap = "" if not text or text.endswith("\n\n") else "\n" if text.endswith("\n") else "\n\n"
    meant = tomllib.loads(text)
    meant.setdefault(section, {})[name] = dict(table)
    _write(ws, text + gap + "\n".join(lines) + "\n", meant)


def remove_table(ws: Workspace, section: str, name: str) -> None:
    """Take ``[section.name]`` out.

    Raises
    ------
    UnknownNameError
        If the file has no such table.
    WorkbenchError
        If the file cannot be edited safely; nothing is written then.
    """
    text = _read(ws)
    meant = tomllib.loads(text)
    declared = meant.get(section, {})
    if not isinstance(declared, dict) or name not in declared:
        known = ", ".join(declared) if isinstance(declared, dict) else ""
        raise UnknownNameError(
            f"{CONFIG_FILE} declares no {section.rstrip('s')} {name!r}; it declares "
            f"{known or 'none'}."
        )
    del declared[name]
    if not declared:
        del meant[section]
    lines = text.splitlines(keepends=True)
    header = re.compile(rf"\s*\[\s*{section}\s*\.\s*[\"']?{re.escape(name)}[\"']?\s*\]\s*(#.*)?")
    start = next((i for i, line in enumerate(lines) if header.fullmatch(line.rstrip())), len(lines))
    following = (i for i in range(start + 1, len(lines)) if lines[i].lstrip().startswith("["))
    end = next(following, len(lines))
    while end > start + 1 and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
        end -= 1  # what stands before the next table belongs to it
    while start and end == len(lines) and not lines[start - 1].strip():
        start -= 1
    _write(ws, "".join(lines[:start] + lines[end:]), meant)


def _value(value: Any) -> str:
    """Return TOML for a text, a number, a truth value or a list of numbers."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _read(ws: Workspace) -> str:
    return (ws.root / CONFIG_FILE).read_bytes().decode("utf-8")


def _write(ws: Workspace, text: str, meant: dict[str, Any]) -> None:
    """Write the file if the text says what is meant; then let the open workspace know it."""
    file = ws.root / CONFIG_FILE
    try:
        fits = tomllib.loads(text) == meant
    except tomllib.TOMLDecodeError:
        fits = False
    if not fits:
        raise WorkbenchError(
            f"{file} is written in a way that cannot be edited safely; add or remove the table by "
            "hand, see docs/engineers.md."
        )
    mode = file.stat().st_mode
    write_text(file, text)
    os.chmod(file, mode)  # it may name a database with its password
    ws.config = meant
