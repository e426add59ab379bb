"""The browser's half of the widgets: files of `static/`, joined into single modules.

An anywidget module is loaded on its own and cannot import a neighbour, so shared helpers are
put in front of it: ``_esm = esm("base.js", "rater.js")``.
"""

from __future__ import annotations

from pathlib import Path

_STATIC = Path(__file__).parent / "static"


def esm(*names: str) -> str:
    """Return the files `names` of ``widgets/static`` as one JavaScript module, in that order.

    The last one holds the ``export default``; the others only define functions.
    """
    return "\n".join(_read(name) for name in names)


def css(*names: str) -> str:
    """Return the style sheets `names` of ``widgets/static`` as one, after the shared one."""
    return "\n".join(_read(name) for name in ("base.css", *names))


def _read(name: str) -> str:
    return (_STATIC / name).read_text(encoding="utf-8")
