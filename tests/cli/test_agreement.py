from __future__ import annotations

import json

import numpy as np
import pytest
from synthetic import add_songs

from workbench import Workspace
from workbench.judgements.log import Answer

RATERS = {"Ada": 0.95, "Bo": 0.9, "Cy": 0.9, "Random": 0.5}


@pytest.fixture
def judged(ws: Workspace) -> Workspace:
    """A workspace in which four people answered the same forty triplets of two dimensions."""
    add_songs(ws, 12)
    ids = ws.catalogue.items(kind="song").index.tolist()
    rng = np.random.default_rng(0)
    asked = [(name, rng.choice(ids, 3, replace=False).tolist()) for name in ("genre", "key")
             for _ in range(40)]  # fmt: skip
    answers = []
    for rater, accuracy in RATERS.items():
        session = ws.judgements.open_session(rater)
        for dimension, (anchor, a, b) in asked:
            right = bool(rng.random() < accuracy)
            left = bool(rng.random() < 0.5)
            answers.append(
                Answer(session_id=session, rater=rater, dimension=dimension, anchor_id=anchor,
                       a_id=a, b_id=b, choice="a" if right else "b", a_is_left=left)
            )  # fmt: skip
    ws.judgements.append_all(answers)
    return ws


def test_the_careless_rater_stands_out(workbench, judged: Workspace) -> None:
    answer = workbench("agreement", "-w", judged.root, "--json")
    assert answer.code == 0, answer.err
    report = json.loads(answer.out)
    assert set(report["dimensions"]) == {"genre", "key", "all dimensions"}
    raters = report["raters"]
    assert raters["Random"]["accuracy"] < 0.7 < min(raters[n]["accuracy"] for n in ("Ada", "Bo"))
    assert raters["Random"]["agreement"]["score"] < raters["Ada"]["agreement"]["score"]
    low, high = report["dimensions"]["all dimensions"]["alpha_by_task"]
    assert low < report["dimensions"]["all dimensions"]["alpha"] < high


def test_it_is_told_in_tables_and_words(workbench, judged: Workspace) -> None:
    answer = workbench("agreement", "-w", judged.root)
    assert answer.code == 0, answer.err
    for words in ("genre", "all dimensions", "Alpha (Krippendorff)", "Random", "With other raters"):
        assert words in answer.out
    only = workbench("agreement", "-w", judged.root, "--dimension", "key").out
    assert "key" in only
    assert "genre" not in only


def test_one_rater_alone_agrees_with_nobody(workbench, ws: Workspace) -> None:
    add_songs(ws, 12)
    ids = ws.catalogue.items(kind="song").index.tolist()
    session = ws.judgements.open_session("Ada")
    ws.judgements.append(
        Answer(session_id=session, rater="Ada", dimension="genre", anchor_id=ids[0],
               a_id=ids[1], b_id=ids[2], choice="a")
    )  # fmt: skip
    answer = workbench("agreement", "-w", ws.root)
    assert answer.code == 0
    assert "No triplet was judged by two people" in answer.out


def test_before_the_first_judgement_it_says_where_to_begin(workbench, ws: Workspace) -> None:
    answer = workbench("agreement", "-w", ws.root)
    assert answer.code == 7
    assert "open the page Rate" in answer.err
    assert workbench("agreement", "-w", ws.root, "--dimension", "taste").code == 4


def test_odd_sittings_are_told_and_left_out_only_by_name(workbench, judged: Workspace) -> None:
    answer = workbench("agreement", "-w", judged.root)
    assert "1 of 4 sittings look odd" in answer.out
    odd = judged.judgements.table().query("rater == 'Random'")["session_id"].iloc[0]
    assert f"{odd[:8]}  " in answer.out
    assert "guessing gives 50 %" in answer.out
    without = workbench("agreement", "-w", judged.root, "--exclude", odd[:8])
    assert "Random" not in without.out
    assert f"Left out, as asked: 1 sitting ({odd[:8]})." in without.out
    assert workbench("agreement", "-w", judged.root, "--exclude", "none").code == 4
    every = workbench("agreement", "-w", judged.root, "--sittings").out
    assert every.count(", 80 answers") == 4


def test_overall_similarity_may_be_asked_for(workbench, judged: Workspace) -> None:
    answer = workbench("agreement", "-w", judged.root, "--dimension", "overall")
    assert answer.code == 7
