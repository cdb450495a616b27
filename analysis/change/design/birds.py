"""Who sang each song: the independent unit, a bird where it is known, else its recording."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from chingolo.analysis.change.design.eras import Eras
from chingolo.synth.tables.files import counted
from chingolo.synth.tables.words import alike, day_spans, words

SOME = 6
"""Names that a sentence lists at most."""

RECORDED_AGAIN = 1.5
"""Recordings of a named bird, in the mean, beyond which songs without a name are taken to be of
birds that were recorded again and again."""


@dataclass(frozen=True)
class Singers:
    """The unit that each song belongs to, and what a reader must know of it."""

    unit: np.ndarray
    """[songs] object: name of a bird, or the path of a recording whose bird is not known."""

    known: np.ndarray
    """[songs] bool: whether the unit is a bird."""

    remarks: tuple[str, ...]

    untold: frozenset[str] = frozenset()
    """Units that are no birds and may be songs of those that are named: they enter no test."""

    caveat: str = ""
    """Why p may be too small, to be told with a claim; "" where all units are birds."""


def find_singers(songs: pd.DataFrame, eras: Eras, *, era_column: str = "era") -> Singers:
    """Finds who sang each song, song by song.

    The unit is the individual where it is known, else the recording. Where the groups compared are
    individuals, or one bird sang all songs, units are recordings and the result speaks of these
    birds alone.

    Args:
        songs: the rows of a song table.
        eras: era of each song.
        era_column: column that the eras came from.

    Returns:
        Units of all songs, those of neither era included.
    """
    used = eras.of_song >= 0
    path = songs["path"].astype(str).to_numpy(object)
    bird = column_words(songs, "individual")
    names = set(bird[used])
    if era_column == "individual":
        told = (
            "The groups are individuals, so the unit is the recording: a difference found speaks "
            "of these birds alone, not of a population."
        )
        return Singers(path, np.zeros(len(songs), dtype=bool), (told,))
    if len(names) == 1 and names != {""}:
        told = (
            "All songs are one individual's, so the unit is the recording: a difference found "
            "speaks of this bird alone."
        )
        return Singers(path, np.zeros(len(songs), dtype=bool), (told,))
    known = bird != ""
    if not known[used].any():
        told = (
            "No individuals are known, so the unit is the recording: songs of one bird in several "
            "recordings count as independent, and p values may be too small."
        )
        return Singers(path, known, (told,), caveat=told)
    bird, joined = _in_one_spelling(bird, used)
    pooled, told, caveat = _nameless(songs, eras, bird, used)
    bird, apart = apart_by_site(songs, bird, used)
    of_site = "songs at " + column_words(songs, "site") + " that name no bird"
    unit = np.where(known, bird, np.where(pooled, of_site, path))
    untold = frozenset(map(str, of_site[pooled]))
    return Singers(unit, known, (*joined, *told, *apart), untold=untold, caveat=caveat)


def _in_one_spelling(bird: np.ndarray, used: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """[songs] names of birds, those written in several ways in one of them, and who they are.

    Two names of one bird would be two witnesses; two birds of one name are one witness too few,
    which claims nothing that is not so.
    """
    several = alike(bird[used])
    if not several:
        return bird, ()
    one = {name: names[0] for names in several for name in names}
    first = ", ".join(" and ".join(f"'{name}'" for name in names) for names in several[:SOME])
    told = (
        f"Individuals whose names differ in case, blanks or the like alone count as one bird: "
        f"{first}{', ...' if len(several) > SOME else ''}. Name them otherwise if they are several."
    )
    return np.array([one.get(name, name) for name in bird], dtype=object), (told,)


def _nameless(
    songs: pd.DataFrame, eras: Eras, bird: np.ndarray, used: np.ndarray
) -> tuple[np.ndarray, tuple[str, ...], str]:
    """[songs] bool, songs that name no bird and may be of those named; sentences, and a caveat.

    Each recording without a name is a unit, unless named birds were recorded again and again: then
    recordings without a name may be of one bird, or of the birds named at that site in that era.
    """
    known = bird != ""
    nameless = used & ~known
    if not nameless.any():
        return nameless, (), ""
    table = pd.DataFrame(
        {
            "era": eras.of_song,
            "site": column_words(songs, "site"),
            "bird": bird,
            "path": songs["path"].astype(str),
        }
    )
    named = table[used & known]
    recordings = len(named.drop_duplicates(["era", "bird", "path"]))
    each = recordings / len(named.drop_duplicates(["era", "bird"]))
    count = counted(int(nameless.sum()), "song names no individual", "songs name no individual")
    places = set(zip(named["era"], named["site"], strict=True))
    beside = [place in places for place in zip(table["era"], table["site"], strict=True)]
    pooled = nameless & np.array(beside) if each > RECORDED_AGAIN else np.zeros_like(nameless)
    alone = nameless & ~pooled
    told = []
    if pooled.any():
        told.append(
            f"{count}; {int(pooled.sum())} of them, of sites and eras where birds are named, may "
            f"be of these (a named bird has {each:.1f} recordings), and entered no test and no "
            "share."
        )
    caveat = ""
    if alone.any():
        caveat = (
            f"{count}; each of {counted(len(set(table['path'][alone])), 'recording')} without a "
            "name stands as one unit: if they are of fewer birds, p values may be too small."
        )
        told.append(caveat)
    return pooled, tuple(told), caveat


def apart_by_site(
    songs: pd.DataFrame, bird: np.ndarray, used: np.ndarray
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Names of birds, those that stand for several birds kept apart by their site.

    A name at several sites is one bird that moved, or a number that starts anew at each site. It
    cannot be one bird where it was heard at two sites on one day; and since marked birds seldom
    move, half of all names at several sites mean a numbering by site.

    Args:
        songs: the rows of a song table.
        bird: [songs] names, "" where not known.
        used: [songs] bool: songs of either era.

    Returns:
        [songs] names, with the site behind those kept apart, and sentences that tell of both.
    """
    site = column_words(songs, "site")
    table = pd.DataFrame({"bird": bird, "site": site, "date": column_words(songs, "date")})[used]
    placed = table[(table["bird"] != "") & (table["site"] != "")]
    sites = placed.groupby("bird")["site"].nunique()
    several = sites.index[sites > 1]
    if not len(several):
        return bird, ()
    named = f"{_some(several)} ({len(several)} of {counted(len(sites), 'individual')})"
    if len(several) > 1 and 2 * len(several) >= len(sites):
        split, why = set(several), "as with numbers that start anew at each site"
    else:
        first, last, _ = day_spans(placed["date"].to_numpy(object))
        on_a_day = placed[(first == last) & ~np.isnat(first)]
        one_day = on_a_day.groupby(["bird", "date"])["site"].nunique()
        split = {name for name, _ in one_day.index[one_day > 1]}
        why = "heard at two sites on one day"
    remarks = []
    if split:
        remarks.append(
            f"Ids at several sites that cannot be one bird, {why}, were kept apart by site: "
            f"{_some(sorted(split))} ({len(split)} of {counted(len(sites), 'individual')})."
        )
        bird = np.where(
            np.isin(bird.astype(str), sorted(split)), bird + " at " + site, bird
        ).astype(object)
    if len(split) < len(several):
        remarks.append(
            f"Ids at several sites, taken for birds that moved and counted where they were heard "
            f"most: {named if not split else _some(sorted(set(several) - split))}."
        )
    return bird, tuple(remarks)


def column_words(songs: pd.DataFrame, column: str) -> np.ndarray:
    """[songs] a column's words, "" where missing or where there is no such column."""
    if column not in songs.columns:
        return np.full(len(songs), "", dtype=object)
    return words(songs[column])


def _some(names: pd.Index | list[str]) -> str:
    listed = ", ".join(f"'{name}'" for name in list(names)[:SOME])
    return listed + (", ..." if len(names) > SOME else "")
