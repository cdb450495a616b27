"""What things hold: hashes of what a result depends on and of what was written; equal sounds.

A folder of made songs belongs to one request (`begin_request`), so that what broke off can be gone
on with.
"""

import contextlib
import hashlib
import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any

from chingolo.synth.tables.files import InputError, atomic_path, counted, make_folder

LATER = {"later": True}
"""Metadata of a dataclass field that was added later: at its default it changes no hash, so that
folders and runs of before go on."""

BLOCK = 1 << 21
"""Frames read at a time."""

NAMED = 3
"""Copies that are told by name."""

PROBED = 1 << 14
"""Frames (or bytes) in the middle of files of one length that are looked at before the whole."""


def content_hash(*things: object) -> str:
    """16 hex digits of the SHA-256 of the things' reprs: frozen dataclasses of plain values."""
    return hashlib.sha256("".join(map(_told, things)).encode()).hexdigest()[:16]


def _told(thing: Any) -> str:
    """The repr, without fields that were added `LATER` and are at their defaults."""
    if isinstance(thing, tuple) and type(thing) is tuple:
        inner = ", ".join(map(_told, thing))
        return f"({inner},)" if len(thing) == 1 else f"({inner})"
    if not is_dataclass(thing) or isinstance(thing, type):
        return repr(thing)
    parts = []
    for field in fields(thing):
        value = getattr(thing, field.name)
        default = field.default_factory() if field.default_factory is not MISSING else field.default
        if field.repr and not ("later" in field.metadata and value == default):
            parts.append(f"{field.name}={_told(value)}")
    return f"{type(thing).__qualname__}({', '.join(parts)})"


WRITTEN = ".written.json"
"""File of a folder that says what a command wrote there: name -> SHA-256 of the bytes."""


def refuse_others(folder: Path, names: Iterable[str], *, force: bool) -> None:
    """Refuses files of a folder that are not as `note_written` saw them: another's, or edited.

    Raises:
        InputError: naming the first, unless they are to be written over by `force`; or if a file
            is where the folder, or one above it, would be.
    """
    there = next(each for each in (folder, *folder.parents) if os.path.lexists(each))
    if not there.is_dir():
        raise InputError(f"{there}: is a file; expected a folder, or the name of a new one")
    noted = _noted(folder)
    for file in (folder / name for name in names):
        if file.is_dir():
            raise InputError(f"{file}: is a folder; expected no file of that name, or one")
        if not force and file.exists() and noted.get(file.name) != _hash(file):
            how = (
                "was edited since it was" if file.name in noted else "is there already and was not"
            )
            raise InputError(
                f"{file}: {how} written by this command; --force writes over it, another --out "
                "leaves it"
            )


def note_written(folder: Path, names: Iterable[str]) -> None:
    """Notes in the folder what was written there, for `refuse_others`."""
    noted = _noted(folder) | {
        name: _hash(folder / name) for name in names if (folder / name).is_file()
    }
    with atomic_path(folder / WRITTEN) as temporary:
        temporary.write_text(json.dumps(noted, indent=1))


def _noted(folder: Path) -> dict[str, str]:
    try:
        return dict(json.loads((folder / WRITTEN).read_text()))
    except (OSError, ValueError, TypeError):
        return {}


def _hash(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def begin_request(
    folder: Path, request: dict, *, name: str, older: dict, writes: Iterable[str]
) -> None:
    """Writes the request into the folder, or checks that the one there is the same.

    Args:
        folder: of the output; made where it is missing.
        request: as JSON gives it back.
        name: of the file that holds the request.
        older: what a file means that was written before a key of the request existed, by key.
        writes: patterns of the files that the request will write.

    Raises:
        InputError: if the folder holds another request's songs, or songs of unknown origin.
    """
    make_folder(folder)
    file = folder / name
    if file.is_file():
        try:
            before = dict(json.loads(file.read_text()))
        except (ValueError, TypeError) as error:
            raise InputError(f"{file}: not an earlier request") from error
        before = {**older, **before}
        if before != request:
            changed = [key for key in request if before.get(key) != request[key]]
            raise InputError(
                f"{folder}: holds songs of another request (differs in {', '.join(changed)}); "
                "choose another --out"
            )
        return
    if others := sorted(file for pattern in writes for file in folder.glob(pattern)):
        told = others[0].relative_to(folder)
        raise InputError(f"{folder}: already holds a {told} that was not made here")
    with atomic_path(file) as temporary:
        temporary.write_text(json.dumps(request, indent=1))


def write_unedited(file: Path, write: Callable[[Path], None]) -> None:
    """Writes what the folder's request gives, unless somebody edited what it gave before.

    Args:
        file: of the folder.
        write: writes it under another name; one request always gives the same bytes.

    Raises:
        InputError: if the file is there and holds something else.
    """
    with atomic_path(file) as temporary:
        write(temporary)
        if file.is_file() and file.read_bytes() != temporary.read_bytes():
            raise InputError(
                f"{file}: was edited, or is another's; it stays. Move it away to have it anew, or "
                "choose another --out"
            )


def copies(files: Iterable[str | Path]) -> dict[str, str]:
    """The files that hold the very sound of a file before them, each with the first that does.

    Sound is the same if its samples are, whatever the container, tags and header. What libsndfile
    does not open as it stands is the same if its bytes are. Only files of one length and rate are
    looked into, and only those that agree in their middle are read whole.

    Args:
        files: paths, in their order; what is not there, or cannot be read, is no copy.
    """
    from chingolo.synth.tables.forms.mpeg_reading import hushed

    alike: dict[tuple, list[str]] = {(): list(dict.fromkeys(map(str, files)))}
    for look in (_extent, _middle, _whole):
        closer: dict[tuple, list[str]] = defaultdict(list)
        for key, group in alike.items():
            for file in group if len(group) > 1 else ():
                with contextlib.suppress(OSError, ValueError, RuntimeError), hushed("MP3"):
                    closer[(*key, look(Path(file)))].append(file)
        alike = closer
    return {file: group[0] for group in alike.values() for file in group[1:]}


def told_copies(files: Iterable[str | Path]) -> list[str]:
    """One sentence on files that are copies of others; none where there are none."""
    found = copies(files)
    if not found:
        return []
    many = counted(len(found), "recording is", "recordings are")
    named = "; ".join(f"{copy} of {first}" for copy, first in [*found.items()][:NAMED])
    more = f"; and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return [f"{many} a copy of another, sample for sample: {named}{more}"]


def _extent(file: Path) -> tuple[int, ...]:
    """Length, rate and channels of a sound; of another file its size."""
    if not file.is_file():
        raise FileNotFoundError
    with contextlib.suppress(RuntimeError), _sound(file) as sound:
        if 0 < sound.frames < 2**62:
            return sound.frames, sound.samplerate, sound.channels
    return (file.stat().st_size,)


def _middle(file: Path) -> str:
    """A hash of what lies in the middle."""
    if len(_extent(file)) == 1:
        with file.open("rb") as opened:
            opened.seek(max(0, file.stat().st_size // 2 - PROBED // 2))
            return hashlib.sha256(opened.read(PROBED)).hexdigest()
    with _sound(file) as sound:
        sound.seek(max(0, sound.frames // 2 - PROBED // 2))
        return hashlib.sha256(sound.read(PROBED, dtype="float32").tobytes()).hexdigest()


def _whole(file: Path) -> str:
    """A hash of all that a file holds."""
    if len(_extent(file)) == 1:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    told = hashlib.sha256()
    with _sound(file) as sound:
        while len(block := sound.read(BLOCK, dtype="float32")):
            told.update(block.tobytes())
    return told.hexdigest()


def _sound(file: Path) -> Any:
    # here, since the settings stand on this file, and `--help` on them
    import soundfile

    from chingolo.synth.tables.containers import nameable
    from chingolo.synth.tables.forms.wav import with_length

    return soundfile.SoundFile(nameable(with_length(file)))
