"""Who somebody is: the role their token gives them, kept in a signed cookie."""

from __future__ import annotations

import hmac
import json
import logging
import os
import time
import uuid
from collections import defaultdict, deque
from collections.abc import Awaitable
from dataclasses import asdict, dataclass
from typing import Any

from jupyter_server.auth.identity import IdentityProvider, User
from jupyter_server.base.handlers import JupyterHandler
from tornado import web
from traitlets import Bool, Unicode, default

from workbench.roles import TOKEN_VARIABLE, VIEWER_TOKEN_VARIABLE, Role

_LOG = logging.getLogger(__name__)


@dataclass
class Visitor(User):
    """Somebody at a browser; `username` is new for every login and known to nobody else."""

    role: str = Role.VIEWER

    def may(self, needed: Role) -> bool:
        """Return whether the visitor's role suffices."""
        return Role(self.role).may(needed)


class WrongTokens:
    """Wrong tokens of late, by network address; who sends too many has to wait.

    Parameters
    ----------
    most
        How many within `span_s`.
    span_s
        In seconds.
    """

    def __init__(self, *, most: int = 20, span_s: float = 60.0) -> None:
        self._most, self._span_s = most, span_s
        self._times: defaultdict[str, deque[float]] = defaultdict(deque)

    def too_many(self, address: str) -> bool:
        """Return whether nobody at `address` may try another token just now."""
        self._forget(time.monotonic() - self._span_s)
        return len(self._times.get(address, ())) >= self._most

    def add(self, address: str) -> None:
        """Count one more."""
        self._times[address].append(time.monotonic())

    def _forget(self, before: float) -> None:
        for address, times in list(self._times.items()):
            while times and times[0] < before:
                times.popleft()
            if not times:
                del self._times[address]


class RoleIdentity(IdentityProvider):
    """Two tokens, two roles; without tokens everybody has the same role.

    The tokens come from the environment (``WORKBENCH_TOKEN`` makes a rater and
    ``WORKBENCH_VIEWER_TOKEN`` a viewer) and are taken out of it, so that no kernel inherits them.
    """

    viewer_token = Unicode()
    read_only = Bool(
        False, config=True, help="Without tokens: whether everybody is a viewer, not a rater."
    )

    @default("token")
    def _token_default(self) -> str:
        return os.environ.pop(TOKEN_VARIABLE, "")

    @default("viewer_token")
    def _viewer_token_default(self) -> str:
        return os.environ.pop(VIEWER_TOKEN_VARIABLE, "")

    @default("cookie_options")
    def _cookie_options_default(self) -> dict[str, Any]:
        return {"samesite": "Lax"}  # and HttpOnly, which is Jupyter's own default

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._wrong = WrongTokens()
        # Taken from the environment now, before any kernel starts.
        self._tokens = {Role.RATER: self.token, Role.VIEWER: self.viewer_token}

    @property
    def auth_enabled(self) -> bool:
        """Whether there is a token."""
        return any(self._tokens.values())

    # -- logging in -----------------------------------------------------------------------------

    def get_user(self, handler: web.RequestHandler) -> User | Awaitable[User | None] | None:
        """Return who sent a request; without a login everybody."""
        return super().get_user(handler) if self.auth_enabled else self._everybody

    @property
    def _everybody(self) -> Visitor:
        return Visitor("everybody", role=Role.VIEWER if self.read_only else Role.RATER)

    async def get_user_token(self, handler: web.RequestHandler) -> Visitor | None:
        """Return who sent a token with the request; it counts more than the cookie."""
        return self._admit(handler, self.get_token(handler))

    def process_login_form(self, handler: web.RequestHandler) -> Visitor | None:
        """Return who pasted a token into the form, None for a wrong one."""
        return self._admit(handler, handler.get_argument("password", default=""))

    def _admit(self, handler: web.RequestHandler, token: str | None) -> Visitor | None:
        """Return a visitor of the role that a token gives; who has it already stays the same."""
        if not token:
            return None
        address = handler.request.remote_ip or ""
        if self._wrong.too_many(address):
            _LOG.warning("Too many wrong tokens", extra={"address": address})
            # What renders the page for this asks who is there.
            handler.current_user = handler._jupyter_current_user = None  # type: ignore[attr-defined]
            raise web.HTTPError(429)
        role = self._role_of(token)
        if role is None:
            self._wrong.add(address)
            _LOG.warning("Wrong token", extra={"address": address})
            return None
        known = self.get_user_cookie(handler)
        if isinstance(known, Visitor) and known.role == role:
            return known
        return Visitor(uuid.uuid4().hex, role=role)

    def _role_of(self, token: str) -> Role | None:
        for role, expected in self._tokens.items():
            if expected and hmac.compare_digest(token.encode(), expected.encode()):
                return role
        return None

    # -- the cookie -----------------------------------------------------------------------------

    def user_to_cookie(self, user: User) -> str:
        """Return a visitor as text; the server signs it."""
        return json.dumps(asdict(user))

    def user_from_cookie(self, cookie_value: str) -> Visitor | None:
        """Return the visitor of a cookie that this server signed."""
        return Visitor(**json.loads(cookie_value))


def visitor_of(handler: JupyterHandler) -> Visitor:
    """Return who sent a request that has been let in."""
    visitor = handler.current_user
    if not isinstance(visitor, Visitor):
        raise web.HTTPError(403)
    return visitor
