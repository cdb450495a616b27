"""The tables of `make bench-truth`: per chain what each test said, then false claims and power."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd

Line = dict[str, Any]
CHANGED, NO_CHANGE, REFUSED = "changed", "no change shown", "refused"
FALSE_STATUSES = ("lost", "new")


def claim(line: Line, name: str) -> str:
    """Verdict of a claim; that of the whole where a state of the method has no claims."""
    return line["claims"].get(name, line)["verdict"]


def says_changed(line: Line) -> bool:
    """Whether any claim, or the verdict, is a change."""
    verdicts = [line["verdict"], *(each["verdict"] for each in line["claims"].values())]
    return CHANGED in verdicts


def called(line: Line, status: str) -> list[str]:
    """The truths of the themes that were called so."""
    return [theme.get("truth", "?") for theme in line["themes"] if theme["status"] == status]


def falsely_called(line: Line) -> list[str]:
    """`status truth` of every theme called lost or new that is not."""
    return [
        f"{status} {truth}"
        for status in FALSE_STATUSES
        for truth in called(line, status)
        if truth not in line["truth"][status]
    ]


def named(line: Line) -> bool:
    """Whether every theme lost, new or rarer is named as that, in a claim of change."""
    found = all(
        truth in called(line, status)
        for status in (*FALSE_STATUSES, "declined")
        for truth in line["truth"][status]
    )
    return found and claim(line, "repertoire") == CHANGED


def heard_drift(line: Line) -> bool:
    """Whether drift, and drift alone, is claimed."""
    return (
        bool(line["claims"])
        and claim(line, "drift") == CHANGED
        and claim(line, "repertoire") == NO_CHANGE
    )


def chain_table(lines: list[Line]) -> pd.DataFrame:
    """One row a chain and encoder: the tests' median p, and what was claimed."""
    rows = []
    tests = list(dict.fromkeys(name for line in lines for name in line["tests"]))
    for (chain, encoder), own in _groups(lines, "chain", "encoder"):
        row: dict[str, Any] = {"chain": chain, "encoder": encoder, "runs": len(own)}
        for test in tests:
            p = [line["tests"][test] for line in own if test in line["tests"]]
            row[f"p {test}"] = f"{np.median(p):.3f}" if p else ""
        for name in sorted({name for line in own for name in line["claims"]}):
            row[name] = _counted(claim(line, name) for line in own)
        row["verdict"] = _counted(line["verdict"] for line in own)
        row["falsely lost, new"] = sum(len(falsely_called(line)) for line in own)
        rows.append(row)
    return pd.DataFrame(rows)


def false_claims(lines: list[Line]) -> pd.DataFrame:
    """Point 5: histories without a change, one row a group, encoder and kind of material."""
    rows = []
    still = [line for line in lines if not any(line["truth"].values())]
    for (group, encoder, real), own in _groups(still, "group", "encoder", "real"):
        rows.append(
            {
                "chains": group,
                "encoder": encoder,
                "material": "real" if real else "generated",
                "runs": len(own),
                "say changed": sum(map(says_changed, own)),
                "repertoire": _claimed(own, "repertoire"),
                "drift": _claimed(own, "drift"),
                "call a theme lost or new": sum(bool(falsely_called(line)) for line in own),
                "refused": sum(line["verdict"] == REFUSED for line in own),
            }
        )
    return pd.DataFrame(rows)


def power(lines: list[Line]) -> pd.DataFrame:
    """Point 6: histories with a change, one row a group, encoder and kind of change."""
    kinds: dict[str, Callable[[Line], bool]] = {"drift": heard_drift}
    rows = []
    changed = [
        {**line, "kind": "real loss" if line["real"] else line["history"]}
        for line in lines
        if any(line["truth"].values())
    ]
    for (kind, group, encoder), own in _groups(changed, "kind", "group", "encoder"):
        rows.append(
            {
                "change": kind,
                "chains": group,
                "encoder": encoder,
                "runs": len(own),
                "say changed": _share(map(says_changed, own)),
                "repertoire": _claimed(own, "repertoire"),
                "drift": _claimed(own, "drift"),
                "as it was": _share(kinds.get(kind, named)(line) for line in own),
                "falsely lost, new": sum(len(falsely_called(line)) for line in own),
                "refused": sum(line["verdict"] == REFUSED for line in own),
            }
        )
    return pd.DataFrame(rows)


def refusals(lines: list[Line]) -> Counter[str]:
    """How often each reason for a refusal was given, figures left out."""
    reasons: Counter[str] = Counter()
    for line in lines:
        if line["verdict"] == REFUSED and line["reasons"]:
            words = line["reasons"][0].split(" (")[0]
            reasons["".join("#" if letter.isdigit() else letter for letter in words)] += 1
    return reasons


def _groups(lines: Iterable[Line], *keys: str) -> Iterable[tuple[tuple, list[Line]]]:
    groups: dict[tuple, list[Line]] = {}
    for line in lines:
        groups.setdefault(tuple(line[key] for key in keys), []).append(line)
    return groups.items()


def _claimed(lines: list[Line], name: str) -> str:
    """How many make this claim of change; "-" for a state of the method without claims."""
    verdicts = [line["claims"][name]["verdict"] for line in lines if name in line["claims"]]
    return str(verdicts.count(CHANGED)) if verdicts else "-"


def _counted(verdicts: Iterable[str]) -> str:
    return ", ".join(f"{count} {verdict}" for verdict, count in Counter(verdicts).most_common())


def _share(flags: Iterable[bool]) -> str:
    each = list(flags)
    return f"{sum(each)} of {len(each)}"


def print_tables(lines: list[Line]) -> None:
    """Prints all tables of these runs."""
    for history in dict.fromkeys(line["history"] for line in lines if not line["real"]):
        own = [line for line in lines if line["history"] == history]
        _print(f"{history}: median p of each test, and what was said", chain_table(own))
    real = [line for line in lines if line["real"] and not any(line["truth"].values())]
    _print("real recordings, no change", chain_table(real))
    _print("point 5: no change", false_claims(lines))
    _print("point 6: a true change", power(lines))
    if reasons := refusals(lines):
        print("\nreasons for refusals, figures left out")
        for reason, count in reasons.most_common():
            print(f"  {count:>4}  {reason}")
    if lines:
        # later encoders on the same songs measure none anew
        first = pd.DataFrame(lines).drop_duplicates(["history", "seed", "chain"])
        seconds = first["compare_cpu_s"]
        print(f"\ncompare: {np.median(seconds):.0f} s of processor time (median), imports left out")


def _print(title: str, table: pd.DataFrame) -> None:
    if not table.empty:
        print(f"\n{title}\n\n{table.to_string(index=False)}")
