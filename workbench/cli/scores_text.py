"""The report of the evaluate command as people read it."""

from __future__ import annotations

from typing import Any

from workbench.cli.options import count, say, score_text, table

_SHOWN = 10  # combinations; --json has them all
_P_VALUES = (
    "In brackets: p values of the model against the floor, counting triplets (McNemar) | counting "
    "the anchors' {groups}; Holm's correction over the dimensions."
)


def say_report(report: dict[str, Any]) -> None:
    """Print what `workbench evaluate --json` would, less the details."""
    encoder = f"encoder {report['encoder']}, licence: {report['licence']}"
    say(f"Model {report['model']}, {report['distance']} distance; {encoder}.\n")
    if "no_tags" in report:
        say(f"Tags: {report['no_tags']}")
    else:
        held_out = count(report["held_out_items"], "song")
        held_out += " that both models held out" if "against" in report else " held out"
        _say_section(f"Triplets from the tags of {held_out}", report)
        _say_leakage(report)
    for name, section in report["votes"].items():
        say("")
        _say_section(f"Triplets of {name}: {_facts(section)}", section)
        if "warning" in section:
            say(f"Warning: {section['warning']}")


def say_network(scores: dict[str, Any]) -> None:
    """Print the scores of a network on the test part of a rendered corpus."""
    title = f"{count(scores['items'], 'rendition')} of composers and a sound font never met"
    _say_section(f"{title}, {scores['distance']} distance", scores, groups="artists")
    _say_leakage(scores)


def _facts(section: dict[str, Any]) -> str:
    asked = section["scores"]["overall"]["n"] if "overall" in section["scores"] else 0
    parts = []
    if "rows" in section:
        parts.append(f"{section['matched']} of {count(section['rows'], 'row')} matched")
    parts.append(f"{section['agreed']} of {count(section['voted'], 'triplet')} agreed on")
    parts.append(f"{asked} asked, about {count(section['items'], 'item')}")
    return ", ".join(parts)


def _say_section(title: str, section: dict[str, Any], *, groups: str = "songs") -> None:
    say(f"{title}.")
    floors = section.get("floors", {})
    rows = [
        [name, score_text(score), *(_floor_text(floor[name]) for floor in floors.values())]
        for name, score in section["scores"].items()
    ]
    table(["dimension", "score [95 % interval]", *floors], rows)
    if floors:
        say(_P_VALUES.format(groups=groups))
    if section.get("without_sound"):
        missing = section["without_sound"]
        say(
            f"{count(len(missing), 'item')} had no sound for the MFCC floors, such as item "
            f"{next(iter(missing))}: {next(iter(missing.values()))}"
        )
    if "against" in section:
        _say_against(section, groups)
    if "combinations" in section:
        _say_combinations(section["combinations"])


def _floor_text(score: dict[str, Any]) -> str:
    if score["score"] is None:
        return "-"
    if "p" not in score:
        return f"{score['score']:.3f}"
    return f"{score['score']:.3f} ({_p(score['p_holm'])} | {_p(score['p_grouped_holm'])})"


def _p(value: float) -> str:
    return "<.001" if value < 0.001 else f"{value:.3f}".lstrip("0")


def _say_against(section: dict[str, Any], groups: str) -> None:
    other = section["against"]
    say(f"\nAgainst model {other['model']}, on the same triplets:")
    rows = [
        [
            name,
            score_text(section["scores"][name]),
            score_text(other["scores"][name]),
            f"+{row['gained']} -{row['lost']}",
            f"{_p(row['p_holm'])} | {_p(row['p_grouped_holm'])}",
        ]
        for name, row in other["comparison"].items()
        if name in section["scores"]
    ]
    table(["dimension", "score", other["model"], "gained, lost", f"p | by {groups}"], rows)


def _say_combinations(found: dict[str, Any]) -> None:
    rows = found["table"]
    say(f"\nThe best of {len(rows)} combinations of dimensions, on all triplets:")
    table(
        ["dimensions", "score [95 % interval]"],
        [[" + ".join(row["dimensions"]), score_text(row)] for row in rows[:_SHOWN]],
    )
    say(found["warning"])
    honest = found["chosen_on_other_items"]
    if honest is None:
        say("Here no triplets lie within both halves.")
        return
    chosen = " and ".join(" + ".join(names) for names in honest["chosen"])
    say(
        f"Chosen on the other half: {score_text(honest['score'])}; all dimensions on the same "
        f"triplets: {score_text(honest['all_dimensions'])} (chosen: {chosen})."
    )


def _say_leakage(report: dict[str, Any]) -> None:
    say("\nLeakage: how well the subspace of a row answers the triplets of a column. Off the")
    say("diagonal these are triplets in which the row's own tags are no help: 0.50 is none.")
    rows = [
        [subspace, *(f"{cell['score']:.2f}" if cell["n"] else "-" for cell in row.values())]
        for subspace, row in report["strict_leakage"].items()
    ]
    if rows:
        table(["", *next(iter(report["strict_leakage"].values()))], rows)
    mean = report["leakage_mean"]
    if mean["strict"] is not None and mean["plain"] is not None:
        say(
            f"Mean off the diagonal: {mean['strict']:.3f}; {mean['plain']:.3f} on all triplets "
            "(--json has that table too)."
        )
