"""The encoder `songbird`: taught in closed form by units that the syrinx sings.

What the renditions of one unit differ in, and what recorders make of it, is scatter within a class;
what units differ in is scatter between. The layer keeps what the second has and the first lacks.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

import jax
import jax.numpy as jnp
import numpy as np
from flax import serialization

from chingolo.synth.spectra.clip import clip_of
from chingolo.synth.spectra.front_end import FrontEnd
from chingolo.synth.spectra.log_mel import log_mel
from chingolo.synth.spectra.noise_floor import AS_IT_IS, above_noise, heard_frames
from chingolo.synth.surrogates.invented_units import (
    UnitRecording,
    invented_unit,
    record_units,
    sing_units,
)
from chingolo.synth.tables.bounds import Bounds
from chingolo.synth.tables.excerpt import Excerpt
from chingolo.synth.tables.files import InputError
from chingolo.train.encoders.windows import WindowsSettings, cut_windows
from chingolo.train.methods.supervised import SupervisedSettings
from chingolo.train.run.trained_encoder import TrainedEncoder, weights_hash
from chingolo.train.settings.training import TrainingSettings

SONGBIRD = TrainingSettings(
    front_end=FrontEnd(n_fft=256, hop=64, noise="subtract", clip_s=10.0),
    encoder=WindowsSettings(),
    method=SupervisedSettings(),
)
"""64 bands of 1 to 10 kHz every 3 ms; windows of 0.1 s."""


@dataclass(frozen=True)
class Lessons:
    """What songbird is taught with."""

    units: Annotated[int, Bounds(2)] = 3000
    """Invented units."""

    renditions: Annotated[int, Bounds(2)] = 4
    """Of each, every one through a recorder of its own."""

    family: str = "wide-2"
    """Of recorders."""

    edge_s: Annotated[float, Bounds(0)] = 0.003
    """Standard deviation of where a unit is taken to begin and to end, s."""

    shrink: Annotated[float, Bounds(0, inside=True)] = 100.0
    """Variance within classes that every direction has besides its own, in mean variances: the
    more, the less of a spectrogram is given up for what renditions and recorders do."""

    seed: Annotated[int, Bounds(0)] = 1
    """Of all draws."""


TENTHS = 8
"""Places in a unit that windows are told apart by."""

CLIP_S = 1.5
"""Of a unit and the recording around it, s; no unit is longer than a second."""

AT_ONCE = 32
"""Clips computed together."""


def teach(lessons: Lessons, settings: TrainingSettings = SONGBIRD) -> TrainedEncoder:
    """Sings the lessons and fits the layer of an encoder of windows; some minutes.

    Args:
        lessons: what is sung.
        settings: front end and encoder.
    """
    recordings = sing_lessons(lessons, sample_rate=settings.front_end.sample_rate)
    return fit_windows(recordings, lessons, settings)


def sing_lessons(lessons: Lessons, *, sample_rate: int) -> list[UnitRecording]:
    """Invented units, sung and sent through recorders.

    Args:
        lessons: what is sung.
        sample_rate: Hz.
    """
    units = [
        invented_unit(np.random.default_rng([lessons.seed, number]))
        for number in range(lessons.units)
    ]
    waves = sing_units(units, lessons.renditions, sample_rate=sample_rate, seed=lessons.seed)
    return list(
        record_units(waves, sample_rate=sample_rate, family=lessons.family, seed=lessons.seed)
    )


def fit_windows(
    recordings: Iterable[UnitRecording], lessons: Lessons, settings: TrainingSettings
) -> TrainedEncoder:
    """Fits the layer of an encoder of windows to recordings of units, in closed form.

    Args:
        recordings: of `sing_lessons`.
        lessons: how edges are moved, and how far the layer is shrunk.
        settings: front end and encoder.

    Raises:
        InputError: for too few units to fit as many directions as the layer has.
    """
    encoder = settings.encoder
    assert isinstance(encoder, WindowsSettings)
    windows, classes = _windows(recordings, lessons, settings)
    kernel = discriminants(windows, classes, encoder.width, shrink=lessons.shrink)
    if kernel.shape[1] < encoder.width:
        raise InputError(
            f"{kernel.shape[1]} directions tell these units apart, and the layer has "
            f"{encoder.width}; teach it with more units"
        )
    params = {"encoder": {"layer": {"kernel": kernel.astype(np.float32)}}}
    return TrainedEncoder(
        settings=settings,
        classes=(),
        params=params,
        mean=AS_IT_IS[0],
        variance=AS_IT_IS[1],
        hash=weights_hash(serialization.msgpack_serialize(params)),
    )


def _windows(
    recordings: Iterable[UnitRecording], lessons: Lessons, settings: TrainingSettings
) -> tuple[np.ndarray, np.ndarray]:
    """Windows of all sounds [windows, values], and the unit and place of each as one number."""
    front_end, encoder = settings.front_end, settings.encoder
    assert isinstance(encoder, WindowsSettings)

    @jax.jit
    def hear(clips: jax.Array, edges: jax.Array) -> tuple[jax.Array, ...]:
        power = log_mel(clips, front_end)
        heard = heard_frames(power, front_end, edges)
        cut = cut_windows(above_noise(power, front_end, heard), ~heard.song, encoder)
        return cut.units, cut.weight, cut.when

    random = np.random.default_rng([lessons.seed, 2])
    samples = round(CLIP_S * front_end.sample_rate)
    windows: list[np.ndarray] = []
    places: list[np.ndarray] = []
    waiting: list[tuple[int, np.ndarray, tuple[int, int]]] = []

    def flush() -> None:
        clips, edges = np.zeros((AT_ONCE, samples), np.float32), np.zeros((AT_ONCE, 2), np.int32)
        for place, (_, clip, edge) in enumerate(waiting):
            clips[place], edges[place] = clip, edge
        cut, weight, when = map(np.asarray, hear(jnp.asarray(clips), jnp.asarray(edges)))
        for place, (unit, _, _) in enumerate(waiting):
            there = weight[place] > 0
            windows.append(cut[place, there])
            places.append(unit * (TENTHS + 1) + np.round(TENTHS * when[place, there]).astype(int))
        waiting.clear()

    for recording in recordings:
        for unit, edges in zip(recording.units, recording.edges, strict=True):
            moved = edges + random.normal(0, lessons.edge_s * front_end.sample_rate, 2)
            start, stop = np.clip(np.round(moved), 0, len(recording.wave)).astype(int)
            if stop - start <= front_end.n_fft:
                continue
            song = Excerpt(recording.wave, int(start), int(stop))
            waiting.append((int(unit), *clip_of(song, samples, 0.5)))
            if len(waiting) == AT_ONCE:
                flush()
    if waiting:
        flush()
    return np.concatenate(windows), np.concatenate(places)


FEWEST = 3
"""Windows of a unit's place for it to be a class."""


def discriminants(x: np.ndarray, classes: np.ndarray, count: int, *, shrink: float) -> np.ndarray:
    """Directions in which classes differ most against what differs within them.

    Linear discriminants (Rao 1948) with the covariance within classes shrunk towards a multiple of
    the identity (Friedman 1989), each direction scaled to unit variance within.

    Args:
        x: [samples, values].
        classes: [samples] of integers; those of fewer than `FEWEST` samples are left out.
        count: of directions.
        shrink: variance added to that within classes, in mean variances.

    Returns:
        [values, count], the best first.
    """
    _, number, size = np.unique(classes, return_inverse=True, return_counts=True)
    kept = size[number] >= FEWEST
    if not kept.any():
        return np.zeros((x.shape[1], 0))
    x = x[kept].astype(np.float64)
    _, number, size = np.unique(number[kept], return_inverse=True, return_counts=True)
    means = np.zeros((len(size), x.shape[1]))
    np.add.at(means, number, x)
    means /= size[:, None]
    within = x - means[number]
    within = within.T @ within / (len(x) - len(size))
    variance, axes = np.linalg.eigh(within)
    scale = np.maximum(variance, 0) + shrink * variance.mean()
    white = axes / np.sqrt(scale)
    between = (means - means.mean(axis=0)) @ white
    _, _, directions = np.linalg.svd(between, full_matrices=False)
    return white @ directions[:count].T
