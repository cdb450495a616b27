"""A recorded song to the gesture that would sing it."""

import numpy as np

from chingolo.synth.fit.fitted_song import Fit, note_alpha
from chingolo.synth.fit.fundamental import to_fundamental
from chingolo.synth.fit.measure_notes import FittedNote, measure_notes
from chingolo.synth.fit.refine import refine
from chingolo.synth.fit.ridge import RATE, WINDOW, best_path, find_peaks, ridges
from chingolo.synth.tables.audio import wave_in_memory
from chingolo.synth.voice.birds import Bird
from chingolo.synth.voice.gestures import Gesture, held, pitch_range
from chingolo.synth.voice.integrate import CONTROL_RATE

SHORTEST_SONG = 0.03
"""s."""

REFINE_STEPS = 20


class UnfittableError(ValueError):
    """A song that cannot be fitted; the message is the reason, for its row."""


def fit(wave: np.ndarray, *, sample_rate: int, bird: Bird, refine_steps: int = REFINE_STEPS) -> Fit:
    """Fits one song: tracks its voice, then refines what was tracked.

    Args:
        wave: [samples].
        sample_rate: Hz; the fit works at `ridge.RATE`.
        bird: whose constants invert pitch and timbre.
        refine_steps: see `refine.refine`; 0 leaves the fit as it was tracked.

    Raises:
        UnfittableError: if nothing tonal is found, or the recording is empty.
        InputError: if the wave is not mono, not finite, or without a rate.
    """
    wave = wave_in_memory(wave, sample_rate=sample_rate, wanted=RATE)
    return refine([wave], [track_song(wave, bird)], bird, steps=refine_steps)[0]


def track_song(wave: np.ndarray, bird: Bird) -> Fit:
    """Follows the voice of one song, without refinement.

    Args:
        wave: [samples] at `ridge.RATE`.
        bird: whose constants invert pitch and timbre.

    Raises:
        UnfittableError: if nothing tonal is found, or the recording is empty.
    """
    if len(wave) < SHORTEST_SONG * RATE:
        raise UnfittableError(f"shorter than {SHORTEST_SONG:g} s")
    if float(np.abs(wave).max()) < 1e-6:
        raise UnfittableError("silence")
    plane = find_peaks(wave)
    notes = measure_notes(wave, to_fundamental(ridges(plane, best_path(plane)), plane))
    if not notes:
        raise UnfittableError("no tonal note stands above the noise")
    low, high = pitch_range(bird)
    notes = [note for note in notes if low <= np.median(note.f0) <= high]
    if not notes:
        raise UnfittableError(f"no note within {low:g} to {high:g} Hz, what a {bird.name} sings")
    gain = max(note.peak for note in notes)
    # A Hann window of sum 1 lets white noise of density d pass with power d * 1.5 * RATE / WINDOW.
    density = plane.floor * WINDOW / (1.5 * RATE)
    return Fit(
        _gesture(notes, len(wave), gain, bird), tuple(notes), gain, density, plane.frequencies
    )


def _gesture(notes: list[FittedNote], samples: int, gain: float, bird: Bird) -> Gesture:
    frames = round(samples / RATE * CONTROL_RATE) + 1
    f0, amplitude, alpha = np.zeros(frames), np.zeros(frames), np.full(frames, bird.alpha)
    for note in notes:
        at = slice(note.first, min(note.first + len(note.f0), frames))
        count = at.stop - at.start
        f0[at] = note.f0[:count]
        amplitude[at] = note.amplitude[:count] / gain
        alpha[at] = note_alpha(note, bird)
    known = np.flatnonzero(f0)
    following = known[np.searchsorted(known, np.arange(frames)).clip(max=len(known) - 1)]
    return held(Gesture(f0=f0[following], amplitude=amplitude, alpha=alpha[following]), bird)
