"""What the shipped detectors are worth: `python -m benchmarks.detector [PART ...]`.

Parts: real, noise, speed, stream, edges. Real recordings are read from ../shared/recordings
(CHINGOLO_RECORDINGS names another folder); the parts that need them are left out without it.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile
from scipy import signal
from threadpoolctl import threadpool_limits

from chingolo.analysis.find.events import Thresholds
from chingolo.analysis.find.find import (
    Found,
    find_songs,
    load_detector,
    shipped_detectors,
    thresholds_of,
)
from chingolo.synth.recorder.channel import Channel, through_channel
from chingolo.synth.recorder.recorders import DIGITAL_2020
from chingolo.synth.score.repertoire_file import load_repertoire
from chingolo.synth.surrogates.scenes import draw_scenes, sing_own
from chingolo.synth.surrogates.soundscape import SceneSettings, background_noise
from chingolo.synth.surrogates.surroundings import named_surroundings
from chingolo.synth.tables.audio import load_audio
from chingolo.synth.tables.song_table import read_song_table
from chingolo.train.detector.streaming import Detector

RECORDINGS = Path(os.environ.get("CHINGOLO_RECORDINGS", "../shared/recordings"))
SWEEP = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)
RATE = 22_050
OVERLAP = 0.5
FAINT_DB = 10.0


def detect(wave: np.ndarray, detector: Detector, thresholds: Thresholds) -> list[Found]:
    """Songs in [samples] at 22.05 kHz, fed in blocks of 10 s."""
    size = 10 * RATE
    blocks = [wave[i : i + size] for i in range(0, len(wave), size)]
    return list(find_songs(blocks, RATE, detector, thresholds))


def overlap(a: Found, start: float, end: float) -> float:
    """Common time over joint time."""
    common = min(a.end_s, end) - max(a.start_s, start)
    return max(0.0, common) / (max(a.end_s, end) - min(a.start_s, start))


def peak_level(wave: np.ndarray, start: float, end: float) -> float:
    """dB, loudest 20 ms of a stretch in 2-9 kHz."""
    sections = signal.butter(4, (2000, 9000), "bandpass", fs=RATE, output="sos")
    cut = signal.sosfilt(sections, wave)[max(0, round(start * RATE)) : round(end * RATE)]
    size = RATE // 50
    power = (cut[: len(cut) // size * size].reshape(-1, size) ** 2).mean(axis=1)
    return float(10 * np.log10(power.max(initial=1e-12)))


def right(found: list[Found], marks: np.ndarray) -> set[int]:
    """Numbers of the finds that are a mark, one for each mark, best overlaps first."""
    every = product(enumerate(found), enumerate(marks))
    pairs = sorted(((overlap(song, *mark), i, j) for (i, song), (j, mark) in every), reverse=True)
    songs, taken = set(), set()
    for share, i, j in pairs:
        if share >= OVERLAP and i not in songs and j not in taken:
            songs.add(i)
            taken.add(j)
    return songs


def match(found: list[Found], marks: np.ndarray, wave: np.ndarray) -> tuple[int, int, int, int]:
    """Right, false, missed and left out: unmarked songs 10 dB below the marked ones' median."""
    songs = right(found, marks)
    level = np.median([peak_level(wave, *mark) for mark in marks])
    rest = [song for i, song in enumerate(found) if i not in songs]
    faint = sum(peak_level(wave, s.start_s, s.end_s) < level - FAINT_DB for s in rest)
    return len(songs), len(rest) - faint, len(marks) - len(songs), faint


def marked_recordings() -> list[tuple[str, np.ndarray, np.ndarray]]:
    """(name, [samples], [songs, 2]) of each recording of Zonotrichia capensis."""
    table = read_song_table(RECORDINGS / "zonotrichia_songs.csv")
    return [
        (Path(path).stem, load_audio(path, sample_rate=RATE), rows[["start_s", "end_s"]].to_numpy())
        for path, rows in table.groupby("path")
    ]


def all_of(*folders: str) -> list[np.ndarray]:
    """[samples] of every recording in these folders."""
    paths = [path for folder in folders for path in sorted((RECORDINGS / folder).iterdir())]
    return [load_audio(path, sample_rate=RATE) for path in paths]


def hour_of_noise(seed: int = 90_001) -> Iterable[np.ndarray]:
    """Sixty minutes of backgrounds: coloured noise and gusts, at levels from -60 to -10 dB."""
    for minute in range(60):
        random = np.random.default_rng([seed, minute])
        wave = background_noise(60 * RATE, RATE, random)
        yield wave * np.float32(10 ** (random.uniform(-60, -10) / 20))


def f1(right: int, false: int, missed: int) -> float:
    """Harmonic mean of precision and recall."""
    return 2 * right / max(2 * right + false + missed, 1)


def named(counts: np.ndarray) -> dict[str, int]:
    """The four counts of `match` with their names."""
    return dict(zip(("right", "false", "missed", "left out"), counts.tolist(), strict=True))


def swept(thresholds: Thresholds) -> Iterable[tuple[str, Thresholds]]:
    """The detector's own thresholds, then those of the sweep."""
    yield f"own {thresholds.high:g}", thresholds
    for high in SWEEP:
        yield f"{high:g}", replace(thresholds, high=high, low=min(thresholds.low, high))


def real(detector: Detector) -> pd.DataFrame:
    """Point 1: F1 on marked recordings, and false songs in clips of other species and in noise."""
    recordings = marked_recordings()
    clips = all_of("species_cc")
    others = all_of("great_tit", "bengalese_finch")
    hours = {
        "clips": sum(map(len, clips)) / RATE / 3600,
        "tits+finches": sum(map(len, others)) / RATE / 3600,
    }
    rows = []
    for name, thresholds in swept(thresholds_of(detector)):
        counts = np.sum(
            [match(detect(w, detector, thresholds), marks, w) for _, w, marks in recordings], axis=0
        )
        false = {
            "clips": sum(len(detect(clip, detector, thresholds)) for clip in clips),
            "tits+finches": sum(len(detect(clip, detector, thresholds)) for clip in others),
            "noise": sum(len(detect(noise, detector, thresholds)) for noise in hour_of_noise()),
        }
        rows.append(
            {
                "threshold": name,
                **named(counts),
                "F1": round(f1(*counts[:3].tolist()), 3),
                **{f"false in {kind}": count for kind, count in false.items()},
                "per hour": round((false["clips"] + false["noise"]) / (hours["clips"] + 1), 2),
            }
        )
    print(
        f"40 clips are {60 * hours['clips']:.1f} min, "
        f"great tits and Bengalese finches {60 * hours['tits+finches']:.1f} min"
    )
    return pd.DataFrame(rows)


def noise(detector: Detector) -> pd.DataFrame:
    """Point 2: F1 with the clips of other species as noise, quiet stretches or whole."""
    clips = all_of("species_cc")
    sections = signal.butter(4, (1000, 10_000), "bandpass", fs=RATE, output="sos")

    def quiet(clip: np.ndarray) -> np.ndarray:
        """The quietest fifth of a clip, in pieces of 0.2 s joined by fades."""
        size = RATE // 5
        pieces = clip[: len(clip) // size * size].reshape(-1, size)
        order = np.argsort((signal.sosfilt(sections, pieces) ** 2).mean(axis=1))
        chosen = pieces[np.sort(order[: max(1, len(pieces) // 5)])]
        level = np.sqrt((chosen**2).mean())
        return (chosen * np.hanning(size)).reshape(-1) / max(level, 1e-6)

    def whole(clip: np.ndarray) -> np.ndarray:
        return clip / max(float(np.sqrt((clip**2).mean())), 1e-6)

    kinds = {
        "quiet stretches of clips": np.concatenate([quiet(clip) for clip in clips]),
        "whole clips (other birds)": np.concatenate([whole(clip) for clip in clips]),
    }
    rows = []
    for kind, source in kinds.items():
        band = signal.sosfilt(sections, source)
        for snr in (None, 20, 10, 5, 0):
            counts = np.zeros(4, int)
            for number, (_, wave, marks) in enumerate(marked_recordings()):
                filtered = signal.sosfilt(sections, wave)
                sung = [filtered[round(a * RATE) : round(b * RATE)] for a, b in marks]
                start = number * 7 * RATE % len(source)
                added = np.resize(np.roll(source, -start), len(wave))
                power = np.mean(np.resize(np.roll(band, -start), len(wave)) ** 2)
                gain = 0.0
                if snr is not None:
                    song = np.mean(np.concatenate(sung) ** 2)
                    gain = float(np.sqrt(song / power / 10 ** (snr / 10)))
                mixed = (wave + gain * added).astype(np.float32)
                counts += match(detect(mixed, detector, thresholds_of(detector)), marks, wave)
            rows.append(
                {
                    "noise": kind,
                    "snr dB": "none" if snr is None else snr,
                    **named(counts),
                    "F1": round(f1(*counts[:3].tolist()), 3),
                }
            )
    return pd.DataFrame(rows)


def edges(detector: Detector, repertoire: str) -> pd.DataFrame:
    """Points 4 and 5: boundaries and lateness on synthetic songs by their level over the noise."""
    songs = sing_own(
        load_repertoire(repertoire), 150, SceneSettings(random_themes=0.5), 70_001, RATE
    )
    rows = []
    for snr in (20, 10, 5, 0):
        errors, found_late, true_late, count = [], [], [], 0
        for number, song in enumerate(songs):
            random = np.random.default_rng([70_002, number])
            before = round(random.uniform(2, 5) * RATE)
            wave = np.pad(song, (before, 2 * RATE))
            channel = Channel(DIGITAL_2020, snr=snr, distance=10.0, echo_time=0.4)
            heard = through_channel(wave, channel, sample_rate=RATE, random=random)
            step = RATE // 50
            chunks = [heard[i : i + step] for i in range(0, len(heard), step)]
            start, end = before / RATE, (before + len(song)) / RATE
            for one in find_songs(chunks, RATE, detector, thresholds_of(detector)):
                if overlap(one, start, end) >= OVERLAP:
                    errors.append((one.start_s - start, one.end_s - end))
                    found_late.append(one.known_s - one.end_s)
                    true_late.append(one.known_s - end)
                    count += 1
                    break
        off = np.array(errors).reshape(-1, 2)
        rows.append(
            {
                "snr dB": snr,
                "found of 150": count,
                "onset |ms|": round(1000 * float(np.median(abs(off[:, 0])))),
                "offset |ms|": round(1000 * float(np.median(abs(off[:, 1])))),
                "both |ms|": round(1000 * float(np.median(abs(off)))),
                "onset bias": round(1000 * float(np.median(off[:, 0]))),
                "offset bias": round(1000 * float(np.median(off[:, 1]))),
                "row after its end, most s": round(max(found_late), 3),
                "row after true end, median s": round(float(np.median(true_late)), 3),
                "95 % s": round(float(np.quantile(true_late, 0.95)), 3),
            }
        )
    return pd.DataFrame(rows)


def speed(name: str) -> pd.DataFrame:
    """Point 3: CPU time and memory of the command on 1 h and 10 h of 44.1 kHz FLAC."""
    rate = 44_100
    scenes = draw_scenes(
        load_repertoire(name),
        seed=80_001,
        count=20,
        sample_rate=rate,
        scene_s=15,
        surroundings=named_surroundings(
            recorders="field-1", birds="songbirds-1", repertoires="shipped-1"
        ),
    )
    minutes5 = np.concatenate([scene.wave for scene in scenes])
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for hours in (0, 1, 10):
            command = [
                sys.executable,
                "-c",
                "import chingolo.analysis.find.find, pandas, tyro, threadpoolctl",
            ]
            if hours:
                file = Path(folder) / "long.flac"
                with soundfile.SoundFile(file, "w", rate, 1, "PCM_16") as audio:
                    for _ in range(12 * hours):
                        audio.write(minutes5)
                command = [sys.executable, "-m", "chingolo", "find", str(file)]
                command += ["--detector", name, "--out", str(Path(folder) / f"{hours}.csv")]
            began = time.perf_counter()
            # a child's own measure: the most resident of all children would hide the first
            code = (
                "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, "
                "stderr=subprocess.DEVNULL); u = resource.getrusage(resource.RUSAGE_CHILDREN); "
                "print(u.ru_utime + u.ru_stime, u.ru_maxrss / 1024)"
            )
            told = subprocess.run(
                [sys.executable, "-c", code, *command], check=True, capture_output=True, text=True
            )
            cpu, resident = map(float, told.stdout.split())
            rows.append(
                {
                    "hours": hours or "imports alone",
                    "CPU s": round(cpu, 1),
                    "CPU s per hour": round(cpu / hours, 2) if hours else "",
                    "wall s": round(time.perf_counter() - began, 1),
                    "resident MB": round(resident),
                }
            )
    return pd.DataFrame(rows)


def main() -> None:
    """Measures the parts named, or all."""
    parts = sys.argv[1:] or ["real", "noise", "edges", "speed"]
    names = ("zonotrichia_capensis", "emberiza_citrinella")
    for part in parts:
        for name in names if part == "edges" else names[:1]:
            if name not in shipped_detectors():
                continue
            detector = load_detector(name)
            print(f"\n== {part}: {name}")
            with threadpool_limits(1):
                table = {
                    "real": lambda d=detector: real(d),
                    "noise": lambda d=detector: noise(d),
                    "edges": lambda d=detector, n=name: edges(d, n),
                    "speed": lambda n=name: speed(n),
                }[part]()
            print(table.to_string(index=False))
    print(f"\nresident {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


if __name__ == "__main__":
    main()
