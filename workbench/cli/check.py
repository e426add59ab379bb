"""`workbench doctor` asks whether everything is there that a workspace needs."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

import typer

from workbench.cli.options import JsonOption, WorkspaceOption, say, say_json
from workbench.errors import WorkbenchError
from workbench.workspace import Workspace

_PACKAGES = ("torch", "librosa", "soundfile", "av", "umap", "plotly", "jupyterlab", "voila")


class Finding(NamedTuple):
    """One thing looked at: its name, whether it is well, and what to know or do."""

    name: str
    fine: bool
    text: str


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("doctor")(doctor)


def doctor(as_json: JsonOption = False, workspace: WorkspaceOption = None) -> None:
    """Look at the installation and the workspace, and say what is missing."""
    findings = [*_installation()]
    try:
        ws = Workspace(workspace)
        findings += [_look(name, check, ws) for name, check in _CHECKS.items()]
    except WorkbenchError as error:
        findings.append(Finding("workspace", False, str(error)))
    if as_json:
        say_json([finding._asdict() for finding in findings])
    else:
        for finding in findings:
            say(f"{'ok     ' if finding.fine else 'MISSING'}  {finding.name}: {finding.text}")
    if not all(finding.fine for finding in findings):
        raise typer.Exit(1)


def _installation() -> list[Finding]:
    findings = [Finding("Python", sys.version_info >= (3, 11), sys.version.split()[0])]
    for name in _PACKAGES:
        package = "umap-learn" if name == "umap" else name
        try:
            importlib.util.find_spec(name)
            findings.append(Finding(package, True, version(package)))
        except (PackageNotFoundError, ModuleNotFoundError):
            findings.append(Finding(package, False, f"install it with `pip install {package}`"))
    return findings


def _look(name: str, check: Callable[[Workspace], str], ws: Workspace) -> Finding:
    try:
        return Finding(name, True, check(ws))
    except WorkbenchError as error:
        return Finding(name, False, str(error))


def _catalogue(ws: Workspace) -> str:
    items = ws.catalogue.items()
    if items.empty:
        raise WorkbenchError("it is empty; add music with `workbench import`")
    counts = (items["domain"] + " " + items["kind"]).value_counts()
    names = {what: f"{what}es" if str(what).endswith("x") else f"{what}s" for what in counts.index}
    return ", ".join(f"{number} {names[what]}" for what, number in counts.items())


def _files(ws: Workspace) -> str:
    items = ws.catalogue.items()
    gone = 0
    files = items["media_id"].notna() & ~items.index.isin(sorted(ws.catalogue.mixed()))
    for item_id in items.index[files]:  # a mix is made again when it is asked for
        try:
            ws.catalogue.media_path(int(item_id))
        except WorkbenchError:
            gone += 1
    if gone:
        raise WorkbenchError(f"{gone} files are no longer where they were imported from")
    return "all there"


def _encoder(ws: Workspace) -> str:
    from workbench.encoders.registry import list_encoders

    for info in list_encoders(ws):
        if info.problem:
            raise WorkbenchError(f"{info.key} ({info.source}) is broken: {info.problem}")
        if not info.installed:
            raise WorkbenchError(f"{info.key} is not installed; run `{info.install}`")
    return "all installed"


def _vectors(ws: Workspace) -> str:
    from workbench.encoders.registry import default_encoder

    card_encoder = ws.models.card().encoder
    audio = ws.catalogue.items(domain="audio")["media_id"].notna().sum()
    stored = len(ws.vectors(card_encoder).ids)
    if stored < audio:
        raise WorkbenchError(f"{audio - stored} items have none yet; run `workbench embed`")
    default = default_encoder().key
    newer = (
        f"; new items are embedded with {default}: `workbench embed` and `workbench train heads` "
        "go on with it"
        if card_encoder != default and card_encoder.rpartition("-")[0] == default.rpartition("-")[0]
        else ""
    )
    return f"{stored} of {card_encoder}{newer}"


def _model(ws: Workspace) -> str:
    model = ws.models.load()
    return f"{model.card.version}, {len(ws.models.versions())} versions"


def _maps(ws: Workspace) -> str:
    from workbench.maps.state import map_state

    ws.maps.load(ws.models.card().version)
    return map_state(ws).text or "drawn for the model in use"


def _writable(ws: Workspace) -> str:
    if not os.access(ws.root, os.W_OK):
        raise WorkbenchError(f"{ws.root} is read-only")
    return str(ws.root)


_CHECKS: dict[str, Callable[[Workspace], str]] = {
    "workspace": _writable,
    "catalogue": _catalogue,
    "files": _files,
    "encoders": _encoder,
    "model": _model,
    "vectors": _vectors,
    "maps": _maps,
}
