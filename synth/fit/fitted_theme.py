"""Fitted notes as a theme of a repertoire, and varied copies of a fitted song."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import uniform_filter1d

from chingolo.synth.fit.fitted_song import note_alpha
from chingolo.synth.fit.measure_notes import FittedNote
from chingolo.synth.score.repertoire import LAYERS, Item, Note, Repertoire, Strengths, Theme
from chingolo.synth.voice.birds import Bird
from chingolo.synth.voice.integrate import CONTROL_RATE

POINT_ERROR = 0.01
"""Relative error of f0 that the points of a note may leave."""

MOST_POINTS = 12

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
    chosen = [0, len(grid) - 1]
    while len(chosen) < min(MOST_POINTS, len(grid)):
        drawn = PchipInterpolator(grid[chosen], f0[chosen])(grid)
        error = np.abs(drawn / f0 - 1)
        if error.max() < POINT_ERROR:
            break
        chosen = sorted({*chosen, int(error.argmax())})
    points = tuple(
        (round(float(grid[k]), 5), round(float(np.clip(f0[k], 500, 12_000)), 1)) for k in chosen
    )
    return Note(
        points=points,
        loudness=round(20 * float(np.log10(max(note.peak / loudest, 1e-3))), 1),
        attack=round(note.attack, 4),
        release=round(note.release, 4),
        timbre=round(note_alpha(note, bird) / bird.alpha, 3),
    )


def fitted_theme(notes: Sequence[FittedNote], bird: Bird, *, name: str) -> Theme:
    """A fitted song as a theme; runs of alike notes at even steps become trills.

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
        run = notes[index : index + count]
        sketch = sketch_note(run[count // 2], bird, loudest=loudest)
        gap = round(max(0.0, run[0].start - end), 4)
        if count >= TRILL_NOTES:
            rate = (count - 1) / (run[-1].start - run[0].start)
            levels = [20 * np.log10(note.peak / loudest) for note in run]
            sketch = replace(sketch, loudness=round(float(np.median(levels)), 1))
            items.append(Item(sketch, count=count, rate=round(float(rate), 3), gap=gap))
        else:
            items.append(Item(sketch, gap=gap))
        end = run[-1].end
        index += count
    return Theme(name, tuple(items))


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
    while count < len(notes):
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


def spread_repertoire(repertoire: Repertoire, spread: str) -> Repertoire:
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
