"""Messages of a page to its widget, sent without a browser."""

from __future__ import annotations

import json
from typing import Any

import pytest

HOW_OFTEN = [pytest.param(60, id="few"), pytest.param(3000, marks=pytest.mark.nightly, id="many")]


def send(widget: Any, command: str, message: Any) -> dict[str, Any]:
    """Send a message as the page does, through JSON."""
    reply, _ = getattr(widget, command)(json.loads(json.dumps(message)), [])
    return json.loads(json.dumps(reply))
