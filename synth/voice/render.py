"""Gestures to waveforms: many songs at once, by either engine."""

import zlib
from collections.abc import Callable, Sequence

import numpy as np

from chingolo.synth.tables.files import InputError
from chingolo.synth.voice.birds import SHORTEST_TRACHEA, Bird
from chingolo.synth.voice.engines import ENGINES
from chingolo.synth.voice.gestures import (
    ALPHA_RANGE,
    Gesture,
    held,
    pitch_range,
    refuse_beyond_band,
    source_envelope,
    voiced_stretches,
    voices_of,
)
from chingolo.synth.voice.labia.integrate import BASE_RATE, CONTROL_RATE
from chingolo.synth.voice.timeline import Timeline
from chingolo.synth.voice.tract import through_tract
from chingolo.synth.voice.turbulence import turbulence

MOST_BETA_NOISE = 0.5
"""Draws of 6 standard deviations then make the tension 20 times as large, up to 200; at 400 a step
of the integration no longer holds the labia."""


def render(
    gestures: Gesture | Sequence[Gesture],
    bird: Bird,
    *,
    engine: str = "ode",
    sample_rate: int = BASE_RATE,
    tract: bool = True,
    whole_band: bool = True,
    beta_noise: float = 0.0,
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
            hears it as the jitter of f0 that goes with it. At most `MOST_BETA_NOISE`.
        seed: of this and of turbulence (`Gesture.noise`); each source draws from the seed and its
            own curves, so that equal songs have equal noise.

    Returns:
        One [samples] float32 per gesture, `len(f0) - 1` control frames long.

    Raises:
        InputError: for an unknown engine, noise out of its range, an engine that cannot couple the
            bird's sources, or a trachea too short for that; or where a sounding frame asks for a
            pitch or pressure that the bird's labia do not sing at (`pitch_range`, `ALPHA_RANGE`),
            or that the sample rate would lose (`BAND`; see `whole_band`).
    """
    if isinstance(gestures, Gesture):
        gestures = [gestures]
    singer = ENGINES.named(engine)
    if not 0 <= beta_noise <= MOST_BETA_NOISE:
        raise InputError(f"beta_noise {beta_noise:g}: expected from 0 to {MOST_BETA_NOISE:g}")
    per_frame = singer.samples_per_frame(sample_rate)
    if bird.coupling and not singer.couples:
        raise InputError(
            f"engine {engine}: the sources of {bird.name} hear each other (coupling "
            f"{bird.coupling:g}), which {engine} cannot sing; ode can"
        )
    if bird.coupling and bird.trachea_length < SHORTEST_TRACHEA:
        raise InputError(
            f"{bird.name}: sources that hear each other need a trachea of at least "
            f"{SHORTEST_TRACHEA:g} m; found {bird.trachea_length:g} m"
        )
    groups: list[tuple[int, tuple[Gesture, ...]]] = []
    for song, gesture in enumerate(gestures):
        _check(gesture, bird, song)
        if whole_band:
            refuse_beyond_band(gesture, sample_rate, f"gesture {song}")
        voices = tuple(voices_of(held(gesture, bird)))
        groups += [(song, voices)] if bird.coupling else [(song, (voice,)) for voice in voices]
    if not groups:
        return []
    randoms = [
        [np.random.default_rng([seed, _fingerprint(voice)]) for voice in voices]
        if beta_noise
        else []
        for _, voices in groups
    ]
    timeline = _lay_out([voices for _, voices in groups], bird, tract, beta_noise, randoms)
    sounds = singer.sing(timeline, bird, per_frame)
    ends = np.cumsum([max(len(voice.f0) for voice in voices) + 2 for _, voices in groups])
    owner = np.searchsorted(ends, timeline.start, side="right")
    waves: list[np.ndarray] = []
    envelopes: list[np.ndarray] = []
    for number, (song, voices) in enumerate(groups):
        frames = max(len(voice.f0) for voice in voices)
        begin = ends[number] - frames - 2
        row = np.zeros((frames + 1) * per_frame, np.float32)
        for stretch in range(*np.searchsorted(owner, [number, number + 1])):
            at = (timeline.start[stretch] - begin) * per_frame
            row[at : at + len(sounds[stretch])] = sounds[stretch]
        _add(waves, song, row[per_frame:-per_frame])
        _add(envelopes, song, timeline.envelope[:, begin + 1 : begin + 1 + frames].sum(axis=0))
    organ = bird if tract else None
    wave_rate = CONTROL_RATE * per_frame
    sung = [
        through_tract(wave, organ, wave_rate=wave_rate, sample_rate=sample_rate) for wave in waves
    ]
    for song, gesture in enumerate(gestures):
        if gesture.noise is not None and gesture.noise.any():
            random = np.random.default_rng([seed, _fingerprint(gesture)])
            air = turbulence(gesture.noise, waves[song], envelopes[song], bird, random, tract=tract)
            air = through_tract(air, organ, wave_rate=BASE_RATE, sample_rate=sample_rate)
            sung[song] = sung[song] + air[: len(sung[song])]
    return sung


def _add(songs: list[np.ndarray], song: int, part: np.ndarray) -> None:
    """Adds a source's part to that of its song, the next one where it is its first."""
    if song == len(songs):
        songs.append(part)
        return
    shared = min(len(part), len(songs[song]))
    songs[song][:shared] += part[:shared]


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
    noise = [] if voice.noise is None else [voice.noise]
    curves = np.concatenate([voice.f0, voice.amplitude, voice.alpha, *noise])
    return zlib.crc32(curves.astype(np.float64).tobytes())


def _lay_out(
    groups: list[tuple[Gesture, ...]],
    bird: Bird,
    tract: bool,
    beta_noise: float,
    randoms: list[list[np.random.Generator]],
) -> Timeline:
    """Songs, or their single sources, one after the other; see `Timeline`."""
    sources = max(len(voices) for voices in groups)

    def rows(curves_of: Callable[[int, int], np.ndarray], *, silent: bool = False) -> np.ndarray:
        """[sources, frames] each curve with its end values (or 0) once more around it.

        A source that a song lacks is silent, else like the first; one that ends early goes on.
        """
        pieces = []
        for number, voices in enumerate(groups):
            longest = max(len(voice.f0) for voice in voices)
            own = []
            for source in range(sources):
                missing = source >= len(voices)
                curve = curves_of(number, 0 if missing else source)
                around = (1, 1 + longest - len(curve))
                if silent:
                    own.append(np.pad(0 * curve if missing else curve, around))
                else:
                    own.append(np.pad(curve, around, mode="edge"))
            pieces.append(np.stack(own))
        return np.concatenate(pieces, axis=1)

    whole = Gesture(
        f0=rows(lambda group, source: groups[group][source].f0),
        amplitude=rows(lambda group, source: groups[group][source].amplitude, silent=True),
        alpha=rows(lambda group, source: groups[group][source].alpha),
    )
    noise = np.zeros(whole.f0.shape)
    if beta_noise:
        draws = [
            [
                beta_noise * random.standard_normal(len(voice.f0))
                for voice, random in zip(voices, own, strict=True)
            ]
            for voices, own in zip(groups, randoms, strict=True)
        ]
        noise = rows(lambda group, source: draws[group][source])
    heard = whole.amplitude > 0
    sounding = Gesture(whole.f0[heard], whole.amplitude[heard], whole.alpha[heard])
    envelope, above = np.zeros(whole.f0.shape), np.zeros(whole.f0.shape)
    envelope[heard] = source_envelope(sounding, bird, with_tract=tract)
    if bird.coupling:
        above[heard] = source_envelope(sounding, bird, with_tract=False)
    start, stop = voiced_stretches(whole.amplitude.max(axis=0))
    return Timeline(whole.f0, whole.alpha, envelope, above, noise, start, stop)
