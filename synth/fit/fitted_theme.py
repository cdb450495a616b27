"""Fitted notes as a theme of a repertoire, and varied copies of a fitted song."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import uniform_filter1d

from chingolo.synth.fit.acoustics import Acoustics, heard_in
from chingolo.synth.fit.fitted_song import Fit, note_alpha
from chingolo.synth.fit.track.note import FittedNote
from chingolo.synth.recorder.channel import PEAK, choose_channel, hear
from chingolo.synth.recorder.families import Family
from chingolo.synth.recorder.recorders import Recorder
from chingolo.synth.score.notes import EDGES
from chingolo.synth.score.repertoire import (
    DEFAULT_VARIATION,
    FASTEST_TRILL,
    LAYERS,
    MOST_NOTES,
    SLOWEST_TRILL,
    Item,
    Note,
    Repertoire,
    Strengths,
    Theme,
)
from chingolo.synth.score.song import song_gesture
from chingolo.synth.score.variation import LONGEST_IN_TRILL, Singer, as_written, vary
from chingolo.synth.voice.birds import BIRDS, Bird
from chingolo.synth.voice.gestures import pitch_range
from chingolo.synth.voice.labia.integrate import CONTROL_RATE
from chingolo.synth.voice.render import render

Spread = Literal["rendition", "individual", "dialect"]

POINT_ERROR = 0.005
"""Relative error of f0 that the points of a note may leave: 9 cents."""

MOST_POINTS, POINTS_PER_S = 50, 300.0
"""Points of a curve, besides so many for each s of it: a vibrato of 30 Hz by 8 % needs 230 a s."""

LEVEL_ERROR = 1.5
"""dB that the contour of a note may leave where the note is within 20 dB of its peak."""

TRILL_NOTES = 3
"""From so many alike notes at even steps on, a trill."""


def sketch_note(note: FittedNote, bird: Bird, *, loudest: float) -> Note:
    """A fitted note as a sketch: as few points as meet its pitch.

    Args:
        note: fitted.
        bird: whose alpha is timbre 1.
        loudest: amplitude of 0 dB.
    """
    duration = note.end - note.start
    time = (note.first + np.arange(len(note.f0))) / CONTROL_RATE - note.start
    sure = note.amplitude > 0.05 * note.peak
    if sure.sum() < 3:
        sure[:] = True
    time, f0 = time[sure], uniform_filter1d(note.f0, 3, mode="nearest")[sure]
    grid = np.linspace(0, duration, max(8, len(f0)))
    f0 = np.interp(grid, time, f0)
    f0 = f0.clip(*pitch_range(bird))
    chosen = _breakpoints(grid, f0, lambda drawn: np.abs(drawn / f0 - 1) / POINT_ERROR)
    points = tuple((round(float(grid[k]), 5), round(float(f0[k]), 1)) for k in chosen)
    return Note(
        points=points,
        loudness=round(_decibel(note.peak / loudest), 1),
        contour=_contour_of_level(note, points[-1][0]),
        attack=round(float(np.clip(note.attack, *EDGES)), 4),
        release=round(float(np.clip(note.release, *EDGES)), 4),
        timbre=float(f"{note_alpha(note, bird) / bird.alpha:.5g}"),
    )


def _breakpoints(
    grid: np.ndarray, curve: np.ndarray, error: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Places on a grid, in s, that draw a curve with errors below 1, few and the worst first."""
    chosen = np.array([0, len(grid) - 1])
    most = min(len(grid), MOST_POINTS + round(POINTS_PER_S * float(grid[-1])))
    while len(chosen) < most:
        wrong = error(PchipInterpolator(grid[chosen], curve[chosen])(grid))
        wrong[chosen] = 0
        if wrong.max() < 1:
            break
        # The worst place between each two points, where it is near the worst of all.
        places = [first + int(wrong[first:last].argmax()) for first, last in pairwise(chosen)]
        bad = [place for place in places if wrong[place] >= max(1, 0.7 * wrong.max())]
        bad = sorted(bad, key=lambda place: -wrong[place])[: most - len(chosen)]
        chosen = np.union1d(chosen, bad)
    return chosen


def _contour_of_level(note: FittedNote, duration: float) -> tuple[tuple[float, float], ...]:
    """(s, dB relative to the peak) of what the edges of a note leave; () where it is even."""
    time = (note.first + np.arange(len(note.f0))) / CONTROL_RATE - note.start
    edge = np.minimum(time / note.attack, (note.end - note.start - time) / note.release)
    ramp = np.sin(0.5 * np.pi * np.clip(edge, 0, 1)) ** 2
    sure = (ramp > 0.3) & (note.amplitude > 0.03 * note.peak)
    if sure.sum() < 3:
        return ()
    level = 20 * np.log10(note.amplitude[sure] / (ramp[sure] * note.peak))
    grid = np.linspace(0, duration, max(8, len(note.f0)))
    level = np.interp(grid, time[sure], level).clip(-30, 10)
    if np.abs(level).max() < LEVEL_ERROR:
        return ()
    chosen = _breakpoints(grid, level, lambda drawn: np.abs(drawn - level) / LEVEL_ERROR)
    return tuple((round(float(grid[k]), 5), round(float(level[k]), 1)) for k in chosen)


def fitted_theme(notes: Sequence[FittedNote], bird: Bird, *, name: str) -> Theme:
    """A fitted song as a theme; rows of alike notes at even steps become trills.

    Args:
        notes: in order of time, at least one.
        bird: whose constants apply.
        name: of the theme.
    """
    loudest = max(note.peak for note in notes)
    items: list[Item] = []
    index, end = 0, notes[0].start
    while index < len(notes):
        count = trill_length(notes[index:])
        alike = notes[index : index + count]
        sketch = sketch_note(alike[count // 2], bird, loudest=loudest)
        rate = round((count - 1) / max(alike[-1].start - alike[0].start, 1e-9), 3)
        if count > 1 and not (
            SLOWEST_TRILL <= rate <= FASTEST_TRILL and sketch.duration * rate <= LONGEST_IN_TRILL
        ):
            count, alike = 1, notes[index : index + 1]
            sketch = sketch_note(alike[0], bird, loudest=loudest)
        # Counted from where the notation is by then, so that its roundings do not add up.
        gap = round(max(0.0, alike[0].start - end), 4)
        end += gap + sketch.duration
        if count == 1:
            items.append(Item(sketch, gap=gap))
        else:
            levels = [_decibel(note.peak / loudest) for note in alike]
            sketch = replace(sketch, loudness=round(float(np.median(levels)), 1))
            contour = _contour_of_trill(np.array(levels) - sketch.loudness)
            items.append(Item(sketch, count, rate, gap, contour))
            end += (count - 1) / rate
        index += count
    return Theme(name, tuple(items))


def _decibel(ratio: float) -> float:
    return 20 * float(np.log10(max(ratio, 1e-3)))


def _contour_of_trill(level: np.ndarray) -> tuple[tuple[float, float], ...]:
    """(number of the note, dB) from the levels of a trill's notes; () where it is even."""
    if np.abs(level).max() < LEVEL_ERROR:
        return ()
    place = 1.0 + np.arange(len(level))
    chosen = {0, len(level) - 1}
    while True:
        knots = sorted(chosen)
        wrong = np.abs(np.interp(place, place[knots], level[knots]) - level)
        if wrong.max() < LEVEL_ERROR:
            return tuple((float(place[k]), round(float(level[k]), 1)) for k in knots)
        chosen.add(int(wrong.argmax()))


def sung_from_notation(fit: Fit, theme: Theme, bird: Bird) -> Fit:
    """The fit with the gesture that its notation gives, at the place and level of the recording.

    Args:
        fit: of a song.
        theme: its notes, see `fitted_theme`.
        bird: whose constants were fitted.
    """
    loudest = max(note.peak for note in fit.notes)
    written = song_gesture(as_written(theme), bird, lead=fit.notes[0].start)
    frames = len(fit.gesture.f0)
    longer = max(0, frames - len(written.f0))

    def cut(curve: np.ndarray, mode: Literal["edge", "constant"]) -> np.ndarray:
        return np.pad(curve, (0, longer), mode=mode)[:frames]

    amplitude = cut(written.amplitude, "constant") * (loudest / fit.gain)
    gesture = replace(
        written, f0=cut(written.f0, "edge"), amplitude=amplitude, alpha=cut(written.alpha, "edge")
    )
    return replace(fit, gesture=gesture)


def trill_length(notes: Sequence[FittedNote]) -> int:
    """How many notes from the first on make a trill; 1 if they make none.

    Notes belong together while their log-pitch contours lie within 6 % (rms), their durations
    within a factor of 1.5, and the step between them within 20 % of the first.
    """
    if len(notes) < TRILL_NOTES:
        return 1
    contours = np.stack([_contour(note) for note in notes])
    length = np.array([note.end - note.start for note in notes])
    step = np.diff([note.start for note in notes])
    count = 1
    while count < min(len(notes), MOST_NOTES):
        shape = np.sqrt(np.mean((contours[count] - contours[:count].mean(axis=0)) ** 2)) < 0.06
        lasting = abs(np.log(length[count] / np.median(length[:count]))) < np.log(1.5)
        even = abs(step[count - 1] / np.median(step[:count]) - 1) < 0.2
        near = step[count - 1] < 4 * length[:count].mean()
        if not (shape and lasting and even and near):
            break
        count += 1
    return count if count >= TRILL_NOTES else 1


def _contour(note: FittedNote) -> np.ndarray:
    return np.log(np.interp(np.linspace(0.1, 0.9, 12), np.linspace(0, 1, len(note.f0)), note.f0))


def spread_repertoire(repertoire: Repertoire, spread: Spread) -> Repertoire:
    """The repertoire with the variation of one spread alone.

    Args:
        repertoire: whose strengths apply.
        spread: `rendition` (one bird sings again), `individual` (other birds of the site) or
            `dialect` (birds of other sites too).
    """
    inner = ("rendition", "individual", "dialect").index(spread) + 1
    kept = LAYERS[::-1][:inner]
    variation = tuple(
        (layer, strengths if layer in kept else Strengths())
        for layer, strengths in repertoire.variation
    )
    return replace(repertoire, variation=variation)


def fitted_repertoire(themes: Sequence[Theme], species: str, bird: Bird) -> Repertoire:
    """The repertoire of fitted songs, one theme each, with the usual variation."""
    return Repertoire(
        species=species or "unnamed",
        source="fitted to recordings by chingolo fit",
        bird=bird.name,
        themes=tuple(themes),
        variation=tuple(DEFAULT_VARIATION.items()),
        populations=(),
        own_bird=None if BIRDS.get(bird.name) == bird else bird,
    )


@dataclass(frozen=True)
class CopySettings:
    """What is sung of each fit."""

    copies: int
    """Varied copies, besides the faithful one."""

    spread: Spread
    """How they vary; see `spread_repertoire`."""

    channel: str
    """What they are heard through: `own` for the surroundings of the recording that was fitted,
    else see `choose_channel`."""

    recorders: tuple[Recorder, ...] | Family
    """That a channel draws from; see `recorders_of_channel`."""

    sample_rate: int
    """Hz."""

    seed: int
    """Of every draw."""


def sing_copies(
    fit: Fit,
    theme: Theme,
    bird: Bird,
    settings: CopySettings,
    *,
    number: int,
    around: Acoustics | None = None,
) -> list[tuple[np.ndarray, str]]:
    """Sings a fitted song: the faithful re-synthesis, then the varied copies.

    Args:
        fit: of the song.
        theme: of the song, see `fitted_theme`.
        bird: whose constants were fitted.
        settings: how many, how varied, how heard.
        number: of the song in its table, for the draws.
        around: what the recording added to the song; the channel `own` needs it.

    Returns:
        For each copy [samples] float32 with peak 0.5, and the name of its recorder.
    """
    gestures = [fit.gesture]
    varied = spread_repertoire(fitted_repertoire([theme], "", bird), settings.spread)
    seed, rate = settings.seed + 7919 * number, settings.sample_rate
    for copy in range(1, settings.copies + 1):
        # One rendition each; who sings changes with the copy, which only the wider spreads hear.
        singer = Singer(site=str(copy), individual=str(copy))
        rendition = vary(theme, varied, singer=singer, rendition=copy, seed=seed)
        gestures.append(song_gesture(rendition, bird))
    waves = render(gestures, bird, engine="wavetable", sample_rate=rate, whole_band=False)
    sung = [(_at_peak(waves[0]), "none")]
    for copy, wave in enumerate(waves[1:], start=1):
        random = np.random.default_rng([settings.seed, 29, number, copy])
        if around is not None and settings.channel == "own":
            wave = heard_in(fit.gain * wave, around, random, sample_rate=rate)
            sung.append((_at_peak(wave), "own"))
        else:
            channel = choose_channel(settings.channel, random, settings.recorders)
            sung.append((hear(wave, channel, (), rate, random), channel.device))
    return sung


def _at_peak(wave: np.ndarray) -> np.ndarray:
    return wave * (PEAK / max(float(np.abs(wave).max()), 1e-12))
