"""Labelled collections that come parted into what is learnt from and what is asked, as BEANS does.

BEANS (Hagiwara et al. 2023, ICASSP) has a folder a set, with tables `...train.csv`, `...valid.csv`
and `...test.csv` of files and classes, or `.jsonl` of recordings with the events in them.
"""

import json
from pathlib import Path

import pandas as pd

from chingolo.synth.tables.files import InputError, counted
from chingolo.synth.tables.forms.cells import Tell

KNOWN, ASKED = "known", "asked"
"""What `part` says of a sound: it is learnt from, or it is told."""

PARTS = {"train": KNOWN, "valid": KNOWN, "test": ASKED}
SUFFIXES = (".csv", ".jsonl")
BELOW = ("", "meta", "data/metadata")
"""Folders of a set that may hold its tables."""


def split_tables(folder: Path) -> dict[str, Path]:
    """The tables of a set's parts, by `train`, `valid` and `test`; empty where it is none.

    Raises:
        InputError: if a folder holds several sets.
    """
    for below in BELOW:
        found: dict[str, list[Path]] = {}
        for path in sorted((folder / below).iterdir()) if (folder / below).is_dir() else []:
            name = path.stem.rsplit(".", 1)[-1]
            if path.suffix.lower() in SUFFIXES and name in PARTS and path.is_file():
                found.setdefault(name, []).append(path)
        if found.keys() >= {"train", "test"}:
            for paths in found.values():
                if len(paths) > 1:
                    raise InputError(
                        f"{folder / below}: {paths[0].name} and {paths[1].name} are of two sets; "
                        "expected one a folder"
                    )
            return {name: paths[0] for name, paths in found.items()}
    return {}


def read_events(path: Path, *, tell: Tell) -> pd.DataFrame:
    """Events of recordings: `path`, `start_s`, `end_s` and `label` of each.

    Args:
        path: a line of JSON a recording, with `path` and `annotations`, whose `st` and `ed` are s.
        tell: takes a sentence on events without a length.

    Raises:
        InputError: if a line is no such recording.
    """
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            recording = json.loads(line)
            rows += [
                {
                    "path": str(recording["path"]),
                    "start_s": float(event["st"]),
                    "end_s": float(event["ed"]),
                    "label": str(event["label"]),
                }
                for event in recording["annotations"]
            ]
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"{path}: line {number} is no recording with path and annotations of st, ed and "
                f"label ({error!r})"
            ) from error
    events = pd.DataFrame(rows, columns=["path", "start_s", "end_s", "label"])
    there = events["end_s"] > events["start_s"]
    if not there.all():
        have = "has" if (~there).sum() == 1 else "have"
        told = f"{(~there).sum()} of {counted(len(events), 'event')} {have} no length"
        tell(f"{path}: {told} and {'is' if have == 'has' else 'are'} left out")
    return events[there]
