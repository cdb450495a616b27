"""Recordings to listen to: audio files and what is wrong with them, read by the block."""

import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chingolo.analysis.find.pcm import CONTAINERS, FRAME_BYTES, WAVS
from chingolo.synth.tables.audio import cancel, is_silent, power_of_mean, told_silence
from chingolo.synth.tables.containers import FFMPEG_ENDINGS, find_break, open_sound, read_on
from chingolo.synth.tables.files import SOUND, InputError, counted
from chingolo.synth.tables.forms.mpeg import are_frames

BLOCK_S = 10
"""Audio read at a time, s."""

LOUDEST = 4
"""Full scales; beyond lies only damage, which must not swallow the background for seconds."""

AUDIO_ENDINGS = (
    *(".wav", ".wave", ".bwf", ".rf64", ".w64", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".mp2"),
    *(".mpga", ".mpa", ".aif", ".aiff", ".aifc", ".caf", ".au", ".snd", ".voc", ".svx", ".8svx"),
    *(".sph", ".nist", ".avr", ".paf", ".pvf", ".ircam"),
    *FFMPEG_ENDINGS,
)
"""Endings of audio files that are looked for in folders."""

OTHER_ENDINGS = (
    *(".raw", ".pcm", ".sd2", ".sds", ".vox", ".gsm", ".tta", ".tak", ".mpc", ".ac3", ".dts"),
    *(".dsf", ".dff", ".ra", ".rm", ".spx", ".htk", ".avi", ".mpg", ".mpeg", ".mts", ".flv"),
)
"""Endings of further files that hold sound, which are told where a folder holds them."""

TOLD_NAMES = 5
"""Files that are told by name."""


@dataclass
class Health:
    """What was wrong with a recording, for one line to the user."""

    samples: int = 0
    not_finite: int = 0
    full_scale: int = 0
    sounding: bool = False
    level: float = 0.0
    """Of its last sample; where it is not sounding, of all."""

    beyond: int = 0
    """Samples beyond `LOUDEST`."""

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
            are, were = ("is", "was") if self.not_finite == 1 else ("are", "were")
            many = counted(self.not_finite, "sample")
            told.append(f"{many} {are} not finite and {were} taken for silence")
        if not self.sounding:
            alone = self.samples == 1
            kind = told_silence(self.level).replace("digital silence", "silent throughout")
            told.append("holds one sample alone" if alone else f"is {kind}")
        if self.cancelled:
            told.append("its channels cancel each other; choose one with --channel")
        if self.beyond:
            many = counted(self.beyond, "sample lies", "samples lie")
            were = "was" if self.beyond == 1 else "were"
            told.append(f"{many} beyond {LOUDEST} full scales and {were} cut")
        elif self.full_scale > 1e-3 * self.samples:
            told.append(f"is clipped ({100 * self.full_scale / self.samples:.1f} % at full scale)")
        return told


def mono(samples: np.ndarray, health: Health, channel: int | None = None) -> np.ndarray:
    """[samples] one channel, from 1, or the mean of [samples, channels]; tallies faults.

    What is not finite is taken for silence.

    Raises:
        InputError: if there is no such channel.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # of damage, which is told
        return _mono(samples, health, channel)


def _mono(samples: np.ndarray, health: Health, channel: int | None) -> np.ndarray:
    channels = samples.shape[1]
    if channel is not None and channel > channels:
        raise InputError(f"no channel {channel} (it has {channels})")
    if channel is not None:
        samples = samples[:, channel - 1 : channel]
    bad = ~np.isfinite(samples)
    if bad.any():  # a broken channel must not silence the others
        health.not_finite += int(bad.any(axis=1).sum())
        samples = np.where(bad, np.float32(0), samples)
    if samples.shape[1] == 1:
        wave = samples[:, 0]
    else:
        wave = samples.mean(axis=1, dtype=np.float32)
        health.cancelled += len(wave) if cancel(*power_of_mean(samples, wave), channels) else 0
    peak = np.abs(wave)
    health.samples += len(wave)
    health.full_scale += int((peak >= 0.9999).sum())
    health.sounding = health.sounding or not is_silent(wave)
    health.level = float(wave[-1]) if len(wave) else health.level
    health.beyond += int((peak > LOUDEST).sum())
    return np.clip(wave, -LOUDEST, LOUDEST) if len(peak) and peak.max() > LOUDEST else wave


def file_chunks(
    path: Path, health: Health, channel: int | None = None
) -> tuple[float, Iterator[np.ndarray]]:
    """Opens an audio file; returns its rate, Hz, and its audio in blocks, [samples] mono.

    Where the file breaks off, the blocks end and `health.broken` says so.

    Raises:
        InputError: if it cannot be opened, or lacks the channel, from 1.
    """
    file = open_sound(path)
    rate = file.samplerate

    def pieces() -> Iterator[np.ndarray]:
        with file:
            fault, piece = "", np.zeros((1, 0))
            while len(piece) and not fault:
                piece, fault = read_on(file, rate, path)
                if len(piece):
                    yield mono(piece, health, channel)
            broken = find_break(path, file, health.samples, fault)
            health.broken = broken.told if broken else ""

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


def files_below(folder: Path, apart: Collection[str] = ()) -> list[Path]:
    """Files at any depth, in order; names with a dot before them, hidden ones, are none.

    Links to folders are followed, each folder once, but none to the folders `apart`.
    """
    found, seen = [], set(apart)
    for inside, folders, names in os.walk(folder, followlinks=True):
        seen.add(os.path.realpath(inside))
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and os.path.realpath(Path(inside, name)) not in seen
        )
        found += [Path(inside, name) for name in names if not name.startswith(".")]
    return sorted(found)


def audio_below(folder: Path, apart: Collection[str] = ()) -> list[Path]:
    """The files of `files_below` that end as audio does."""
    return [file for file in files_below(folder, apart) if file.suffix.lower() in AUDIO_ENDINGS]


def told_unheard(inputs: Iterable[Path]) -> list[str]:
    """A sentence for each folder on files that may hold sound, and by their endings are passed."""
    told = []
    for folder in filter(Path.is_dir, inputs):
        files = [str(file.relative_to(folder)) for file in files_below(folder) if _may_sound(file)]
        more = f" and {len(files) - TOLD_NAMES} more" if len(files) > TOLD_NAMES else ""
        if files:
            told.append(
                f"{folder}: not looked at, for their endings: {', '.join(files[:TOLD_NAMES])}{more}"
            )
    return told


def _may_sound(file: Path) -> bool:
    """Whether a file that does not end as audio does begins as audio, or ends as some does."""
    ending = file.suffix.lower()
    if ending in AUDIO_ENDINGS or ending in OTHER_ENDINGS:
        return ending in OTHER_ENDINGS
    try:
        with file.open("rb") as opened:
            start = opened.read(FRAME_BYTES)
    except OSError:
        return False
    contained = start[:4] not in WAVS and start.startswith(CONTAINERS)
    return bool(SOUND.match(start)) or contained or are_frames(start)


def named(path: Path) -> Path:
    """An absolute path that keeps the name given, also of a link."""
    return path.parent.resolve() / path.name


def audio_files(inputs: Iterable[Path]) -> list[Path]:
    """The files named, and all audio below the folders named, in order.

    Raises:
        InputError: if something does not exist, or a folder holds no audio.
    """
    files: list[Path] = []
    for path in inputs:
        if path.is_dir():
            inside = audio_below(path)
            if not inside:
                endings = ", ".join(AUDIO_ENDINGS)
                raise InputError(f"{path}: no audio file in this folder ({endings})")
            files += inside
        elif path.exists():
            files.append(path)
        else:
            raise InputError(f"{path}: no such file or folder")
    once: dict[str, Path] = {}
    for path in files:  # one file under two names is one recording
        once.setdefault(os.path.realpath(path), path)
    return list(once.values())
