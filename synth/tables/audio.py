"""Audio files: read as mono at any rate, written whole."""

import errno
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile
import soxr

from chingolo.synth.tables.files import InputError, atomic_path, is_file

BLOCK = 1 << 21
"""Frames of audio read at a time."""

LOWEST_RATE, HIGHEST_RATE = 1_000, 2_000_000
"""Hz; what is beyond is no sample rate of sound."""


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
    if not LOWEST_RATE <= sample_rate <= HIGHEST_RATE:
        raise InputError(
            f"{name}: a sample rate of {sample_rate:g} Hz; expected {LOWEST_RATE} to {HIGHEST_RATE}"
        )
    return mono if sample_rate == wanted else soxr.resample(mono, sample_rate, wanted)


def load_audio(
    path: str | Path,
    *,
    sample_rate: int,
    start_s: float = 0.0,
    end_s: float | None = None,
) -> np.ndarray:
    """Loads a stretch of an audio file as mono.

    Args:
        path: any file that libsndfile reads (WAV, FLAC, OGG, MP3).
        sample_rate: wanted rate, Hz; the audio is resampled (soxr) where it differs.
        start_s: start of the stretch, s; NaN means the file's start.
        end_s: end of the stretch, s; None or NaN means the file's end.

    Returns:
        [samples] float32, mean over channels.

    Raises:
        InputError: if the file is missing, is not audio, holds NaN, or the stretch is empty.
    """
    path = Path(path)
    if not is_file(path):
        raise InputError(f"{path}: no such audio file")
    start_s = 0.0 if np.isnan(start_s) else start_s
    try:
        with soundfile.SoundFile(path) as file:
            native = file.samplerate
            start = round(min(start_s * native, file.frames))
            stop = file.frames
            if end_s is not None and not np.isnan(end_s):
                stop = round(min(stop, end_s * native))
            if stop <= start:
                length = file.frames / native
                raise InputError(f"{path}: no audio from {start_s:g} s on (it is {length:.3f} s)")
            file.seek(start)
            mono = _read_mono(file, stop - start)
    except (soundfile.LibsndfileError, RuntimeError, OSError) as error:
        raise InputError(f"{path}: not audio that can be read ({error})") from error
    if not len(mono):
        raise InputError(f"{path}: holds no audio")
    if not np.isfinite(mono).all():
        raise InputError(f"{path}: holds samples that are not finite")
    if native != sample_rate:
        mono = soxr.resample(mono, native, sample_rate)
    return np.ascontiguousarray(mono, dtype=np.float32)


def _read_mono(file: soundfile.SoundFile, frames: int) -> np.ndarray:
    """Up to so many frames as mono, by blocks: a header may claim more than the file holds."""
    blocks = [np.zeros(0, np.float32)]
    while frames > 0:
        asked = min(frames, BLOCK)
        block = file.read(asked, dtype="float32", always_2d=True)
        blocks.append(block.mean(axis=1))
        frames -= asked if len(block) == asked else frames
    return np.concatenate(blocks)


def load_song(song: pd.Series, *, sample_rate: int) -> np.ndarray:
    """Loads the audio of one row of a song table; see `load_audio`."""
    return load_audio(
        song["path"],
        sample_rate=sample_rate,
        start_s=float(song.get("start_s", np.nan)),
        end_s=float(song.get("end_s", np.nan)),
    )


def write_audio(path: Path, wave: np.ndarray, sample_rate: int) -> None:
    """Writes [samples] as 16-bit FLAC, under its final name only whole."""
    with atomic_path(path) as temporary:
        try:
            soundfile.write(temporary, wave, sample_rate, format="FLAC", subtype="PCM_16")
        except soundfile.LibsndfileError as error:  # it does not tell why
            raise OSError(errno.EIO, "the disk refused it; is it full?") from error
