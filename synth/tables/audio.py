"""Audio files: read as mono at any rate, written whole."""

import errno
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile
import soxr

from chingolo.synth.tables.bounds import SAMPLE_RATE
from chingolo.synth.tables.containers import BLOCK, LATE_S, open_sound, reading
from chingolo.synth.tables.excerpt import Excerpt, as_excerpt
from chingolo.synth.tables.files import InputError, atomic_path
from chingolo.synth.tables.song_table import channel_of

SILENT = 1e-6
"""Range of samples below which a wave is digital silence: a muted channel, a constant."""

LOUDEST = 2.0**32
"""Largest sample that is taken for sound: whole numbers of 32 bits that nobody scaled are below."""

CANCELLED = 0.125
"""Share of the power that the mean of unlike channels has, below which channels cancel: 9 dB."""


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
    _refuse_beyond(mono, name)
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


def _refuse_beyond(wave: np.ndarray, name: str) -> None:
    if len(wave) and max(wave.max(), -wave.min()) > LOUDEST:
        raise InputError(f"{name}: holds samples beyond {LOUDEST:g}, which are damage and no sound")


def is_silent(wave: np.ndarray) -> bool:
    """Whether [samples] hold no sound at all, not even noise."""
    return not len(wave) or float(np.ptp(wave)) <= SILENT


def load_audio(
    path: str | Path,
    *,
    sample_rate: int,
    start_s: float = 0.0,
    end_s: float | None = None,
    channel: int | None = None,
) -> np.ndarray:
    """Loads a stretch of an audio file as mono, [samples] float32; see `load_stretch`."""
    return load_stretch(
        path, sample_rate=sample_rate, start_s=start_s, end_s=end_s, channel=channel
    ).wave


def load_stretch(
    path: str | Path,
    *,
    sample_rate: int,
    start_s: float = 0.0,
    end_s: float | None = None,
    channel: int | None = None,
    context_s: float = 0.0,
) -> Excerpt:
    """Loads a stretch of an audio file as mono, with what is around it, in one pass.

    Args:
        path: any file that `open_sound` reads.
        sample_rate: wanted rate, Hz; the audio is resampled (soxr) where it differs.
        start_s: start of the stretch, s; NaN means the file's start.
        end_s: end of the stretch, s; None or NaN means the file's end.
        channel: from 1, as in Raven; None for the mean of all.
        context_s: how much of the recording to load on each side of the stretch, s.

    Returns:
        The stretch within what was loaded, float32.

    Raises:
        InputError: if the file is missing, is not audio, holds NaN, lacks the channel, the stretch
            is empty or ends after the file, or the channels cancel each other.
    """
    start_s = 0.0 if np.isnan(start_s) else start_s
    with open_sound(path) as file, reading(Path(path)):
        native = file.samplerate
        start = round(min(start_s * native, file.frames))
        stop = file.frames
        if end_s is not None and not np.isnan(end_s):
            stop = round(min(stop, end_s * native))
        if stop <= start:
            length = file.frames / native
            raise InputError(f"{path}: no audio from {start_s:g} s on (it is {length:.3f} s)")
        if channel is not None and not 1 <= channel <= file.channels:
            raise InputError(f"{path}: no channel {channel} (it has {file.channels})")
        margin = round(context_s * native)
        first = max(0, start - margin)
        if first:  # not every form can
            file.seek(first)
        before, _ = _read_mono(file, start - first, channel)
        mono, cancelled = _read_mono(file, stop - start, channel)
        after, _ = _read_mono(file, min(margin, file.frames - stop), channel)
        heard = min(file.frames, start + len(mono)) / native
        if end_s is not None and end_s > heard + LATE_S:
            raise InputError(
                f"{path}: a song from {start_s:g} to {end_s:g} s ends after the recording "
                f"(it is {heard:.3f} s)"
            )
        if cancelled:
            raise InputError(
                f"{path}: its channels cancel each other; say which one counts in a column "
                "'channel', from 1"
            )
    if not len(mono):
        raise InputError(f"{path}: holds no audio")
    whole = np.concatenate([before, mono, after])
    if not np.isfinite(whole).all():
        raise InputError(f"{path}: holds samples that are not finite")
    _refuse_beyond(whole, f"{path}")
    if native != sample_rate:
        # a constant has no edges to ring at, so that a muted channel stays one
        level = whole[0] if is_silent(whole) else np.float32(0)
        whole = soxr.resample(whole - level, native, sample_rate) + level
    ratio = sample_rate / native
    begin, end = round(len(before) * ratio), len(whole) - round(len(after) * ratio)
    return Excerpt(np.ascontiguousarray(whole, dtype=np.float32), begin, end)


def _read_mono(
    file: soundfile.SoundFile, frames: int, channel: int | None
) -> tuple[np.ndarray, bool]:
    """Up to so many frames as mono, and whether channels cancel each other in their mean.

    It goes by blocks: a header may promise more than the file holds.
    """
    blocks: list[np.ndarray] = [np.zeros(0, np.float32)]
    power = np.zeros(2)
    while frames > 0:
        asked = min(frames, BLOCK)
        block = file.read(asked, dtype="float32", always_2d=True)
        if channel is not None:
            blocks.append(block[:, channel - 1])
        else:
            blocks.append(block.mean(axis=1))
            power += power_of_mean(block, blocks[-1])
        frames -= asked if len(block) == asked else frames
    return np.concatenate(blocks), cancel(power[0], power[1], file.channels)


def power_of_mean(samples: np.ndarray, mean: np.ndarray) -> tuple[float, float]:
    """Energy of a mean over channels, and the mean energy of the channels, both of differences.

    Differences, so that rumble, which channels share, hides no song that cancels.

    Args:
        samples: [samples, channels].
        mean: [samples] theirs.
    """
    if samples.shape[1] == 1:
        return 0.0, 0.0
    with np.errstate(over="ignore", invalid="ignore"):  # damage is told elsewhere
        own = float(np.square(np.diff(samples, axis=0)).sum()) / samples.shape[1]
        return float(np.square(np.diff(mean)).sum()), own


def cancel(left: float, own: float, channels: int) -> bool:
    """Whether channels cancel each other in their mean.

    Args:
        left: energy of the mean; channels with nothing in common leave 1 / channels of their own.
        own: mean energy of the channels; both of `power_of_mean`.
        channels: number of them.
    """
    return left * channels < CANCELLED * own


def length_s(path: str | Path) -> float:
    """Length of an audio file, s.

    Raises:
        InputError: if it is missing or is not audio.
    """
    with open_sound(path) as file:
        return file.frames / file.samplerate


def load_song(song: pd.Series, *, sample_rate: int) -> np.ndarray:
    """Loads the audio of one row of a song table, [samples]; see `load_excerpt`."""
    return load_excerpt(song, sample_rate=sample_rate, context_s=0.0).wave


def load_excerpt(song: pd.Series, *, sample_rate: int, context_s: float) -> Excerpt:
    """Loads one row of a song table with up to `context_s` of its recording on each side.

    Raises:
        InputError: as `load_stretch`, naming the row.
    """
    try:
        return load_stretch(
            song["path"],
            sample_rate=sample_rate,
            start_s=float(song.get("start_s", np.nan)),
            end_s=float(song.get("end_s", np.nan)),
            channel=channel_of(song),
            context_s=context_s,
        )
    except InputError as error:
        row = f"row {song.name + 1}: " if isinstance(song.name, int | np.integer) else ""
        raise InputError(f"{row}{error}") from error


def is_whole(path: Path, length_s: float) -> bool:
    """Whether a file that was made here is there to its end.

    Args:
        path: of the file.
        length_s: what was written, s.
    """
    try:
        with soundfile.SoundFile(path) as file:
            if abs(file.frames - length_s * file.samplerate) > 1:
                return False
            file.seek(file.frames - 1)
            return len(file.read(1)) == 1
    except (soundfile.LibsndfileError, OSError, ValueError):
        return False


def write_audio(path: Path, wave: np.ndarray, sample_rate: int) -> None:
    """Writes [samples] as 16-bit FLAC, or WAV by its ending; under its final name only whole."""
    form = "WAV" if path.suffix.lower() == ".wav" else "FLAC"
    with atomic_path(path) as temporary:
        try:
            soundfile.write(temporary, wave, sample_rate, format=form, subtype="PCM_16")
        except soundfile.LibsndfileError as error:  # it does not tell why
            raise OSError(errno.EIO, "the disk refused it; is it full?") from error


def times_of(song: pd.Series) -> tuple[float, float]:
    """Where a row begins and ends in its recording, s."""
    begin, end = (float(song.get(name, np.nan)) for name in ("start_s", "end_s"))
    return float(np.nan_to_num(begin)), length_s(song["path"]) if np.isnan(end) else end
