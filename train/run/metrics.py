"""RUN/metrics.jsonl: one line of figures for each step that is told of."""

import json
from pathlib import Path
from typing import TextIO

from chingolo.synth.tables.files import atomic_path


def open_metrics(path: Path, step: int) -> TextIO:
    """Opens the metrics to go on from a step; what was told before it stays, whatever happens."""
    if path.is_file():
        kept = _lines_before(path, step)
        with atomic_path(path) as temporary:
            temporary.write_text("".join(kept))
    return path.open("a")


def _lines_before(path: Path, step: int) -> list[str]:
    kept = []
    with path.open(errors="replace") as file:
        for line in file:
            try:
                if json.loads(line)["step"] < step:
                    # a kill may have taken its end of line alone
                    kept.append(line.rstrip("\n") + "\n")
            except (ValueError, KeyError, TypeError):
                continue  # torn when the run was killed
    return kept
