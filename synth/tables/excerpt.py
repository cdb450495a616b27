"""A song with what is heard around it in its recording."""

from dataclasses import dataclass

import numpy as np
import soxr

from chingolo.synth.tables.bounds import SAMPLE_RATE
from chingolo.synth.tables.files import InputError

LOUDEST = 2.0**32
"""Largest sample that is taken for sound: whole numbers of 32 bits that nobody scaled are below."""


@dataclass(frozen=True)
class Excerpt:
    """A stretch of recording, and where the song stands in it; its length is the song's."""

    wave: np.ndarray
    """[samples] float32."""

    start: int
    """First sample of the song."""

    stop: int
    """The sample behind its last."""

    broken: str = ""
    """Why the recording ends before the song does, which is then heard as far as it goes."""

    def __len__(self) -> int:
        """Samples of the song."""
        return self.stop - self.start

    @property
    def song(self) -> np.ndarray:
        """[samples] the song alone."""
        return self.wave[self.start : self.stop]

    def within(self, context: int) -> "Excerpt":
        """The song with so many samples of its recording on each side at most."""
        first = max(self.start - context, 0)
        around = self.wave[first : self.stop + context]
        return Excerpt(around, self.start - first, self.stop - first, self.broken)


def as_excerpt(song: np.ndarray | Excerpt) -> Excerpt:
    """A song of which nothing is known around it is its own excerpt."""
    return song if isinstance(song, Excerpt) else Excerpt(song, 0, len(song))


def wave_in_memory(
    wave: np.ndarray, *, sample_rate: float, wanted: float, name: str = "the song"
) -> np.ndarray:
    """A wave that was handed over, checked and brought to a rate (soxr).

    Args:
        wave: [samples] mono, of any type of number.
        sample_rate: its own, Hz.
        wanted: Hz.
        name: what to call it in messages.

    Returns:
        [samples] float32.

    Raises:
        InputError: if it is not mono, holds samples that are not finite, or has no rate.
    """
    mono = np.asarray(wave, np.float32)
    if mono.ndim != 1:
        raise InputError(f"{name}: an array of shape {mono.shape}; expected [samples], mono")
    if not np.isfinite(mono).all():
        raise InputError(f"{name}: holds samples that are not finite")
    refuse_beyond(mono, name)
    if not SAMPLE_RATE.allow(sample_rate):
        raise InputError(f"{name}: a sample rate of {sample_rate:g} Hz; expected {SAMPLE_RATE}")
    return mono if sample_rate == wanted else soxr.resample(mono, sample_rate, wanted)


def song_in_memory(
    song: np.ndarray | Excerpt, *, sample_rate: float, wanted: float, name: str = "the song"
) -> Excerpt:
    """A song that was handed over, alone or in its recording; see `wave_in_memory`."""
    heard = as_excerpt(np.asarray(song) if not isinstance(song, Excerpt) else song)
    wave = wave_in_memory(heard.wave, sample_rate=sample_rate, wanted=wanted, name=name)
    ratio = wanted / sample_rate
    return Excerpt(wave, round(heard.start * ratio), min(round(heard.stop * ratio), len(wave)))


def refuse_beyond(wave: np.ndarray, name: str) -> None:
    """Refuses samples that no recorder writes.

    Raises:
        InputError: if there are any, with the name that messages call the wave by.
    """
    if len(wave) and max(wave.max(), -wave.min()) > LOUDEST:
        raise InputError(f"{name}: holds samples beyond {LOUDEST:g}, which are damage and no sound")
