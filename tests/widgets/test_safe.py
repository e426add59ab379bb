"""Failures are shown and logged; text is never run."""

from __future__ import annotations

import html
import logging
import re

import pytest

from workbench.errors import WorkbenchError
from workbench.widgets.safe import Message, guarded, message

HOSTILE = "<img src=x onerror=alert(1)> & \"quoted\" 'too'"


def test_a_callback_that_works_is_left_alone() -> None:
    said: list[str] = []

    @guarded(said.append)
    def add(a: int, *, b: int) -> int:
        """Add."""
        return a + b

    assert add(1, b=2) == 3
    assert said == []
    assert (add.__name__, add.__doc__) == ("add", "Add.")


def test_a_workbench_error_shows_its_own_sentence() -> None:
    said: list[str] = []

    @guarded(said.append)
    def press() -> None:
        raise WorkbenchError("There is nothing to undo.")

    assert press() is None
    assert said == ["There is nothing to undo."]


def test_any_other_error_is_logged_whole_and_shown_without_its_text(caplog) -> None:
    said: list[str] = []

    @guarded(said.append)
    def press() -> None:
        raise KeyError("secret")

    with caplog.at_level(logging.ERROR):
        press()
    assert len(said) == 1
    assert "KeyError" in said[0]
    assert "secret" not in said[0]
    assert "secret" in caplog.text


def test_ending_the_program_is_not_caught() -> None:
    @guarded(print)
    def press() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        press()


def test_a_message_shows_its_text_letter_by_letter() -> None:
    shown = message(HOSTILE, "error")
    inside = re.search(r">([^<]*)</div>$", shown.value)
    assert inside is not None
    assert html.unescape(inside[1]) == HOSTILE
    assert shown.value.count("<") == 2
    assert shown.text == HOSTILE


def test_an_empty_message_takes_no_room() -> None:
    shown = Message()
    assert (shown.value, shown.layout.display) == ("", "none")
    shown.show("Saved.", "success")
    assert shown.layout.display == ""
    shown.clear()
    assert (shown.value, shown.text, shown.layout.display) == ("", "", "none")


def test_messages_can_be_what_guards_show() -> None:
    shown = Message()

    @guarded(shown.show)
    def press() -> None:
        raise WorkbenchError("Not now.")

    press()
    assert shown.text == "Not now."
