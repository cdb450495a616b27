"""Cost of singing, in CPU seconds per second of song at 44.1 kHz, beside a numba loop.

The yardstick integrates the same oscillator for the same songs, one after the other, with classical
Runge-Kutta at 20 steps a sample (what the literature uses) and at 4 (what the `ode` engine needs).
Compilation is left out everywhere; each figure is the least of eight runs.
"""

import time
from collections.abc import Callable

import numba
import numpy as np
import pandas as pd

from chingolo.synth.score.population import plan_songs, sing_planned
from chingolo.synth.score.repertoire_file import load_repertoire
from chingolo.synth.voice.birds import BIRDS
from chingolo.synth.voice.calibration import beta_of_pitch, turning_point_of_pitch
from chingolo.synth.voice.gestures import Gesture, source_envelope
from chingolo.synth.voice.labia.integrate import BASE_RATE, CONTROL_RATE
from chingolo.synth.voice.render import render

BIRD = BIRDS["rufous_collared_sparrow"]


@numba.njit(fastmath=True)
def numba_song(alpha, beta, envelope, x, gamma, per_frame, steps):
    """One song by a plain loop: alpha, beta, envelope [frames] at the control rate -> [samples]."""
    count = (len(alpha) - 1) * per_frame
    wave = np.zeros(count)
    step = gamma / (CONTROL_RATE * per_frame * steps)
    y = 0.0
    for index in range(count):
        frame, within = index // per_frame, (index % per_frame) / per_frame
        a = alpha[frame] + (alpha[frame + 1] - alpha[frame]) * within
        b = beta[frame] + (beta[frame + 1] - beta[frame]) * within
        wave[index] = y * (envelope[frame] + (envelope[frame + 1] - envelope[frame]) * within)
        for _ in range(steps):
            x1, y1 = y, -a + x * (x * (1 - x) - b) - x * (1 + x) * y
            u, v = x + 0.5 * step * x1, y + 0.5 * step * y1
            x2, y2 = v, -a + u * (u * (1 - u) - b) - u * (1 + u) * v
            u, v = x + 0.5 * step * x2, y + 0.5 * step * y2
            x3, y3 = v, -a + u * (u * (1 - u) - b) - u * (1 + u) * v
            u, v = x + step * x3, y + step * y3
            x4, y4 = v, -a + u * (u * (1 - u) - b) - u * (1 + u) * v
            x += step / 6 * (x1 + 2 * x2 + 2 * x3 + x4)
            y += step / 6 * (y1 + 2 * y2 + 2 * y3 + y4)
    return wave


def sing_by_numba(gestures: list[Gesture], steps: int) -> list[np.ndarray]:
    """The songs by `numba_song`, silences included."""
    waves = []
    for gesture in gestures:
        beta = beta_of_pitch(gesture.alpha, gesture.f0, BIRD.gamma)
        x = float(turning_point_of_pitch(gesture.alpha[0], gesture.f0[0], BIRD.gamma))
        envelope = source_envelope(gesture, BIRD, with_tract=False)
        per_frame = BASE_RATE // CONTROL_RATE
        waves.append(numba_song(gesture.alpha, beta, envelope, x, BIRD.gamma, per_frame, steps))
    return waves


def cpu_seconds(work: Callable[[], object], *, repeats: int = 8) -> float:
    """Least CPU time of the process over a number of repeats, after one that compiles, s."""
    work()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def songs(count: int) -> list[Gesture]:
    """Different songs of the shipped chingolo repertoire."""
    repertoire = load_repertoire("zonotrichia_capensis")
    plan = plan_songs(repertoire, songs=count, seed=0, individuals=min(count, 64))
    return [sing_planned(song, repertoire, seed=0) for song in plan]


def measure() -> pd.DataFrame:
    """The table: what, CPU seconds per song-second, wanted, and times faster than numba at 20."""
    repertoire = load_repertoire("zonotrichia_capensis")
    batch = songs(256)
    single = sing_planned(
        plan_songs(repertoire, songs=1, seed=1, individuals=1)[0], repertoire, seed=1
    )

    def seconds(gestures: list[Gesture]) -> float:
        return sum(len(gesture.f0) for gesture in gestures) / CONTROL_RATE

    def per_second(gestures: list[Gesture], work: Callable[[], object]) -> float:
        return cpu_seconds(work) / seconds(gestures)

    few = batch[:16]
    yardstick = per_second(few, lambda: sing_by_numba(few, 20))
    rows = [
        ("numba, 20 steps a sample", yardstick, np.nan),
        ("numba, 4 steps a sample", per_second(few, lambda: sing_by_numba(few, 4)), np.nan),
        (
            "ode, one song, tract off",
            per_second([single], lambda: render([single], BIRD, tract=False)),
            0.01,
        ),
        (
            "ode, 256 songs, tract off",
            per_second(batch, lambda: render(batch, BIRD, tract=False)),
            0.0012,
        ),
        ("ode, 256 songs, tract on", per_second(batch, lambda: render(batch, BIRD)), np.nan),
        (
            "wavetable, 256 songs, tract off",
            per_second(batch, lambda: render(batch, BIRD, engine="wavetable", tract=False)),
            0.0004,
        ),
        (
            "wavetable, 256 songs, tract on, 22.05 kHz",
            per_second(batch, lambda: render(batch, BIRD, engine="wavetable", sample_rate=22_050)),
            np.nan,
        ),
    ]
    table = pd.DataFrame(rows, columns=["synthesis", "CPU s per song s", "wanted"])
    table["times numba at 20"] = yardstick / table["CPU s per song s"]
    return table
