"""Songs of a repertoire as arrays and rows: planned, sung, heard through a channel."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from chingolo.synth.recorder.channel import choose_channel, hear, recorders_of_channel
from chingolo.synth.score.population import PlannedSong, plan_songs, sing_planned
from chingolo.synth.score.repertoire import Repertoire
from chingolo.synth.score.song import song_gesture
from chingolo.synth.score.variation import as_written
from chingolo.synth.tables.bounds import SUNG_RATE
from chingolo.synth.tables.files import InputError
from chingolo.synth.voice.engines import ENGINES
from chingolo.synth.voice.gestures import refuse_beyond_band
from chingolo.synth.voice.render import render

BATCH = 128
"""Songs sung together; bounds the memory."""


@dataclass(frozen=True)
class SongRequest:
    """Which songs are sung, and how they are heard."""

    songs: int
    """How many in all."""

    era: str | None = None
    """Only the populations of this era; None for all."""

    individuals: int | None = None
    """Birds per population; None takes the repertoire's."""

    rare_to: int = 0
    """Every theme of fewer songs is brought up to this number."""

    engine: str = "ode"
    """Key in `ENGINES`."""

    channel: str = "digital-2020"
    """`random`, `wide`, or see `channel_preset`."""

    recorders: str | None = None
    """The set or family that a channel draws from; see `recorders_of_channel`."""

    snr: float | None = None
    """Signal-to-noise ratio, dB; None takes the channel's own."""

    other_singers: int = 0
    """How many songs of other birds of the plan are heard behind each."""

    sample_rate: int = 44_100
    """Hz."""

    seed: int = 0
    """Of every draw."""


def checked(request: SongRequest) -> SongRequest:
    """The request with its set of recorders named.

    Raises:
        InputError: for a number out of range or an unknown name.
    """
    if request.songs < 1:
        raise InputError(f"--songs {request.songs}: at least one song")
    if not SUNG_RATE.allow(request.sample_rate):
        raise InputError(f"--sample-rate {request.sample_rate}: expected {SUNG_RATE}")
    if request.engine not in ENGINES:
        raise InputError(f"--engine {request.engine}: expected one of {ENGINES.names()}")
    if request.other_singers and request.songs < 2:
        raise InputError("--other-singers: needs two songs at least, a song and another")
    recorders, _ = recorders_of_channel(request.channel, request.recorders)
    return replace(request, recorders=recorders)


def plan_request(repertoire: Repertoire, request: SongRequest) -> list[PlannedSong]:
    """Who sings what; see `plan_songs`.

    Raises:
        InputError: if no population is of the era, or the sample rate would lose notes of a theme.
    """
    plan = plan_songs(
        repertoire,
        songs=request.songs,
        seed=request.seed,
        era=request.era,
        individuals=request.individuals,
        rare_to=request.rare_to,
    )
    sung = {song.theme for song in plan}
    for theme in repertoire.themes:
        if theme.name in sung:
            gesture = song_gesture(as_written(theme), repertoire.singer)
            refuse_beyond_band(gesture, request.sample_rate, f"theme '{theme.name}'")
    return plan


def sing_songs(
    repertoire: Repertoire, request: SongRequest
) -> tuple[list[np.ndarray], pd.DataFrame]:
    """Sings all songs of a request, a pure function of its arguments.

    Args:
        repertoire: what is sung, and by whom.
        request: which songs, and how they are heard.

    Returns:
        One [samples] float32 per song, peak 0.5; and a song table of them without `path`.

    Raises:
        InputError: for a wrong request.
    """
    request = checked(request)
    plan = plan_request(repertoire, request)
    parts = [
        sing_part(repertoire, request, plan, range(first, min(first + BATCH, len(plan))))
        for first in range(0, len(plan), BATCH)
    ]
    waves = [wave for part, _ in parts for wave in part]
    return waves, pd.concat([rows for _, rows in parts], ignore_index=True)


def sing_part(
    repertoire: Repertoire, request: SongRequest, plan: list[PlannedSong], numbers: range
) -> tuple[list[np.ndarray], pd.DataFrame]:
    """Sings the songs of a plan with these numbers; see `sing_songs`."""
    bird, seed = repertoire.singer, request.seed
    _, machines = recorders_of_channel(request.channel, request.recorders)

    def sing(songs: list[PlannedSong]) -> list[np.ndarray]:
        gestures = [sing_planned(song, repertoire, seed=seed) for song in songs]
        return render(
            gestures,
            bird,
            engine=request.engine,
            sample_rate=request.sample_rate,
            whole_band=False,
        )

    waves = sing([plan[number] for number in numbers])
    neighbours = [_others(plan, number, request.other_singers, seed) for number in numbers]
    others = iter(sing([plan[index] for chosen in neighbours for index in chosen]))
    heard, rows = [], []
    for number, wave in zip(numbers, waves, strict=True):
        random = np.random.default_rng([seed, 23, number])
        channel = choose_channel(request.channel, random, machines)
        channel = replace(channel, other_singers=request.other_singers)
        if request.snr is not None:
            channel = replace(channel, snr=request.snr)
        behind = tuple(next(others) for _ in range(request.other_singers))
        heard.append(hear(wave, channel, behind, request.sample_rate, random))
        duration = len(heard[-1]) / request.sample_rate
        rows.append(_row(plan[number], duration, channel.device, repertoire))
    return heard, pd.DataFrame(rows)


def _others(plan: list[PlannedSong], number: int, count: int, seed: int) -> np.ndarray:
    """[count] numbers of songs heard behind a song: of other birds, if there are any, or others."""
    if not count:
        return np.zeros(0, int)
    random = np.random.default_rng([seed, 29, number])
    drawn = random.integers(len(plan), size=count)
    own = (plan[number].site, plan[number].individual)
    alone = all((song.site, song.individual) == own for song in plan)

    def wrong(index: int) -> bool:
        return index == number or (not alone and (plan[index].site, plan[index].individual) == own)

    for place in range(count):
        while wrong(int(drawn[place])):
            drawn[place] = random.integers(len(plan))
    return drawn


def _row(song: PlannedSong, duration: float, device: str, repertoire: Repertoire) -> dict:
    theme = repertoire.themes[repertoire.theme_names.index(song.theme)]
    return {
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
