"""Calibration of both claims by simulation: how often is a change claimed, and how often rightly.

`python -m benchmarks.statistics` prints the table; `--simulations` sets how many each line has.
What is simulated are birds, songs and measures, by numpy alone; what judges them is
`compare_types`, `compare` and `drift_of_table`, as the commands call them.
"""

import argparse
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from chingolo.analysis.change.design.eras import find_eras
from chingolo.analysis.change.design.units import find_design
from chingolo.analysis.change.drift.drift_table import PITCH, TIME, DriftTable, Measure
from chingolo.analysis.change.drift.measure_drift import drift_of_table
from chingolo.analysis.change.theme_table import CHANGES
from chingolo.analysis.compare import compare
from chingolo.analysis.compare_types import compare_types
from chingolo.analysis.settings import CompareSettings
from chingolo.analysis.space.latent_table import LatentTable

TYPES, VECTORS, SUNG = "types", "vectors", "sung"
ERAS = ("1966", "2020")


@dataclass(frozen=True)
class Scenario:
    """One simulated world of two eras."""

    name: str
    evidence: str = TYPES
    """What is told of each song: its type, a vector near its theme's, or measures of how it is
    sung."""

    birds: tuple[int, int] = (10, 10)
    """Birds of a site in each era."""

    songs: tuple[int, int] = (8, 8)
    """Mean songs of a bird in each era (Poisson, at least 1)."""

    sites: int = 2
    uneven_sites: bool = False
    """Whether the historical birds come mostly from the first sites, the modern from the last."""

    themes: int = 8
    mixed: float = 1.0
    """How many themes a bird mixes: large for all, near 0 for one."""

    thinned: tuple[float, float] | None = None
    """Share of birds that sing the first theme in each era; None for no change."""

    slower: float = 0.0
    """Natural-log units by which one measure of one theme changed."""

    speed: float = 0.0
    """Natural-log units by which all is played too fast in the modern era."""

    @property
    def changed(self) -> bool:
        """Whether there is something to claim."""
        return self.thinned is not None or self.slower != 0


SCENARIOS = (
    Scenario("types, balanced"),
    Scenario("types, 6 birds of 2 songs, 30 of 15", birds=(6, 30), songs=(2, 15), sites=1),
    Scenario("types, sites sampled unevenly", sites=8, uneven_sites=True),
    Scenario("types, one bird a site and era", birds=(1, 1), sites=14, songs=(4, 4)),
    Scenario("types, 40 rare themes", birds=(15, 15), themes=40),
    Scenario("types, one theme a bird", mixed=0.02, birds=(24, 24)),
    Scenario("vectors, balanced", VECTORS, mixed=0.02),
    Scenario("vectors, 2 songs a bird, then 16", VECTORS, songs=(2, 16), mixed=0.02),
    Scenario("vectors, few birds", VECTORS, birds=(3, 10), songs=(2, 16), mixed=0.02),
    Scenario("sung, balanced", SUNG, mixed=0.02),
    Scenario("sung, sites uneven, 2 songs a bird, then 16", SUNG, songs=(2, 16), sites=4,
             uneven_sites=True, mixed=0.02),
    Scenario("sung, tape 3 % fast", SUNG, speed=0.03, mixed=0.02),
    Scenario("types, a theme from 30 to 8 % of 48 birds", thinned=(0.3, 0.08), birds=(24, 24),
             themes=6, mixed=0.02),
    Scenario("vectors, a theme lost of 48 birds", VECTORS, thinned=(0.2, 0.0), birds=(24, 24),
             themes=6, mixed=0.02),
    Scenario("sung, a trill 15 % slower", SUNG, slower=0.15, birds=(24, 24), mixed=0.02),
)  # fmt: skip


def simulate(scenario: Scenario, seed: int) -> pd.DataFrame:
    """Songs with their type and who sang them where; birds and sites differ."""
    random = np.random.default_rng([seed, 11])
    usual = random.dirichlet(np.full(scenario.themes, 2.0))
    rows = []
    for era in (0, 1):
        population = usual
        if scenario.thinned is not None:
            share = scenario.thinned[era]
            others = (1 - share) / (scenario.themes - 1)
            population = np.array([share] + [others] * (scenario.themes - 1))
        for bird in range(scenario.sites * scenario.birds[era]):
            site = bird % scenario.sites
            if scenario.uneven_sites and random.random() < 0.5:
                site = int(random.integers(scenario.sites // 2)) + (scenario.sites // 2) * era
            own = random.dirichlet(scenario.mixed * 8 * population + 1e-6)
            for _ in range(max(1, random.poisson(scenario.songs[era]))):
                kind = f"T{random.choice(scenario.themes, p=own)}"
                rows.append((ERAS[era], f"{era}-{bird}", f"site {site}", kind))
    songs = pd.DataFrame(rows, columns=pd.Index(["era", "individual", "site", "type"]))
    return songs.assign(path=[f"/{i}.wav" for i in range(len(songs))])


def judge(scenario: Scenario, seed: int) -> dict[str, Any]:
    """P of the claim that the evidence is for, and whether it claims anything."""
    songs = simulate(scenario, seed)
    settings = CompareSettings(permutations=199, bootstraps=20, seed=seed, same_recorder=True)
    if scenario.evidence == SUNG:
        return _sung(scenario, songs, seed)
    if scenario.evidence == TYPES:
        found = compare_types(songs, "type", settings).results
    else:
        random = np.random.default_rng([seed, 12])
        centres = 6.0 * np.eye(scenario.themes)
        number = songs["type"].str[1:].astype(int).to_numpy()
        bird = pd.factorize(songs["individual"])[0]
        own = 0.5 * random.standard_normal((bird.max() + 1, scenario.themes))
        z = centres[number] + own[bird] + 0.3 * random.standard_normal((len(songs), len(centres)))
        found = compare(LatentTable(songs, z.astype(np.float32)), settings).results
    claim = found["claims"]["repertoire"]
    return {
        "claim": claim["verdict"] == "changed",
        "theme": any(row["status"] in CHANGES for row in found["themes"]),
        "refused": claim["verdict"] == "refused",
    }


def _sung(scenario: Scenario, songs: pd.DataFrame, seed: int) -> dict[str, Any]:
    """Two intervals and two whistles a theme; birds differ by 4 %, songs of a bird by 1 %."""
    random = np.random.default_rng([seed, 13])
    theme = songs["type"].to_numpy(object)
    bird = pd.factorize(songs["individual"])[0]
    modern = (songs["era"] == ERAS[1]).to_numpy()
    measures, columns = [], []
    for name in sorted(set(theme)):
        for number, kind in enumerate((TIME, TIME, PITCH, PITCH)):
            own = 0.04 * random.standard_normal(bird.max() + 1)
            values = own[bird] + 0.01 * random.standard_normal(len(songs))
            values += modern * scenario.speed * (1 if kind == PITCH else -1)
            if name == "T0" and number == 0:
                values += modern * scenario.slower
            measures.append(Measure(name, f"measure {number}", kind, 0.001))
            columns.append(np.where(theme == name, values, np.nan))
    eras = find_eras(songs, CompareSettings())
    assert eras is not None
    design = find_design(songs, eras, seed=seed)
    table = DriftTable(tuple(measures), np.stack(columns, axis=1), theme)
    found = drift_of_table(table, design, permutations=199)
    claimed = found.p is not None and found.p <= 0.05
    right = claimed and found.rows[0].theme == "T0"
    return {"claim": claimed, "theme": right, "refused": found.p is None}


def calibrate(scenario: Scenario, *, simulations: int, first_seed: int = 0) -> dict[str, float]:
    """Shares of simulations that claim a change, name a theme, and refuse the claim."""
    outcomes = [judge(scenario, seed) for seed in range(first_seed, first_seed + simulations)]
    return {key: float(np.mean([one[key] for one in outcomes])) for key in outcomes[0]}


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulations", "--runs", type=int, default=200)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--only", default="", help="scenarios whose name holds this")
    options = parser.parse_args()
    print(f"{options.simulations} simulations a line, seeds from {options.first_seed}; level 0.05")
    print(f"{'':<48}{'claimed':>9}{'theme':>9}{'refused':>9}")
    for scenario in SCENARIOS:
        if options.only not in scenario.name:
            continue
        shares = calibrate(scenario, simulations=options.simulations, first_seed=options.first_seed)
        values = "".join(f"{shares[key]:>9.3f}" for key in ("claim", "theme", "refused"))
        print(f"{scenario.name:<48}{values}", flush=True)


if __name__ == "__main__":
    main()
