"""Gestures to waveforms: many songs at once, by either engine."""

import zlib
from collections.abc import Sequence

import numpy as np

from chingolo.synth.tables.files import InputError
from chingolo.synth.voice.birds import Bird
from chingolo.synth.voice.engines import ENGINES
from chingolo.synth.voice.gestures import (
    ALPHA_RANGE,
    Gesture,
    held,
    pitch_range,
    refuse_beyond_band,
    source_envelope,
    voiced_stretches,
)
from chingolo.synth.voice.integrate import BASE_RATE, CONTROL_RATE
from chingolo.synth.voice.timeline import Timeline
from chingolo.synth.voice.tract import through_tract


def render(
    gestures: Gesture | Sequence[Gesture],
    bird: Bird,
    *,
    engine: str = "ode",
    sample_rate: int = BASE_RATE,
    tract: bool = True,
    whole_band: bool = True,
    beta_noise: float = 0.0,
    airflow_noise: float = 0.0,
    seed: int = 0,
) -> list[np.ndarray]:
    """Sings gestures.

    Silent stretches cost nothing: each phonated stretch is one lane, started on its limit cycle.
    A song sounds the same alone or among others.

    Args:
        gestures: one per song; one alone counts as a list of one.
        bird: constants.
        engine: key in `ENGINES`. `ode` integrates the labia (the reference); `wavetable` follows
            their limit cycle quasi-statically, far cheaper.
        sample_rate: Hz.
        tract: whether trachea and cavity follow the source.
        whole_band: whether notes that the sample rate would lose are refused; else they fade, as
            for a song whose notation lies below and whose variation does not.
        beta_noise: standard deviation of white noise at the control rate on ln beta; `wavetable`
            hears it as the jitter of f0 that goes with it.
        airflow_noise: white noise that follows the envelope, relative to the fundamental.
        seed: of both noises; each source draws from the seed and its own curves, so that equal
            songs have equal noise.

    Returns:
        One [samples] float32 per gesture, `len(f0) - 1` control frames long.

    Raises:
        InputError: for an unknown engine, or where a sounding frame asks for a pitch or pressure
            that the bird's labia do not sing at (`pitch_range`, `ALPHA_RANGE`), or that the sample
            rate would lose (`BAND`; see `whole_band`).
    """
    if isinstance(gestures, Gesture):
        gestures = [gestures]
    singer = ENGINES.named(engine)
    per_frame = singer.samples_per_frame(sample_rate)
    sources: list[tuple[int, Gesture]] = []
    for song, gesture in enumerate(gestures):
        _check(gesture, bird, song)
        if whole_band:
            refuse_beyond_band(gesture, sample_rate, f"gesture {song}")
        voice: Gesture | None = held(gesture, bird)
        while voice is not None:
            sources.append((song, voice))
            voice = voice.second
    if not sources:
        return []
    randoms = [
        np.random.default_rng([seed, _fingerprint(voice)] if beta_noise or airflow_noise else 0)
        for _, voice in sources
    ]
    timeline = _lay_out([voice for _, voice in sources], bird, tract, beta_noise, randoms)
    sounds = singer.sing(timeline, bird, per_frame)
    ends = np.cumsum([len(voice.f0) + 2 for _, voice in sources])
    owner = np.searchsorted(ends, timeline.start, side="right")
    waves: list[np.ndarray] = []
    for number, (song, voice) in enumerate(sources):
        frames = len(voice.f0)
        begin = ends[number] - frames - 2
        row = np.zeros((frames + 1) * per_frame, np.float32)
        for stretch in range(*np.searchsorted(owner, [number, number + 1])):
            at = (timeline.start[stretch] - begin) * per_frame
            row[at : at + len(sounds[stretch])] = sounds[stretch]
        wave = row[per_frame:-per_frame]
        if airflow_noise:
            time = np.arange(len(wave)) / per_frame
            level = np.interp(
                time, np.arange(frames), timeline.envelope[begin + 1 : begin + 1 + frames]
            )
            wave += airflow_noise * level * randoms[number].standard_normal(len(wave))
        if song == len(waves):
            waves.append(wave)
        else:
            shared = min(len(wave), len(waves[song]))
            waves[song][:shared] += wave[:shared]
    return [
        through_tract(
            wave,
            bird if tract else None,
            wave_rate=CONTROL_RATE * per_frame,
            sample_rate=sample_rate,
        )
        for wave in waves
    ]


def _check(gesture: Gesture, bird: Bird, song: int) -> None:
    """Raises InputError where sounding frames lie beyond the labia (0.01 % is rounding)."""
    heard = gesture.amplitude > 0
    for name, unit, curve, (low, high) in (
        ("f0", " Hz", gesture.f0[heard], pitch_range(bird)),
        ("alpha", "", gesture.alpha[heard], ALPHA_RANGE),
    ):
        wrong = curve[~((curve > 0.9999 * low) & (curve < 1.0001 * high))]
        if len(wrong):
            raise InputError(
                f"gesture {song}: {name} is {wrong[0]:g}{unit}; the labia of {bird.name} sing "
                f"from {low:g} to {high:g}{unit}"
            )
    if gesture.second is not None:
        _check(gesture.second, bird, song)


def _fingerprint(voice: Gesture) -> int:
    """A number that tells a source by its curves."""
    curves = np.concatenate([voice.f0, voice.amplitude, voice.alpha])
    return zlib.crc32(curves.astype(np.float64).tobytes())


def _lay_out(
    sources: list[Gesture],
    bird: Bird,
    tract: bool,
    beta_noise: float,
    randoms: list[np.random.Generator],
) -> Timeline:
    def row(curves: list[np.ndarray], *, silent_ends: bool = False) -> np.ndarray:
        """The curves one after the other, each with its end values (or 0) once more around it."""
        pieces = []
        for curve in curves:
            ends = (np.zeros(1), np.zeros(1)) if silent_ends else (curve[:1], curve[-1:])
            pieces += [ends[0], curve, ends[1]]
        return np.concatenate(pieces)

    whole = Gesture(
        f0=row([voice.f0 for voice in sources]),
        amplitude=row([voice.amplitude for voice in sources], silent_ends=True),
        alpha=row([voice.alpha for voice in sources]),
    )
    noise = np.zeros(len(whole.f0))
    if beta_noise:
        draws = [
            beta_noise * random.standard_normal(len(voice.f0))
            for voice, random in zip(sources, randoms, strict=True)
        ]
        noise = row(draws)
    heard = whole.amplitude > 0
    sounding = Gesture(whole.f0[heard], whole.amplitude[heard], whole.alpha[heard])
    envelope = np.zeros(len(whole.f0))
    envelope[heard] = source_envelope(sounding, bird, with_tract=tract)
    start, stop = voiced_stretches(whole.amplitude)
    return Timeline(whole.f0, whole.alpha, envelope, noise, start, stop)
