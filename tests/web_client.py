"""Browsers without windows: what they ask a server over HTTP, and what it answers."""

from __future__ import annotations

import http.cookiejar
import urllib.error
import urllib.request
from typing import NamedTuple

from workbench.server.processes import Server


class Answer(NamedTuple):
    """What a server said."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


class Browser:
    """Somebody at a browser: keeps cookies, follows nothing unless told to."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.origin = "/".join(server.url.split("/")[:3])
        self.cookies = http.cookiejar.CookieJar()
        handlers = (NoRedirect, urllib.request.HTTPCookieProcessor(self.cookies))
        self._opener = urllib.request.build_opener(*handlers)

    def ask(
        self, route: str, *, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> Answer:
        """Send a request as a page of the server would."""
        sent = {"Referer": self.server.url, "Origin": self.origin}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        url = route if route.startswith("http") else self.server.url + route
        request = urllib.request.Request(url, data=body, headers=sent, method=method)
        try:
            with self._opener.open(request, timeout=60) as answer:
                return Answer(answer.status, dict(answer.headers), answer.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, dict(error.headers), error.read())

    def log_in(self, people: str) -> Browser:
        """Open the address that was printed for raters or viewers."""
        self.ask(self.server.addresses[people])
        return self

    @property
    def cookie(self) -> str:
        """The cookies as a header."""
        return "; ".join(f"{c.name}={c.value}" for c in self.cookies)


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None
