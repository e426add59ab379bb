from __future__ import annotations

import pytest

from workbench import Workspace
from workbench.errors import UnknownNameError, WorkbenchError
from workbench.listening.rubrics import LONGEST, Rubrics
from workbench.listening.session import RatingSession


def test_the_newest_text_counts_and_none_is_lost(ws: Workspace) -> None:
    rubrics = Rubrics(ws)
    assert rubrics.of("tempo") == ""
    rubrics.write("tempo", " The pulse. ", author="Ada")
    rubrics.write("tempo", "The pulse.", author="Bob")  # says nothing new
    rubrics.write("tempo", "The pulse, or half of it.", author="Bob")
    assert rubrics.of("tempo") == "The pulse, or half of it."
    assert rubrics.history()["text"].tolist() == ["The pulse.", "The pulse, or half of it."]
    assert RatingSession(ws, rater="Ada").next().rubric == ""  # of genre there is none


def test_overall_similarity_may_have_one(ws: Workspace) -> None:
    Rubrics(ws).write("overall", "As a listener would.")
    assert Rubrics(ws).of("overall") == "As a listener would."


def test_what_cannot_be_kept_is_refused(ws: Workspace) -> None:
    with pytest.raises(UnknownNameError, match="colour"):
        Rubrics(ws).write("colour", "Red.")
    with pytest.raises(WorkbenchError, match="at most"):
        Rubrics(ws).write("tempo", "x" * (LONGEST + 1))
