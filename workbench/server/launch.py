"""Start the dashboards, JupyterLab, or both, on one workspace."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from workbench.files import clear_storage_errors
from workbench.resources import resource
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
_LAB_SETTINGS = Path(__file__).parent / "lab_settings"


# -- what people call --------------------------------------------------------------------------


def serve(
    ws: Workspace,
    *,
    port: int = VOILA_PORT,
    address: str = LOOPBACK,
    base_url: str = "/",
    token: str | None = None,
    hostnames: Sequence[str] = (),
    pages: Path | None = None,
    open_browser: bool = False,
) -> None:
    """Serve the dashboards until Ctrl-C.

    Parameters
    ----------
    ws
        The workspace they show.
    port
        The first port to try; a busy one gives way to the next.
    address
        The network address to listen at. Beyond this machine a token is needed: without one it
        is made and printed.
    base_url
        The path under which the server lives, behind a proxy.
    token
        The token that viewers log in with.
    hostnames
        Names under which a proxy reaches a server without a token.
    pages
        The folder of dashboards; by default those of the workbench.
    open_browser
        Whether to open the start page.
    """
    server = voila_server(
        ws,
        port=port,
        address=address,
        base_url=base_url,
        token=token,
        hostnames=hostnames,
        pages=pages,
    )
    run([server], open_browser=open_browser)


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
    hostnames: Sequence[str] = (),
    pages: Path | None = None,
) -> Server:
    """Return the dashboard server of a workspace, on a free port."""
    port = free_port(port, address)
    token = token or ("" if is_loopback(address) else secrets.token_urlsafe(24))
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
        *(["--token"] if token else []),
    ]
    return Server(
        name="Dashboards",
        command=command,
        url=server_url(address, port, base_url),
        token=token,
        environment=_environment(ws, token),
    )


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
        token=token,
        environment=_environment(ws, token),
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


def _environment(ws: Workspace, token: str) -> dict[str, str]:
    return {
        ENVIRONMENT_VARIABLE: str(ws.root),
        # Not an argument: command lines can be read by everybody on the machine.
        "JUPYTER_TOKEN": token,
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # kernels' debugger warns of Python itself
    }
