"""`python -m benchmarks.units`: the units that a detector of any songbird finds, against marks.

Marks: the syllables of two Bengalese finches (by those who published them; where they sang alone),
and units of great tits and five clips marked by eye on spectrograms (unit_marks.csv) before the
first run. A find is right where its common time with a mark is at least half of their joint time.
Finds 20 dB below the median mark are neither right nor false: further birds, echoes. What was tuned
on what stands in docs/methods.md. Then: finds in an hour of made noise, and the time that takes.
"""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import tyro
from threadpoolctl import threadpool_limits

from benchmarks.detector import f1, hour_of_noise, right
from chingolo.analysis.find.events import with_high
from chingolo.analysis.find.find import Found, find_songs, load_detector, thresholds_of
from chingolo.synth.tables.audio import load_audio

RATE = 22_050
MARKS = Path(__file__).with_name("unit_marks.csv")
FAINT_DB, AROUND_S = 20.0, 0.5
TUNED = "bl26lb16"


@dataclass(frozen=True)
class Options:
    """Which detector, on what."""

    recordings: Path = Path("../shared/recordings")
    """Folder of real recordings."""

    detector: str = "any"
    """Shipped detector, or a run."""

    thresholds: tuple[float, ...] = ()
    """Others than the detector's own, tried besides."""

    noise: bool = True
    """Whether to listen to an hour of made noise too."""


@dataclass(frozen=True)
class Marked:
    """A stretch of a recording with all its units."""

    path: Path
    units: np.ndarray
    """[units, 2] s."""

    first_s: float
    last_s: float


def marked(folder: Path) -> Iterator[tuple[str, list[Marked]]]:
    """Groups of marked stretches."""
    finches = pd.read_csv(folder / "bengalese_syllables.csv")
    finches["from_s"] = finches.groupby("path")["start_s"].transform("min") - AROUND_S
    finches["to_s"] = finches.groupby("path")["end_s"].transform("max") + AROUND_S
    others = pd.read_csv(MARKS)
    others["individual"] = others["path"].map(
        lambda path: "great tit SW83" if path.startswith("great_tit") else Path(path).stem
    )
    for name, rows in pd.concat([finches, others]).groupby("individual"):
        yield (
            str(name) + (" (tuned on)" if name == TUNED else ""),
            [
                Marked(
                    folder / str(path),
                    one[["start_s", "end_s"]].to_numpy(float),
                    float(one["from_s"].iloc[0]),
                    float(one["to_s"].iloc[0]),
                )
                for path, one in rows.groupby("path")
            ],
        )


def level(wave: np.ndarray, start_s: float, end_s: float) -> float:
    """dB, mean power of a stretch."""
    cut = wave[max(0, round(start_s * RATE)) : max(1, round(end_s * RATE))]
    return float(10 * np.log10(np.mean(cut.astype(float) ** 2) + 1e-20))


def counts(wave: np.ndarray, found: list[Found], these: Marked) -> np.ndarray:
    """Right, false, missed and faint."""
    inside = [one for one in found if these.first_s < (one.start_s + one.end_s) / 2 < these.last_s]
    hit = right(inside, these.units)
    middle = np.median([level(wave, *unit) for unit in these.units])
    rest = [one for i, one in enumerate(inside) if i not in hit]
    faint = sum(level(wave, one.start_s, one.end_s) < middle - FAINT_DB for one in rest)
    return np.array([len(hit), len(rest) - faint, len(these.units) - len(hit), faint])


def main() -> None:
    """Prints the figures."""
    options = tyro.cli(Options, description=__doc__)
    detector = load_detector(options.detector)
    own = thresholds_of(detector)
    groups = list(marked(options.recordings))
    waves = {
        one.path: load_audio(one.path, sample_rate=RATE) for _, every in groups for one in every
    }
    for high in (own.high, *options.thresholds):
        thresholds = with_high(own, high)
        print(f"threshold {high:g}: right, false, missed, faint; F1")
        for name, every in groups:
            total = np.zeros(4, int)
            for one in every:
                blocks = np.array_split(waves[one.path], max(1, len(waves[one.path]) // 200_000))
                found = list(find_songs(blocks, RATE, detector, thresholds))
                total += counts(waves[one.path], found, one)
            print(f"  {name:24}{total.tolist()!s:24}{f1(*total[:3].tolist()):.3f}", flush=True)
    if options.noise:
        begun = time.process_time()
        with threadpool_limits(1):
            found = list(find_songs(hour_of_noise(), RATE, detector, own))
        made = time.process_time()
        for _ in hour_of_noise():
            pass
        spent = made - begun - (time.process_time() - made)
        print(f"an hour of made noise: {len(found)} finds, {spent:.1f} s of processor")


if __name__ == "__main__":
    sys.exit(main())
