"""What a run measured, as one Markdown table."""

from __future__ import annotations

from typing import Any

WANTED_MS = 300


def table(result: dict[str, Any]) -> str:
    """Return the table of a result of `run_load`."""
    rows = [*_judgements(result), *_times(result), *_memory(result), *_work(result)]
    lines = [f"| {what} | {value} |" for what, value in rows]
    return "\n".join(["| what | |", "| --- | ---: |", *lines])


def _judgements(result: dict[str, Any]) -> list[tuple[str, str]]:
    plan, stored = result["plan"], result["stored"]
    wrong = f"{stored['missing']}, {stored['twice']}, {stored['unknown']}"
    return [
        ("raters, viewers, minutes", f"{plan['raters']}, {plan['viewers']}, {plan['minutes']:g}"),
        (
            "answers and undos acknowledged, of those sent",
            f"{stored['acknowledged']} / {stored['sent']}",
        ),
        ("lost, stored twice, stored though never sent", wrong),
        ("triplets judged by two although meant for one", str(stored["shared"])),
    ]


def _times(result: dict[str, Any]) -> list[tuple[str, str]]:
    rows = [
        ("answer to the next triplet: median, 95 %, 99 %", _three(result["next_ms"], "ms")),
        (f"95 % of them within {WANTED_MS} ms, as wanted", _reached(result["next_ms"])),
        (
            "answer to the next triplet, half a minute after the last had come and later",
            _three(result["next_ms_later"], "ms"),
        ),
        ("a viewer's click to what follows", _three(result["clicked_ms"], "ms")),
    ]
    rows += [(f"page {name} opens", _three(p, "s")) for name, p in result["opened_s"].items()]
    rows.append(
        ("the server answers the smallest question", _three(result["server_answers_ms"], "ms"))
    )
    for role, late in result["people_late_ms"].items():
        rows.append((f"the simulated {role} themselves are late by", _three(late, "ms")))
    return rows


def _memory(result: dict[str, Any]) -> list[tuple[str, str]]:
    rows = []
    for kind, found in result["memory"].items():
        size = found.get("last_mb", found.get("own_mb"))
        slope, low, high = found["slope_mb_min"]
        grows = f"{slope:+.2f} MB/min ({low:+.2f} to {high:+.2f})"
        rows.append((f"memory of {kind}; slope over the second half", f"{size:.0f} MB; {grows}"))
    first, last = result["open_files"]["first"], result["open_files"]["last"]
    rows.append(
        (
            "most pages open, left at the end",
            f"{result['kernels']['most']}, {result['kernels_left']}",
        )
    )
    rows.append(("files and sockets of the server, first and last", f"{first} {last}"))
    return rows


def _work(result: dict[str, Any]) -> list[tuple[str, str]]:
    cpu = result["cpu_s"]
    spent = ", ".join(f"{cpu[who]:.0f} s" for who in ("server", "kernels", "people"))
    rows = [(f"processor time of server, kernels, people in {cpu['wall']:.0f} s", spent)]
    per_answer = 1000 * result["kernel_cpu_per_answer_s"]
    rows.append(("processor time of a kernel per answer", f"{per_answer:.0f} ms"))
    if alone := result.get("alone"):
        one = alone["answer"]
        both = f"{1000 * one['server']:.0f} + {1000 * one['kernel']:.0f} ms"
        rows.append(("an answer with nobody else there: server + kernel", both))
        for name, page in alone["pages"].items():
            what = f"{page['server']:.2f} + {page['kernel']:.2f} s ({page['first']:.2f} s)"
            rows.append((f"page {name}: server + kernel (server, first visit)", what))
    problems = ", ".join(f"{name}: {n}" for name, n in sorted(result["problems"].items()))
    rows.append(("problems", problems or "none"))
    rows.append(("load of the machine at the end", f"{result['machine']['load'][0]:.1f}"))
    return rows


def _reached(found: dict[str, float]) -> str:
    return "none" if not found.get("n") else "yes" if found["p95"] <= WANTED_MS else "no"


def _three(found: dict[str, float], unit: str) -> str:
    if not found.get("n"):
        return "none"
    digits = 0 if unit == "ms" else 1
    middle = ", ".join(f"{found[name]:.{digits}f}" for name in ("p50", "p95", "p99"))
    return f"{middle} {unit} ({found['n']})"
