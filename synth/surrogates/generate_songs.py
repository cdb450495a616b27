"""Writes generated songs to a folder: audio, table, contact sheet; continues what broke off."""

import io
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from chingolo.synth.recorder.channel import recorders_of_channel
from chingolo.synth.score.repertoire_file import load_notes, load_repertoire
from chingolo.synth.sheets.contact_sheet import write_contact_sheet
from chingolo.synth.surrogates.sing_as_written import chosen_themes, of_these_alone
from chingolo.synth.surrogates.sing_songs import (
    BATCH,
    SongRequest,
    checked,
    plan_request,
    sing_part,
)
from chingolo.synth.tables.audio import is_whole, write_audio
from chingolo.synth.tables.content import begin_request, content_hash
from chingolo.synth.tables.files import InputError, atomic_path
from chingolo.synth.tables.song_table import read_song_table

SHOWN = 2000
"""Songs from which the contact sheet is chosen."""


def generate_songs(
    repertoire_name: str,
    folder: Path,
    request: SongRequest,
    *,
    themes: Sequence[str] = (),
    notes: Sequence[str] = (),
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Counter[str]:
    """Generates songs into `folder`, or continues what an interrupted call left there.

    The table grows by whole batches, after their audio is complete, so that at any moment it lists
    complete songs alone.

    Args:
        repertoire_name: see `load_repertoire`.
        folder: receives `songs.csv`, `audio/`, `generate.json` and `contact_sheet.png`.
        request: which songs, and how they are heard.
        themes: of the repertoire that alone are sung; none with `notes`: all.
        notes: of the repertoire, each sung by itself, under its name as theme.
        progress: called with (songs done, songs in all).

    Returns:
        How many songs of each theme were written.

    Raises:
        InputError: for a wrong repertoire or request, or a folder that holds another request's
            songs.
    """
    request = checked(request)
    repertoire = load_repertoire(repertoire_name)
    if themes or notes:
        known = load_notes(repertoire_name) if notes else {}
        chosen = chosen_themes(repertoire, known, themes=themes, alone=notes)
        repertoire = of_these_alone(repertoire, chosen)
    plan = plan_request(repertoire, request)
    _, machines = recorders_of_channel(request.channel, request.recorders)
    instrument = content_hash(repertoire.singer, machines)
    begin_request(
        folder,
        {
            "repertoire": str(repertoire_name),
            "content": content_hash(repertoire),
            "instrument": instrument,
            **asdict(request),
        },
        name="generate.json",
        older={
            "instrument": instrument,
            "recorders": "field-1" if request.channel == "random" else None,
        },
        writes=("songs.csv", "contact_sheet.png", "audio/[0-9]*.flac"),
    )
    table_file = folder / "songs.csv"
    done = _complete_rows(table_file)
    damaged = _damaged_rows(table_file)
    progress(done, len(plan))
    for first in sorted({number // BATCH * BATCH for number in damaged}):
        numbers = range(first, min(first + BATCH, len(plan)))
        waves, _ = sing_part(repertoire, request, plan, numbers)
        for number, wave in zip(numbers, waves, strict=True):
            if number in damaged:
                write_audio(folder / _audio_name(number), wave, request.sample_rate)
    for first in range(done, len(plan), BATCH):
        numbers = range(first, min(first + BATCH, len(plan)))
        waves, rows = sing_part(repertoire, request, plan, numbers)
        rows.insert(0, "path", [*map(_audio_name, numbers)])
        for name, wave in zip(rows["path"], waves, strict=True):
            write_audio(folder / name, wave, request.sample_rate)
        _append_rows(table_file, rows, header=first == 0)
        progress(numbers.stop, len(plan))
    shown = read_song_table(table_file, rows=SHOWN)
    write_contact_sheet(
        shown, folder / "contact_sheet.png", title=f"synthetic: {repertoire.source}"
    )
    return Counter(song.theme for song in plan)


def _audio_name(number: int) -> str:
    return f"audio/{number:06d}.flac"


def _complete_rows(table_file: Path) -> int:
    """Number of rows in the table after cutting off a line that an interruption left unfinished."""
    if not table_file.is_file():
        return 0
    text = table_file.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]
    table = pd.read_csv(io.StringIO(whole), dtype=str) if whole else pd.DataFrame()
    rows = len(table)
    paths = table.get("path", pd.Series(dtype=str)).tolist()
    if rows and paths != [*map(_audio_name, range(rows))]:
        raise InputError(f"{table_file}: its rows were edited; choose another --out")
    # A batch is written whole or begun again: its draws do not depend on where it was cut.
    if whole != text:
        with atomic_path(table_file) as temporary:
            temporary.write_text(whole, encoding="utf-8")
    if not rows and table_file.exists():
        table_file.unlink()
    return rows


def _damaged_rows(table_file: Path) -> set[int]:
    """Songs of the table whose audio is gone or broken off since it was written."""
    if not table_file.is_file():
        return set()
    table = pd.read_csv(table_file, usecols=["path", "end_s"])
    return {
        number
        for number, (name, length_s) in enumerate(zip(table["path"], table["end_s"], strict=True))
        if not is_whole(table_file.parent / name, float(length_s))
    }


def _append_rows(table_file: Path, rows: pd.DataFrame, *, header: bool) -> None:
    text = rows.to_csv(index=False, header=header)
    if not header:
        with table_file.open(encoding="utf-8", newline="") as file:
            if file.readline() != rows.iloc[:0].to_csv(index=False):
                raise InputError(f"{table_file}: its columns were edited; choose another --out")
    with table_file.open("a", encoding="utf-8", newline="") as file:
        file.write(text)
