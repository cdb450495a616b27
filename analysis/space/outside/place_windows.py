"""Windows of recordings as rows of a song table: where they are, and what a table tells of them."""

import contextlib
from collections.abc import Callable, Sequence
from functools import cache
from itertools import takewhile
from pathlib import Path, PurePosixPath, PureWindowsPath

import numpy as np
import pandas as pd

from chingolo.analysis.find.recordings import AUDIO_ENDINGS
from chingolo.synth.tables.audio import length_s
from chingolo.synth.tables.files import InputError, counted
from chingolo.synth.tables.song_table import validate_song_table
from chingolo.synth.tables.words import composed

Tell = Callable[[str], None]

CLOSE_S = 0.01
"""By how much times of one window may differ: tables are written with few digits."""


def place_windows(
    windows: pd.DataFrame, file: Path, roots: Sequence[Path], *, tell: Tell
) -> tuple[pd.DataFrame, np.ndarray]:
    """Windows with absolute paths and ends within their recordings, where these are there.

    Args:
        windows: [rows] of `OutsideVectors.windows`.
        file: that tells them.
        roots: folders that relative paths may start from, before the file's own and the one that
            the command is run in.
        tell: takes a line on windows that are left out.

    Returns:
        A song table, and its rows among those given: windows that begin behind the end of their
        recording hold nothing of it.

    Raises:
        InputError: for times that are none.
    """
    own = file if file.is_dir() else file.parent
    folders = [*roots, own, Path()]
    by_stem = cache(_audio_by_stem)
    names = {name: _audio(str(name), folders, own, by_stem) for name in windows["path"].unique()}
    placed = windows.assign(path=windows["path"].map(names))
    placed = validate_song_table(placed, base=own, name=str(file))
    return within_recordings(placed, str(file), tell=tell)


def within_recordings(
    windows: pd.DataFrame, name: str, *, tell: Tell
) -> tuple[pd.DataFrame, np.ndarray]:
    """Windows up to the ends of their recordings, and which rows they are; see `place_windows`."""
    lengths = {path: _length(path) for path in windows["path"].unique()}
    length = windows["path"].map(lengths).to_numpy(np.float64)
    kept = np.flatnonzero(windows["start_s"].to_numpy() < length)
    if len(kept) < len(windows):
        late = windows["path"].iloc[np.setdiff1d(np.arange(len(windows)), kept)[0]]
        gone = len(windows) - len(kept)
        told = counted(gone, "window begins", "windows begin") + " behind the end of "
        told += "its recording" if gone == 1 else "their recording"
        if not len(kept):
            raise InputError(f"{name}: all {told} ({late})")
        tell(f"{name}: {told} (the first in {late}), and are left out")
    ends = np.minimum(windows["end_s"].to_numpy(), length)
    return windows.assign(end_s=ends).iloc[kept].reset_index(drop=True), kept


def _audio(
    name: str, folders: Sequence[Path], own: Path, by_stem: Callable[[Path], dict[str, Path]]
) -> str:
    """The file of a recording; a path below `own` where none is found."""
    path = Path(PureWindowsPath(name).as_posix() if "\\" in name else name)
    for folder in folders:
        if (folder / path).is_file():
            return str((folder / path).absolute())
    if not _has_ending(path.name):  # some write a recording's name without it
        for folder in folders:
            file = by_stem((folder / path).parent).get(path.name)
            if file is not None:
                return str(file.absolute())
    return str((own / path).absolute())


def _audio_by_stem(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        return {}
    return {file.stem: file for file in sorted(folder.iterdir()) if _has_ending(file.name)}


def _has_ending(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in AUDIO_ENDINGS


def _length(path: str) -> float:
    """s; endless where there is no such recording."""
    with contextlib.suppress(InputError):
        if Path(path).is_file():
            return length_s(path)
    return np.inf


def windows_of_songs(
    windows: pd.DataFrame, songs: pd.DataFrame, name: str, *, tell: Tell
) -> tuple[pd.DataFrame, np.ndarray]:
    """What a song table tells of windows.

    Args:
        windows: of `place_windows`.
        songs: rows without times for whole recordings, rows with times for single windows.
        name: of the table, for messages.
        tell: takes a line on windows that the table does not tell of.

    Returns:
        A song table with a row a window, in the order of `songs`, and the windows' numbers.

    Raises:
        InputError: for a row without a window, or whose recording's name fits several.
    """
    of_path = dict(windows.groupby("path", sort=False).indices)
    match = _Recordings([str(path) for path in of_path])
    edges = windows[["start_s", "end_s"]].to_numpy()
    found, rows = [], []
    for row in range(len(songs)):
        song = songs.iloc[row]
        path = match(str(song["path"]), f"{name}: row {row + 1}")
        own = np.asarray(of_path[path])
        times = np.array([song.get(column, np.nan) for column in ("start_s", "end_s")], np.float64)
        told = ~np.isnan(times)
        own = own[(np.abs(edges[own] - times) < CLOSE_S)[:, told].all(axis=1)]
        if not len(own):
            raise InputError(
                f"{name}: row {row + 1}: no vector is of a window from {times[0]:g} to "
                f"{times[1]:g} s of {path}; `chingolo convert` lists the windows that there are"
            )
        found += [row] * len(own)
        rows += own.tolist()
    left = len(windows) - len(set(rows))
    if left:
        are = "is" if left == 1 else "are"
        many = f"{left} of {counted(len(windows), 'window')} {are}"
        tell(f"{many} of no row of {name}, and {are} left out")
    table = songs.iloc[found].reset_index(drop=True)
    times = windows.iloc[rows].reset_index(drop=True)
    table = table.assign(start_s=times["start_s"], end_s=times["end_s"])
    # the table may know where recordings are that the windows did not
    table, kept = within_recordings(table, name, tell=tell)
    return table, np.array(rows)[kept]


class _Recordings:
    """The recordings of the windows, told by the names that a table has for them."""

    def __init__(self, paths: Sequence[str]) -> None:
        self.by_stem: dict[str, list[str]] = {}
        self.taken: dict[str, str] = {}
        for path in paths:
            self.by_stem.setdefault(_stem(path), []).append(path)

    def __call__(self, path: str, where: str) -> str:
        """The one whose path agrees in most of its last parts, and in the name at least."""
        named = [each for each in self.by_stem.get(_stem(path), []) if _one_name(path, each)]
        agree = [_agreeing(path, each) for each in named]
        best = [each for each, parts in zip(named, agree, strict=True) if parts == max(agree)]
        if not best:
            raise InputError(f"{where}: there is no vector of {path}")
        if len(best) > 1:
            raise InputError(f"{where}: {path} may be {best[0]} or {best[1]}; expected one")
        if self.taken.setdefault(best[0], path) != path:
            raise InputError(
                f"{where}: {path} and {self.taken[best[0]]} would both be {best[0]}, of which the "
                "vectors are; expected one"
            )
        return best[0]


def _stem(path: str) -> str:
    name = composed(PurePosixPath(path).name)
    return PurePosixPath(name).stem if _has_ending(name) else name


def _one_name(one: str, other: str) -> bool:
    """Whether two recordings of one stem have one name: one may lack the ending."""
    names = [composed(PurePosixPath(path).name) for path in (one, other)]
    return names[0] == names[1] or not all(map(_has_ending, names))


def _agreeing(one: str, other: str) -> int:
    """How many of the last folders of two paths are alike."""
    pairs = zip(PurePosixPath(one).parts[-2::-1], PurePosixPath(other).parts[-2::-1], strict=False)
    return sum(1 for _ in takewhile(lambda pair: composed(pair[0]) == composed(pair[1]), pairs))
