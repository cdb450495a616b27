"""Audacity label tracks: start, end, text; what else is known follows the text as JSON."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from chingolo.synth.tables.files import InputError
from chingolo.synth.tables.forms.cells import Read, as_text, one_line
from chingolo.synth.tables.words import DECIMAL_COMMA, THOUSANDS

FREQUENCIES = ("low_hz", "high_hz")
UNKNOWN_HZ = "-1.0"
"""What Audacity writes for a frequency that is not set."""


def to_audacity(table: pd.DataFrame) -> str:
    """Start, end and label of each song; everything else follows the label as one JSON object."""
    lines = []
    for row in as_text(table).to_dict("records"):
        start, end = row.pop("start_s", ""), row.pop("end_s", "")
        label = row.pop("label", None)
        band = [row.pop(name, "") for name in FREQUENCIES]
        if not start or not end:
            times = {"start_s": start, "end_s": end}
            row |= times
            start, end = _shown_times(times)
        if label is not None:
            row["label"] = label
        told = json.dumps(row, ensure_ascii=False)
        lines.append(f"{start}\t{end}\t{one_line(label or '')} {told}\n")
        if any(band):
            lines.append("\t".join(["\\", *(value or UNKNOWN_HZ for value in band)]) + "\n")
    return "".join(lines)


def from_audacity(text: str, path: Path) -> Read:
    """Reads a label track. What a person may have edited, times and text, counts before the JSON.

    Raises:
        InputError: for a line that is neither a label nor its frequencies.
    """
    rows: list[dict[str, str]] = []
    lines: list[int] = []
    bands = 0
    for number, line in enumerate(text.split("\n"), start=1):
        parts = line.rstrip("\r").split("\t", 2)
        if not line.strip():
            continue
        if parts[0] == "\\" and rows and len(parts) == 3:
            if lines[-1] == bands:
                raise InputError(
                    f"{path}: line {number}: a second line of frequencies for the label of line "
                    f"{lines[-1]}; one can count"
                )
            bands = lines[-1]
            band = zip(FREQUENCIES, parts[1:], strict=True)
            rows[-1] |= {name: "" if _is_negative(value) else value for name, value in band}
            continue
        parts[:2] = map(_pointed, parts[:2])
        try:
            if not np.isfinite([float(parts[0]), float(parts[1])]).all():
                raise ValueError("a time is not finite")
        except (ValueError, IndexError) as error:
            raise InputError(
                f"{path}: line {number}: expected start, end and label with tabs between, as of "
                "Audacity (a table of Raven begins with the names of its columns)"
            ) from error
        rows.append(_row(parts[0], parts[1], parts[2] if len(parts) == 3 else ""))
        lines.append(number)
    if not rows:
        raise InputError(f"{path}: no label in it")
    return Read(pd.DataFrame(rows).fillna(""), lines)


def _pointed(time: str) -> str:
    """A time with its decimal point, where a comma can be nothing else."""
    comma = DECIMAL_COMMA.fullmatch(time.strip()) and not THOUSANDS(time.strip())
    return time.replace(",", ".") if comma else time


def _row(start: str, end: str, text: str) -> dict[str, str]:
    noted = _noted(text)
    if noted is None:
        return {"start_s": start, "end_s": end, "label": text}
    shown, row = noted
    times = {"start_s": start, "end_s": end}
    try:
        written = [float(time) for time in _shown_times(times | row)]
        moved = not np.allclose(written, [float(start), float(end)], rtol=0, atol=1e-6)
    except ValueError:
        moved = True
    row |= times if moved else {}
    if shown.strip() != one_line(row.get("label", "")).strip():
        row["label"] = shown.strip()
    return times | row


def _shown_times(row: dict[str, str]) -> tuple[str, str]:
    """Times for a song that lacks one, for a label track cannot leave it out."""
    return row["start_s"] or "0.0", row["end_s"] or row["start_s"] or "0.0"


def _noted(text: str) -> tuple[str, dict[str, str]] | None:
    """The text, and the values that `to_audacity` put behind it; None for a text without."""
    places = [index for index, letter in enumerate(text) if letter == "{"]
    found = []
    for at in places:
        try:
            values, stop = json.JSONDecoder().raw_decode(text, at)
        except (ValueError, RecursionError):
            continue
        if isinstance(values, dict) and all(isinstance(value, str) for value in values.values()):
            found.append((text[:at] + text[stop:], values, stop == len(text)))
    # at the end, where it was written; or before a text that was added behind it
    found.sort(key=lambda each: not each[2])
    for shown, values, _ in found:
        if "path" in values:  # all that is written here names its recording
            return shown, values
    return None


def _is_negative(value: str) -> bool:
    try:
        return float(value) < 0
    except ValueError:
        return False
