"""A visitor's browser without a window: cookies, a cache, and six requests at a time."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import httpx

# What Chromium fetched by itself for the page Rate; what this server does not have is left out.
SCRIPTS = Path(__file__).with_name("scripts.txt").read_text().split()
PLOTLY = "workbench/static/plotly.min.js"
_AT_ONCE = 6
PATIENCE_S = 60.0


class Visitor:
    """Somebody at a browser.

    Parameters
    ----------
    url
        The server's address, ending in "/".
    token
        What they log in with.
    """

    def __init__(self, url: str, token: str) -> None:
        self.url, self._token = url, token
        self.origin = "/".join(url.split("/")[:3])
        self._http = httpx.AsyncClient(
            headers={"Referer": url},
            timeout=PATIENCE_S,
            limits=httpx.Limits(max_connections=_AT_ONCE),
            verify=False,  # only http is spoken here, and certificates take a while to read
        )
        self._tags: dict[str, str] = {}  # of sounds that are in the browser's cache
        self._scripts: set[str] = set()
        self.problems: Counter[str] = Counter()

    async def log_in(self) -> None:
        """Open the address with the token and keep the cookie."""
        await self.get("", params={"token": self._token})

    @property
    def cookies(self) -> str:
        """The cookies as a header."""
        return "; ".join(f"{name}={value}" for name, value in self._http.cookies.items())

    async def get(self, route: str, **options: object) -> httpx.Response:
        """Ask for a route below the server's address; what fails is counted."""
        answer = await self._http.get(self.url + route, **options)  # type: ignore[arg-type]
        if answer.status_code >= 400:
            self.problems[f"{answer.status_code} {re.sub('[0-9a-f-]{12,}', '...', route)}"] += 1
        return answer

    async def leave(self, kernel: str) -> None:
        """Send what a page sends when it is closed."""
        route = f"{self.url}voila/api/shutdown/{kernel}"
        answer = await self._http.post(route, headers={"Origin": self.origin})
        if answer.status_code not in (204, 404):  # 404: it has ended already
            self.problems[f"{answer.status_code} shutdown"] += 1

    async def load_scripts(self, html: str, *, charts: bool) -> None:
        """Fetch what a page needs and the browser does not have yet."""
        own = _Loaded(html).routes
        wanted = {*own, *SCRIPTS, *([PLOTLY] if charts else [])} - self._scripts
        self._scripts |= wanted
        await asyncio.gather(*(self._http.get(self.url + route) for route in wanted))

    async def hear(self, route: str, *, whole: bool = True) -> None:
        """Fetch a sound as a page does: clips whole, once and then asked whether they changed."""
        headers = {} if whole else {"Range": "bytes=0-"}
        if whole and route in self._tags:
            headers["If-None-Match"] = self._tags[route]
        answer = await self.get(route, headers=headers)
        self._tags[route] = answer.headers.get("etag", "")

    async def close(self) -> None:
        """End all connections."""
        await self._http.aclose()


class _Loaded(HTMLParser):
    """The server's own routes that a browser loads with a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.routes: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        is_style = tag == "link" and given.get("rel") == "stylesheet"
        address = given.get("href" if is_style else "src") or ""
        if (is_style or tag == "script") and address.startswith("/"):
            self.routes.append(address.split("?")[0].lstrip("/"))
