"""The workspace: the one object a notebook starts from."""

from __future__ import annotations

import json
import os
import tomllib
import uuid
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from workbench.errors import NotAWorkspaceError, StorageError, WorkbenchError
from workbench.files import clear_storage_errors, write_text
from workbench.progress import Progress
from workbench.read_only import guard
from workbench.roles import Role, role_of_this_process

if TYPE_CHECKING:
    from sqlalchemy import URL

    from workbench.catalogue.database import Database
    from workbench.catalogue.items import Catalogue
    from workbench.judgements.log import JudgementLog
    from workbench.maps.store import MapStore
    from workbench.subspaces.store import ModelStore
    from workbench.vectors.store import VectorStore

CONFIG_FILE = "workbench.toml"
DATABASE_FILE = "workbench.sqlite"
UNFINISHED_COPY = ".copying"  # marks the target of a copy that is not whole yet
FORMAT = 1
ENVIRONMENT_VARIABLE = "WORKBENCH_WORKSPACE"
_TEMPLATE = """# A Music Similarity Workbench workspace.
format = {format}
id = "{id}"

# Leave empty for the SQLite file beside this one, or name a team's database:
# database = "postgresql+psycopg://user@host/name"
database = {database}

# The team's own dimensions, such as:
# [dimensions.mood_arc]
# notion = "shared_tag"
"""


def find_workspace(path: str | os.PathLike[str] | None = None) -> Path:
    """Return the folder meant: `path`, else ``WORKBENCH_WORKSPACE``, else the current folder."""
    return Path(path or os.environ.get(ENVIRONMENT_VARIABLE) or ".").expanduser().resolve()


class Workspace:
    """A folder with a catalogue, judgements, vectors, models and maps.

    Parameters
    ----------
    path
        The folder; by default ``WORKBENCH_WORKSPACE``, else the current folder.
    read_only
        Whether this process may change nothing in it, however it tries: everything that would
        raises `ReadOnlyError`, until the process ends. By default what the role of a page says
        (``WORKBENCH_ROLE``), and no elsewhere.

    Attributes
    ----------
    read_only : bool
        Widgets look at it, so that they offer nothing that would be refused.
    progress : type
        Makes who is told when vectors travel for long, nobody unless a command says otherwise.

    Raises
    ------
    NotAWorkspaceError
        If the folder is no workspace or was written by a newer version.

    Examples
    --------
    >>> import tempfile
    >>> ws = Workspace.create(tempfile.mkdtemp() + "/songs")
    >>> len(ws.catalogue.items())
    0
    """

    progress: ClassVar[type[Progress]] = Progress

    def __init__(
        self, path: str | os.PathLike[str] | None = None, *, read_only: bool | None = None
    ) -> None:
        self.root = find_workspace(path)
        self.config = _read_config(self.root)
        self.id: str = self.config["id"]
        viewing = role_of_this_process() is Role.VIEWER
        self.read_only = viewing if read_only is None else read_only
        if self.read_only:
            guard(self.root)

    @classmethod
    def create(cls, path: str | os.PathLike[str], *, database: str | None = None) -> Workspace:
        """Make an empty workspace in a new or empty folder; an existing one is opened as it is.

        Parameters
        ----------
        path
            The folder.
        database
            The address of a team's database, ``postgresql+psycopg://user@host/name``; by default
            an SQLite file in the folder. A database that holds a workspace already is shared.

        Raises
        ------
        WorkbenchError
            If the folder holds something else already.
        """
        from workbench.catalogue.database import Database

        root = Path(path).expanduser().resolve()
        with clear_storage_errors(root):
            if root.exists() and not root.is_dir():
                raise WorkbenchError(f"{root} is a file; choose a folder for the workspace.")
            root.mkdir(parents=True, exist_ok=True)
        if not (root / CONFIG_FILE).exists():
            _check_unfinished(root)
            found = {entry.name for entry in root.iterdir() if not entry.name.startswith(".")}
            if found and CONFIG_FILE not in found:  # it may have been made this moment
                raise WorkbenchError(
                    f"{root} is not empty and no workspace; choose a new or an empty folder."
                )
            if not found:
                write_config(root, database=database)
        workspace = cls(root)
        begun = Database(workspace.database_url, read_only=workspace.read_only)
        begun.upgrade()
        begun.close()
        return workspace

    @property
    def names_raters(self) -> bool:
        """Whether pages may say who judged: not where people only read."""
        return not self.read_only

    @property
    def database_url(self) -> str | URL:
        """Where the database is: what ``workbench.toml`` says, else the file in the folder."""
        from workbench.catalogue.database import sqlite_url

        return self.config.get("database") or sqlite_url(self.root / DATABASE_FILE)

    @cached_property
    def database(self) -> Database:
        """The database of items, tags and judgements, upgraded to this version."""
        from workbench.catalogue.database import Database

        database = Database(self.database_url, read_only=self.read_only)
        database.upgrade(begin=not database.is_sqlite)  # a team's may be named before it is begun
        return database

    @cached_property
    def catalogue(self) -> Catalogue:
        """Items, tags and media files."""
        from workbench.catalogue.items import Catalogue

        return Catalogue(self.database, self.root, rendering=self.config.get("rendering"))

    @cached_property
    def judgements(self) -> JudgementLog:
        """The append-only log of judgements."""
        from workbench.judgements.log import JudgementLog

        return JudgementLog(self.database)

    @cached_property
    def models(self) -> ModelStore:
        """Models and their versions."""
        from workbench.subspaces.store import ModelStore

        return ModelStore(self.root / "models")

    @cached_property
    def maps(self) -> MapStore:
        """Stored 2-D layouts of subspaces."""
        from workbench.maps.store import MapStore

        return MapStore(self.root / "maps")

    def vectors(self, encoder: str) -> VectorStore:
        """Return the stored vectors of `encoder`: files, or a team's database and copies of it."""
        from workbench.vectors.opening import open_vectors

        return open_vectors(self.database, self.root, encoder, progress=self.progress)

    @property
    def cache_folder(self) -> Path:
        """Where copies lie that can be made again."""
        return self.root / "cache"

    @property
    def jobs_folder(self) -> Path:
        """Where long work writes its progress."""
        return self.root / "jobs"

    def __repr__(self) -> str:
        return f"Workspace({json.dumps(str(self.root))})"


def write_config(root: Path, *, database: str | None = None) -> None:
    """Make a folder a workspace, with an identity of its own.

    Parameters
    ----------
    root
        The folder.
    database
        See `Workspace.create`.
    """
    address = json.dumps(database or "", ensure_ascii=False)
    text = _TEMPLATE.format(format=FORMAT, id=uuid.uuid4().hex[:12], database=address)
    write_text(root / CONFIG_FILE, text)


def _check_unfinished(root: Path) -> None:
    if (root / UNFINISHED_COPY).exists():
        raise NotAWorkspaceError(
            f"A copy into {root} was not finished: run the same `workbench copy` again, or delete "
            "the folder."
        )


def _read_config(root: Path) -> dict[str, Any]:
    file = root / CONFIG_FILE
    if not file.is_file():
        _check_unfinished(root)
        raise NotAWorkspaceError(
            f"{root} is not a workspace; make one with `workbench init {root}` or name another "
            f"with --workspace or {ENVIRONMENT_VARIABLE}."
        )
    try:
        config = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise StorageError(
            f"{file} is damaged ({error}); mend that line, or restore the file from a backup."
        ) from error
    except OSError as error:
        raise StorageError(f"{file} cannot be read: {error.strerror}.") from error
    if not isinstance(config.get("format"), int) or not isinstance(config.get("id"), str):
        raise StorageError(f"{file} lacks its format or id line; restore it from a backup.")
    if config["format"] > FORMAT:
        raise NotAWorkspaceError(
            f"{root} was written by a newer version of the workbench (format "
            f"{config['format']}, this version reads {FORMAT}); upgrade the package."
        )
    return config
