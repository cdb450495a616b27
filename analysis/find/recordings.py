"""Which recordings to listen to: files as named, and all audio below folders."""

from collections.abc import Iterable
from pathlib import Path

from chingolo.synth.tables.files import InputError

AUDIO_ENDINGS = (
    ".wav",
    ".flac",
    ".ogg",
    ".oga",
    ".opus",
    ".mp3",
    ".aif",
    ".aiff",
    ".w64",
    ".caf",
    ".au",
)
"""Endings of audio files that are looked for in folders."""


def audio_below(folder: Path) -> list[Path]:
    """Audio files at any depth, in order; names with a dot before them, hidden ones, are none."""
    return sorted(
        file
        for file in folder.rglob("*")
        if file.suffix.lower() in AUDIO_ENDINGS
        and not any(part.startswith(".") for part in file.relative_to(folder).parts)
    )


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
    once: dict[Path, Path] = {}
    for path in files:  # one file under two names is one recording
        once.setdefault(path.resolve(), path)
    return list(once.values())
