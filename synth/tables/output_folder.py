"""A folder of made songs belongs to one request, so that what broke off can be continued."""

import json
from collections.abc import Callable
from pathlib import Path

from chingolo.synth.tables.files import InputError, atomic_path, make_folder


def claim(folder: Path, request: dict, *, note: str, older: dict) -> None:
    """Notes the request in the folder, or checks that the one there is the same.

    Args:
        folder: of the output; made where it is missing.
        request: as JSON gives it back.
        note: name of the file that holds the request.
        older: what a note means that was written before a key of the request existed, by key.

    Raises:
        InputError: if the folder holds another request's songs, or songs of unknown origin.
    """
    make_folder(folder)
    file = folder / note
    if file.is_file():
        try:
            before = dict(json.loads(file.read_text()))
        except (ValueError, TypeError) as error:
            raise InputError(f"{file}: not the note of an earlier request") from error
        before = {**older, **before}
        if before != request:
            changed = [key for key in request if before.get(key) != request[key]]
            raise InputError(
                f"{folder}: holds songs of another request (differs in {', '.join(changed)}); "
                "choose another --out"
            )
        return
    if (folder / "songs.csv").exists():
        raise InputError(f"{folder}: already holds a songs.csv that was not generated here")
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
                f"{file}: was edited since it was written here; it stays. Move it away to have it "
                "anew, or choose another --out"
            )
