"""Gestures: the curves of pitch, loudness and pressure that a song is made of.

A `Song` is a list of events (notes placed in time); `song_gesture` draws its curves at the control
rate; `source_envelope` turns loudness into what the oscillator's wave is multiplied by.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import map_coordinates

from chingolo.synth.voice.calibration import load_calibration
from chingolo.synth.voice.integrate import CONTROL_RATE
from chingolo.synth.voice.syrinx import Bird
from chingolo.synth.voice.tract import tract_response

SHAPE_POINTS = 48


@dataclass(frozen=True)
class Note:
    """One continuous element as a field worker would sketch it."""

    points: tuple[tuple[float, float], ...]
    """(time in s, frequency in Hz) breakpoints, times ascending from 0."""

    loudness: float = 0.0
    """dB relative to the loudest notes."""

    attack: float = 0.008
    """Rise time of the envelope, s."""

    release: float = 0.012
    """Fall time of the envelope, s."""

    timbre: float = 1.0
    """Factor on the bird's alpha; above 1 the sound is richer in harmonics."""

    second: tuple[tuple[float, float], ...] = ()
    """Breakpoints of the other source of a two-voiced note, with the same duration; () for none."""

    @property
    def duration(self) -> float:
        """Length, s."""
        return self.points[-1][0]


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


@dataclass(frozen=True)
class Gesture:
    """What a bird does over time, at `CONTROL_RATE`, from one source of its syrinx."""

    f0: np.ndarray
    """[frames] Hz; positive in silence too, where it is not heard."""

    loudness: np.ndarray
    """[frames] amplitude of the radiated fundamental, 0 in silence, about 1 for loud notes."""

    alpha: np.ndarray
    """[frames] air-sac pressure parameter."""

    second: "Gesture | None" = None
    """The other source of a bird that sings with two voices."""


@lru_cache(maxsize=4096)
def _pitch_shape(points: tuple[tuple[float, float], ...]) -> np.ndarray:
    """[48] Hz, the note's pitch at even steps of its duration, monotone between breakpoints."""
    time, frequency = np.array(points).T
    grid = np.linspace(0, time[-1], SHAPE_POINTS)
    return PchipInterpolator(time, frequency)(grid)


def song_gesture(song: Song, bird: Bird, *, lead: float = 0.02) -> Gesture:
    """Draws the curves of a song.

    Args:
        song: events in order of time; where they overlap the later one is heard.
        bird: constants; its `alpha` is the pressure of a note of timbre 1.
        lead: silence before and after, s.

    Returns:
        The gesture, [frames] each; two-voiced notes make a second one inside it.
    """
    first = _draw(song, bird, lead, lambda note: note.points)
    if not any(event.note.second for event in song.events):
        return first
    return replace(first, second=_draw(song, bird, lead, lambda note: note.second))


def _draw(
    song: Song,
    bird: Bird,
    lead: float,
    points_of: Callable[[Note], tuple[tuple[float, float], ...]],
) -> Gesture:
    """The curves of one source; notes without points of it are silent there."""
    frames = round((song.duration + 2 * lead) * CONTROL_RATE) + 2
    f0 = np.zeros(frames)
    loudness = np.zeros(frames)
    alpha = np.full(frames, bird.alpha)
    for event in song.events:
        points = points_of(event.note)
        if not points:
            continue
        begin = lead + event.start
        first = int(np.ceil(begin * CONTROL_RATE))
        last = min(int((begin + event.duration) * CONTROL_RATE) + 1, frames)
        time = np.arange(first, last) / CONTROL_RATE - begin
        shape = _pitch_shape(points)
        f0[first:last] = event.pitch * np.interp(
            time * (SHAPE_POINTS - 1) / event.duration, np.arange(SHAPE_POINTS), shape
        )
        attack = min(event.note.attack, 0.4 * event.duration)
        release = min(event.note.release, 0.4 * event.duration)
        edge = np.minimum(time / attack, (event.duration - time) / release)
        level = 10 ** ((event.note.loudness + event.loudness) / 20)
        loudness[first:last] = level * np.sin(0.5 * np.pi * np.clip(edge, 0, 1)) ** 2
        alpha[first:last] = bird.alpha * event.note.timbre * event.timbre
    voiced = np.flatnonzero(f0)
    if len(voiced):
        nearest = np.searchsorted(voiced, np.arange(frames)).clip(max=len(voiced) - 1)
        f0, alpha = (
            np.where(f0 > 0, f0, f0[voiced[nearest]]),
            np.where(f0 > 0, alpha, alpha[voiced[nearest]]),
        )
    return Gesture(f0=f0, loudness=loudness, alpha=alpha)


@lru_cache(maxsize=64)
def _radiated_gain(bird: Bird, with_tract: bool) -> tuple[np.ndarray, np.ndarray]:
    """(log pitch nodes, log of the fundamental's gain [alphas, pitches]) of cycle and tract."""
    table = load_calibration()
    gain = np.abs(table.harmonics[:, :, 0]).astype(np.float64)
    if with_tract:
        gain = gain * np.abs(tract_response(table.pitch * bird.gamma, bird))
    return np.log(table.pitch), np.log(gain)


def source_envelope(gesture: Gesture, bird: Bird, *, with_tract: bool = True) -> np.ndarray:
    """The factor on the oscillator's velocity that gives a gesture its loudness.

    It undoes the gain of cycle and tract at f0, so that `gesture.loudness` is what is heard of
    the fundamental (the tract alone takes 8 kHz some 25 dB down against 4 kHz).

    Args:
        gesture: [frames] curves.
        bird: constants.
        with_tract: whether the tract will follow.

    Returns:
        [frames].
    """
    table = load_calibration()
    log_pitch, gain = _radiated_gain(bird, with_tract)
    position = np.log(np.clip(gesture.f0 / bird.gamma, table.pitch[0], table.pitch[-1]))
    column = (position - log_pitch[0]) / (log_pitch[1] - log_pitch[0])
    log_alpha = np.log(np.clip(gesture.alpha, table.alpha[0], table.alpha[-1]))
    row = (log_alpha - np.log(table.alpha[0])) / np.log(table.alpha[1] / table.alpha[0])
    return gesture.loudness / np.exp(map_coordinates(gain, [row, column], order=1, mode="nearest"))


def voiced_stretches(loudness: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The stretches of frames in which something sounds, each with a silent frame at either end.

    Args:
        loudness: [frames] amplitude, 0 in the first and the last frame.

    Returns:
        ([stretches], [stretches]): first frame, and the frame after the last.
    """
    edges = np.flatnonzero(np.diff((loudness > 0).astype(np.int8)))
    return edges[::2], edges[1::2] + 2
