"""The tables of a network's card as Markdown: ``python -m tests.benchmarks.base_model [FOLDER]``.

By default of the base network that is shipped.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from workbench.backbones.card import NetworkCard, read_card
from workbench.encoders.network import SHIPPED

WANTED = {"genre": 0.90, "instrument": 0.95, "era": 0.80, "tempo": 0.95, "key": 0.90}


def main(folder: Path) -> None:
    """Print what it learned from, its scores, the floors and the leakage."""
    card = read_card(folder)
    _print_training(card)
    _print_scores(card)
    _print_floors(card)
    _print_leakage(card)


def _print_training(card: NetworkCard) -> None:
    corpora, how = card.data["corpora"].values(), card.training

    def count(what: str, split: str) -> int:
        return sum(c.get(split, {}).get(what, 0) for c in corpora)

    fonts = len(card.data["recipe"]["fonts"])
    print(
        f"{how['minutes']:.0f} minutes on {how['device']}: {how['epochs']} epochs of "
        f"{how['steps']} batches of {2 * how['renditions']} segments.\n"
        f"Learned from {count('renditions', 'train')} renditions of {count('scores', 'train')} "
        f"scores, {fonts} sound fonts.\n"
        f"Tested on {card.scores['items']} renditions of {count('scores', 'test')} scores.\n"
    )


def _print_scores(card: NetworkCard) -> None:
    scores, floors = card.scores["scores"], card.scores["floors"]
    print(
        "| dimension | own subspace | wanted | best floor | p |\n| --- | --- | ---: | --- | ---: |"
    )
    for name in card.dimensions:
        best = max(floors, key=lambda floor: floors[floor][name]["k"])
        floor = floors[best][name]
        wanted = f"{WANTED[name]:.2f}" if name in WANTED else ""
        print(
            f"| {name} | {_words(scores[name])} | {wanted} | {best}: {floor['score']:.3f} "
            f"| {floor['p_grouped_holm']:.2g} |"
        )
    print(f"| all six, all triplets | {_words(scores['overall'])} | | | |\n")


def _print_floors(card: NetworkCard) -> None:
    _print_head("floor", card)
    for name, row in card.scores["floors"].items():
        print(f"| {name} | " + " | ".join(f"{row[d]['score']:.3f}" for d in card.dimensions) + " |")
    print()


def _print_leakage(card: NetworkCard) -> None:
    _print_head("subspace", card)
    for name in card.dimensions:
        row = card.scores["strict_leakage"][name]
        cells = [f"{row[d]['score']:.2f}" if row[d]["n"] else "" for d in card.dimensions]
        print(f"| {name} | " + " | ".join(cells) + " |")
    mean, found = card.scores["leakage_mean"], card.scores["combinations"]
    print(f"\nMean off the diagonal: {mean['strict']:.3f} ({mean['plain']:.3f} on all triplets).")
    print(f"Best combination: {' + '.join(found['best']['dimensions'])}, {_words(found['best'])}.")
    chosen = found["chosen_on_other_items"]
    if chosen:
        print(f"Chosen on the other half of the artists: {_words(chosen['score'])};")
        print(f"all dimensions on the same triplets: {_words(chosen['all_dimensions'])}.")


def _print_head(first: str, card: NetworkCard) -> None:
    print(f"| {first} | " + " | ".join(card.dimensions) + " |")
    print("| --- |" + " ---: |" * len(card.dimensions))


def _words(score: dict[str, Any]) -> str:
    interval = f"[{score['low']:.3f}, {score['high']:.3f}]"
    return f"{score['score']:.3f} {interval} ({score['k']}/{score['n']})"


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else SHIPPED)
