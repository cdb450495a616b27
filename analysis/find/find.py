"""Finds songs or vocal units in recordings or a live stream, as they end, in bounded memory."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import soxr

from chingolo.analysis.find import events
from chingolo.analysis.find.events import Event, Thresholds
from chingolo.analysis.find.units import cut_units
from chingolo.synth.tables.excerpt import Excerpt
from chingolo.synth.tables.files import InputError
from chingolo.train.detector import streaming
from chingolo.train.detector.streaming import UNITS, Detector, read_detector

FOLDER = Path(__file__).with_name("detectors")


@dataclass(frozen=True)
class Found:
    """A song; of a detector of any songbird, a vocal unit."""

    start_s: float
    end_s: float
    score: float

    known_s: float
    """How much of the stream had been heard when it was found, s."""

    heard: Excerpt | None
    """The song in its surroundings, mono at the recording's own rate, where it was asked for."""


NOISE_S = 1.0
"""Before a stretch of units, in which its noise is heard besides, s."""

MARGIN_S = 0.06
"""On either side of a stretch, in which its first and last unit may reach, s."""


def shipped_detectors() -> dict[str, Path]:
    """The detectors that come with the package, by species."""
    return {file.stem: file for file in sorted(FOLDER.glob("*.npz"))}


def load_detector(name: str | Path) -> Detector:
    """A detector by the name of its species, a file, or the folder of a training run.

    Raises:
        InputError: if there is none such.
    """
    shipped = shipped_detectors()
    if str(name) in shipped:
        return read_detector(shipped[str(name)])
    path = Path(name)
    if path.is_dir():
        path = path / "detector.npz"
    if not path.is_file():
        raise InputError(
            f"{name}: no such detector; shipped are {', '.join(shipped)}, or give a run of "
            "`chingolo train-detector`"
        )
    return read_detector(path)


def thresholds_of(detector: Detector) -> Thresholds:
    """The thresholds that were chosen with the detector."""
    return Thresholds(**detector.about["thresholds"])


def sought(detector: Detector) -> str:
    """What it finds, of which there may be many: `song` of a species, or `unit` of any songbird."""
    return "unit" if detector.about.get("grain") == UNITS else "song"


def find_songs(
    chunks: Iterable[np.ndarray],
    sample_rate: float,
    detector: Detector,
    thresholds: Thresholds,
    *,
    context_s: float | None = None,
) -> Iterator[Found]:
    """Songs in a stream of audio, each as soon as it is known to have ended.

    A detector whose grain is `units` hears where any songbird sounds; what it hears is parted by
    `cut_units`, and each unit is found by itself.

    Args:
        chunks: [any] float32 mono, finite, of any lengths.
        sample_rate: of the stream, Hz.
        detector: the trained network.
        thresholds: when scores are a song.
        context_s: songs come with their audio, with so much of the stream before them, s, and with
            what had to be heard behind them to know that they ended. None: without.

    Yields:
        The songs in order of their ends. At most `detector.delay_s + thresholds.hang_s` and the
        resampler's delay (below 0.06 s) of audio, and the chunk at hand, lie between end and yield.
    """
    resampler = None
    if sample_rate != detector.sample_rate:
        resampler = soxr.ResampleStream(
            sample_rate, detector.sample_rate, 1, dtype="float32", quality="LQ"
        )
    heard, following = streaming.begin(detector), events.begin()
    past: deque[np.ndarray] = deque()
    kept_from = total = 0
    take = partial(
        events.follow,
        thresholds=thresholds,
        first_s=detector.first_s,
        frame_s=detector.frame_s,
    )
    behind_s = thresholds.hang_s + detector.delay_s
    parts_units = detector.about.get("grain") == UNITS
    before_s = max(context_s or 0.0, NOISE_S if parts_units else 0.0)
    remembers = context_s is not None or parts_units
    reach = thresholds.most_s + behind_s + 1.0 + before_s
    found_to = 0.0

    def around(start_s: float, end_s: float, context_s: float) -> Excerpt:
        edges = (start_s - context_s, start_s, end_s, end_s + behind_s)
        first, start, stop, last = (max(0, round(edge * sample_rate) - kept_from) for edge in edges)
        wave = np.concatenate(past)[first:last]
        return Excerpt(wave, start - first, min(stop - first, len(wave)))

    def found(event: Event) -> Iterator[Found]:
        nonlocal found_to
        spans = [(event.start, event.end)]
        if parts_units:
            start = max(event.start - MARGIN_S, found_to)
            stretch = around(start, event.end + MARGIN_S, NOISE_S)
            spans = [(start + a, start + b) for a, b in cut_units(stretch, sample_rate).tolist()]
            found_to = max([found_to, *(b for _, b in spans)])
        for a, b in spans:
            heard = None if context_s is None else around(a, b, context_s)
            yield Found(a, b, event.score, total / sample_rate, heard)

    for chunk in chunks:
        total += len(chunk)
        if remembers:
            past.append(chunk)
            while past and total - kept_from - len(past[0]) > reach * sample_rate:
                kept_from += len(past.popleft())
        audio = chunk if resampler is None else resampler.resample_chunk(chunk)
        heard, scores = streaming.advance(detector, heard, audio)
        following, ended = take(following, scores)
        for event in ended:
            yield from found(event)
    if resampler is not None:
        rest = resampler.resample_chunk(np.zeros(0, np.float32), last=True)
        heard, scores = streaming.advance(detector, heard, rest)
        following, ended = take(following, scores)
        for event in ended:
            yield from found(event)
    scores = streaming.finish(detector, heard)
    _, ended = take(following, scores, last=True)
    length = total / sample_rate
    for event in ended:
        yield from found(Event(event.start, min(event.end, length), event.score))


def row_of(
    song: Found, path: str, detector: Detector, channel: int | None = None
) -> dict[str, Any]:
    """The song-table row of a song; with a channel, from 1, where one was chosen."""
    return {
        "path": path,
        "start_s": round(song.start_s, 3),
        "end_s": round(song.end_s, 3),
        **({} if channel is None else {"channel": channel}),
        "species": detector.about["species"],
        "score": round(song.score, 4),
        "detector": detector.about["sha256"],
    }
