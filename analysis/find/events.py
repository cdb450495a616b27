"""Scores of frames -> songs with begin, end and score; on a stream, by two thresholds."""

from dataclasses import dataclass, replace

import numpy as np

SEARCH_S = 0.3
"""How far from the crossing of the low threshold an edge is looked for, s."""


@dataclass(frozen=True)
class Thresholds:
    """When scores are a song."""

    high: float = 0.9
    """A song's best score (mean over `smoothed` frames) reaches this."""

    low: float = 0.2
    """It lasts while the score is above this."""

    least_s: float = 0.6
    """Shortest song, s."""

    hang_s: float = 0.1
    """The score may fall below `low` for so long within a song, s."""

    most_s: float = 8.0
    """A longer one is cut, so that memory is bounded, s."""

    smoothed: int = 11
    """Frames (11: 0.26 s) over which the best score is a mean: one bright frame makes no song."""


@dataclass(frozen=True)
class Event:
    """A stretch of frames that is a song."""

    start: float
    """s."""

    end: float
    """s."""

    score: float
    """Best score, 0 to 1."""


@dataclass(frozen=True)
class Following:
    """What is kept between chunks of scores."""

    past: np.ndarray
    """[frames, 3] scores of the open event and the search before it."""

    begun: int
    """Frames of `past` before the open event; -1 while none is open."""

    number: int
    """Number of the next frame."""


def begin() -> Following:
    """The state before the first score."""
    return Following(np.zeros((0, 3), np.float32), -1, 0)


def follow(
    state: Following,
    scores: np.ndarray,
    thresholds: Thresholds,
    *,
    first_s: float,
    frame_s: float,
    last: bool = False,
) -> tuple[Following, list[Event]]:
    """Takes more scores.

    Args:
        state: so far.
        scores: [frames, 3] within a song, onset, offset.
        thresholds: when scores are a song.
        first_s: time of the stream's first score, s.
        frame_s: between scores, s.
        last: close what is open.

    Returns:
        The state, and the songs that ended: each as soon as the score was low for `hang_s`.
    """
    past = np.concatenate([state.past, scores])
    offset = state.number - len(state.past)
    hang, most = round(thresholds.hang_s / frame_s), round(thresholds.most_s / frame_s)
    search = round(SEARCH_S / frame_s)
    above = np.flatnonzero(past[:, 0] >= thresholds.low)
    if state.begun >= 0:
        begun = state.begun
        above = above[above >= begun]
    else:
        above = above[above >= len(state.past)]
        begun = int(above[0]) if len(above) else -1
    events: list[Event] = []
    while begun >= 0:
        # the last frame of an unbroken stretch, and whether its end is known
        unbroken = above[above >= begun]
        breaks = np.flatnonzero(np.diff(unbroken) > hang + 1)
        stop = int(unbroken[breaks[0]]) if len(breaks) else int(unbroken[-1])
        known = bool(len(breaks)) or len(past) - 1 - stop > hang or last
        if stop - begun >= most:
            stop, known = begun + most - 1, True
        if not known:
            break
        event = _event(past, begun, stop, thresholds, offset, first_s, frame_s, search)
        events += [] if event is None else [event]
        later = above[above > stop]
        begun = int(later[0]) if len(later) else -1
    kept = max(0, (begun if begun >= 0 else len(past)) - search)
    begun = begun - kept if begun >= 0 else -1
    return Following(past[kept:], begun, offset + len(past)), events


def _event(
    past: np.ndarray,
    begun: int,
    stop: int,
    thresholds: Thresholds,
    offset: int,
    first_s: float,
    frame_s: float,
    search: int,
) -> Event | None:
    within = past[begun : stop + 1, 0].astype(np.float64)
    size = min(thresholds.smoothed, len(within))
    score = float(np.convolve(within, np.ones(size) / size, "valid").max())
    if score < thresholds.high or len(within) * frame_s < thresholds.least_s:
        return None
    return Event(
        start=max(0.0, first_s + (offset + begun - 0.5) * frame_s),
        end=first_s + (offset + stop + 0.5) * frame_s,
        score=min(score, 1.0),
    )


def with_high(thresholds: Thresholds, high: float | None) -> Thresholds:
    """The thresholds with another high one; None changes nothing."""
    if high is None:
        return thresholds
    return replace(thresholds, high=high, low=min(thresholds.low, high))
