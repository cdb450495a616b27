"""Which measures of a song no recorder moves: songs through outside chains, note against note.

36 generated songs of three repertoires, each whole through the chains of `drift_chains`. The parts
of the clean song are looked for in every copy, and each way of placing a note in time or pitch is
compared with the same in the clean song. `python -m benchmarks.drift_measures` takes ten minutes.
"""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.drift_chains import CHAINS, scaled
from chingolo.analysis.change.drift.match_theme import find_parts, plan_parts
from chingolo.analysis.change.drift.song_measures import (
    HeardNote,
    SongMeasures,
    crossings,
    measure_song,
)
from chingolo.synth.score.repertoire_file import load_repertoire
from chingolo.synth.surrogates.sing_songs import SongRequest, sing_songs

HARD = str(Path(__file__).with_name("hard_repertoire.yaml"))
SONGS = {"zonotrichia_capensis": 16, "emberiza_citrinella": 10, HARD: 10}
RATE = 22_050
Copies = dict[str, SongMeasures]


def measured() -> list[Copies]:
    """Each song as measured clean (key "") and through every chain."""
    songs = []
    for name, count in SONGS.items():
        request = SongRequest(
            songs=count, individuals=count, sample_rate=RATE, channel="none", snr=60,
            engine="wavetable", seed=5,
        )  # fmt: skip
        random = np.random.default_rng(1)
        for sung in sing_songs(load_repertoire(name), request)[0]:
            wave = scaled(np.pad(np.asarray(sung, float), RATE // 2))
            wave = wave + 1e-3 * random.standard_normal(len(wave))
            copies = {"": measure_song(wave, RATE)}
            for place, (chain, through) in enumerate(CHAINS.items()):
                draws = np.random.default_rng([len(songs), place])
                copies[chain] = measure_song(scaled(through(wave, RATE, draws)), RATE)
            songs.append(copies)
    return songs


def moments(note: HeardNote, clean: HeardNote) -> dict[str, float]:
    """s, of one note, by each way of telling when it is."""

    def passes(pitch: float) -> float:
        times, _ = crossings(SongMeasures((note,)), pitch)
        return float(times[len(times) // 2]) if len(times) else np.nan

    return {
        "interval: half of the peak": note.start,
        "interval: steepest rise": note.onset,
        "interval: middle": float(note.time.mean()),
        "interval: end": float(note.time[-1]),
        "interval: own median pitch": passes(note.f0),
        "interval: a fixed pitch": passes(clean.f0),
    }


def pitches(note: HeardNote) -> dict[str, float]:
    """Natural logarithm of Hz, by each way of telling the pitch of a note."""
    log = np.log(note.contour)
    length = min(len(log), 110)
    change = np.abs(log[length - 1 :] - log[: len(log) - length + 1])
    flattest = int(change.argmin())
    quarter = len(log) // 4
    kind = "whistle" if note.is_whistle else "sweep"
    return {
        f"pitch of a {kind}: median": float(np.median(log)),
        f"pitch of a {kind}: middle half": float(np.median(log[quarter : len(log) - quarter])),
        f"pitch of a {kind}: flattest 50 ms": float(np.median(log[flattest:][:length])),
    }


def changes(clean: SongMeasures, copy: SongMeasures) -> dict[str, list[float]]:
    """Natural logarithm of copy over clean for every measure that both have, else NaN."""
    parts = plan_parts(clean)
    sides = [find_parts(song, parts)[0] for song in (clean, copy)]
    notes = [
        [
            next((each for each in song.notes if each.start == place.start), None)
            if place is not None
            else None
            for place in side
        ]
        for song, side in zip((clean, copy), sides, strict=True)
    ]
    told: dict[str, list[float]] = defaultdict(list)
    before: dict[str, np.ndarray] = {}
    for part, own, other, note, heard in zip(parts, *sides, *notes, strict=True):
        if own is None:
            continue
        here: dict[str, np.ndarray] = {}
        if part.trill is not None:
            told["trill period: passages of a pitch"].append(
                np.log(other.period / own.period) if other else np.nan
            )
        elif note is not None:
            clean_moments = moments(note, note)
            copied = moments(heard, note) if heard else dict.fromkeys(clean_moments, np.nan)
            here = {name: np.array([clean_moments[name], copied[name]]) for name in copied}
            for name in sorted(here.keys() & before.keys()):
                steps = here[name] - before[name]
                if steps[0] > 0.02:
                    told[name].append(float(np.log(steps[1] / steps[0])))
            same = pitches(heard) if heard else {}
            for name, value in pitches(note).items():
                told[name].append(same.get(name, np.nan) - value)
        before = here
    return told


def table(songs: Sequence[Copies]) -> pd.DataFrame:
    """Median change in per cent, its spread (1.48 MAD), and the share found, chain by chain."""
    rows = defaultdict(dict)
    for chain in CHAINS:
        told: dict[str, list[float]] = defaultdict(list)
        for copies in songs:
            for name, values in changes(copies[""], copies[chain]).items():
                told[name] += values
        for name, values in told.items():
            known = np.array(values)[np.isfinite(values)]
            middle = np.median(known) if len(known) else np.nan
            spread = 1.48 * np.median(np.abs(known - middle)) if len(known) else np.nan
            share = len(known) / len(values)
            rows[name][chain] = f"{100 * middle:+.2f} ± {100 * spread:.2f} ({share:.0%})"
    return pd.DataFrame(rows).T


def main() -> None:
    """Prints the table."""
    print(table(measured()).T.to_string())


if __name__ == "__main__":
    main()
