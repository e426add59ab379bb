"""Whether everything is there that a workspace needs: packages, music, vectors, model, maps."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

import sqlalchemy as sa

from workbench.doctor.seen import Seen
from workbench.errors import WorkbenchError
from workbench.workspace import Workspace

_PACKAGES = ("torch", "librosa", "soundfile", "av", "umap", "plotly", "jupyterlab", "voila")


class Line(NamedTuple):
    """One thing looked at: its name, whether it is well, and what to know or do."""

    name: str
    fine: bool
    text: str


def installation() -> list[Line]:
    """Return whether Python and the packages are there."""
    lines = [Line("Python", sys.version_info >= (3, 11), sys.version.split()[0])]
    for name in _PACKAGES:
        package = "umap-learn" if name == "umap" else name
        try:
            importlib.util.find_spec(name)
            lines.append(Line(package, True, version(package)))
        except (PackageNotFoundError, ModuleNotFoundError):
            lines.append(Line(package, False, f"install it with `pip install {package}`"))
    return lines


def state(ws: Workspace) -> list[Line]:
    """Return what a workspace has and what it lacks; an older one is left as it is."""
    if not Seen(ws).current:
        older = "see what is said of it below; an older one is brought up to date when it is opened"
        return [_look("workspace", _writable, ws), Line("database", True, older)]
    return [_look(name, check, ws) for name, check in _CHECKS.items()]


def _look(name: str, check: Callable[[Workspace], str], ws: Workspace) -> Line:
    try:
        return Line(name, True, check(ws))
    except (WorkbenchError, sa.exc.SQLAlchemyError) as error:
        return Line(name, False, " ".join(str(error).split()))


def _catalogue(ws: Workspace) -> str:
    items = ws.catalogue.items()
    if items.empty:
        raise WorkbenchError("it is empty; add music with `workbench import`")
    counts = (items["domain"] + " " + items["kind"]).value_counts()
    names = {what: f"{what}es" if str(what).endswith("x") else f"{what}s" for what in counts.index}
    return ", ".join(f"{number} {names[what]}" for what, number in counts.items())


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
    "encoders": _encoder,
    "model": _model,
    "vectors": _vectors,
    "maps": _maps,
}
