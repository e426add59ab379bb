"""What somebody who has logged in may reach: their own kernels, and the sound of items."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_server.auth.authorizer import Authorizer
from tornado import web

from workbench.server.routes import AUTH_RESOURCE

if TYPE_CHECKING:
    from jupyter_server.auth.identity import User
    from jupyter_server.base.handlers import JupyterHandler


class OwnKernelsOnly(Authorizer):
    """Sound for everybody, and of kernels only those of one's own pages.

    Whatever else a library might offer is refused.
    """

    def is_authorized(
        self, handler: JupyterHandler, user: User, action: str, resource: str
    ) -> bool:
        """Return whether a visitor may do something; a kernel of others is as good as none."""
        if resource == AUTH_RESOURCE:
            return action == "read"
        if resource != "kernels" or action not in ("read", "execute"):
            return False
        kernel = handler.path_kwargs.get("kernel_id", "")
        if not handler.kernel_manager.belongs_to(kernel, user.username):  # type: ignore[attr-defined]
            raise web.HTTPError(404)
        return True
