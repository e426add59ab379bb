"""A page that is open: its kernel's websocket, its widgets, and what is asked of them."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
import uuid
from typing import Any

from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from .messages import PROTOCOL, Message, packed, unpacked
from .visitor import PATIENCE_S, Visitor

ANSWER_TIMEOUT_S = 8.0  # of saving.js, which then asks again
_LARGEST = 64 * 2**20
_CHARTS = ("overview", "dimension")  # pages that load plotly


class PageError(Exception):
    """A page did not open."""


class LivePage:
    """One page of a visitor, from its address to its last message.

    Attributes
    ----------
    models
        The state of every widget that has anything to click, by its id.
    pid
        The process of its kernel.
    """

    def __init__(self, visitor: Visitor, name: str) -> None:
        self.visitor, self.name = visitor, name
        self.kernel, self.pid = "", 0
        self.models: dict[str, dict[str, Any]] = {}
        self._session = uuid.uuid4().hex
        self._socket: WebSocketClientConnection | None = None
        self._waiting: dict[str, asyncio.Future[Any]] = {}  # by message, command or "states"

    # -- opening and leaving --------------------------------------------------------------------

    async def open(self) -> float:
        """Fetch it with all it needs and its widgets; return after how many seconds it stood.

        Raises
        ------
        PageError
            If the server refused it or its widgets did not come.
        """
        began = time.perf_counter()
        answer = await self.visitor.get(f"voila/render/{self.name}.ipynb")
        found = re.search(r'"kernelId": "([^"]+)"', answer.text)
        if answer.status_code != 200 or found is None:
            raise PageError(f"{self.name}: {answer.status_code}")
        self.kernel = found[1]
        await self.visitor.load_scripts(answer.text, charts=self.name in _CHARTS)
        await self.visitor.get(f"api/kernels/{self.kernel}")
        await self.connect()
        await self._ask("kernel_info_request", {})
        await self._load_widgets()
        return time.perf_counter() - began

    async def connect(self) -> None:
        """Open the websocket, the first time or again."""
        address = self.visitor.url.replace("http", "ws", 1)
        request = HTTPRequest(
            f"{address}api/kernels/{self.kernel}/channels?session_id={self._session}",
            headers={"Cookie": self.visitor.cookies, "Origin": self.visitor.origin},
            connect_timeout=PATIENCE_S,
            request_timeout=PATIENCE_S,
        )
        self._socket = await websocket_connect(
            request,
            on_message_callback=self._hear,
            subprotocols=[PROTOCOL],
            max_message_size=_LARGEST,
        )

    def disconnect(self) -> None:
        """Close the websocket alone, as a network does that is gone for a moment."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    async def leave(self, *, says_so: bool = True) -> None:
        """Close the page; a browser that crashed does not say so."""
        self.disconnect()
        if says_so and self.kernel:
            await self.visitor.leave(self.kernel)

    async def _load_widgets(self) -> None:
        comm = uuid.uuid4().hex
        self._waiting["states"] = asyncio.get_running_loop().create_future()
        opening = {"comm_id": comm, "target_name": "jupyter.widget.control", "data": {}}
        await self._send("comm_open", opening, metadata={"version": "1.0.0"})
        await self._send("comm_msg", {"comm_id": comm, "data": {"method": "request_states"}})
        states = await self._until("states", PATIENCE_S)
        self.models = {name: known["state"] for name, known in states.items()}

    # -- asking ---------------------------------------------------------------------------------

    async def invoke(self, widget: str, command: str, message: dict[str, Any]) -> Any:
        """Call a command of a widget's Python half and return its reply.

        Raises
        ------
        TimeoutError
            If there was none in time.
        """
        asked = uuid.uuid4().hex
        content = {"id": asked, "kind": "anywidget-command", "name": command, "msg": message}
        self._waiting[asked] = asyncio.get_running_loop().create_future()
        await self._send(
            "comm_msg", {"comm_id": widget, "data": {"method": "custom", "content": content}}
        )
        return await self._until(asked, ANSWER_TIMEOUT_S)

    async def change(self, widget: str, **state: Any) -> None:
        """Change what a widget shows, and wait until its Python half has done its part."""
        data = {"method": "update", "state": state, "buffer_paths": []}
        await self._ask("comm_msg", {"comm_id": widget, "data": data})

    def find(self, name: str) -> str | None:
        """Return the id of the first widget of a class, by the end of its name."""
        for widget, state in self.models.items():
            if str(state.get("_anywidget_id") or state.get("_model_name")).endswith(name):
                return widget
        return None

    async def _ask(self, kind: str, content: dict[str, Any]) -> None:
        """Send a message and wait until the kernel is idle after it."""
        loop = asyncio.get_running_loop()
        message_id, data = packed(kind, content, session=self._session)
        self._waiting[message_id] = loop.create_future()
        await self._write(data)
        await self._until(message_id, PATIENCE_S)

    async def _send(self, kind: str, content: dict[str, Any], **more: Any) -> None:
        await self._write(packed(kind, content, session=self._session, **more)[1])

    async def _write(self, data: bytes) -> None:
        if self._socket is None:
            raise PageError(f"{self.name}: not connected")
        await self._socket.write_message(data, binary=True)

    async def _until(self, name: str, timeout_s: float) -> Any:
        try:
            return await asyncio.wait_for(self._waiting[name], timeout_s)
        finally:
            self._waiting.pop(name, None)

    # -- hearing --------------------------------------------------------------------------------

    def _hear(self, data: str | bytes | None) -> None:
        if not isinstance(data, bytes):
            return  # the socket was closed
        message = unpacked(data)
        self.pid = message.pid
        if message.kind == "status" and message.content["execution_state"] == "idle":
            self._settle(message.parent, None)
        elif message.kind == "comm_msg":
            self._take(message)
        elif message.kind == "comm_close":
            with contextlib.suppress(KeyError, asyncio.InvalidStateError):
                self._waiting["states"].set_exception(PageError(f"{self.name}: no widgets"))

    def _take(self, message: Message) -> None:
        content = message.content
        data = content["data"]
        if data["method"] == "update_states":
            self._settle("states", data["states"])
        elif data["method"] == "custom":
            asked = data["content"]
            self._settle(asked.get("id", ""), asked.get("response"))
        elif data["method"] == "update":
            self.models.get(content["comm_id"], {}).update(data["state"])

    def _settle(self, name: str, value: Any) -> None:
        waiting = self._waiting.get(name)
        if waiting is not None and not waiting.done():
            waiting.set_result(value)
