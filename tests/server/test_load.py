"""People at once over the real routes: what they were told is stored is stored, and once."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from load.run import Plan, run_load

from workbench import Workspace

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="processes are watched by what Linux tells of them"
)
# A page that is closed while its kernel writes leaves a sentence or two.
_EXPECTED = ("asked again",)


def _check_stored(result: dict[str, Any]) -> None:
    stored = result["stored"]
    assert stored["acknowledged"] > 0
    wrong = {name: stored[name] for name in ("missing", "twice", "unknown", "shared")}
    assert wrong == dict.fromkeys(wrong, 0)
    assert [p for p in result["problems"] if p not in _EXPECTED] == [], result["server_log"]
    assert set(result["gave_up"].values()) == {0}


def test_what_three_raters_and_two_viewers_do_at_once_is_stored_once(
    demo_workspace: Workspace,
) -> None:
    plan = Plan(
        raters=3, viewers=2, minutes=0.3, arrive_s=2, pace_s=1.5, every_s=2, mishaps=4, wait_s=5
    )
    result = run_load(demo_workspace.root, plan, alone=False)
    _check_stored(result)
    assert result["kernels_left"] <= result["crashed"]
    assert result["sounds"] > 0


@pytest.mark.nightly
def test_fifty_raters_and_fifty_viewers_lose_nothing_and_memory_stays(
    demo_workspace: Workspace,
) -> None:
    result = run_load(demo_workspace.root, Plan(), alone=False)
    _check_stored(result)
    assert result["kernels_left"] == 0
    memory = result["memory"]["all together"]
    # The lower end of the interval: what people happen to do moves it either way.
    assert memory["slope_mb_min"][1] * 10 < 0.05 * memory["last_mb"]
