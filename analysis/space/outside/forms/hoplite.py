"""Databases of perch-hoplite, which BirdNET-Analyzer writes too: a folder of two files.

`hoplite.sqlite` tells the windows, in the layout of version 1 (`recordings`, `windows`) or before
(`hoplite_sources`, `hoplite_embeddings`); `usearch.index` holds the vectors and is read by the
package `usearch`, where that is installed.
"""

import contextlib
import importlib
import json
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np

from chingolo.analysis.space.outside.forms.form import (
    Form,
    OutsideVectors,
    as_vectors,
    windows_table,
)
from chingolo.synth.tables.files import InputError

SQLITE, INDEX = "hoplite.sqlite", "usearch.index"
BIRDNET = "birdnet_analyzer_settings"
"""In the metadata of what BirdNET-Analyzer wrote."""

LAYOUTS = {
    "windows": (
        "SELECT windows.id, recordings.filename, windows.offsets FROM windows "
        "JOIN recordings ON windows.recording_id = recordings.id ORDER BY windows.id",
        "<f8",
    ),
    "hoplite_embeddings": (
        "SELECT hoplite_embeddings.id, hoplite_sources.source, hoplite_embeddings.offsets "
        "FROM hoplite_embeddings JOIN hoplite_sources "
        "ON hoplite_embeddings.source_idx = hoplite_sources.id ORDER BY hoplite_embeddings.id",
        "<f4",
    ),
}
"""By the table that tells a layout: number, recording and offsets of windows, and their type."""


def _takes(path: Path) -> bool:
    return (path / SQLITE).is_file() or path.name in (SQLITE, INDEX)


def _read(path: Path) -> OutsideVectors:
    folder = path if path.is_dir() else path.parent
    try:
        with contextlib.closing(_connect(folder / SQLITE)) as base:
            windows, metadata = _windows(base, folder), _metadata(base)
    except sqlite3.Error as error:
        raise InputError(f"{folder / SQLITE}: no database of perch-hoplite ({error})") from error
    if not windows:
        raise InputError(f"{folder}: a database that holds no embedding")
    numbers, names, offsets = zip(*windows, strict=True)
    length = _found(metadata, "window_size_s")
    times = [_times(each, length, folder) for each in offsets]
    roots = [_found(metadata, "AUDIO_ROOT"), _found(metadata, "base_path")]
    return OutsideVectors(
        as_vectors(_vectors(folder / INDEX, np.array(numbers)), str(folder / INDEX)),
        written_by="BirdNET-Analyzer" if BIRDNET in metadata else "perch-hoplite",
        windows=windows_table(names, *zip(*times, strict=True)),
        model=str(_found(metadata, "model_key") or ""),
        roots=tuple(Path(root) for root in roots if isinstance(root, str)),
    )


def _connect(file: Path) -> sqlite3.Connection:
    if not file.is_file():
        raise InputError(f"{file}: no such file; expected it beside {INDEX}")
    # without what was not yet written in, a database is read where nothing may be written either
    way = "mode=ro" if file.with_name(file.name + "-wal").exists() else "immutable=1"
    return sqlite3.connect(f"{file.resolve().as_uri()}?{way}", uri=True)


def _windows(base: sqlite3.Connection, folder: Path) -> list[tuple[int, str, np.ndarray]]:
    tables = {name for (name,) in base.execute("SELECT name FROM sqlite_master")}
    for table, (query, kind) in LAYOUTS.items():
        if table in tables:
            return [
                (number, str(name), np.frombuffer(offsets, kind).astype(np.float64))
                for number, name, offsets in base.execute(query)
            ]
    raise InputError(f"{folder / SQLITE}: a database without embeddings of perch-hoplite")


def _metadata(base: sqlite3.Connection) -> dict[str, Any]:
    """What the database tells of its making, by key."""
    told = {}
    for key, text in base.execute("SELECT * FROM hoplite_metadata"):
        with contextlib.suppress(TypeError, ValueError):
            told[str(key)] = json.loads(text)
    return told


def _found(told: Any, name: str) -> Any:
    """The first value of this name, at any depth; None where there is none."""
    if isinstance(told, dict):
        if name in told:
            return told[name]
        told = list(told.values())
    if isinstance(told, list):
        return next((found for each in told if (found := _found(each, name)) is not None), None)
    return None


def _times(offsets: np.ndarray, length: Any, folder: Path) -> tuple[float, float]:
    if len(offsets) == 2:
        return float(offsets[0]), float(offsets[1])
    if len(offsets) == 1 and isinstance(length, int | float):
        return float(offsets[0]), float(offsets[0]) + length
    raise InputError(f"{folder / SQLITE}: does not tell where its windows end")


def _vectors(file: Path, numbers: np.ndarray) -> np.ndarray:
    try:
        index = importlib.import_module("usearch.index").Index
    except ImportError as error:
        raise InputError(
            f"{file}: `pip install usearch` reads it; BirdNET-Analyzer's CSV (--file_output) needs "
            "nothing"
        ) from error
    if not file.is_file():
        raise InputError(f"{file}: no such file; expected it beside {SQLITE}")
    try:
        held = index.restore(str(file), view=True)
        there = np.asarray(held.contains(numbers))
        values = np.asarray(held.get(numbers[there]), np.float32)
    except Exception as error:  # of what is no index it raises errors of many kinds
        raise InputError(f"{file}: no index of usearch ({error})") from error
    if not there.all():
        raise InputError(
            f"{file}: {int((~there).sum())} of {len(there)} windows have no vector in it"
        )
    return values


HOPLITE = Form(
    title="perch-hoplite: a folder of hoplite.sqlite and usearch.index",
    takes=_takes,
    read=_read,
)
