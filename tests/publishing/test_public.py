"""What people outside may see: numbers for names, no paths, the version that was asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from example_workspace import add_model

from workbench import Workspace
from workbench.errors import UnknownNameError, WorkbenchError
from workbench.publishing.public import PublicWorkspace


def test_raters_are_numbered_by_when_they_first_judged(lived_in: Workspace):
    named = lived_in.judgements.table()
    shown = PublicWorkspace(lived_in.root).judgements.table()
    order = list(dict.fromkeys(named["rater"]))
    assert shown["rater"].tolist() == [f"rater {order.index(n) + 1}" for n in named["rater"]]
    assert shown.drop(columns="rater").equals(named.drop(columns="rater"))


def test_raters_keep_their_names_where_that_is_wanted(lived_in: Workspace):
    shown = PublicWorkspace(lived_in.root, names=True).judgements.table()
    assert set(shown["rater"]) == set(lived_in.judgements.table()["rater"])


def test_files_that_could_not_be_read_are_not_told(lived_in: Workspace):
    lived_in.catalogue.record_failure(Path("/home/ada/secret.wav"), "damaged")
    shown = PublicWorkspace(lived_in.root).catalogue.failures()
    assert shown.empty
    assert list(shown) == list(lived_in.catalogue.failures())


def test_another_version_counts_as_the_current_one(lived_in: Workspace):
    add_model(lived_in, 50)
    assert PublicWorkspace(lived_in.root).models.card().version == "v0002"
    assert PublicWorkspace(lived_in.root, version="v0001").models.card().version == "v0001"


def test_a_version_that_is_not_there_is_refused(lived_in: Workspace):
    with pytest.raises(UnknownNameError, match="v0009"):
        PublicWorkspace(lived_in.root, version="v0009")


def test_nothing_can_be_changed(lived_in: Workspace):
    shown = PublicWorkspace(lived_in.root)
    with pytest.raises(WorkbenchError):
        shown.catalogue.annotate(1, title="changed")
    assert lived_in.catalogue.items()["title"][1] != "changed"
