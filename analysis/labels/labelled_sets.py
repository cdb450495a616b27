"""Labelled sound collections as they come: folders of classes, or tables with folds."""

import os
from pathlib import Path

import pandas as pd

from chingolo.analysis.find.recordings import audio_below, told_unheard
from chingolo.analysis.labels.split_sets import PARTS, read_events, split_tables
from chingolo.synth.tables.files import InputError, folders_of, is_file, is_unicode, on_disk
from chingolo.synth.tables.forms.cells import Tell
from chingolo.synth.tables.forms.delimited import read_rows
from chingolo.synth.tables.forms.headers import KNOWN, one_spelling
from chingolo.synth.tables.song_table import PLACE, refuse_other_times, validate_song_table

SLICES = "slice_file_name"
"""Files that are cut already, beside times of where they were cut from, as UrbanSound8K comes."""

PATH_COLUMNS = ("path", "filename", "file_name", "file", SLICES)
LABEL_COLUMNS = (
    "label",
    "category",
    "class",
    "genre",
    "instrument_family_str",
    "species",
    "target",
)


def read_labelled_set(
    path: Path, *, audio: Path | None = None, tell: Tell = lambda line: None
) -> pd.DataFrame:
    """Reads a labelled collection as a song table.

    A folder holds one folder of audio files for each class (as GTZAN comes), or tables of what is
    learnt from and what is asked (as BEANS comes); a CSV file names the files and their classes,
    and folds where it has a column `fold` (as ESC-50 comes); a JSON file maps each file's name to
    its annotations (as NSynth comes).

    Args:
        path: folder, `.csv`, `.json` or `.jsonl` (recordings with events).
        audio: folder of the files that a table names; default: the table's own, `audio` within it,
            or one of those that it stands in.
        tell: takes a sentence on files of a folder that are passed.

    Returns:
        A song table with `label`, `fold` where there are folds, and `part` (`known` or `asked`)
        where the set comes parted.

    Raises:
        InputError: if nothing is there, or a table has no column of files or of classes, or has
            another program's times, which would go unheard.
    """
    tables = split_tables(path) if path.is_dir() else {}
    if tables:
        parts = [
            _read_table(table, audio, tell).assign(part=PARTS[name])
            for name, table in tables.items()
        ]
        return pd.concat(parts, ignore_index=True)
    if path.is_dir():
        return _read_folder(path, tell)
    if not path.is_file():
        raise InputError(f"{path}: no such folder or table")
    return _read_table(path, audio, tell)


def _read_table(path: Path, audio: Path | None, tell: Tell) -> pd.DataFrame:
    try:
        if path.suffix == ".json":
            table = pd.read_json(path, orient="index", dtype=False)
            table["path"] = [f"{name}.wav" for name in table.index]
        elif path.suffix == ".jsonl":
            table = read_events(path, tell=tell)
        else:
            table = read_rows(path)
    except InputError:
        raise
    except (ValueError, OSError) as error:
        raise InputError(f"{path}: not a table ({str(error).splitlines()[0]})") from error
    table = table.set_axis(one_spelling(table.columns, KNOWN), axis=1)
    files = _first_column(table, PATH_COLUMNS, path, "files")
    labels = _first_column(table, LABEL_COLUMNS, path, "classes")
    if files != SLICES:
        refuse_other_times(table.columns, name=str(path))
    base = audio or _audio_folder(path, str(table[files].iloc[0]))
    songs = pd.DataFrame({"path": table[files].astype(str), "label": table[labels].astype(str)})
    for column in ("fold", "individual"):
        if column in table.columns:
            songs[column] = table[column].astype(str).to_numpy()
    for column in PLACE[1:]:
        if column in table.columns:
            songs[column] = table[column].to_numpy()
    return validate_song_table(songs.reset_index(drop=True), base=base, name=str(path))


def _read_folder(path: Path, tell: Tell) -> pd.DataFrame:
    root = os.path.realpath(path)
    classes: dict[str, Path] = {}
    for folder in sorted(path.iterdir(), key=lambda folder: (folder.is_symlink(), folder.name)):
        real = os.path.realpath(folder)
        # a link to the collection, or to a folder that holds it, is no class
        within = Path(root).is_relative_to(real)
        if folder.is_dir() and not folder.name.startswith(".") and not within:
            classes.setdefault(real, folder)
    apart = {root, *classes}
    files = sorted(file for folder in classes.values() for file in audio_below(folder, apart))
    nameless = [file for file in files if not is_unicode(file.absolute())]
    if nameless:
        more = f" (and {len(nameless) - 1} more)" if len(nameless) > 1 else ""
        tell(f"{nameless[0]}: a name that is not UTF-8; left out, rename it{more}")
    files = [file for file in files if file not in nameless]
    for line in told_unheard([path]):
        tell(line)
    if not files:
        raise InputError(f"{path}: expected one folder of audio files for each class; found none")
    labels = [file.relative_to(path).parts[0] for file in files]
    songs = pd.DataFrame({"path": [str(file.absolute()) for file in files], "label": labels})
    return validate_song_table(songs, base=path, name=str(path))


def _first_column(table: pd.DataFrame, names: tuple[str, ...], path: Path, what: str) -> str:
    for name in names:
        if name in table.columns and len(table):
            return name
    found = ", ".join(map(str, table.columns))
    raise InputError(f"{path}: no column of {what} ({', '.join(names)}); there are {found}")


def _audio_folder(path: Path, first: str) -> Path:
    beside = (path.parent, path.parent / "audio", path.parent.parent / "audio")
    for folder in (*beside, *folders_of(path)[1:], *path.absolute().parents):
        if is_file(on_disk((folder / first).absolute())):
            return folder
    raise InputError(
        f"{path}: file {first} is neither beside it nor in 'audio', nor below "
        "a folder that it stands in; say --audio"
    )
