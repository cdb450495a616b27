"""Fits the songs of a table into a folder; continues what broke off.

Of each song the folder keeps, under its number, what `kept_song.py` writes. The tables are put
together from these at the end.
"""

import dataclasses
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from chingolo.synth.fit.fit_song import (
    LONGEST_SONG,
    REFINE_STEPS,
    UnfittableError,
    bird_by_ear,
    other_bird,
    some_waves,
    too_long,
    track_song,
)
from chingolo.synth.fit.fitted_song import Fit, analysis_rate
from chingolo.synth.fit.fitted_theme import CopySettings, Spread, fitted_repertoire
from chingolo.synth.fit.gesture_files import is_kept, theme_from, write_other_bird
from chingolo.synth.fit.kept_song import keep
from chingolo.synth.fit.quality import Quality
from chingolo.synth.fit.realism import Realism, realism
from chingolo.synth.fit.refine import refine
from chingolo.synth.fit.track.chirp_plane import RATE
from chingolo.synth.recorder.channel import recorders_of_channel
from chingolo.synth.score.repertoire_file import load_bird
from chingolo.synth.score.write_repertoire import write_repertoire
from chingolo.synth.sheets.comparison_sheet import write_comparison_sheet
from chingolo.synth.tables.audio import load_excerpt, times_of
from chingolo.synth.tables.bounds import SUNG_RATE
from chingolo.synth.tables.content import begin_request, content_hash, write_unedited
from chingolo.synth.tables.files import (
    InputError,
    atomic_path,
    make_folder,
    told_broken,
)
from chingolo.synth.tables.song_table import (
    PLACE,
    read_song_table,
    song_reference,
    write_song_table,
)
from chingolo.synth.voice.birds import BIRDS, Bird

OWN_COLUMNS = ("fit_copy", "fit_song", "fit_verdict")
"""What `songs.csv` tells of each copy beside the columns of the song that was fitted: 0 for the
faithful one, the song's number in the table, and its verdict."""

WRITES = (
    *("songs.csv", "fit.csv", "repertoire.yaml", "contact_sheet.png", "realism.json"),
    *("songs/[0-9]*.json", "gestures/[0-9]*.npz", "audio/[0-9]*_[0-9]*.flac"),
    "audio/[0-9]*_heard.flac",
)
"""Patterns of the files of a folder of fits."""

BATCH = 16
"""Songs fitted together."""

USUAL_BIRD = "rufous_collared_sparrow"
MOST_TRIED = 50
"""Songs of poor fits that other birds are tried with."""


@dataclasses.dataclass(frozen=True)
class FittedTable:
    """What `fit_songs` made."""

    songs: pd.DataFrame
    quality: pd.DataFrame
    realism: Realism
    remarks: tuple[str, ...] = ()
    """Which songs want another bird, and the command that fits them."""


def fit_songs(
    table_file: Path,
    folder: Path,
    *,
    copies: int = 0,
    spread: Spread = "rendition",
    bird_name: str = "auto",
    channel: str = "none",
    recorders: str | None = None,
    sample_rate: int = RATE,
    refine_steps: int = REFINE_STEPS,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
    tell: Callable[[str], None] = lambda line: None,
) -> FittedTable:
    """Fits every song of a table.

    Args:
        table_file: song table.
        folder: receives `songs.csv`, `fit.csv`, `repertoire.yaml`, `contact_sheet.png`,
            `realism.json`, `audio/`, `gestures/` and `songs/`; and `other_birds/`, what songs want.
        copies: varied surrogates of each song, besides the faithful re-synthesis.
        spread: how the surrogates vary; see `spread_repertoire`.
        bird_name: see `load_bird`; `auto` for `USUAL_BIRD`, larger where the songs are low.
        channel: `none`, `random`, `wide` or a recorder, that the surrogates are heard through;
            `own` for the room, background and level of the recording that was fitted.
        recorders: the set or family that a channel draws from; see `recorders_of_channel`.
        sample_rate: of the audio, Hz.
        refine_steps: of `refine.refine`; 0 leaves the fits as they were tracked.
        seed: of every draw.
        progress: called with (songs done, songs in all).
        tell: takes lines on songs that are heard as far as their recording goes.

    Raises:
        InputError: for a wrong table or request, a table with columns of `OWN_COLUMNS`, or a folder
            that holds another request's songs.
    """
    if copies < 0:
        raise InputError(f"--copies {copies}: 0 or more")
    if not SUNG_RATE.allow(sample_rate):
        raise InputError(f"--sample-rate {sample_rate}: expected {SUNG_RATE}")
    if refine_steps < 0:
        raise InputError(f"--refine-steps {refine_steps}: 0 or more")
    recorders, machines = recorders_of_channel("none" if channel == "own" else channel, recorders)
    bird = None if bird_name == "auto" else load_bird(bird_name)
    if bird is not None and bird.coupling:
        raise InputError(
            f"--bird {bird_name}: fits are of sources that do not hear each other; leave out "
            "'coupling'"
        )
    table = read_song_table(table_file)
    taken = [name for name in (*OWN_COLUMNS, "fitted_from") if name in table.columns]
    if taken:
        raise InputError(
            f"{table_file}: '{taken[0]}' is a column that fit writes; rename it, or fit the "
            "recordings in place of their re-synthesis"
        )
    bird = bird or bird_by_ear(some_waves(table), BIRDS[USUAL_BIRD])
    instrument = content_hash(bird, machines)
    rows = json.loads(table.to_json(orient="records"))
    begin_request(
        folder,
        {
            "songs": rows,
            "copies": copies,
            "spread": spread,
            "bird": bird.name,
            "channel": channel,
            "recorders": recorders,
            "instrument": instrument,
            "sample_rate": sample_rate,
            "refine_steps": refine_steps,
            "seed": seed,
        },
        name="fit.json",
        older={
            "instrument": instrument,
            "recorders": "field-1" if channel == "random" else None,
        },
        writes=WRITES,
    )
    for name in ("songs", "gestures", "audio"):
        make_folder(folder / name)
    wanted = [number for number in range(len(table)) if not is_kept(folder, number)]
    settings = CopySettings(copies, spread, channel, machines, sample_rate, seed)
    broken: dict[int, str] = {}
    for begin in range(0, len(wanted), BATCH):
        numbers = wanted[begin : begin + BATCH]
        progress(len(table) - len(wanted) + begin, len(table))
        heard = [_fit_one(table.iloc[number], bird, broken) for number in numbers]
        fitted = [each for each in heard if not isinstance(each, str)]
        waves, fits = [wave for wave, _ in fitted], [fit for _, fit in fitted]
        better = iter(zip(waves, refine(waves, fits, bird, steps=refine_steps), strict=True))
        for number, found in zip(numbers, heard, strict=True):
            if isinstance(found, str):
                made = {"verdict": "failed", "reason": found}
            else:
                made = keep(*next(better), number, folder, bird, settings)
            with atomic_path(folder / "songs" / f"{number:06d}.json") as temporary:
                temporary.write_text(json.dumps(made))
    progress(len(table), len(table))
    for line in told_broken(broken, len(table)):
        tell(line)
    fitted = _assemble(table, folder, bird)
    if bird_name != "auto":
        return fitted
    return dataclasses.replace(fitted, remarks=_other_birds(table, fitted.quality, bird, folder))


def _other_birds(
    table: pd.DataFrame, quality: pd.DataFrame, bird: Bird, folder: Path
) -> tuple[str, ...]:
    """Which songs of poor fits another bird than the table's would fit; see `other_bird`."""
    poor = quality["song"][quality["verdict"].isin(["poor", "failed"])].tolist()
    wanted: dict[Bird, list[int]] = {}
    for number in poor[:MOST_TRIED]:
        other = other_bird(some_waves(table.iloc[[number]]), BIRDS[USUAL_BIRD], bird)
        if other is not None:
            wanted.setdefault(other, []).append(number)
    return tuple(
        write_other_bird(table.iloc[numbers], numbers, other, folder)
        for other, numbers in wanted.items()
    )


def _fit_one(song: pd.Series, bird: Bird, broken: dict[int, str]) -> tuple[np.ndarray, Fit] | str:
    """A song's wave and fit, or why there is none; notes in `broken` what ended its recording."""
    try:
        # Before it is decoded: of a folder of whole nights each would fill the memory.
        begin, end = times_of(song)
        if end - begin > LONGEST_SONG:
            return too_long(end - begin)
        heard = load_excerpt(song, sample_rate=analysis_rate(bird), context_s=0.0)
        if heard.broken:
            row = int(str(song.name))
            broken[row] = f"row {row + 1}: {song['path']}: {heard.broken}"
        return heard.wave, track_song(heard.wave, bird)
    except (InputError, UnfittableError) as error:
        return str(error)


def _assemble(table: pd.DataFrame, folder: Path, bird: Bird) -> FittedTable:
    """Tables, repertoire, contact sheet and realism from the songs' records."""
    songs, qualities, themes = [], [], []
    for number, (_, song) in enumerate(table.iterrows()):
        record = json.loads((folder / "songs" / f"{number:06d}.json").read_text())
        known = {name: song[name] for name in PLACE if name in song}
        fields = [field.name for field in dataclasses.fields(Quality)]
        qualities.append(
            {"song": number, **known, "notes": record.get("notes", 0)}
            | {name: record.get(name) for name in fields}
            | {"heard": record.get("heard")}
        )
        if "theme" not in record:
            continue
        themes.append(theme_from(record["theme"]))
        for copy, made in enumerate(record["audio"]):
            rest = song.drop([*known, "device"], errors="ignore").to_dict()
            songs.append(
                {"path": str((folder / made["path"]).resolve()), "start_s": 0.0}
                | {"end_s": made["end_s"], **rest, "device": made["device"]}
                | {"origin": "resynthesised", "fitted_from": song_reference(song)}
                | dict(zip(OWN_COLUMNS, (copy, number, record["verdict"]), strict=True))
            )
    quality = pd.DataFrame(qualities)
    write_unedited(folder / "fit.csv", partial(quality.to_csv, index=False))
    if not songs:
        raise InputError(f"{folder / 'fit.csv'}: no song could be fitted; the reasons are there")
    made = pd.DataFrame(songs)
    species = table["species"].mode().iloc[0] if "species" in table.columns else ""
    notation = fitted_repertoire(themes, str(species), bird)
    write_unedited(folder / "repertoire.yaml", partial(write_repertoire, notation))
    gestures = {
        number: folder / "gestures" / f"{number:06d}.npz"
        for number in quality["song"][quality["verdict"] != "failed"]
    }
    told = realism(table, gestures, bird)
    with atomic_path(folder / "realism.json") as temporary:
        temporary.write_text(json.dumps(dataclasses.asdict(told), indent=1))
    write_comparison_sheet(table, made, quality, folder / "contact_sheet.png")
    write_unedited(folder / "songs.csv", partial(write_song_table, made))
    return FittedTable(made, quality, told)
