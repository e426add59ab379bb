"""The dashboards of a folder, by the titles and descriptions in their notebooks' metadata."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from workbench.files import from_json
from workbench.roles import Role

_log = logging.getLogger(__name__)
_LAST = 1000


@dataclass(frozen=True)
class Page:
    """One dashboard, by its notebook's file name.

    `needs` is the role that may open it, `export` whether it may leave the house, and if so
    `exported_description` what it says of itself there.
    """

    name: str
    title: str
    description: str
    order: float
    needs: Role
    export: bool = False
    exported_description: str = ""


def list_pages(folder: Path) -> list[Page]:
    """Return the dashboards of `folder`, in the order they ask for.

    A notebook says what it is in its metadata: ``"title"`` at the top level, and ``"workbench":
    {"description": "One sentence.", "order": 1, "needs": "viewer"}``. A page that does not say
    that viewers may open it is for raters. ``"export": true`` adds that it shows something without
    Python, and nothing that is not for everybody; a sentence instead of ``true`` describes what it
    shows then. One that cannot be read is left out and logged.
    """
    pages = [page for file in folder.glob("*.ipynb") if (page := _read(file)) is not None]
    return sorted(pages, key=lambda page: (page.order, page.name))


def _read(file: Path) -> Page | None:
    try:
        metadata = from_json(file.read_text(encoding="utf-8"))["metadata"]
        own = metadata.get("workbench", {})
        description, export = str(own.get("description", "")), own.get("export")
        return Page(
            name=file.name,
            title=str(metadata.get("title") or file.stem.replace("_", " ").capitalize()),
            description=description,
            order=float(own.get("order", _LAST)),
            needs=Role(own.get("needs", Role.RATER)),
            export=export is True or bool(isinstance(export, str) and export),
            exported_description=export if isinstance(export, str) else description,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        _log.warning("%s is left out of the pages: %s", file, error)
        return None
