"""The dashboard server: Voila with our routes, our pages around it, and kernels that end.

Run as ``python -m workbench.server.voila FOLDER``; `launch` does.
"""

from __future__ import annotations

import copy
import sys
from functools import partial
from pathlib import Path
from typing import Any

import jinja2
from jupyter_server import CallContext
from jupyter_server.base.handlers import FileFindHandler
from jupyter_server.services.kernels.handlers import KernelHandler
from jupyter_server.utils import url_path_join
from jupyterlab_server.themes_handler import ThemesHandler
from tornado import web
from traitlets import List, Unicode, default
from traitlets.config import Config
from voila import notebook_renderer
from voila.app import Voila
from voila.static_file_handler import MultiStaticFileHandler, TemplateStaticFileHandler
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from workbench.logs import begin_logging
from workbench.server.authorization import OwnKernelsOnly
from workbench.server.exporter import PageExporter
from workbench.server.handlers import (
    ChannelsHandler,
    ExtensionHandler,
    NotFoundHandler,
    PageHandler,
    PagesHandler,
    ShutdownHandler,
    StaticHandler,
    TemplateHandler,
    page_links,
)
from workbench.server.headers import SafeAnswer
from workbench.server.identity import RoleIdentity, visitor_of
from workbench.server.kernels import PageKernelManager, ThisPython
from workbench.server.limits import (
    CHECK_S,
    IDLE_S,
    LARGEST_BODY,
    LARGEST_MESSAGE,
    OPENING_AT_ONCE,
    OPENING_PATIENCE_S,
    SILENT_S,
    SWITCH_S,
    Turns,
)
from workbench.server.processes import is_loopback
from workbench.server.routes import SoundSource, routes

TEMPLATES = Path(__file__).parent / "templates"
# Pages need widgets and nothing else that this machine's JupyterLab may have.
_EXTENSIONS = [
    "@jupyter-widgets/jupyterlab-manager",
    "@voila-dashboards/widgets-manager8",
    "anywidget",
]
# What pages need of Voila, and what serves it here; whatever else it has, now or later, is not
# served.
_NEEDED = {
    FileFindHandler: ExtensionHandler,
    KernelHandler: KernelHandler,
    MultiStaticFileHandler: StaticHandler,
    TemplateStaticFileHandler: TemplateHandler,
    ThemesHandler: ThemesHandler,
    VoilaKernelWebsocketHandler: ChannelsHandler,
}
_NO_STEPS_UP = r"/voila/.*\.\..*"  # Voila's handlers of files refuse these with a traceback
_SETTINGS = Config(
    {
        "VoilaExecutor": {
            "cell_error_instruction": "Reload the page; the server's log holds the details."
        },
        "MappingKernelManager": {"cull_idle_timeout": IDLE_S, "cull_interval": CHECK_S},
        "KernelManager": {"transport_encryption": "auto"},
    }
)


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
        self.auto_token = True  # the tokens are for the identity provider to find
        self.identity_provider_class = RoleIdentity
        self.authorizer_class = OwnKernelsOnly
        settings = copy.deepcopy(_SETTINGS)
        settings.merge(self.config)
        self.update_config(settings)
        super().setup_template_dirs()
        self.template_paths.insert(0, str(TEMPLATES))
        notebook_renderer.VoilaExporter = PageExporter  # there is no setting for it

    def _describe_page(
        self, page_config: dict[str, Any], *, notebook_path: str = "", **_: Any
    ) -> dict[str, Any]:
        visitor = visitor_of(CallContext.get(CallContext.JUPYTER_HANDLER))
        links = page_links(self.base_url, Path(self.root_dir), visitor, notebook_path)
        page_config["workbenchPages"] = links
        return page_config

    def init_settings(self) -> dict[str, Any]:
        """Answer foreign host names only where a login protects, and show our own errors."""
        settings = super().init_settings()
        # Otherwise any web site could read the pages of a laptop by DNS rebinding.
        settings["allow_remote_access"] = settings["identity_provider"].auth_enabled
        settings["local_hostnames"] = self.hostnames
        settings["websocket_max_message_size"] = LARGEST_MESSAGE
        # Their names carry a hash of what is in them.
        settings["static_immutable_cache"] = [url_path_join(self.base_url, "voila/labextensions")]
        settings["transforms"] = [SafeAnswer, web.GZipContentEncoding]
        settings["headers"] = {"Content-Security-Policy": "frame-ancestors 'self'"}  # of no page
        environment = settings["jinja2_env"]
        environment.loader = jinja2.ChoiceLoader(
            [jinja2.FileSystemLoader(TEMPLATES), environment.loader]
        )
        return settings

    def init_handlers(self) -> list[Any]:
        """Serve our routes and the few of Voila's that pages need; its file browser is our list."""
        base, folder = self.server_url, {"folder": Path(self.root_dir)}
        opening = Turns(OPENING_AT_ONCE, OPENING_PATIENCE_S)
        voilas = super().init_handlers()
        pages = next(entry for entry in voilas if entry[1] is TornadoVoilaHandler)
        login = self.identity_provider.get_handlers() if self.identity_provider.auth_enabled else []
        return [
            *routes(base, SoundSource(self.root_dir, log=self.log)),
            *[(url_path_join(base, path), handler) for path, handler in login],
            (url_path_join(base, r"/voila/api/shutdown/(.*)"), ShutdownHandler),
            (url_path_join(base, "/"), PagesHandler, folder),
            (url_path_join(base, r"/voila/tree.*"), web.RedirectHandler, {"url": base}),
            (pages[0], PageHandler, {**pages[2], **folder, "opening": opening}),
            (url_path_join(base, _NO_STEPS_UP), NotFoundHandler),
            *[(path, _NEEDED[of], *rest) for path, of, *rest in voilas if of in _NEEDED],
            (r".*", NotFoundHandler),
        ]

    def listen(self) -> None:
        """Listen for requests of a modest size, and get ready to start kernels.

        On this machine a proxy speaks for its clients.
        """
        self.app.listen = partial(
            self.app.listen,
            max_body_size=LARGEST_BODY,
            idle_connection_timeout=SILENT_S,
            body_timeout=SILENT_S,
            xheaders=is_loopback(self.ip),
        )
        # Traitlets has every word written and then left out: a tenth of what the server does.
        self.log.setLevel(self.log_level)
        if self.kernel_manager.nursery is not None:
            self.kernel_manager.nursery.prepare()
        super().listen()


if __name__ == "__main__":
    begin_logging()
    sys.setswitchinterval(SWITCH_S)
    WorkbenchVoila.launch_instance()
