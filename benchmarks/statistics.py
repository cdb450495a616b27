"""Calibration of the verdict by simulation: how often is a change claimed, and how often rightly.

`python -m benchmarks.statistics` prints the table; `--runs` sets the simulations of each line.
"""

import argparse
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from chingolo.analysis.change.change_tests import COMBINED
from chingolo.analysis.change.design.eras import find_eras
from chingolo.analysis.change.design.evidence import Evidence
from chingolo.analysis.change.design.permutation import permutation_p, permuted_eras
from chingolo.analysis.change.design.units import find_design
from chingolo.analysis.change.era_change import tests_of_eras
from chingolo.analysis.change.statistics.energy import energy_values
from chingolo.analysis.change.statistics.registry import STATISTICS
from chingolo.analysis.recorder.placebo import channel_placebo
from chingolo.analysis.results import put_together
from chingolo.analysis.settings import CompareSettings
from chingolo.analysis.space.cluster import fit_clusters
from chingolo.analysis.space.latent_table import LatentTable
from chingolo.analysis.space.name_themes import name_themes
from chingolo.analysis.verdict import CHANGED, NO_CHANGE_SHOWN, REFUSED, decide


@dataclass(frozen=True)
class Scenario:
    """One simulated world; lengths in standard deviations of birds within a site, per dimension."""

    name: str
    shift: float = 0.0
    """Distance by which every song of the modern era moved."""

    recorder: float = 0.0
    """Distance by which the historical recorder moves a song."""

    recorder_known: float = 1.0
    """Share of the recorder's effect that the model used for the placebo has."""

    sites: float = 1.0
    """Spread of the sites' centres."""

    uneven_sites: bool = False
    """Whether the historical birds come mostly from the first sites, the modern from the last."""

    songs: tuple[int, int] = (8, 8)
    """Mean songs of a bird in each era (Poisson, at least 1)."""

    birds: tuple[int, int] = (10, 10)
    """Birds of a site in each era."""


SCENARIOS = (
    Scenario("no change"),
    Scenario("no change, sites sampled unevenly", uneven_sites=True),
    Scenario("no change, 2 songs a bird then 16", songs=(2, 16)),
    Scenario("no change, few birds, 2 songs, then 16", songs=(2, 16), birds=(3, 10)),
    Scenario("recorder changed (0.2)", recorder=0.2),
    Scenario("recorder changed (0.35)", recorder=0.35),
    Scenario("recorder changed (0.7)", recorder=0.7),
    Scenario("recorder changed (1.4)", recorder=1.4),
    Scenario("recorder changed (0.7), model 70 % right", recorder=0.7, recorder_known=0.7),
    Scenario("songs changed (0.7)", shift=0.7),
    Scenario("songs changed (0.7), sites uneven", shift=0.7, uneven_sites=True),
    Scenario("songs changed (0.7), recorder too (0.2)", shift=0.7, recorder=0.2),
)


def simulate(
    scenario: Scenario,
    seed: int,
    *,
    sites: int = 8,
    dimensions: int = 8,
    song_spread: float = 1.0,
) -> tuple[LatentTable, np.ndarray]:
    """Simulates two eras; bird spread is 1 in each dimension.

    Returns:
        The songs, and their vectors after (once more) the historical recorder.
    """
    generator = np.random.default_rng(seed)
    centres = scenario.sites * generator.standard_normal((sites, dimensions))
    direction, effect = (v / np.linalg.norm(v) for v in generator.standard_normal((2, dimensions)))
    rows, vectors = [], []
    for era in (0, 1):
        for bird in range(sites * scenario.birds[era]):
            site = bird % sites
            if scenario.uneven_sites and generator.random() < 0.5:
                site = int(generator.integers(sites // 2)) + (sites // 2) * era
            centre = centres[site] + generator.standard_normal(dimensions)
            centre = centre + era * scenario.shift * direction
            if era == 0:
                centre = centre + scenario.recorder * effect
            for _ in range(max(1, generator.poisson(scenario.songs[era]))):
                vectors.append(centre + song_spread * generator.standard_normal(dimensions))
                rows.append((("1966", "2020")[era], f"{era}-{bird}", f"site {site}"))
    songs = pd.DataFrame(rows, columns=pd.Index(["era", "individual", "site"]))
    songs["path"] = [f"/{i}.wav" for i in range(len(songs))]
    z = np.asarray(vectors, np.float32)
    rerecorded = z + np.float32(scenario.recorder_known * scenario.recorder) * effect
    return LatentTable(songs, z), rerecorded.astype(np.float32)


def naive_p(latents: LatentTable, *, permutations: int, seed: int) -> float:
    """P value of the energy distance where songs are permuted freely, as often done."""
    songs = latents.songs[["path", "era"]]
    eras = find_eras(songs, CompareSettings())
    assert eras is not None
    design = find_design(songs, eras, seed=seed)
    drawn = permuted_eras(design, permutations=permutations)
    return permutation_p(energy_values(Evidence(latents.z), design, drawn))


def calibrate(
    scenario: Scenario,
    *,
    runs: int,
    permutations: int = 199,
    naive: bool = True,
    first_seed: int = 0,
) -> dict[str, float]:
    """Shares of runs in which each test rejects at 0.05, and of each verdict."""
    told = dict.fromkeys([CHANGED, NO_CHANGE_SHOWN, REFUSED, "placebo", "naive"], 0)
    counts = put_together(told, dict.fromkeys([COMBINED, *STATISTICS], 0))
    for run in range(first_seed, first_seed + runs):
        latents, rerecorded = simulate(scenario, seed=run)
        settings = CompareSettings(permutations=permutations, bootstraps=20, seed=run)
        verdict, tests, placebo = judge(latents, rerecorded, settings)
        counts[verdict] += 1
        counts["placebo"] += not placebo["passed"]
        for name, test in tests.items():
            counts[name] += test["p"] <= settings.significance
        if naive:
            counts["naive"] += naive_p(latents, permutations=permutations, seed=run) <= 0.05
    return {name: count / runs for name, count in counts.items()}


def judge(
    latents: LatentTable, rerecorded: np.ndarray, settings: CompareSettings
) -> tuple[str, dict[str, dict[str, float]], dict[str, Any]]:
    """Verdict, tests and placebo as `compare` makes them, without what does not enter them."""
    eras = find_eras(latents.songs, settings)
    assert eras is not None
    design = find_design(latents.songs, eras, seed=settings.seed)
    theme, _ = name_themes(latents.songs, fit_clusters(latents.z).assignment)
    evidence = Evidence(latents.z, theme)
    tests = tests_of_eras(evidence, design, permutations=settings.permutations)
    placebo = channel_placebo(tests, evidence, rerecorded, significance=settings.significance)
    verdict, _ = decide(latents.songs, eras, design, tests.results, placebo, settings)
    return verdict, tests.results, placebo


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--first-seed", type=int, default=0)
    options = parser.parse_args()
    runs = options.runs
    made = [name for name, statistic in STATISTICS.items() if "descriptors" not in statistic.needs]
    columns = (CHANGED, REFUSED, COMBINED, *made)
    print(f"{runs} runs a line, seeds from {options.first_seed}; 8 sites, 80 birds an era unless")
    print("few (24 in the older); 8 dimensions; level 0.05; 199 permutations")
    print("share of runs: verdict changed | refused | tests that reject | songs as units (naive)")
    print(f"{'':<42}" + "".join(f"{name:>15}" for name in (*columns, "naive")))
    for scenario in SCENARIOS:
        shares = calibrate(
            scenario, runs=runs, naive=scenario.shift == 0, first_seed=options.first_seed
        )
        values = "".join(f"{shares[name]:>15.3f}" for name in columns)
        values += f"{shares['naive']:>15.3f}" if scenario.shift == 0 else f"{'-':>15}"
        print(f"{scenario.name:<42}{values}", flush=True)


if __name__ == "__main__":
    main()
