"""Finds the songs of one species in recordings or a live stream, as they end, in bounded memory."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr

from chingolo.analysis.find import events
from chingolo.analysis.find.events import Event, Thresholds
from chingolo.synth.tables.audio import power_of_mean, refuse_guessed_length
from chingolo.synth.tables.excerpt import Excerpt
from chingolo.synth.tables.files import InputError
from chingolo.train.detector import streaming
from chingolo.train.detector.streaming import Detector, read_detector

FOLDER = Path(__file__).with_name("detectors")
BLOCK_S = 10
"""Audio read at a time, s."""

OPPOSITE = 0.25
"""Channels whose mean has less than this share of the power that unlike channels would leave are
opposite to each other."""

RATES = (2000, 768_000)
"""Sample rates that are taken for audio, Hz."""


@dataclass(frozen=True)
class Found:
    """A song."""

    start_s: float
    end_s: float
    score: float

    known_s: float
    """How much of the stream had been heard when it was found, s."""

    heard: Excerpt | None
    """The song in its surroundings, mono at the recording's own rate, where it was asked for."""


@dataclass
class Health:
    """What was wrong with a recording, for one line to the user."""

    samples: int = 0
    not_finite: int = 0
    full_scale: int = 0
    sounding: bool = False
    cancelled: int = 0
    """Samples of blocks whose channels cancel each other in their mean."""

    broken: str = ""
    """Why a file could not be read to its end."""

    def remarks(self) -> list[str]:
        """What the user should know; empty for a good recording."""
        if not self.samples:
            return [self.broken or "holds no audio"]
        told = [self.broken] if self.broken else []
        if self.not_finite:
            told.append(f"{self.not_finite} samples are not finite and were taken for silence")
        if not self.sounding:
            told.append("is silent throughout")
        if self.cancelled:
            told.append("its channels cancel each other; choose one with --channel")
        if self.full_scale > 1e-3 * self.samples:
            told.append(f"is clipped ({100 * self.full_scale / self.samples:.1f} % at full scale)")
        return told


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


def find_songs(
    chunks: Iterable[np.ndarray],
    sample_rate: float,
    detector: Detector,
    thresholds: Thresholds,
    *,
    context_s: float | None = None,
) -> Iterator[Found]:
    """Songs in a stream of audio, each as soon as it is known to have ended.

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
    reach = thresholds.most_s + behind_s + 1.0 + (context_s or 0.0)

    def found(event: Event) -> Found:
        heard = None
        if context_s is not None:
            edges = (event.start - context_s, event.start, event.end, event.end + behind_s)
            first, start, stop, last = (
                max(0, round(edge * sample_rate) - kept_from) for edge in edges
            )
            heard = Excerpt(np.concatenate(past)[first:last], start - first, stop - first)
        return Found(event.start, event.end, event.score, total / sample_rate, heard)

    for chunk in chunks:
        total += len(chunk)
        if context_s is not None:
            past.append(chunk)
            while past and total - kept_from - len(past[0]) > reach * sample_rate:
                kept_from += len(past.popleft())
        audio = chunk if resampler is None else resampler.resample_chunk(chunk)
        heard, scores = streaming.advance(detector, heard, audio)
        following, ended = take(following, scores)
        yield from map(found, ended)
    if resampler is not None:
        rest = resampler.resample_chunk(np.zeros(0, np.float32), last=True)
        heard, scores = streaming.advance(detector, heard, rest)
        following, ended = take(following, scores)
        yield from map(found, ended)
    scores = streaming.finish(detector, heard)
    _, ended = take(following, scores, last=True)
    length = total / sample_rate
    for event in ended:
        yield found(Event(event.start, min(event.end, length), event.score))


def mono(samples: np.ndarray, health: Health, channel: int | None = None) -> np.ndarray:
    """[samples] one channel, from 1, or the mean of [samples, channels]; tallies faults.

    What is not finite is taken for silence.

    Raises:
        InputError: if there is no such channel.
    """
    channels = samples.shape[1]
    if channel is not None and channel > channels:
        raise InputError(f"no channel {channel} (it has {channels})")
    if channel is not None or channels == 1:
        wave = samples[:, (channel or 1) - 1]
    else:
        wave = samples.mean(axis=1, dtype=np.float32)
        left, own = power_of_mean(samples, wave)
        # channels without anything in common leave 1 / channels
        health.cancelled += len(wave) if left * channels < OPPOSITE * own else 0
    bad = ~np.isfinite(wave)
    if bad.any():
        health.not_finite += int(bad.sum())
        wave = np.where(bad, np.float32(0), wave)
    peak = np.abs(wave)
    health.samples += len(wave)
    health.full_scale += int((peak >= 0.9999).sum())
    health.sounding = health.sounding or bool((peak > 1e-6).any())
    # beyond full scale lies only damage; it must not swallow the background for seconds
    return np.clip(wave, -4, 4) if len(peak) and peak.max() > 4 else wave


def file_chunks(
    path: Path, health: Health, channel: int | None = None
) -> tuple[float, Iterator[np.ndarray]]:
    """Opens an audio file; returns its rate, Hz, and its audio in blocks, [samples] mono.

    Where the file breaks off, the blocks end and `health.broken` says so.

    Raises:
        InputError: if it cannot be opened, or lacks the channel, from 1.
    """
    try:
        file = soundfile.SoundFile(path)
    except (soundfile.LibsndfileError, RuntimeError, OSError) as error:
        raise InputError(f"{path}: not audio that can be read ({_reason(error)})") from error
    refuse_guessed_length(file, path)
    rate = file.samplerate
    if not RATES[0] <= rate <= RATES[1]:
        file.close()
        raise InputError(f"{path}: a sample rate of {rate} Hz cannot be used")

    def pieces() -> Iterator[np.ndarray]:
        # read by the second, for a read that meets a fault returns nothing
        with file:
            try:
                while len(piece := file.read(rate, dtype="float32", always_2d=True)):
                    yield mono(piece, health, channel)
            except (soundfile.LibsndfileError, RuntimeError) as error:
                health.broken = f"broken after {health.samples / rate:.1f} s ({_reason(error)})"
                return
            # the length that some formats tell is an estimate; a second less is a file cut short
            if not health.broken and health.samples < file.frames - rate < 2**62:
                at, whole = health.samples / rate, file.frames / rate
                health.broken = f"breaks off after {at:.1f} of {whole:.1f} s"

    def blocks() -> Iterator[np.ndarray]:
        block: list[np.ndarray] = []
        for piece in pieces():
            block.append(piece)
            if len(block) == BLOCK_S:
                yield np.concatenate(block)
                block = []
        if block:
            yield np.concatenate(block)

    return float(rate), blocks()


def _reason(error: Exception) -> str:
    return str(error).strip().splitlines()[0].split(": ")[-1].rstrip(".")


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
