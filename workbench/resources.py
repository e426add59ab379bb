"""Where the notebooks, dashboards and demo recipe lie, in a checkout or an installed wheel."""

from __future__ import annotations

import sys
from pathlib import Path

from workbench.errors import WorkbenchError

_CHECKOUT = Path(__file__).resolve().parent.parent
_INSTALLED = Path(sys.prefix) / "share" / "music-similarity-workbench"


def resource(name: str) -> Path:
    """Return the folder or file `name`, such as ``"dashboards"`` or ``"data/demo_pieces.csv"``."""
    checkout = [_CHECKOUT] if (_CHECKOUT / "pyproject.toml").is_file() else []
    for root in (*checkout, _INSTALLED):
        if (root / name).exists():
            return root / name
    raise WorkbenchError(f"{name} is missing from this installation; install the package again.")
