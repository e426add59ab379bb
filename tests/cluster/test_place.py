from __future__ import annotations

import os

import pytest

from workbench.cluster.place import ENVIRONMENT_VARIABLE, Place, choose_place
from workbench.errors import WorkbenchError

ANT, BEE, CAT = "tcp://ant:8786", "tcp://bee:8786", "tcp://cat:8786"


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ENVIRONMENT_VARIABLE, raising=False)


def test_all_cores_of_this_machine_by_default() -> None:
    assert choose_place() == Place(os.cpu_count() or 1)
    assert choose_place(config={"cluster": ""}).cluster is None


def test_the_nearer_word_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    config = {"cluster": ANT}
    assert choose_place(config=config).cluster == ANT
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, BEE)
    assert choose_place(config=config).cluster == BEE
    assert choose_place(cluster=CAT, config=config).cluster == CAT
    assert choose_place(processes=3, config=config) == Place(3)


def test_both_places_at_once_are_refused() -> None:
    with pytest.raises(WorkbenchError, match="not both"):
        choose_place(processes=2, cluster=ANT)


def test_an_address_is_a_text() -> None:
    with pytest.raises(WorkbenchError, match=r"workbench\.toml"):
        choose_place(config={"cluster": 8786})
