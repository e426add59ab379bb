"""Sound and dashboards over HTTP.

`routes` serves the audio of items, in any Jupyter server (as an extension) and in our Voila;
`voila` is the dashboard server; `launch` starts both. Nothing heavy is imported here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.urls import audio_url

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

__all__ = ["audio_url"]


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "workbench.server"}]


def _load_jupyter_server_extension(app: ServerApp) -> None:
    from workbench.server.routes import SoundSource, routes

    source = SoundSource(app.root_dir, log=app.log)
    app.web_app.add_handlers(".*$", routes(app.web_app.settings["base_url"], source))
