"""The pages themselves, the list of them, and what happens when one is left."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any

from jupyter_server.base.handlers import FileFindHandler, JupyterHandler
from jupyter_server.utils import url_escape, url_path_join
from tornado import web
from tornado.httputil import url_concat
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.static_file_handler import MultiStaticFileHandler, TemplateStaticFileHandler
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from workbench.server.identity import Visitor, visitor_of
from workbench.server.limits import Turns
from workbench.server.packed import PackedFiles
from workbench.server.pages import list_pages

_IN_TEMPLATE = re.compile(r"[\w-]+/static/[^/].*")


def page_links(
    base_url: str, folder: Path, visitor: Visitor, current: str = ""
) -> list[dict[str, Any]]:
    """Return a visitor's dashboards as templates show them: title, description, url, current."""
    return [
        {
            "title": page.title,
            "description": page.description,
            "url": url_path_join(base_url, "voila/render", url_escape(page.name)),
            "current": page.name == current,
        }
        for page in list_pages(folder)
        if visitor.may(page.needs)
    ]


def _take_token_away(handler: JupyterHandler) -> bool:
    """Send the browser to the same address without the token; return whether there was one.

    The cookie has taken its place. In the address bar it would be passed on with every link.
    """
    if "token" not in handler.request.query_arguments:
        return False
    rest = [
        (name, value.decode("utf-8", "replace"))
        for name, values in handler.request.query_arguments.items()
        for value in values
        if name != "token"
    ]
    handler.redirect(url_concat(handler.request.path, rest))
    return True


class ChannelsHandler(VoilaKernelWebsocketHandler):
    """The websocket between a page and its kernel."""

    @property
    def ping_timeout(self) -> float:
        """After how many ms without an answer to a ping the page counts as gone: three pings.

        Tornado, which asks before it opens the socket, wants no more than one, with which Jupyter
        would close every page at its first ping.
        """
        return self.ping_interval * (1 if self.ws_connection is None else 3)


class PagesHandler(JupyterHandler):
    """The start page: every dashboard with its title and its sentence."""

    def initialize(self, folder: Path) -> None:
        """Remember where the dashboards are."""
        self._folder = folder

    @web.authenticated
    def get(self) -> None:
        """Show the dashboards that the visitor may open."""
        if not _take_token_away(self):
            links = page_links(self.base_url, self._folder, visitor_of(self))
            self.write(self.render_template("pages.html", pages=links, title="Pages"))


class PageHandler(TornadoVoilaHandler):
    """A dashboard, for those who may open it."""

    def initialize(self, folder: Path, opening: Turns, **kwargs: Any) -> None:
        """Remember where the dashboards are, and whose turn it is to open one."""
        super().initialize(**kwargs)
        self._folder, self._opening = folder, opening

    @web.authenticated
    async def get(self, path: str | None = None) -> None:
        """Run the dashboard's notebook in a kernel of its own and show it.

        Raises
        ------
        HTTPError
            404 for what is no dashboard, 403 where it needs another role, and what
            `PageKernelManager.start_kernel` says.
        """
        page = next((page for page in list_pages(self._folder) if page.name == path), None)
        if page is None:
            raise web.HTTPError(404)
        if not visitor_of(self).may(page.needs):
            raise web.HTTPError(403)
        if not _take_token_away(self):
            async with self._opening.turn():
                await super().get(path)


class StaticHandler(PackedFiles, MultiStaticFileHandler):
    """Voila's scripts and styles, which a browser need not ask for again within the hour."""

    def get_cache_time(self, path: str, modified: datetime | None, mime_type: str) -> int:
        """Return how long they are kept, in seconds; their names say no version."""
        return 3600


class TemplateHandler(PackedFiles, TemplateStaticFileHandler):
    """Files of Voila's templates; an address of another form is not found, without a traceback."""

    def parse_url_path(self, url_path: str) -> str:
        """Return the path within the template that an address names."""
        if ".." in url_path or not _IN_TEMPLATE.fullmatch(url_path):
            raise web.HTTPError(404)
        return super().parse_url_path(url_path)


class ExtensionHandler(PackedFiles, FileFindHandler):
    """The scripts of the extensions that pages need."""


class ShutdownHandler(VoilaShutdownKernelHandler):
    """Ends the kernel of a page that is closed.

    The browser's beacon cannot carry the token that Jupyter asks for; that the request comes
    from a page of this server stands in for it. Without this every direct link to a page leaves
    a kernel behind (voila issue 1458).
    """

    @web.authenticated
    async def post(self, kernel_id: str) -> None:
        """End a kernel of the visitor's own; of others there is none."""
        if not self.kernel_manager.belongs_to(kernel_id, visitor_of(self).username):
            raise web.HTTPError(404)
        await super().post(kernel_id)

    def check_xsrf_cookie(self) -> None:
        """Require an Origin and Referer of our own."""
        if not hasattr(self, "_jupyter_current_user"):
            return  # tornado asks before the login is known; jupyter_server asks again
        if not (
            self.request.headers.get("Origin") and self.check_origin() and self.check_referer()
        ):
            raise web.HTTPError(403)


class NotFoundHandler(JupyterHandler):
    """Any other address."""

    async def prepare(self) -> None:  # type: ignore[override]
        """Answer 404 with a page that leads back."""
        await super().prepare()
        raise web.HTTPError(404)
