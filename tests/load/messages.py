"""Messages on the websocket of a kernel, as pages send and get them (Jupyter's protocol v1)."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from jupyter_server.services.kernels.connection.base import (
    deserialize_msg_from_ws_v1,
    serialize_msg_to_ws_v1,
)

PROTOCOL = "v1.kernel.websocket.jupyter.org"


@dataclass(frozen=True)
class Message:
    """What a kernel said: `parent` is the id of what it answers, `pid` the kernel's process."""

    kind: str
    parent: str
    pid: int
    raw: bytes

    @property
    def content(self) -> dict[str, Any]:
        """The content, read when it is asked for: a page of charts is megabytes."""
        return json.loads(self.raw)


def packed(
    kind: str, content: dict[str, Any], *, session: str, metadata: dict[str, Any] | None = None
) -> tuple[str, bytes]:
    """Return a new message's id, and the message as it goes to the kernel's shell."""
    message_id = uuid.uuid4().hex
    header = {
        "msg_id": message_id,
        "msg_type": kind,
        "session": session,
        "username": "",
        "date": datetime.now(UTC).isoformat(),
        "version": "5.2",
    }
    parts = {
        "header": header,
        "parent_header": {},
        "metadata": metadata or {},
        "content": content,
    }
    data = serialize_msg_to_ws_v1(parts, "shell", pack=lambda part: json.dumps(part).encode())
    return message_id, data


def unpacked(data: bytes) -> Message:
    """Read what came from a kernel; the ids it gives hold the number of its process."""
    _, (header, parent, _, content, *_) = deserialize_msg_from_ws_v1(data)
    said = json.loads(header)
    pid = said["msg_id"].rsplit("_", 2)[1]
    return Message(said["msg_type"], json.loads(parent).get("msg_id", ""), int(pid), content)
