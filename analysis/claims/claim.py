"""A claim as results tell it, and the verdict over all claims."""

from collections.abc import Mapping, Sequence
from typing import Any

CHANGED, NO_CHANGE_SHOWN, REFUSED = "changed", "no change shown", "refused"
NOT_MADE: dict[str, Any] = {"passed": None}
"""A placebo that could not be made."""


def verdict_of(claims: Mapping[str, Mapping[str, Any]]) -> tuple[str, list[str]]:
    """The verdict over all claims, and their reasons: changed only where a claim is."""
    verdicts = [claim["verdict"] for claim in claims.values()]
    word = next((word for word in (CHANGED, NO_CHANGE_SHOWN) if word in verdicts), REFUSED)
    reasons = [
        f"{name.capitalize()}: {claim['verdict']}. {' '.join(claim['reasons'])}"
        for name, claim in claims.items()
    ]
    return word, reasons


def claim(
    verdict: str,
    reasons: Sequence[str],
    *,
    p: float | None = None,
    effect: Mapping[str, Any] | None = None,
    tests: Sequence[str] = (),
    placebo: Mapping[str, Any] = NOT_MADE,
    sensitivity: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A claim as `results.json` tells it."""
    return {
        "verdict": verdict,
        "reasons": list(reasons),
        "p": p,
        "effect": effect,
        "tests": list(tests),
        "placebo": dict(placebo),
        "sensitivity": sensitivity,
    }
