"""What a comparison found: put together once, told as `results.json` and as the report."""

import importlib.metadata
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from chingolo.analysis.change.change_tests import COMBINED
from chingolo.analysis.change.design.eras import Eras
from chingolo.analysis.change.statistics.registry import STATISTICS
from chingolo.analysis.space.cluster import Clusters


@dataclass(frozen=True)
class Comparison:
    """What was found, and what the report shows of it."""

    songs: pd.DataFrame
    """The songs compared, with the columns `cluster`, `cluster_probability` and `theme` added."""

    map: np.ndarray
    """[songs, 2] places of the songs in the picture."""

    clusters: Clusters | None
    """None for a table of song types."""

    eras: Eras | None

    results: dict[str, Any]
    """What `results.json` holds."""


def put_together(*parts: Mapping[str, Any]) -> dict[str, Any]:
    """All parts as one dictionary.

    Raises:
        ValueError: if two parts hold one key: a result never overwrites another.
    """
    results: dict[str, Any] = {}
    for part in parts:
        twice = results.keys() & part.keys()
        if twice:
            raise ValueError(f"two results have the key {', '.join(sorted(twice))}")
        results |= part
    return results


def with_tests(
    results: Mapping[str, Any], tests: Mapping[str, Mapping[str, float]]
) -> dict[str, Any]:
    """Results with the tests of a change under the keys of their statistics.

    Args:
        results: all other results.
        tests: of `change_tests`; empty where none could be made.

    Raises:
        ValueError: if a statistic of the registry, made or not, has the key of another result.
    """
    keys = put_together(
        *({statistic.results_key: name} for name, statistic in STATISTICS.items()),
        {COMBINED: COMBINED},
    )
    put_together(results, keys)
    told = {key: tests[name] for key, name in keys.items() if name in tests}
    always = [statistic for statistic in STATISTICS.values() if statistic.always_told]
    return {**results, **dict.fromkeys(statistic.results_key for statistic in always), **told}


def versions() -> dict[str, str]:
    """Versions of the software behind the results."""
    names = ("chingolo", "hdbscan", "numpy", "scikit-learn", "scipy")
    return {name: importlib.metadata.version(name) for name in names}


def results_text(results: dict[str, Any]) -> str:
    """`results.json` as text: sorted keys, null for what is not a number."""
    return json.dumps(_plain(results), indent=2, sort_keys=True, allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
