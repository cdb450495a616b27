"""Notes of a recording: each ridge heard through its own narrow band, with sharp edges.

A ridge is demodulated (`troughs.py`). The size of what is left is its amplitude, the turning
of its phase corrects the pitch.
"""

import numpy as np

from chingolo.synth.fit.track.chirp_plane import HOP, RATE, Plane, find_peaks
from chingolo.synth.fit.track.fundamental import to_fundamental
from chingolo.synth.fit.track.note import FittedNote, cut_note, in_pieces
from chingolo.synth.fit.track.ridge import Ridge, best_path, ridges
from chingolo.synth.fit.track.troughs import (
    HALF,
    SAMPLES_PER_FRAME,
    demodulate,
    join_over_troughs,
    split_at_dips,
)
from chingolo.synth.voice.labia.integrate import CONTROL_RATE

MARGIN = 0.02
"""s added to either end of a ridge, where its edge may be found."""

ONSET, RELEASE = 0.12, 0.22
"""Shares of the peak at which feet of edges are met. The release's is above what echoes leave."""

QUIET = 0.06
"""Share of its peak that a note's quiet stretches are heard from: above what is left of others."""

AT_ONCE, FALLEN = 0.012, 0.4
"""s within which, and share of `QUIET` to which, a quiet stretch falls that ends at once. Echoes of
a room with a reverberation time of 0.1 s fall as fast, those of any larger one do not."""

STRETCH, LEAST_STRETCH = 0.02, 0.02
"""s of a quiet stretch by which its level is known, and s that it must last to count."""

SHORTEST = 0.006
"""s, of a note."""

QUIETEST_DB = -24.0
"""Notes further below the song's loudest are another singer's, or echoes."""

FAINT_DB, ASIDE = -16.0, 1.5
"""A note further below the loudest is another's too, or rumble, where its pitch lies below or above
those of all louder notes by this factor."""


ECHO_TIME = 0.15
"""s after a note in which its echoes can pass for a note."""

ECHO_SHARE = 0.18
"""Of the note's amplitude that an echo has at the most."""


def track_notes(wave: np.ndarray) -> tuple[list[FittedNote], Plane]:
    """Follows the voice of a recording: its notes, and the plane that they were found in.

    Args:
        wave: [samples] at `chirp_plane.RATE`.
    """
    plane = find_peaks(wave)
    return measure_notes(wave, to_fundamental(ridges(plane, best_path(plane)), plane)), plane


def measure_notes(wave: np.ndarray, ridges: list[Ridge]) -> list[FittedNote]:
    """Measures every note of a recording.

    Args:
        wave: [samples] at `chirp_plane.RATE`.
        ridges: what sounds where.

    Returns:
        Notes in order of time, not overlapping.
    """
    whole = join_over_troughs(wave, ridges)
    notes = [note for ridge in whole for note in _measure_ridge(wave, ridge)]
    if not notes:
        return []
    loudest = max(note.peak for note in notes)
    kept = [note for note in notes if note.peak > loudest * 10 ** (QUIETEST_DB / 20)]
    kept = _within_reach(kept, loudest * 10 ** (FAINT_DB / 20))
    kept.sort(key=lambda note: note.start)
    kept = [note for number, note in enumerate(kept) if not _is_echo(note, kept[:number])]
    parted: list[FittedNote] = []
    for note in kept:
        if parted and note.start < parted[-1].end:
            if note.end <= parted[-1].end:
                continue
            middle = 0.5 * (note.start + parted[-1].end)
            parted[-1] = cut_note(parted[-1], parted[-1].start, min(middle, parted[-1].end))
            note = cut_note(note, middle, note.end)
        parted.append(note)
    parted = [piece for note in parted for piece in in_pieces(note)]
    return [note for note in parted if note.end - note.start >= SHORTEST and len(note.f0) >= 3]


def _within_reach(notes: list[FittedNote], faint: float) -> list[FittedNote]:
    """The notes without faint ones far from the pitch of all others; see `ASIDE`."""
    loud = np.concatenate([note.f0 for note in notes if note.peak > faint])
    low, high = loud.min() / ASIDE, loud.max() * ASIDE
    return [note for note in notes if note.peak > faint or low < np.median(note.f0) < high]


def _is_echo(note: FittedNote, before: list[FittedNote]) -> bool:
    """Whether a note is what is left of one that ended shortly before, at a pitch it passed."""
    for other in before[-4:]:
        recent = other.start < note.start < other.end + ECHO_TIME
        if recent and note.peak < ECHO_SHARE * other.peak:
            pitch = float(np.median(note.f0))
            if 0.95 * other.f0.min() < pitch < 1.05 * other.f0.max():
                return True
    return False


def _measure_ridge(wave: np.ndarray, ridge: Ridge) -> list[FittedNote]:
    """The notes of one ridge: demodulated twice, parted at dips, with fitted edges."""
    margin = round(MARGIN * CONTROL_RATE)
    scale = HOP // SAMPLES_PER_FRAME
    ridge_frames = scale * (ridge.start + np.arange(len(ridge.f0)))
    first = max(0, int(ridge_frames[0]) - margin)
    last = min((len(wave) - 1) // SAMPLES_PER_FRAME, int(ridge_frames[-1]) + margin)
    frames = np.arange(first, last + 1)
    if len(frames) < 8:
        return []
    f0 = _continue_pitch(frames, ridge_frames, ridge.f0)
    inside = (frames >= ridge_frames[0]) & (frames <= ridge_frames[-1])
    part = wave[first * SAMPLES_PER_FRAME : last * SAMPLES_PER_FRAME + 1]
    baseband = demodulate(part, f0)
    for _ in range(2):
        f0 = _correct_pitch(f0, baseband, inside)
        baseband = demodulate(part, f0)
    amplitude = 2 * np.abs(baseband)
    second = 2 * np.abs(demodulate(part, 2 * f0)) if f0.max() < RATE / 4.4 else None
    notes = []
    for begin, end in split_at_dips(amplitude):
        note = _measure_note(frames, f0, amplitude, inside, second, begin, end, ridge)
        if note is not None:
            notes.append(note)
    return notes


def _continue_pitch(frames: np.ndarray, known: np.ndarray, f0: np.ndarray) -> np.ndarray:
    """The ridge's pitch at every control frame, continued beyond its ends with its last slope."""
    inner = np.interp(frames, known, f0)
    if len(f0) >= 6:
        count = min(8, len(f0))
        for edge, before in ((slice(None, count), True), (slice(-count, None), False)):
            slope = np.polyfit(known[edge], f0[edge], 1)[0]
            anchor, value = (known[0], f0[0]) if before else (known[-1], f0[-1])
            beyond = frames < anchor if before else frames > anchor
            # The slope fades within 5 ms: a note's end is no reason to run away.
            away = (frames[beyond] - anchor) / CONTROL_RATE
            inner[beyond] = value + slope * CONTROL_RATE * 0.005 * np.tanh(away / 0.005)
    return np.clip(inner, 300.0, 0.49 * RATE)


def _correct_pitch(f0: np.ndarray, baseband: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Corrects the pitch by the turning of the phase that is left, smoothed over 7 ms."""
    turn = np.zeros(len(f0), complex)
    step = baseband[1:] * np.conj(baseband[:-1])
    turn[:-1] += step
    turn[1:] += step
    turn[~inside] = 0
    window = np.hanning(17)
    smooth = np.convolve(turn, window, mode="same")
    residual = np.where(inside, np.angle(smooth + 1e-30) * CONTROL_RATE / (2 * np.pi), 0.0)
    where = np.flatnonzero(inside)
    residual = np.interp(np.arange(len(f0)), where, residual[where])
    return np.clip(f0 + np.clip(residual, -200, 200), 300.0, 0.49 * RATE)


def _measure_note(
    frames: np.ndarray,
    f0: np.ndarray,
    amplitude: np.ndarray,
    inside: np.ndarray,
    second: np.ndarray | None,
    begin: int,
    end: int,
    ridge: Ridge,
) -> FittedNote | None:
    part = amplitude[begin:end]
    sure = inside[begin:end]
    if sure.sum() < 4:
        return None
    peak = float(np.quantile(part[sure], 0.95))
    loud = np.flatnonzero((part >= HALF * peak) & sure)
    if not len(loud):
        return None
    before, after = amplitude[:begin], amplitude[end:]
    onset, attack = _outer_edge(part, sure, peak, loud[0], ONSET, before, forward=False)
    offset, release = _outer_edge(part, sure, peak, loud[-1], RELEASE, after, forward=True)
    start = (frames[begin] + max(onset, 0.0)) / CONTROL_RATE
    stop = (frames[begin] + min(offset, len(part) - 1.0)) / CONTROL_RATE
    if stop - start < SHORTEST:
        return None
    index = np.arange(int(np.ceil(start * CONTROL_RATE)), int(stop * CONTROL_RATE) + 1)
    index = index[(index >= frames[begin]) & (index < frames[begin] + len(part))]
    here = index - frames[0]
    time = index / CONTROL_RATE
    attack, release = min(attack, 0.5 * (stop - start)), min(release, 0.5 * (stop - start))
    edge = np.minimum((time - start) / attack, (stop - time) / release)
    # Inside the edges the level is as measured; under them it follows the sin^2 that was fitted.
    ramp = np.sin(0.5 * np.pi * np.clip(edge, 0, 1)) ** 2
    body = edge >= 1
    measured = np.interp(time, time[body], amplitude[here][body]) if body.any() else peak
    strong = amplitude[here] > 0.3 * peak
    snr = float(np.median(ridge.snr))
    harmonic = float("nan")
    if second is not None and strong.sum() > 4:
        # Background falls with frequency: what lies at f0 bounds what lies at 2 f0. The band of the
        # demodulation is three times that of a bin.
        noise = np.sqrt(3) * np.median(amplitude[here][strong]) * 10 ** (-snr / 20)
        if np.median(second[here][strong]) > 3 * noise:
            harmonic = float(np.median(second[here][strong] / amplitude[here][strong]))
    return FittedNote(
        first=int(index[0]),
        f0=f0[here],
        amplitude=np.minimum(measured, 1.2 * peak) * ramp,
        start=start,
        end=stop,
        attack=attack,
        release=release,
        snr=snr,
        second_harmonic=harmonic,
    )


def _outer_edge(
    part: np.ndarray,
    sure: np.ndarray,
    peak: float,
    anchor: int,
    low: float,
    outside: np.ndarray,
    *,
    forward: bool,
) -> tuple[float, float]:
    """The edge of a note (see `_edge`), or that of a quiet stretch before or behind it.

    Of a note that swells and sinks a quiet stretch beyond its loud part is its own where it ends at
    once; what fades is an echo or a release.

    Args:
        part: [frames] amplitude.
        sure: [frames] bool, where the ridge was followed.
        peak: amplitude of the note.
        anchor: its outermost frame at or above half the peak.
        low: share of the peak that marks the foot of the edge.
        outside: [frames] amplitude before the part, or after it if `forward`.
        forward: whether the edge is the falling one.
    """
    near = _edge(part, anchor, peak, low, forward=forward)
    outward = part if forward else part[::-1]
    last = int(np.flatnonzero((outward >= QUIET * peak) & (sure if forward else sure[::-1]))[-1])
    beyond = np.append(outward[last:], outside if forward else outside[::-1])
    beyond = beyond[round(AT_ONCE * CONTROL_RATE) :]
    if not len(beyond) or beyond.max() >= FALLEN * QUIET * peak:
        return near
    level = float(np.median(outward[max(0, last - round(STRETCH * CONTROL_RATE)) : last + 1]))
    edge = int(np.flatnonzero(outward[: last + 1] >= HALF * level)[-1])
    far = _edge(part, edge if forward else len(part) - 1 - edge, level, low, forward=forward)
    further = far[0] - near[0] if forward else near[0] - far[0]
    return far if further > LEAST_STRETCH * CONTROL_RATE else near


def _edge(
    part: np.ndarray, anchor: int, peak: float, low: float, *, forward: bool
) -> tuple[float, float]:
    """Where a sin^2 edge reaches 0, and its length, from the crossings of two levels.

    Args:
        part: [frames] amplitude.
        anchor: a frame at or above half the peak, the last one on the edge's side.
        peak: amplitude of the note.
        low: share of the peak that marks the foot of the edge.
        forward: whether the edge is the falling one.

    Returns:
        (frame, s).
    """
    part = part if forward else part[::-1]
    anchor = anchor if forward else len(part) - 1 - anchor
    after = part[anchor:] / peak
    half = _crossing(after, HALF)
    foot = _crossing(after, low)

    def share(level: float) -> float:
        return 2 / np.pi * np.arcsin(np.sqrt(level))

    rise = max(foot - half, 0.5) / (share(HALF) - share(low))
    zero = anchor + min(foot + share(low) * rise, foot + 0.025 * CONTROL_RATE)
    frame = zero if forward else len(part) - 1 - zero
    return float(frame), float(max(rise, 3.0)) / CONTROL_RATE


def _crossing(values: np.ndarray, level: float) -> float:
    """First place, in frames, where falling values cross a level; the lowest if they never do."""
    below = np.flatnonzero(values < level)
    if not len(below):
        return float(len(values) - 1)
    index = int(below[0])
    if not index:
        return 0.0
    a, b = values[index - 1], values[index]
    return index - 1 + float((a - level) / max(a - b, 1e-12))
