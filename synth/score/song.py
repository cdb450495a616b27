"""A song: notes placed in time, and the gesture that sings them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy.interpolate import PchipInterpolator

from chingolo.synth.score.repertoire import Note
from chingolo.synth.voice.birds import Bird
from chingolo.synth.voice.gestures import Gesture, held
from chingolo.synth.voice.labia.integrate import CONTROL_RATE


@dataclass(frozen=True)
class Event:
    """A note at its place in a song, with this rendition's deviations."""

    note: Note
    start: float
    """s from the song's beginning."""

    duration: float
    """s; the note is stretched to it."""

    pitch: float = 1.0
    """Factor on the note's frequencies."""

    loudness: float = 0.0
    """dB added to the note's."""

    timbre: float = 1.0
    """Factor on the note's."""


@dataclass(frozen=True)
class Song:
    """Notes placed in time."""

    events: tuple[Event, ...]

    @property
    def duration(self) -> float:
        """Length, s."""
        return max(event.start + event.duration for event in self.events)


FEW_POINTS = 64
"""Up to so many a note's curve is kept for its next rendition, some 10 kB; 4096 are 40 MB."""


def _shape(points: tuple[tuple[float, float], ...]) -> PchipInterpolator:
    """A note's curve over its own time, monotone between breakpoints."""
    return _kept_shape(points) if len(points) <= FEW_POINTS else _new_shape(points)


def _new_shape(points: tuple[tuple[float, float], ...]) -> PchipInterpolator:
    time, value = np.array(points).T
    return PchipInterpolator(time, value)


_kept_shape = lru_cache(maxsize=4096)(_new_shape)


def song_gesture(song: Song, bird: Bird, *, lead: float = 0.02) -> Gesture:
    """Draws the curves of a song.

    Args:
        song: events in order of time; where they overlap the later one is heard.
        bird: constants; its `alpha` is the pressure of a note of timbre 1.
        lead: silence before and after, s.

    Returns:
        The gesture, [frames] each; two-voiced notes make a second one inside it. Where variation
        leaves what the bird's labia can do, pitch and pressure are held to it.
    """
    first = _draw(song, bird, lead, lambda note: note.points)
    if any(event.note.second for event in song.events):
        first = replace(first, second=_draw(song, bird, lead, lambda note: note.second))
    if any(event.note.noise for event in song.events):
        first = replace(first, noise=_draw_noise(song, lead, len(first.f0)))
    return held(first, bird)


def _draw_noise(song: Song, lead: float, frames: int) -> np.ndarray:
    """[frames] of `Gesture.noise`: it grows as pressure to the power 3/2, see `turbulence.py`."""
    noise = np.zeros(frames)
    for event in song.events:
        if not event.note.noise:
            continue
        span = _span(event, lead, frames)
        level = event.note.loudness + event.loudness + _shape(event.note.noise)(span.within)
        pressure = event.note.timbre * event.timbre
        noise[span.frames] = 10 ** (level / 20) * pressure**1.5 * span.edge
    return noise


@dataclass(frozen=True)
class _Span:
    """Where an event stands in a song."""

    frames: slice

    within: np.ndarray
    """[frames] time from the note's beginning as it is written, s."""

    edge: np.ndarray
    """[frames] rise and fall of its envelope."""


def _span(event: Event, lead: float, frames: int) -> _Span:
    begin = lead + event.start
    first = int(np.ceil(begin * CONTROL_RATE))
    last = min(int((begin + event.duration) * CONTROL_RATE) + 1, frames)
    time = np.arange(first, last) / CONTROL_RATE - begin
    attack = min(event.note.attack, 0.4 * event.duration)
    release = min(event.note.release, 0.4 * event.duration)
    edge = np.minimum(time / attack, (event.duration - time) / release)
    return _Span(
        slice(first, last),
        np.clip(time / event.duration, 0, 1) * event.note.duration,
        np.sin(0.5 * np.pi * np.clip(edge, 0, 1)) ** 2,
    )


def _draw(
    song: Song,
    bird: Bird,
    lead: float,
    points_of: Callable[[Note], tuple[tuple[float, float], ...]],
) -> Gesture:
    """The curves of one source; notes without points of it are silent there."""
    frames = round((song.duration + 2 * lead) * CONTROL_RATE) + 2
    f0 = np.zeros(frames)
    amplitude = np.zeros(frames)
    alpha = np.full(frames, bird.alpha)
    for event in song.events:
        points = points_of(event.note)
        if not points:
            continue
        span = _span(event, lead, frames)
        f0[span.frames] = event.pitch * _shape(points)(span.within)
        loudness = event.note.loudness + event.loudness
        if event.note.contour:
            length = event.note.contour[-1][0] / event.note.duration
            loudness = loudness + _shape(event.note.contour)(span.within * length)
        amplitude[span.frames] = 10 ** (loudness / 20) * span.edge
        alpha[span.frames] = bird.alpha * event.note.timbre * event.timbre
    voiced = np.flatnonzero(f0)
    if len(voiced):
        following = np.searchsorted(voiced, np.arange(frames)).clip(max=len(voiced) - 1)
        f0, alpha = (
            np.where(f0 > 0, f0, f0[voiced[following]]),
            np.where(f0 > 0, alpha, alpha[voiced[following]]),
        )
    return Gesture(f0=f0, amplitude=amplitude, alpha=alpha)
