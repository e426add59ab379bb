"""The dashboard server: Voila with our routes, our pages around it, and kernels that end.

Run as ``python -m workbench.server.voila FOLDER``; `launch` does.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import jinja2
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_escape, url_path_join
from tornado import web
from traitlets import List, Unicode, default
from traitlets.config import Config
from voila.app import Voila
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler

from workbench.server.kernels import PageKernelManager, ThisPython
from workbench.server.pages import list_pages
from workbench.server.routes import SoundSource, routes

TEMPLATES = Path(__file__).parent / "templates"
# Pages need widgets and nothing else that this machine's JupyterLab may have.
_EXTENSIONS = [
    "@jupyter-widgets/jupyterlab-manager",
    "@voila-dashboards/widgets-manager8",
    "anywidget",
]
_SETTINGS = Config(
    {
        "VoilaExecutor": {
            "cell_error_instruction": "Reload the page; the server's log holds the details."
        },
        "MappingKernelManager": {"cull_idle_timeout": 300, "cull_interval": 60},
        "KernelManager": {"transport_encryption": "auto"},
    }
)


class ShutdownHandler(VoilaShutdownKernelHandler):
    """Ends the kernel of a page that is closed.

    The browser's beacon cannot carry the token that Jupyter asks for; that the request comes
    from a page of this server stands in for it. Without this every direct link to a page leaves
    a kernel behind (voila issue 1458).
    """

    def check_xsrf_cookie(self) -> None:
        """Require an Origin and Referer of our own."""
        if not hasattr(self, "_jupyter_current_user"):
            return  # tornado asks before the login is known; jupyter_server asks again
        if not (
            self.request.headers.get("Origin") and self.check_origin() and self.check_referer()
        ):
            raise web.HTTPError(403)


class PagesHandler(JupyterHandler):
    """The start page: every dashboard with its title and its sentence."""

    def initialize(self, folder: Path) -> None:
        """Remember where the dashboards are."""
        self._folder = folder

    @web.authenticated
    def get(self) -> None:
        """Show the dashboards."""
        self.write(
            self.render_template(
                "pages.html", pages=page_links(self.base_url, self._folder), title="Pages"
            )
        )


class NotFoundHandler(JupyterHandler):
    """Any other address."""

    async def prepare(self) -> None:  # type: ignore[override]
        """Answer 404 with a page that leads back."""
        await super().prepare()
        raise web.HTTPError(404)


def page_links(base_url: str, folder: Path, current: str = "") -> list[dict[str, Any]]:
    """Return the dashboards as templates show them: title, description, url, current."""
    return [
        {
            "title": page.title,
            "description": page.description,
            "url": url_path_join(base_url, "voila/render", url_escape(page.name)),
            "current": page.name == current,
        }
        for page in list_pages(folder)
    ]


class WorkbenchVoila(Voila):
    """Voila as the workbench publishes it: offline, quiet about code, with sound.

    Pages are rendered when they are asked for: a preheated page would show the workspace as it
    was when its kernel started, and would claim triplets for nobody.
    """

    hostnames = List(
        Unicode(),
        ["localhost"],
        config=True,
        help="Host names that are answered without a login, such as that of a proxy.",
    )

    @default("config_file_paths")
    def _no_config_files(self) -> list[str]:
        return []  # settings for somebody's other dashboards are not for these

    def setup_template_dirs(self) -> None:
        """Fix what makes the pages ours, then put our templates before Voila's."""
        pages = self.voila_configuration
        pages.template = "lab"
        pages.theme = "light"
        pages.allow_template_override = "NO"
        pages.allow_theme_override = "NO"
        pages.strip_sources = True
        pages.show_tracebacks = False
        pages.extension_allowlist = _EXTENSIONS
        pages.kernel_spec_manager_class = ThisPython
        pages.multi_kernel_manager_class = PageKernelManager
        pages.page_config_hook = self._describe_page
        settings = copy.deepcopy(_SETTINGS)
        settings.merge(self.config)
        self.update_config(settings)
        super().setup_template_dirs()
        self.template_paths.insert(0, str(TEMPLATES))

    def _describe_page(
        self, page_config: dict[str, Any], *, notebook_path: str = "", **_: Any
    ) -> dict[str, Any]:
        folder = Path(self.root_dir)
        page_config["workbenchPages"] = page_links(self.base_url, folder, notebook_path)
        return page_config

    def init_settings(self) -> dict[str, Any]:
        """Answer foreign host names only where a login protects, and show our own errors."""
        settings = super().init_settings()
        # Otherwise any web site could read the pages of a laptop by DNS rebinding.
        settings["allow_remote_access"] = bool(settings["identity_provider"].token)
        settings["local_hostnames"] = self.hostnames
        settings["ws_ping_timeout"] = 30_000  # ms; the default is longer than tornado allows
        environment = settings["jinja2_env"]
        environment.loader = jinja2.ChoiceLoader(
            [jinja2.FileSystemLoader(TEMPLATES), environment.loader]
        )
        return settings

    def init_handlers(self) -> list[Any]:
        """Put our routes before Voila's; its file browser becomes our list of pages."""
        base, folder = self.server_url, {"folder": Path(self.root_dir)}
        return [
            *routes(base, SoundSource(self.root_dir, log=self.log)),
            (url_path_join(base, r"/voila/api/shutdown/(.*)"), ShutdownHandler),
            (url_path_join(base, "/"), PagesHandler, folder),
            (url_path_join(base, r"/voila/tree.*"), web.RedirectHandler, {"url": base}),
            (url_path_join(base, r"/voila/(?:files|api/contents).*"), NotFoundHandler),
            *super().init_handlers(),
            (r".*", NotFoundHandler),
        ]


if __name__ == "__main__":
    WorkbenchVoila.launch_instance()
