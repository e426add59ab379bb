"""Add encoders to a workspace's ``workbench.toml``, and remove them, leaving the rest untouched.

What is added is looked at first, and pinned.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from workbench.backbones.card import read_card
from workbench.config_file import add_table, remove_table
from workbench.encoders.declared import declared_encoders, hash_weights, parse_table
from workbench.encoders.huggingface.folder import hub_files, open_model
from workbench.encoders.info import EncoderInfo
from workbench.errors import WorkbenchError
from workbench.workspace import Workspace

_NAME = re.compile(r"[A-Za-z][\w-]*", re.ASCII)


def add_huggingface(
    ws: Workspace,
    name: str,
    model: str | Path,
    *,
    layers: Sequence[int] = (),
    window: float | None = None,
    trust_remote_code: bool = False,
    allow_pickle: bool = False,
    revision: str | None = None,
    licence: str | None = None,
) -> EncoderInfo:
    """Declare a Hugging Face model as an encoder of a workspace.

    Its configuration and model card are looked at now, its weights when they are first needed.
    What they are is written down (the hub's commit, or a hash of the weights in a folder), so
    that vectors computed later fit those computed now.

    Parameters
    ----------
    ws
        The workspace.
    name
        What to call the encoder.
    model
        A folder or a hub name.
    layers, window, trust_remote_code, allow_pickle, revision
        See `workbench.encoders.huggingface.encoder.HuggingFaceEncoder`; `window` is in seconds.
    licence
        By default what the model card says.

    Raises
    ------
    WorkbenchError
        If the name is taken, the model cannot be had, or it needs what was not allowed.
    """
    _check_name(ws, name)
    found = open_model(model, revision=revision, weights=False)
    found.check_code(trust_remote_code=trust_remote_code)
    table: dict[str, Any] = {"kind": "huggingface"}
    if found.commit:
        names = hub_files(found)
        if names is not None:
            found.check_weights(allow_pickle=allow_pickle, names=names)
        table |= {"model": str(model), "revision": found.commit}
    else:
        found.check_weights(allow_pickle=allow_pickle)
        table |= {"model": _place(ws, found.path), "weights": hash_weights(found.path)}
    options: dict[str, Any] = {
        "layers": list(layers),
        "window": window,
        "trust_remote_code": trust_remote_code,
        "allow_pickle": allow_pickle,
        "licence": licence or found.licence,
    }
    return add_encoder(ws, name, table | {k: v for k, v in options.items() if v})


def add_python(ws: Workspace, name: str, place: str, *, licence: str | None = None) -> EncoderInfo:
    """Declare a class in a Python file as an encoder of a workspace.

    Parameters
    ----------
    ws
        The workspace.
    name
        What to call the encoder.
    place
        ``FILE:CLASS``; the file is kept where it is.
    licence
        By default what the class says.

    Raises
    ------
    WorkbenchError
        If the name is taken or there is no such class.
    """
    file, _, kind = place.rpartition(":")
    if not file or not kind.isidentifier():
        raise WorkbenchError(f"{place!r} names no class; write FILE:CLASS, as in mine.py:Loudness.")
    table = {"kind": "python", "file": _place(ws, Path(file).expanduser()), "object": kind}
    return add_encoder(ws, name, table | ({"licence": licence} if licence else {}))


def add_network(
    ws: Workspace, name: str, folder: Path, *, licence: str | None = None
) -> EncoderInfo:
    """Declare a network that `workbench train base` made as an encoder of a workspace.

    Parameters
    ----------
    ws
        The workspace.
    name
        What to call the encoder.
    folder
        Holds the network and its card; it is kept where it is.
    licence
        By default what the card says.

    Raises
    ------
    WorkbenchError
        If the name is taken or the folder holds no network.
    """
    card = read_card(folder.expanduser())
    table = {"kind": "network", "folder": _place(ws, folder.expanduser()), "weights": card.sha256}
    return add_encoder(ws, name, table | ({"licence": licence} if licence else {}))


def add_encoder(ws: Workspace, name: str, table: dict[str, Any]) -> EncoderInfo:
    """Append a table ``[encoders.NAME]`` to the workspace's file and return what it declares.

    Parameters
    ----------
    ws
        The workspace; it knows the encoder from then on.
    name
        What to call the encoder.
    table
        What the table says, see `workbench.encoders.declared`.

    Raises
    ------
    WorkbenchError
        If the name is taken, or the table does not describe an encoder; nothing is written then.
    """
    _check_name(ws, name)
    try:
        entry = parse_table(table).described(name, ws.root)
    except (WorkbenchError, SyntaxError) as error:
        raise WorkbenchError(
            f"Encoder {name} cannot be added: {str(error).rstrip('.')}."
        ) from error
    add_table(ws, "encoders", name, table)
    return entry.info


def remove_encoder(ws: Workspace, name: str) -> None:
    """Take an encoder out of the workspace's file; its vectors and models stay.

    Raises
    ------
    UnknownNameError
        If the file declares no such encoder.
    """
    remove_table(ws, "encoders", name)


def _check_name(ws: Workspace, name: str) -> None:
    from workbench.encoders.registry import is_taken

    if not _NAME.fullmatch(name):
        raise WorkbenchError(f"{name!r} cannot name an encoder; choose letters, digits, - and _.")
    if any(known.name == name for known in declared_encoders(ws)) or is_taken(name):
        raise WorkbenchError(
            f"There is an encoder {name!r} already; choose another name, or remove it with "
            f"`workbench encoders remove {name}`."
        )


def _place(ws: Workspace, path: Path) -> str:
    """Return a path as the file holds it: relative where it lies in the workspace."""
    path = path.resolve()
    inside = path.is_relative_to(ws.root)
    return f"./{path.relative_to(ws.root).as_posix()}" if inside else str(path)
