"""Files: the error for bad input, and writing that leaves no half file under its final name."""

import os
import re
import shutil
import tempfile
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


class InputError(ValueError):
    """Bad input from the user; the message is one line that a command prints before status 2."""


def counted(count: int, one: str, several: str = "") -> str:
    """A number with the words for it: `1 song`, `2 songs`, `0 songs`.

    Args:
        count: the number.
        one: the words for one, with its verb where they have one.
        several: the words for any other number; empty: those for one with an s.
    """
    return f"{count} {one if count == 1 else several or one + 's'}"


def told_faults(faults: Mapping[int, str], count: int, *, most: int = 3) -> list[str]:
    """Lines that say how many rows of a table were skipped, and why the first of them were.

    Args:
        faults: row -> why it cannot be used.
        count: rows of the table.
        most: rows to give the reason of.
    """
    if not faults:
        return []
    reasons = [f"  {faults[row]}" for row in sorted(faults)[:most]]
    more = [f"  and {len(faults) - most} more"] if len(faults) > most else []
    return [f"{len(faults)} of {counted(count, 'song')} skipped:", *reasons, *more]


def told_broken(broken: Mapping[int, str], count: int) -> list[str]:
    """Lines that say which rows of a table are heard as far as their recording goes, and why.

    Args:
        broken: row -> its name, and what ended the recording.
        count: rows of the table.
    """
    told = told_faults(broken, count)
    return told and [
        f"{len(broken)} of {counted(count, 'song')} heard as far as their recording goes:",
        *told[1:],
    ]


def refuse_if_none(faults: Mapping[int, str], count: int) -> None:
    """Refuses a table of which every row is at fault.

    Raises:
        InputError: with the reason of the first.
    """
    if count and len(faults) == count:
        raise InputError(
            f"none of {counted(count, 'song')} can be used; the first: {faults[min(faults)]}"
        )


def skipped_file(out: Path) -> Path:
    """Where the rows that a latent table lacks are listed."""
    return out.with_name(f"{out.stem}.skipped.csv")


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yields a temporary path beside `path`; renames it to `path` if the block succeeds.

    Args:
        path: final file name; its folder is created where it is missing; of a link, what it names.

    Raises:
        InputError: if the folder cannot be made or written, or the disk is full.
    """
    final = Path(os.path.realpath(path) if os.path.islink(path) else path)
    make_folder(final.parent)
    try:
        handle, name = tempfile.mkstemp(
            prefix=f".{final.stem}-", suffix=final.suffix, dir=final.parent
        )
    except OSError as error:
        raise InputError(f"{final.parent}: cannot write there ({error.strerror})") from error
    os.close(handle)
    os.chmod(name, 0o644)
    temporary = Path(name)
    try:
        yield temporary
        os.replace(temporary, final)
    except OSError as error:
        raise unwritten(final, error) from error
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: str | Path) -> Iterator[Path]:
    """Yields a temporary folder beside `path`; it takes the place of `path` if the block succeeds.

    Args:
        path: final folder name; an existing one is replaced.

    Raises:
        InputError: if the parent folder cannot be made or written.
    """
    final = Path(path)
    make_folder(final.parent)
    try:
        temporary = Path(tempfile.mkdtemp(prefix=f".{final.name}-", dir=final.parent))
    except OSError as error:
        raise InputError(f"{final.parent}: cannot write there ({error.strerror})") from error
    temporary.chmod(0o755)
    try:
        yield temporary
        if final.exists():
            shutil.rmtree(final)
        os.replace(temporary, final)
    except OSError as error:
        raise unwritten(final, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def refuse_existing(path: Path, *, force: bool) -> None:
    """Refuses a name that a file has already: somebody may have filled in what stands there.

    Raises:
        InputError: if there is such a file, and it is not to be written over by `force`; or a
            folder.
    """
    if path.is_dir():
        raise InputError(f"{path}: is a folder; expected the name of a file")
    if path.exists() and not force:
        raise InputError(f"{path}: is there already; --force writes over it")


def refuse_unwritable(path: Path) -> None:
    """Refuses a name in a folder that cannot be made or written, before the work.

    Raises:
        InputError: naming the folder.
    """
    make_folder(path.parent)
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise InputError(f"{path.parent}: cannot write there ({error.strerror})") from error


def unwritten(path: Path, error: OSError) -> InputError:
    """The error to raise where the disk refused to write a file; what was there before stays."""
    reason = error.strerror or str(error).splitlines()[0]
    return InputError(f"{path}: cannot be written ({reason})")


def is_file(path: Path) -> bool:
    """Whether there is such a file; False too for a name that no file can have."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def folders_of(path: Path) -> tuple[Path, ...]:
    """Folders that the relative paths in a table start from: its own and, of a link, its file's."""
    return (path.parent, *([Path(os.path.realpath(path)).parent] if path.is_symlink() else []))


def on_disk(path: Path) -> Path:
    """The file of this name or, where there is none, the one whose name has the same letters.

    Accents are one letter or two (Unicode's NFC and NFD), as systems and programs differ. Where
    several files or none have such a name, it is the path given.
    """
    if str(path).isascii() or path.exists():
        return path
    found = Path(path.anchor)
    for part in path.relative_to(path.anchor).parts:
        if part == ".." or (found / part).exists():
            found /= part
            continue
        wanted = unicodedata.normalize("NFC", part)
        try:
            names = os.listdir(found)
        except OSError:
            return path
        alike = [name for name in names if unicodedata.normalize("NFC", name) == wanted]
        if len(alike) != 1:
            return path
        found /= alike[0]
    return found


def is_unicode(path: str | Path) -> bool:
    """Whether a path can stand in a text; names on old disks may hold bytes that are no UTF-8."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def refuse_unnameable(path: Path) -> None:
    """Refuses a name that is not UTF-8: no table can hold it.

    Raises:
        InputError: naming it.
    """
    if not is_unicode(os.path.realpath(path)):
        raise InputError(f"{path}: a name that is not UTF-8, which no table can hold; rename it")


SOUND = re.compile(
    rb"(RIFF|RF64|FORM).{4}(WAVE|AIFF|AIFC)|fLaC\0|OggS\0|ID3[\2-\4]|\xff[\xe2\xe3\xf2\xf3\xfa\xfb]"
    rb"|wvpk|\.snd\0|caff\0|.{4}ftyp",
    re.DOTALL,
)
"""What recordings begin with."""


def read_text(path: Path) -> str:
    """The text of a table: UTF-8, or UTF-16 that says so by its first bytes.

    Other codings are refused: which one it is cannot be told, and names would change.

    Raises:
        InputError: naming the first line that is no UTF-8.
    """
    try:
        data = path.read_bytes()
        if SOUND.match(data):
            raise InputError(
                f"{path}: a recording, not a table; a table has a column 'path' that names "
                "recordings ('chingolo find RECORDING --out songs.csv' makes one)"
            )
        wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start) + 1
        line = "" if error.encoding.startswith("utf-16") else f"line {number}: "
        raise InputError(
            f"{path}: {line}not a text in UTF-8; save it so (in a spreadsheet: 'CSV UTF-8')"
        ) from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    if data.startswith(b"PK\3\4"):
        raise InputError(f"{path}: a workbook or another zip; save its table as 'CSV UTF-8'")
    if "\0" in text[:4]:  # UTF-16 that does not say so, UTF-32, a file of another kind
        raise InputError(f"{path}: not a text in UTF-8; save it so (in a spreadsheet: 'CSV UTF-8')")
    return text


def make_folder(path: str | Path) -> Path:
    """Makes a folder and its parents.

    Raises:
        InputError: if a file is in the way or the folder may not be written.
    """
    path = Path(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{path}: cannot make this folder ({error.strerror})") from error
    return path
