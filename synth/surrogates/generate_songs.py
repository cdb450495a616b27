"""Writes generated songs to a folder: audio, song table, contact sheet; continues a broken run."""

import io
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from chingolo.synth.recorder.channel import choose_channel, hear, recorders_of_channel
from chingolo.synth.score.population import PlannedSong, plan_songs, sing_planned
from chingolo.synth.score.repertoire import Repertoire
from chingolo.synth.score.repertoire_file import load_repertoire
from chingolo.synth.tables.audio import write_audio
from chingolo.synth.tables.contact_sheet import write_contact_sheet
from chingolo.synth.tables.content import content_hash
from chingolo.synth.tables.files import InputError, atomic_path
from chingolo.synth.tables.output_folder import claim
from chingolo.synth.tables.song_table import read_song_table
from chingolo.synth.voice.birds import BIRDS
from chingolo.synth.voice.render import Engine, render

BATCH = 128
"""Songs sung together and entered in the table together; bounds the memory."""

SHOWN = 2000
"""Songs from which the contact sheet is chosen."""


def generate_songs(
    repertoire_name: str,
    folder: Path,
    *,
    songs: int,
    seed: int,
    era: str | None = None,
    individuals: int | None = None,
    rare_to: int = 0,
    engine: Engine = "ode",
    channel: str = "digital-2020",
    recorders: str | None = None,
    snr: float | None = None,
    other_singers: int = 0,
    sample_rate: int = 44_100,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Counter[str]:
    """Generates songs into `folder`, or continues what an interrupted call left there.

    The table grows by whole batches, after their audio is complete, so that at any moment it lists
    complete songs alone.

    Args:
        repertoire_name: see `load_repertoire`.
        folder: receives `songs.csv`, `audio/`, `generate.json` and `contact_sheet.png`.
        songs: how many.
        seed: of every draw.
        era: see `plan_songs`.
        individuals: see `plan_songs`.
        rare_to: see `plan_songs`.
        engine: see `render`.
        channel: `random`, or see `channel_preset`.
        recorders: the set that a random channel draws from; see `recorders_of_channel`.
        snr: dB; None takes the channel's own.
        other_singers: how many other birds of the batch are heard behind each song.
        sample_rate: Hz.
        progress: called with (songs done, songs in all).

    Returns:
        How many songs of each theme were written.

    Raises:
        InputError: for a wrong repertoire or request, or a folder that holds another request's
            songs.
    """
    if songs < 1:
        raise InputError(f"--songs {songs}: at least one song")
    if not 8000 <= sample_rate <= 192_000:
        raise InputError(f"--sample-rate {sample_rate}: from 8000 to 192000 Hz")
    recorders, machines = recorders_of_channel(channel, recorders)
    repertoire = load_repertoire(repertoire_name)
    bird = BIRDS[repertoire.bird]
    plan = plan_songs(
        repertoire, songs=songs, seed=seed, era=era, individuals=individuals, rare_to=rare_to
    )
    request = {
        "repertoire": str(repertoire_name),
        "content": content_hash(repertoire),
        "instrument": content_hash(bird, machines),
        "songs": songs,
        "era": era,
        "individuals": individuals,
        "rare_to": rare_to,
        "engine": engine,
        "channel": channel,
        "recorders": recorders,
        "snr": snr,
        "other_singers": other_singers,
        "sample_rate": sample_rate,
        "seed": seed,
    }

    def sing(songs: list[PlannedSong]) -> list[np.ndarray]:
        gestures = [sing_planned(song, repertoire, seed=seed) for song in songs]
        return render(gestures, bird, engine=engine, sample_rate=sample_rate)

    table_file = folder / "songs.csv"
    claim(
        folder,
        json.loads(json.dumps(request)),
        note="generate.json",
        older={
            "instrument": request["instrument"],
            "recorders": "field-1" if channel == "random" else None,
        },
    )
    done = _complete_rows(table_file)
    progress(done, len(plan))
    for first in range(done, len(plan), BATCH):
        batch = plan[first : first + BATCH]
        waves = sing(batch)
        neighbours = [
            np.random.default_rng([seed, 29, number]).integers(len(plan), size=other_singers)
            for number in range(first, first + len(batch))
        ]
        others = sing([plan[index] for chosen in neighbours for index in chosen])
        rows = []
        for number, (song, wave) in enumerate(zip(batch, waves, strict=True), start=first):
            random = np.random.default_rng([seed, 23, number])
            hearing = choose_channel(channel, random, machines)
            hearing = replace(hearing, other_singers=other_singers)
            if snr is not None:
                hearing = replace(hearing, snr=snr)
            at = (number - first) * other_singers
            heard = hear(wave, hearing, tuple(others[at : at + other_singers]), sample_rate, random)
            name = f"audio/{number:06d}.flac"
            write_audio(folder / name, heard, sample_rate)
            device = hearing.recorder.name if hearing.recorder else "none"
            rows.append(_row(name, song, len(heard) / sample_rate, device, repertoire))
        _append_rows(table_file, pd.DataFrame(rows), header=first == 0)
        progress(first + len(batch), len(plan))
    shown = read_song_table(table_file, rows=SHOWN)
    write_contact_sheet(
        shown, folder / "contact_sheet.png", title=f"synthetic: {repertoire.source}"
    )
    return Counter(song.theme for song in plan)


def _row(name: str, song: PlannedSong, duration: float, device: str, repertoire: Repertoire):
    theme = repertoire.themes[repertoire.theme_names.index(song.theme)]
    return {
        "path": name,
        "start_s": 0.0,
        "end_s": round(duration, 6),
        "species": repertoire.species,
        "label": song.theme,
        "era": song.era,
        "individual": song.individual,
        "site": song.site,
        "latitude": song.latitude,
        "longitude": song.longitude,
        "device": device,
        "origin": "synthetic",
        "source": repertoire.source,
        "habitat": theme.habitat,
    }


def _complete_rows(table_file: Path) -> int:
    """Number of rows in the table after cutting off a line that an interruption left unfinished."""
    if not table_file.is_file():
        return 0
    text = table_file.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]
    rows = len(pd.read_csv(io.StringIO(whole), dtype=str)) if whole else 0
    # A batch is written whole or begun again: its draws do not depend on where it was cut.
    if whole != text:
        with atomic_path(table_file) as temporary:
            temporary.write_text(whole, encoding="utf-8")
    if not rows and table_file.exists():
        table_file.unlink()
    return rows


def _append_rows(table_file: Path, rows: pd.DataFrame, *, header: bool) -> None:
    text = rows.to_csv(index=False, header=header)
    with table_file.open("a", encoding="utf-8", newline="") as file:
        file.write(text)
