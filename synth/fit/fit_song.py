"""A recorded song to the gesture that would sing it."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import soxr

from chingolo.synth.fit.fitted_song import (
    Fit,
    analysis_rate,
    as_heard,
    note_alpha,
    resynthesise,
    slowed,
)
from chingolo.synth.fit.fitted_theme import fitted_theme, sung_from_notation
from chingolo.synth.fit.quality import judge
from chingolo.synth.fit.refine import refine
from chingolo.synth.fit.track.chirp_plane import HIGH, HOP, RATE, WINDOW, Plane
from chingolo.synth.fit.track.measure_notes import QUIETEST_DB, track_notes
from chingolo.synth.fit.track.note import FittedNote
from chingolo.synth.fit.track.troughs import SAMPLES_PER_FRAME
from chingolo.synth.tables.audio import load_song, times_of
from chingolo.synth.tables.excerpt import wave_in_memory
from chingolo.synth.tables.files import InputError
from chingolo.synth.voice.birds import Bird, larger
from chingolo.synth.voice.gestures import Gesture, held, pitch_range
from chingolo.synth.voice.labia.integrate import CONTROL_RATE

SHORTEST_SONG = 0.03
"""s."""

LONGEST_SONG = 600.0
"""s."""

SECTION = 60.0
"""s, of what is tracked at once."""

REFINE_STEPS = 20


SIZES = (1, 2, 4, 8, 16)
"""Times that a bird is tried as large, where its songs are low."""

LOW_SONG = 1800.0
"""Hz; songs of a lower median f0 are tried with larger birds."""


HEARD_SONGS, HEARD_S = 5, 20.0
"""Songs of a table by which its bird is chosen, and how much of each is heard, s."""


class UnfittableError(ValueError):
    """A song that cannot be fitted; the message is the reason, for its row."""


def fit(wave: np.ndarray, *, sample_rate: int, bird: Bird, refine_steps: int = REFINE_STEPS) -> Fit:
    """Fits one song: tracks its voice, then refines what was tracked.

    Args:
        wave: [samples].
        sample_rate: Hz; the fit works at `analysis_rate` of the bird.
        bird: whose constants invert pitch and timbre.
        refine_steps: see `refine.refine`; 0 leaves the fit as it was tracked.

    Raises:
        UnfittableError: if nothing tonal is found, or the recording is empty.
        InputError: if the wave is not mono, not finite, or without a rate.
    """
    wave = wave_in_memory(wave, sample_rate=sample_rate, wanted=analysis_rate(bird))
    return refine([wave], [track_song(wave, bird)], bird, steps=refine_steps)[0]


def track_song(wave: np.ndarray, bird: Bird) -> Fit:
    """Follows the voice of one song, without refinement.

    Args:
        wave: [samples] at `analysis_rate` of the bird.
        bird: whose constants invert pitch and timbre; bands and times are those of its size.

    Raises:
        UnfittableError: if nothing tonal is found, the recording is empty or longer than
            `LONGEST_SONG`.
    """
    rate, small = analysis_rate(bird), as_heard(bird)
    if len(wave) < SHORTEST_SONG * RATE:
        raise UnfittableError(f"shorter than {SHORTEST_SONG * RATE / rate:g} s")
    if float(np.abs(wave).max()) < 1e-6:
        raise UnfittableError("silence")
    if len(wave) > LONGEST_SONG * rate:
        raise UnfittableError(too_long(len(wave) / rate))
    heard = [
        (part.stop - part.start, *_notes_of(wave[part], part.start // SAMPLES_PER_FRAME))
        for part in _sections(wave)
    ]
    lengths = [length for length, _, _ in heard]
    notes = [note for _, found, _ in heard for note in found]
    if len(heard) > 1:  # each section knows its own loudest alone
        loudest = max((note.peak for note in notes), default=0.0)
        notes = [note for note in notes if note.peak > loudest * 10 ** (QUIETEST_DB / 20)]
    frequencies = heard[0][2].frequencies
    floor = np.average([plane.floor for _, _, plane in heard], axis=0, weights=lengths)
    if not notes:
        raise UnfittableError("no tonal note stands above the noise")
    low, high = pitch_range(small)
    notes = [note for note in notes if low <= np.median(note.f0) <= high]
    if not notes:
        low, high = pitch_range(bird)
        raise UnfittableError(f"no note within {low:g} to {high:g} Hz, what a {bird.name} sings")
    gain = max(note.peak for note in notes)
    # A Hann window of sum 1 lets white noise of density d pass with power d * 1.5 * RATE / WINDOW.
    density = floor * WINDOW / (1.5 * RATE)
    heard_as = _gesture(notes, len(wave), gain, small)
    return slowed(Fit(heard_as, tuple(notes), gain, density, frequencies), RATE / rate)


def some_waves(table: pd.DataFrame) -> list[np.ndarray]:
    """Of some songs over the table, of each the beginning; at `RATE`."""
    waves = []
    for number in np.linspace(0, len(table) - 1, min(len(table), HEARD_SONGS)).astype(int):
        song = table.iloc[number]
        try:
            begin, end = times_of(song)
            part = pd.Series({**song, "end_s": min(end, begin + HEARD_S)})
            waves.append(load_song(part, sample_rate=RATE))
        except InputError:
            continue  # told of its row when it is fitted
    return waves


def bird_by_ear(waves: Sequence[np.ndarray], like: Bird) -> Bird:
    """A bird, made as large as songs of its kind need.

    Small labia sing low notes with many harmonics alone, and are listened for above 500 Hz. Songs
    whose median f0 is `LOW_SONG` or more are left to the bird itself; low ones are tracked with it
    and with larger ones, and the smallest is taken of those that fit best and reach as high.

    Args:
        waves: [samples] each at `RATE`.
        like: of songbird size.
    """
    heard = np.array([_pitches(wave, like) for wave in waves]).reshape(-1, 2)
    middle, top = np.median(heard, axis=0) if len(heard) else (LOW_SONG, LOW_SONG)
    best, most = like, -1
    for times in SIZES if middle < LOW_SONG else ():
        bird = like
        if times > 1:
            name, source = f"{like.name}_x{times}", f"{like.name}, {times} times as large"
            bird = replace(larger(like, times), name=name, source=f"{source}, for low songs")
        if times == 1 or top * times <= HIGH:
            good = sum(_rank(wave, bird) for wave in waves)
            best, most = (bird, good) if good > most else (best, most)
    return best


def other_bird(waves: Sequence[np.ndarray], like: Bird, bird: Bird) -> Bird | None:
    """The bird that songs want in place of one that fits them poorly, None where there is none.

    Args:
        waves: [samples] each at `RATE`.
        like: see `bird_by_ear`.
        bird: that fits them poorly.
    """
    other = bird_by_ear(waves, like)
    better = other != bird and any(_rank(wave, other) for wave in waves)
    return other if better else None


def _pitches(wave: np.ndarray, bird: Bird) -> tuple[float, float]:
    """Median and 95th percentile of the f0 of a song, Hz; 0 where none is heard."""
    try:
        gesture = track_song(wave, bird).gesture
    except UnfittableError:
        return 0.0, 0.0
    middle, top = np.quantile(gesture.f0[gesture.amplitude > 0.1], [0.5, 0.95])
    return float(middle), float(top)


def _rank(wave: np.ndarray, bird: Bird) -> int:
    """2 where a song that is tracked without refinement is good, 1 where fair, else 0."""
    rate = analysis_rate(bird)
    heard = wave if rate == RATE else np.asarray(soxr.resample(wave, RATE, rate))
    try:
        found = track_song(heard, bird)
    except UnfittableError:
        return 0
    written = sung_from_notation(found, fitted_theme(found.notes, bird, name="heard"), bird)
    sung = resynthesise([found, written], bird, sample_rate=rate)
    verdict = judge(heard, sung, found, written, rate=rate).verdict
    return ("poor", "fair", "good").index(verdict)


def too_long(seconds: float) -> str:
    """Why a row of so many seconds is not fitted."""
    return (
        f"lasts {seconds:.0f} s; a song lasts at most {LONGEST_SONG:g} s: give start_s and end_s "
        "of each (`chingolo find` marks them)"
    )


def _sections(wave: np.ndarray) -> list[slice]:
    """The recording in sections of at most `SECTION` s, parted where it is quiet.

    The memory of the tracking is that of one section.
    """
    size, step = round(SECTION * RATE), RATE // 100 * SAMPLES_PER_FRAME
    edges = [0]
    while len(wave) - edges[-1] > size:
        begin = edges[-1] + size // 2
        power = np.square(wave[begin : begin + size // 2 // step * step])
        quiet = int(power.reshape(-1, step).mean(axis=1).argmin())
        edges.append(begin // step * step + quiet * step + step // 2 // HOP * HOP)
    return [slice(a, b) for a, b in pairwise([*edges, len(wave)])]


def _notes_of(wave: np.ndarray, first: int) -> tuple[list[FittedNote], Plane]:
    """The notes of a section that begins at a control frame, and its plane without the power."""
    found, plane = track_notes(wave)
    later = first / CONTROL_RATE
    notes = [
        replace(note, first=note.first + first, start=note.start + later, end=note.end + later)
        for note in found
    ]
    return notes, replace(plane, power=plane.power[:0])


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
