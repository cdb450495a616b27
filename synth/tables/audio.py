"""Audio files: read as mono at any rate, written whole."""

import errno
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile
import soxr

from chingolo.synth.tables.containers import (
    BLOCK,
    LATE_S,
    find_break,
    open_sound,
    opened_at,
    read_on,
    readable_frames,
    reading,
    reason,
)
from chingolo.synth.tables.excerpt import Excerpt, refuse_beyond
from chingolo.synth.tables.files import InputError, atomic_path
from chingolo.synth.tables.song_table import channel_of

SILENT = 1e-6
"""Range of samples below which a wave is digital silence: a muted channel, a constant."""

CANCELLED = 0.125
"""Share of the power that the mean of unlike channels has, below which channels cancel: 9 dB."""


def is_silent(wave: np.ndarray) -> bool:
    """Whether [samples] hold no sound at all, not even noise."""
    return not len(wave) or float(np.ptp(wave)) <= SILENT


def told_silence(level: float) -> str:
    """What a wave without sound is, by its level: digital silence, or a constant."""
    return "digital silence" if abs(level) <= SILENT else f"a constant, {level:.3g} throughout"


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
        The stretch within what was loaded, float32; of a file that breaks off as far as it goes.

    Raises:
        InputError: if the file is missing, is not audio, holds NaN, lacks the channel, the stretch
            is empty, ends after the file or begins where it has broken off, or the channels cancel
            each other.
    """
    start_s = 0.0 if np.isnan(start_s) else start_s
    path = Path(path)
    with reading(path), open_sound(path) as file:
        native = file.samplerate
        start = round(min(start_s * native, file.frames))
        stop = file.frames
        if end_s is not None and not np.isnan(end_s):
            stop = round(min(stop, end_s * native))
        if channel is not None and not 1 <= channel <= file.channels:
            raise InputError(f"{path}: no channel {channel} (it has {file.channels})")
        if stop <= start:
            _refuse_behind(path, file, start_s, file.frames)
            length = file.frames / native
            if start_s < length and end_s is not None:
                raise InputError(
                    f"{path}: from {start_s:.10g} to {end_s:.10g} s is less than a sample "
                    f"(1/{native} s)"
                )
            raise InputError(f"{path}: no audio from {start_s:g} s on (it is {length:.3f} s)")
        margin = round(context_s * native)
        parts = (max(0, start - margin), start, stop, min(stop + margin, file.frames))
        before, mono, after, cancelled, fault = _read_parts(file, path, parts, channel)
        heard = start + len(mono)
        if not len(mono):
            _refuse_behind(path, file, start_s, readable_frames(path)[0], fault)
        short = bool(fault) or heard < stop or heard >= file.frames
        broken = find_break(path, file, heard, fault) if short else None
        whole_s = broken.whole_s if broken else heard / native
        if end_s is not None and end_s > whole_s + LATE_S:
            raise InputError(
                f"{path}: a song from {start_s:g} to {end_s:g} s ends after the recording "
                f"(it is {whole_s:.3f} s)"
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
    refuse_beyond(whole, f"{path}")
    if native != sample_rate:
        # a constant has no edges to ring at, so that a muted channel stays one
        level = whole[0] if is_silent(whole) else np.float32(0)
        whole = soxr.resample(whole - level, native, sample_rate) + level
    ratio = sample_rate / native
    begin, end = round(len(before) * ratio), len(whole) - round(len(after) * ratio)
    wave = np.ascontiguousarray(whole, dtype=np.float32)
    return Excerpt(wave, begin, end, broken.told if broken else "")


def _read_parts(
    file: soundfile.SoundFile, path: Path, parts: tuple[int, int, int, int], channel: int | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, bool, str]:
    """What stands before a song, the song and what follows, as mono.

    Args:
        file: at its begin; it is closed.
        path: of the file.
        parts: the frames that they begin with, and the one behind the last.
        channel: from 1; None for the mean of all.

    Returns:
        The three [samples], whether channels cancel in the song, and what ended it too early.
    """
    first, start, stop, last = parts
    nothing = np.zeros(0, np.float32)
    try:
        with opened_at(file, first, path) as file:
            before, _, fault = _read_mono(file, start - first, channel, path)
            if not fault:
                mono, cancelled, fault = _read_mono(file, stop - start, channel, path)
                after = _read_mono(file, last - stop, channel, path)[0] if not fault else nothing
                return before, mono, after, cancelled, fault
    except RuntimeError as error:
        fault = reason(error)
    if first < start:  # the fault may lie in what is around the song alone
        return _read_parts(open_sound(path), path, (start, start, stop, last), channel)
    return nothing, nothing, nothing, False, fault


def _refuse_behind(
    path: Path, file: soundfile.SoundFile, start_s: float, heard: int, fault: str = ""
) -> None:
    """Refuses a song that begins where a recording has broken off.

    Raises:
        InputError: if it has.
    """
    broken = find_break(path, file, heard, fault)
    if broken is not None:
        raise InputError(f"{path}: {broken.told}, before the song at {start_s:g} s")


def _read_mono(
    file: soundfile.SoundFile, frames: int, channel: int | None, path: Path
) -> tuple[np.ndarray, bool, str]:
    """Up to so many frames as mono, whether channels cancel each other in it, and what ended it.

    It goes by blocks: a header may promise more than the file holds.
    """
    blocks: list[np.ndarray] = [np.zeros(0, np.float32)]
    power, fault = np.zeros(2), ""
    while frames > 0:
        asked = min(frames, BLOCK)
        block, fault = read_on(file, asked, path)
        if channel is not None:
            blocks.append(block[:, channel - 1])
        else:
            blocks.append(block.mean(axis=1))
            power += power_of_mean(block, blocks[-1])
        frames -= asked if len(block) == asked else frames
    return np.concatenate(blocks), cancel(power[0], power[1], file.channels), fault


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
