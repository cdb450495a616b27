"""Embeddings of BirdNET-Analyzer as text.

From version 2.4 on one CSV (`--file_output`) with `file_path,start,end,embedding`, the embedding in
quotation marks with commas between values. Before, `.birdnet.embeddings.txt` files: in version 1
one a recording, each line start, end and values between tabs; in version 2.0 one a window, the
values alone, and its times in the name.
"""

import csv
import re
from pathlib import Path

import numpy as np

from chingolo.analysis.space.outside.forms.form import (
    Form,
    OutsideVectors,
    as_vectors,
    windows_table,
)
from chingolo.synth.tables.files import InputError, read_text

ENDING = ".birdnet.embeddings.txt"
HEADER = ["file_path", "start", "end", "embedding"]
IN_NAME = re.compile(r"(.+)_(\d+(?:\.\d+)?)_(\d+(?:\.\d+)?)")
"""Recording, start and end, of a file that holds one window."""

Row = tuple[str, float, float, list[float]]


def _takes(path: Path) -> bool:
    if path.is_dir():
        return next(path.rglob(f"*{ENDING}"), None) is not None
    if path.name.endswith(ENDING):
        return True
    if path.suffix.lower() != ".csv" or not path.is_file():
        return False
    with path.open("rb") as file:
        first = file.readline(200).decode("utf-8-sig", "replace")
    return first.strip().split(",") == HEADER


def _read(path: Path) -> OutsideVectors:
    if path.suffix.lower() == ".csv":
        rows = _csv_rows(path)
    else:
        files = sorted(path.rglob(f"*{ENDING}")) if path.is_dir() else [path]
        folder = path if path.is_dir() else path.parent
        rows = [row for file in files for row in _text_rows(file, folder)]
    if not rows:
        raise InputError(f"{path}: holds no embedding")
    paths, starts, ends, values = zip(*rows, strict=True)
    return OutsideVectors(
        as_vectors(values, str(path)),
        written_by="BirdNET-Analyzer",
        windows=windows_table(paths, starts, ends),
    )


def _csv_rows(path: Path) -> list[Row]:
    reader = csv.reader(read_text(path).splitlines(), strict=True)
    rows = []
    try:
        next(reader)
        for cells in reader:
            if not cells:
                continue
            if len(cells) != len(HEADER):
                raise InputError(
                    f"{path}: line {reader.line_num}: {len(cells)} cells; expected "
                    f"{', '.join(HEADER)}"
                )
            name, start, end, values = cells
            rows.append((name, *_numbers(f"{path}: line {reader.line_num}", start, end, values)))
    except csv.Error as error:
        raise InputError(f"{path}: line {reader.line_num}: no CSV ({error})") from error
    return rows


def _text_rows(file: Path, folder: Path) -> list[Row]:
    stem = file.relative_to(folder).as_posix().removesuffix(ENDING)
    lines = [line for line in read_text(file).splitlines() if line.strip()]
    if any("\t" in line for line in lines):
        rows = []
        for number, line in enumerate(lines, 1):
            cells = line.split("\t")
            if len(cells) != 3:
                raise InputError(f"{file}: line {number}: expected start, end and values")
            rows.append((stem, *_numbers(f"{file}: line {number}", *cells)))
        return rows
    times = IN_NAME.fullmatch(stem)
    if times is None or len(lines) != 1:
        raise InputError(
            f"{file}: no embeddings of BirdNET-Analyzer; expected lines of start, end and values "
            f"between tabs, or one line of values in a file NAME_START_END{ENDING}"
        )
    return [(times[1], *_numbers(str(file), times[2], times[3], lines[0]))]


def _numbers(where: str, start: str, end: str, values: str) -> tuple[float, float, list[float]]:
    try:
        return float(start), float(end), np.array(values.split(","), np.float64).tolist()
    except ValueError as error:
        raise InputError(f"{where}: not a number ({error})") from error


BIRDNET_ANALYZER = Form(
    title="BirdNET-Analyzer: the CSV of its embeddings, or .birdnet.embeddings.txt files",
    takes=_takes,
    read=_read,
)
