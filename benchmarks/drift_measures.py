"""Which measures of a song no recorder moves: songs through recorders, note against note.

36 generated songs of three repertoires, each whole through the chains `named` and `tuning` of
`outside_recorders` and through recorders of the wide family that no comparison draws. The parts of
the clean song are looked for in every copy, and each way of placing a note in time or pitch is
compared with the same in the clean song, the recorder's speed taken out.
`python -m benchmarks.drift_measures` takes a quarter of an hour.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.outside_recorders import CHAINS, UNSEEN, missing
from chingolo.analysis.change.drift.match_theme import find_parts, plan_parts
from chingolo.analysis.change.drift.song_measures import (
    HeardNote,
    SongMeasures,
    crossings,
    measure_song,
)
from chingolo.synth.recorder.wide import WideRecorder, heard_at, through, wide_recorder
from chingolo.synth.score.repertoire_file import load_repertoire
from chingolo.synth.surrogates.sing_songs import SongRequest, sing_songs

HARD = str(Path(__file__).with_name("hard_repertoire.yaml"))
SONGS = {"zonotrichia_capensis": 16, "emberiza_citrinella": 10, HARD: 10}
RATE = 22_050
WIDE = range(5000, 5024)
"""Seeds of the wide recorders; a comparison draws those from 0 on."""

FOUND = 0.4
"""Share of songs in which a measure must be heard to be one; as `measure_drift.HEARD`."""

Copies = dict[str, SongMeasures]
"""By recorder; "" for the clean song."""

Hear = Callable[[np.ndarray, int], np.ndarray]
"""([samples], number of the song) -> [samples]."""


def recorders() -> dict[str, tuple[float, Hear]]:
    """Speed of each recorder, and what it makes of a song; the name of a wide one is `wide N`."""

    def wide(recorder: WideRecorder) -> tuple[float, Hear]:
        moved = heard_at(recorder, np.array([1.0, 9.0]), 10.0)
        return 8.0 / float(np.ptp(moved)), lambda wave, song: through(
            recorder, wave, RATE, take=song
        )

    outside = {
        chain.name: (chain.speed, lambda wave, song, chain=chain: chain.apply(wave, RATE, song))
        for chain in CHAINS
        if chain.group != UNSEEN and not missing(chain)
    }
    return outside | {f"wide {seed}": wide(wide_recorder(seed)) for seed in WIDE}


def measured(heard_by: dict[str, tuple[float, Hear]]) -> list[Copies]:
    """Each song as measured clean (key "") and through every recorder, its speed taken out."""
    songs = []
    for name, count in SONGS.items():
        request = SongRequest(
            songs=count, individuals=count, sample_rate=RATE, channel="none", snr=60,
            engine="wavetable", seed=5,
        )  # fmt: skip
        random = np.random.default_rng(1)
        for sung in sing_songs(load_repertoire(name), request)[0]:
            wave = np.pad(np.asarray(sung, float), RATE // 2)
            wave = 0.5 * wave / np.abs(wave).max() + 1e-3 * random.standard_normal(len(wave))
            copies = {"": measure_song(wave, RATE)}
            for recorder, (speed, hear) in heard_by.items():
                copies[recorder] = measure_song(hear(wave, len(songs)), RATE / speed)
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


def table(songs: Sequence[Copies], names: Sequence[str]) -> pd.DataFrame:
    """[recorders, measures] (median change in per cent, share found), measures by name."""
    rows = {}
    for name in names:
        told: dict[str, list[float]] = defaultdict(list)
        for copies in songs:
            for measure, values in changes(copies[""], copies[name]).items():
                told[measure] += values
        rows[name] = {
            measure: (
                100 * float(np.nanmedian(values)) if np.isfinite(values).any() else np.nan,
                float(np.isfinite(values).mean()),
            )
            for measure, values in told.items()
        }
    return pd.DataFrame(rows).T


def summary(cells: pd.DataFrame) -> pd.DataFrame:
    """One row a measure: recorders that leave it, and how far these move it, per cent."""
    rows = {}
    for measure in cells.columns:
        each = np.array([value for value in cells[measure] if isinstance(value, tuple)])
        kept = np.abs(each[each[:, 1] >= FOUND, 0])
        rows[measure] = {
            "recorders that leave it": f"{len(kept)} of {len(each)}",
            "moved by, median": round(float(np.median(kept)), 2) if len(kept) else np.nan,
            "nine of ten by less than": round(float(np.quantile(kept, 0.9)), 2),
            "most": round(float(kept.max()), 2),
        }
    return pd.DataFrame(rows).T


def main() -> None:
    """Prints the tables."""
    heard_by = recorders()
    songs = measured(heard_by)
    outside = [name for name in heard_by if not name.startswith("wide ")]
    wide = [name for name in heard_by if name not in outside]
    for title, names in (("outside recorders", outside), ("wide family", wide)):
        cells = table(songs, names)
        print(f"\n{title}\n\n{summary(cells).to_string()}")
        told = cells.map(
            lambda value: f"{value[0]:+.2f} ({value[1]:.0%})" if isinstance(value, tuple) else ""
        )
        print(f"\n{told.T.to_string()}")


if __name__ == "__main__":
    main()
