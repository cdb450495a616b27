"""Who sings what: draws the songs of populations, a pure function of (repertoire, seed)."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from chingolo.synth.score.repertoire import Population, Repertoire
from chingolo.synth.score.song import song_gesture
from chingolo.synth.score.variation import Singer, vary
from chingolo.synth.tables.files import InputError
from chingolo.synth.voice.gestures import Gesture


@dataclass(frozen=True, slots=True)
class PlannedSong:
    """One song to be sung."""

    theme: str
    era: str
    site: str
    individual: str
    rendition: int
    latitude: float | None
    longitude: float | None


def plan_songs(
    repertoire: Repertoire,
    *,
    songs: int,
    seed: int,
    era: str | None = None,
    individuals: int | None = None,
    rare_to: int = 0,
) -> list[PlannedSong]:
    """Shares songs out among populations, their birds, and the birds' themes.

    Each bird has one theme, as chingolos and yellowhammers mostly do, or as many as its
    population's `repertoire_size` says, sung in turn. They are drawn by the population's shares,
    the first so that the shares are met as closely as the number of birds allows.

    Args:
        repertoire: themes and populations; without populations, one is made.
        songs: how many in all.
        seed: of the draw.
        era: only the populations of this era.
        individuals: birds per population, in place of the repertoire's.
        rare_to: afterwards, every theme sung by fewer songs is brought up to this number, by
            further songs of birds of the same populations.

    Returns:
        The songs, in the order of populations and birds.

    Raises:
        InputError: if no population is of the era.
    """
    populations = repertoire.populations or (
        Population(
            era="",
            site="",
            individuals=max(1, round(songs / 6)),
            shares=tuple((theme.name, theme.share) for theme in repertoire.themes),
        ),
    )
    if era is not None:
        known = sorted({population.era for population in populations})
        populations = tuple(population for population in populations if population.era == era)
        if not populations:
            named = f"eras are {', '.join(known)}" if any(known) else "the repertoire names no eras"
            raise InputError(f"no population of era '{era}'; {named}")
    before = _birds_before(populations, individuals)
    planned: list[PlannedSong] = []
    counts = np.diff(np.linspace(0, songs, len(populations) + 1).round().astype(int))
    for population, count, earlier in zip(populations, counts, before, strict=True):
        birds = individuals or population.individuals
        first = _themes_of_birds(repertoire, population, birds, seed)
        known = [
            _further_themes(repertoire, population, theme, bird, seed)
            for bird, theme in enumerate(first[: int(count)])
        ]
        for number in range(int(count)):
            bird, time = number % birds, number // birds
            theme = known[bird][time % len(known[bird])]
            planned.append(_planned(population, theme, earlier + bird, time))
    return planned + _rare_songs(repertoire, populations, planned, rare_to)


def _birds_before(populations: tuple[Population, ...], individuals: int | None) -> list[int]:
    """Birds of earlier populations of the same place, after which the numbers go on."""
    counted: Counter[str] = Counter()
    before = []
    for population in populations:
        before.append(counted[_place(population)])
        counted[_place(population)] += individuals or population.individuals
    return before


def _place(population: Population) -> str:
    """Era and site, as names of birds begin."""
    return "-".join(filter(None, [population.era, population.site]))


def _further_themes(
    repertoire: Repertoire, population: Population, first: str, bird: int, seed: int
) -> list[str]:
    """The themes of a bird from its first one on, each once, by lot as the shares are."""
    shares = _shares(repertoire, population)
    others = [(name, share) for name, share in shares if share > 0 and name != first]
    more = min(population.repertoire_size - 1, len(others))
    if not more:
        return [str(first)]
    letters = [ord(letter) for letter in f"{population.era}/{population.site}"]
    random = np.random.default_rng([seed, 13, bird, *letters])
    weight = np.array([share for _, share in others])
    drawn = random.choice(len(others), more, replace=False, p=weight / weight.sum())
    return [str(first), *(others[index][0] for index in drawn)]


def _shares(repertoire: Repertoire, population: Population) -> tuple[tuple[str, float], ...]:
    return population.shares or tuple((theme.name, theme.share) for theme in repertoire.themes)


def _themes_of_birds(
    repertoire: Repertoire, population: Population, birds: int, seed: int
) -> list[str]:
    """Theme of each bird: whole numbers by share, the remainder by lot, in random order."""
    shares = _shares(repertoire, population)
    names = [name for name, _ in shares]
    wanted = np.array([share for _, share in shares], dtype=float)
    wanted *= birds / wanted.sum()
    counts = wanted.astype(int)
    letters = [ord(letter) for letter in f"{population.era}/{population.site}"]
    random = np.random.default_rng([seed, 7, *letters])
    remainder = wanted - counts
    if remainder.sum() > 0.5:
        chosen = random.choice(
            len(names), birds - counts.sum(), replace=False, p=remainder / remainder.sum()
        )
        counts[chosen] += 1
    return list(random.permutation(np.repeat(names, counts)))


def _planned(population: Population, theme: str, bird: int, rendition: int) -> PlannedSong:
    return PlannedSong(
        theme=str(theme),
        era=population.era,
        site=population.site,
        individual="-".join(filter(None, [_place(population), f"{bird + 1:03d}"])),
        rendition=rendition,
        latitude=population.latitude,
        longitude=population.longitude,
    )


def _rare_songs(
    repertoire: Repertoire,
    populations: tuple[Population, ...],
    planned: list[PlannedSong],
    rare_to: int,
) -> list[PlannedSong]:
    added: list[PlannedSong] = []
    for theme in repertoire.theme_names:
        singing = [
            population
            for population in populations
            if not population.shares or dict(population.shares).get(theme, 0) > 0
        ]
        places = [_place(population) for population in singing]
        missing = rare_to - sum(song.theme == theme for song in planned)
        for number in range(max(0, missing) if singing else 0):
            which, time = number % len(singing), number // (6 * len(singing))
            here = places.count(places[which])
            bird = 10_000 + here * time + places[:which].count(places[which])
            added.append(_planned(singing[which], theme, bird, number))
    return added


def sing_planned(song: PlannedSong, repertoire: Repertoire, *, seed: int) -> Gesture:
    """The gesture of a planned song, with its layers of variation."""
    theme = repertoire.themes[repertoire.theme_names.index(song.theme)]
    singer = Singer(site=song.site, individual=song.individual)
    sung = vary(theme, repertoire, singer=singer, rendition=song.rendition, seed=seed)
    return song_gesture(sung, repertoire.singer)
