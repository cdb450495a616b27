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
    return held(first, bird)


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
        begin = lead + event.start
        first = int(np.ceil(begin * CONTROL_RATE))
        last = min(int((begin + event.duration) * CONTROL_RATE) + 1, frames)
        time = np.arange(first, last) / CONTROL_RATE - begin
        within = np.clip(time / event.duration, 0, 1) * event.note.duration
        f0[first:last] = event.pitch * _shape(points)(within)
        attack = min(event.note.attack, 0.4 * event.duration)
        release = min(event.note.release, 0.4 * event.duration)
        edge = np.minimum(time / attack, (event.duration - time) / release)
        loudness = event.note.loudness + event.loudness
        if event.note.contour:
            length = event.note.contour[-1][0] / event.note.duration
            loudness = loudness + _shape(event.note.contour)(within * length)
        level = 10 ** (loudness / 20)
        amplitude[first:last] = level * np.sin(0.5 * np.pi * np.clip(edge, 0, 1)) ** 2
        alpha[first:last] = bird.alpha * event.note.timbre * event.timbre
    voiced = np.flatnonzero(f0)
    if len(voiced):
        following = np.searchsorted(voiced, np.arange(frames)).clip(max=len(voiced) - 1)
        f0, alpha = (
            np.where(f0 > 0, f0, f0[voiced[following]]),
            np.where(f0 > 0, alpha, alpha[voiced[following]]),
        )
    return Gesture(f0=f0, amplitude=amplitude, alpha=alpha)
