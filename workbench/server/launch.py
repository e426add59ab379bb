"""Start the dashboards, JupyterLab, or both, on one workspace."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from workbench.errors import WorkbenchError
from workbench.files import clear_storage_errors
from workbench.resources import resource
from workbench.roles import TOKEN_VARIABLE, VIEWER_TOKEN_VARIABLE
from workbench.server.limits import MOST_MB, MOST_PAGES
from workbench.server.processes import (
    LOOPBACK,
    Server,
    free_port,
    is_loopback,
    run,
    server_url,
    slashed,
)
from workbench.workspace import ENVIRONMENT_VARIABLE, Workspace

VOILA_PORT = 8866
LAB_PORT = 8888
_PYTHON = (sys.executable, "-P", "-W", "ignore::DeprecationWarning")  # -P: the folder is no path
# Voila's own extension would publish without our template, and files without a login.
_EXTENSIONS = {"workbench.server": True, "voila.server_extension": False}
_QUIET = {"PYDEVD_DISABLE_FILE_VALIDATION": "1"}  # kernels' debugger warns of Python itself
_LAB_SETTINGS = Path(__file__).parent / "lab_settings"


# -- what people call --------------------------------------------------------------------------


def serve(
    ws: Workspace,
    *,
    port: int = VOILA_PORT,
    address: str = LOOPBACK,
    open_browser: bool = False,
    **options: Any,
) -> None:
    """Serve the dashboards until Ctrl-C.

    Parameters
    ----------
    ws
        The workspace they show.
    port
        The first port to try; a busy one gives way to the next.
    address
        The network address to listen at.
    open_browser
        Whether to open the start page.
    options
        As for `voila_server`.
    """
    run([voila_server(ws, port=port, address=address, **options)], open_browser=open_browser)


def lab(
    ws: Workspace,
    *,
    port: int = LAB_PORT,
    address: str = LOOPBACK,
    base_url: str = "/",
    token: str | None = None,
    open_browser: bool = False,
) -> None:
    """Run JupyterLab on the workspace's notebooks until Ctrl-C; see `serve` for the options."""
    server = lab_server(ws, port=port, address=address, base_url=base_url, token=token)
    run([server], open_browser=open_browser)


def serve_all(
    ws: Workspace,
    *,
    lab_port: int = LAB_PORT,
    voila_port: int = VOILA_PORT,
    open_browser: bool = False,
) -> None:
    """Run the dashboards and JupyterLab side by side, on this machine, until Ctrl-C."""
    run(
        [voila_server(ws, port=voila_port), lab_server(ws, port=lab_port)],
        open_browser=open_browser,
    )


# -- the two servers ---------------------------------------------------------------------------


def voila_server(
    ws: Workspace,
    *,
    port: int = VOILA_PORT,
    address: str = LOOPBACK,
    base_url: str = "/",
    token: str | None = None,
    viewer_token: str | None = None,
    read_only: bool = False,
    hostnames: Sequence[str] = (),
    pages: Path | None = None,
    most: int = MOST_PAGES,
    most_mb: int = MOST_MB,
) -> Server:
    """Return the dashboard server of a workspace, on a free port.

    Beyond this machine people log in, each role with a token of its own; a token that is not
    given is made. On this machine nobody logs in unless a token is given, and everybody is a
    rater.

    Parameters
    ----------
    ws
        The workspace; an older one is upgraded, since viewers' pages may not.
    port
        The first port to try; a busy one gives way to the next.
    address
        The network address to listen at.
    base_url
        The path under which the server lives, behind a proxy.
    token
        What raters log in with.
    viewer_token
        What viewers log in with: they may read and hear, and change nothing.
    read_only
        Whether there are viewers only.
    hostnames
        Names under which a proxy reaches a server without a token.
    pages
        The folder of dashboards; by default those of the workbench.
    most
        How many pages may be open at once.
    most_mb
        How much memory a page's kernel may take, in MB.

    Raises
    ------
    WorkbenchError
        If both roles have the same token, or raters have one on a server without raters.
    """
    tokens = _tokens(address, token, viewer_token, read_only)
    port = free_port(port, address)
    ws.database.close()
    command = [
        *(*_PYTHON, "-m", "workbench.server.voila"),
        str(pages or resource("dashboards")),
        "--no-browser",
        f"--port={port}",
        "--Voila.port_retries=0",
        f"--Voila.ip={address}",
        f"--Voila.base_url={slashed(base_url)}",
        "--Voila.log_level=ERROR",
        *(f"--WorkbenchVoila.hostnames={name}" for name in ("localhost", *hostnames)),
        f"--RoleIdentity.read_only={read_only}",
        f"--PageKernelManager.most={most}",
        f"--PageKernelManager.most_mb={most_mb}",
    ]
    return Server(
        name="Dashboards",
        command=command,
        url=server_url(address, port, base_url),
        tokens={role: token for role, token in tokens.items() if token},
        environment={
            ENVIRONMENT_VARIABLE: str(ws.root),
            # Not arguments: command lines can be read by everybody on the machine.
            TOKEN_VARIABLE: tokens["raters"],
            VIEWER_TOKEN_VARIABLE: tokens["viewers"],
            **_QUIET,
        },
    )


def _tokens(
    address: str, token: str | None, viewer_token: str | None, read_only: bool
) -> dict[str, str]:
    """Return the tokens of raters and viewers, made where they are needed and not given."""
    if read_only and token:
        raise WorkbenchError("A read-only server has no raters: give --viewer-token, not --token.")
    if token and token == viewer_token:
        raise WorkbenchError("Raters and viewers need tokens that differ.")
    login = bool(token or viewer_token) or not is_loopback(address)
    return {
        "raters": (token or secrets.token_urlsafe(24)) if login and not read_only else "",
        "viewers": (viewer_token or secrets.token_urlsafe(24)) if login else "",
    }


def lab_server(
    ws: Workspace,
    *,
    port: int = LAB_PORT,
    address: str = LOOPBACK,
    base_url: str = "/",
    token: str | None = None,
) -> Server:
    """Return JupyterLab on a workspace's notebooks, on a free port."""
    port = free_port(port, address)
    token = token or secrets.token_urlsafe(24)
    folder = copy_notebooks(ws)
    first = min((file.name for file in folder.glob("*.ipynb")), default=None)
    command = [
        *(*_PYTHON, "-m", "jupyterlab"),
        "--no-browser",
        f"--port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.ip={address}",
        f"--ServerApp.base_url={slashed(base_url)}",
        f"--ServerApp.root_dir={folder}",
        f"--ServerApp.jpserver_extensions={_EXTENSIONS}",
        "--ServerApp.kernel_spec_manager_class=workbench.server.kernels.ThisPython",
        "--Application.log_level=ERROR",
        "--KernelManager.transport_encryption=auto",
        f"--LabApp.app_settings_dir={_LAB_SETTINGS}",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # in a container, or on a machine of one's own
    return Server(
        name="JupyterLab",
        command=command,
        url=server_url(address, port, base_url),
        path=f"lab/tree/{quote(first)}" if first else "lab",
        tokens={"": token},
        environment={ENVIRONMENT_VARIABLE: str(ws.root), "JUPYTER_TOKEN": token, **_QUIET},
    )


def copy_notebooks(ws: Workspace) -> Path:
    """Copy the notebooks into the workspace, never over one that is there; return the folder."""
    folder = ws.root / "notebooks"
    with clear_storage_errors(folder):
        folder.mkdir(exist_ok=True)
        for source in sorted(resource("notebooks").glob("*.ipynb")):
            if not (folder / source.name).exists():
                shutil.copyfile(source, folder / source.name)
    return folder
