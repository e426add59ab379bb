"""The demo's workspace, which rows about real music use."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from workbench import Workspace
from workbench.errors import NotAWorkspaceError


def demo() -> Workspace:
    """Return the workspace of ``WORKBENCH_WORKSPACE``, else ``demo-workspace``.

    Raises
    ------
    NotAWorkspaceError
        If there is none.
    """
    folder = os.environ.get("WORKBENCH_WORKSPACE") or "demo-workspace"
    if not Path(folder).is_dir():
        raise NotAWorkspaceError(
            f"{folder} is not there; run `make demo SERVE=0` or set WORKBENCH_WORKSPACE."
        )
    return Workspace(folder)


def copy_of_demo(target: Path) -> Workspace:
    """Return a copy to change, without its sound."""
    ignored = shutil.ignore_patterns("media", "jobs")
    return Workspace(shutil.copytree(demo().root, target, ignore=ignored))
