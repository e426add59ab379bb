"""The two routes of the workbench: the sound of an item, and plotly's script."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import mimetypes
import os
import re
from pathlib import Path
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import AuthenticatedFileHandler
from jupyter_server.utils import url_path_join
from tornado.web import HTTPError, authenticated

from workbench.catalogue.media import AUDIO_SUFFIXES
from workbench.errors import (
    MediaError,
    NotAWorkspaceError,
    StorageError,
    UnknownNameError,
    WorkbenchError,
)
from workbench.server.packed import PackedFiles
from workbench.urls import AUDIO_ROUTE, STATIC_ROUTE
from workbench.workspace import ENVIRONMENT_VARIABLE, Workspace

# Systems disagree about these, and browsers refuse audio that is called something else.
AUDIO_TYPES = {
    ".aif": "audio/aiff",
    ".aiff": "audio/aiff",
    ".flac": "audio/flac",
    ".m4a": "audio/mp4",
    ".mp3": "audio/mpeg",
    ".oga": "audio/ogg",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".wav": "audio/wav",
    ".wma": "audio/x-ms-wma",
}
AUTH_RESOURCE = "workbench"  # what authorizers call the sounds and scripts served here
_ITEM = re.compile(r"([0-9a-f]{12})/([0-9]{1,18})")


class SoundSource:
    """The workspace whose items a server plays: the one named by the environment, else by place.

    Parameters
    ----------
    root_dir
        The server's folder; it counts when ``WORKBENCH_WORKSPACE`` is not set, and after it the
        current folder.
    log
        Told when there is no workspace.
    """

    def __init__(self, root_dir: str | os.PathLike[str], *, log: logging.Logger) -> None:
        self._root_dir = root_dir
        self._log = log
        self._workspace: Workspace | None = None

    def workspace(self) -> Workspace | None:
        """Return the workspace, looked for until there is one."""
        if self._workspace is None:
            self._workspace = self._find()
        return self._workspace

    def _find(self) -> Workspace | None:
        named = os.environ.get(ENVIRONMENT_VARIABLE)
        problem: WorkbenchError | None = None
        for folder in [named] if named else [self._root_dir, "."]:
            try:
                return Workspace(folder)
            except NotAWorkspaceError as error:
                problem = problem or error
            except StorageError as error:
                problem = error
                break
        self._log.error("No workspace to play from: %s", problem)
        return None

    def path(self, workspace_id: str, item_id: int) -> Path:
        """Return the sound file of an item; a score is rendered and a submix mixed for it.

        Raises
        ------
        HTTPError
            404 for another workspace, an unknown item, or a file that is gone or cannot be heard;
            503 when the catalogue cannot be read or scores cannot be rendered.
        """
        ws = self.workspace()
        if ws is None or ws.id != workspace_id:
            raise HTTPError(404)
        try:
            path = ws.catalogue.sound_path(item_id)
        except (UnknownNameError, MediaError) as error:
            self._log.info("%s", error)
            raise HTTPError(404) from error
        except WorkbenchError as error:
            self._log.error("%s", error)
            raise HTTPError(503) from error
        if path.suffix.lower() not in AUDIO_SUFFIXES:
            raise HTTPError(404)
        return path


class AudioHandler(AuthenticatedFileHandler):
    """``GET workbench/audio/<workspace id>/<item id>``, with Range and ETag.

    Login, origin and authorisation are those of the Jupyter server. Files are reached by item
    alone: no part of the address is ever used as a path.
    """

    auth_resource = AUTH_RESOURCE

    def initialize(self, source: SoundSource) -> None:  # type: ignore[override]
        """Take the place of tornado's root folder."""
        super().initialize(path="")
        self._source = source
        self._file = ""

    @authenticated
    @authorized
    async def get(self, path: str, include_body: bool = True) -> None:  # type: ignore[override]
        """Send the sound of an item; what has to be made for it is made in another thread.

        A score takes up to a second, in which the server must go on with other pages. Nothing is
        made for those who may not hear it.
        """
        match = _ITEM.fullmatch(path)
        if match is None:
            raise HTTPError(404)
        self.check_xsrf_cookie()
        loop = asyncio.get_running_loop()
        workspace, item = match[1], int(match[2])
        self._file = str(await loop.run_in_executor(None, self._source.path, workspace, item))
        sent = super().get(path, include_body=include_body)
        if sent is not None:
            await sent

    def parse_url_path(self, url_path: str) -> str:
        """Return the file of the item that the address names."""
        return self._file

    @classmethod
    def get_absolute_path(cls, root: str, path: str) -> str:
        """Return `path`: the catalogue has said where the file is."""
        return path

    def validate_absolute_path(self, root: str, absolute_path: str) -> str:
        """Return `absolute_path`: it comes from the catalogue and exists."""
        return absolute_path

    def get_content_type(self) -> str:
        """Return the audio type of the file's suffix."""
        assert self.absolute_path is not None
        suffix = Path(self.absolute_path).suffix.lower()
        return AUDIO_TYPES.get(suffix) or mimetypes.guess_type("x" + suffix)[0] or "audio/*"

    def compute_etag(self) -> str | None:
        """Return a tag of size and time of change; hashing a long recording would take seconds."""
        if self.absolute_path is None:
            return None
        stat = os.stat(self.absolute_path)
        return f'"{stat.st_size:x}-{stat.st_mtime_ns:x}"'


class ScriptHandler(PackedFiles, AuthenticatedFileHandler):
    """A script of a library that is installed."""

    auth_resource = AUTH_RESOURCE


def plotly_folder() -> str:
    """Return where the installed plotly keeps its script, without importing plotly."""
    spec = importlib.util.find_spec("plotly")
    if spec is None or spec.origin is None:
        raise WorkbenchError("plotly is not installed; install the package again.")
    return str(Path(spec.origin).parent / "package_data")


def routes(base_url: str, source: SoundSource) -> list[tuple[Any, ...]]:
    """Return the handlers to add to a Jupyter server or Voila under `base_url`."""
    static = {"path": plotly_folder()}
    return [
        (url_path_join(base_url, AUDIO_ROUTE, "(.*)"), AudioHandler, {"source": source}),
        (
            url_path_join(base_url, STATIC_ROUTE, r"(plotly\.min\.js)"),
            ScriptHandler,
            static,
        ),
    ]
