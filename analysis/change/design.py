"""Eras, units and blocks: what may be permuted against what."""

import dataclasses
import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from chingolo.analysis.settings import CompareSettings
from chingolo.synth.tables.files import InputError

HISTORICAL, MODERN, NO_ERA = 0, 1, -1


@dataclass(frozen=True)
class Eras:
    """Two eras and which of them each song belongs to."""

    historical: str
    modern: str
    of_song: np.ndarray
    """[songs] 0 historical, 1 modern, -1 neither."""

    notes: tuple[str, ...] = ()
    """Sentences on songs that were left out."""


@dataclass(frozen=True)
class Design:
    """The independent units, each with its era and its block."""

    unit_of_song: np.ndarray
    """[songs] index of the unit, -1 for songs of neither era."""

    era: np.ndarray
    """[units] 0 historical, 1 modern."""

    block: np.ndarray
    """[units] index of the block."""

    name: np.ndarray
    """[units] name; an individual heard in both eras has one name and two units."""

    unit_name: str
    """'individual', 'recording' or 'song'."""

    block_name: str
    """'site' or 'none'."""

    notes: tuple[str, ...]
    """Sentences on what this design controls and what it cannot."""

    single_individual_era: bool = False
    """Whether an era holds one known individual only, so that eras are not told from birds."""

    @property
    def testable(self) -> np.ndarray:
        """[units] bool: units in a block that holds both eras; the tests use these alone."""
        blocks = self.block.max(initial=-1) + 1
        counts = np.stack(
            [np.bincount(self.block[self.era == era], minlength=blocks) for era in (0, 1)]
        )
        both = np.asarray((counts > 0).all(axis=0))
        return both[self.block]


def find_eras(songs: pd.DataFrame, settings: CompareSettings) -> Eras | None:
    """Finds the two eras of a table.

    Args:
        songs: the rows of a song table.
        settings: names of the eras, their column, or a date to cut at.

    Returns:
        The eras; None where the table has no two eras and none was asked for by name.

    Raises:
        InputError: for an era or a column that does not occur, for more than two eras without
            names, and for two whose order cannot be told.
    """
    asked = [name for name in (settings.historical, settings.modern) if name]
    if settings.cut_date:
        column = "date" if "date" in songs.columns else settings.era_column
        names, notes = _cut_by_date(songs, settings.cut_date, column)
        present = [f"before {settings.cut_date}", f"from {settings.cut_date}"]
        missing = [name for name in present if not (names == name).any()]
        if missing:
            raise InputError(f"no song is dated '{missing[0]}': both eras need songs")
        historical, modern = asked if len(asked) == 2 else present
    else:
        if settings.era_column not in songs.columns:
            if asked or settings.era_column != "era":
                columns = ", ".join(map(str, songs.columns))
                raise InputError(f"no column '{settings.era_column}' for eras; there are {columns}")
            return None
        names, notes = songs[settings.era_column].fillna("").astype(str).to_numpy(), ()
        present = sorted(set(names.tolist()) - {""})
        if not asked and len(present) < 2:
            return None
        historical, modern = _name_eras(present, settings)
    for name in (historical, modern):
        if name not in present:
            listed = ", ".join(f"'{era}'" for era in present[:12]) or "none"
            raise InputError(f"no song of era '{name}'; the eras in the table are {listed}")
    if historical == modern:
        raise InputError(f"the historical and the modern era are both '{historical}'")
    of_song = np.full(len(songs), NO_ERA)
    of_song[names == historical] = HISTORICAL
    of_song[names == modern] = MODERN
    left_out = int((of_song == NO_ERA).sum())
    if left_out:
        notes = (*notes, f"{left_out} songs belong to neither era and entered no test.")
    return Eras(historical, modern, of_song, notes)


def _name_eras(present: list[str], settings: CompareSettings) -> tuple[str, str]:
    if settings.historical and settings.modern:
        return settings.historical, settings.modern
    listed = ", ".join(f"'{era}'" for era in present[:12])
    if len(present) != 2:
        raise InputError(f"the table has the eras {listed}; name two: --historical and --modern")
    for given in (settings.historical, settings.modern):
        if given and given not in present:
            raise InputError(f"no song of era '{given}'; the eras in the table are {listed}")
    if settings.historical:
        return settings.historical, next(era for era in present if era != settings.historical)
    if settings.modern:
        return next(era for era in present if era != settings.modern), settings.modern
    folded = {era.casefold(): era for era in present}
    if set(folded) == {"historical", "modern"}:
        return folded["historical"], folded["modern"]
    years = [re.match(r"\d{4}(?!\d)", era) for era in present]
    if all(years) and len({match.group() for match in years if match}) == 2:
        return present[0], present[1]
    raise InputError(f"which of the eras {listed} is older? say --historical and --modern")


def _cut_by_date(
    songs: pd.DataFrame, cut_date: str, column: str
) -> tuple[np.ndarray, tuple[str, ...]]:
    try:
        cut = pd.Timestamp(cut_date)
    except ValueError as error:
        raise InputError(f"--cut-date {cut_date}: not a date such as 1990-01-01") from error
    if column not in songs.columns:
        raise InputError(f"--cut-date needs a column 'date' or '{column}', and the table has none")
    dates = pd.to_datetime(songs[column], errors="coerce", format="ISO8601")
    errors = pd.to_timedelta(songs.get("date_error_days", pd.Series(0.0, songs.index)), unit="D")
    unsure = dates.isna() | ((dates - cut).abs() < errors.fillna(pd.Timedelta(0)))
    names = np.where(dates < cut, f"before {cut_date}", f"from {cut_date}").astype(object)
    names[unsure.to_numpy()] = ""
    if not unsure.any():
        return names, ()
    return names, (f"{int(unsure.sum())} songs have no date that is certain about the cut.",)


def find_design(songs: pd.DataFrame, eras: Eras, *, era_column: str = "era") -> Design:
    """Finds the independent units and the blocks within which they may be exchanged.

    The unit is the individual where that column names at least two in each era, else the
    recording (`path`). A bird heard in both eras makes one unit in each. The block is the site
    where that column exists.

    Args:
        songs: the rows of a song table.
        eras: era of each song.
        era_column: column that the eras came from; one that names individuals cannot also be
            the unit.

    Returns:
        The design, with notes on what it controls.
    """
    used = eras.of_song >= 0
    notes: list[str] = []
    individual = _text(songs, "individual")
    path = songs["path"].astype(str).to_numpy(object)
    known = individual != ""
    per_era = [len(set(individual[known & (eras.of_song == era)])) for era in (0, 1)]
    single = False
    if era_column != "individual" and min(per_era) >= 2:
        unit_name = "individual"
        unit = np.where(known, individual, path)
        unknown = int((used & ~known).sum())
        if unknown:
            notes.append(
                f"{unknown} songs name no individual; each of their recordings stands as one unit."
            )
    else:
        unit_name = "recording"
        unit = path
        birds = set(individual[used & known])
        one_bird = len(birds) == 1 and bool(known[used].all())
        single = era_column != "individual" and min(per_era) == 1 and not one_bird
        if era_column == "individual":
            notes.append(
                "The groups are individuals, so the unit is the recording: a difference found "
                "speaks of these birds alone, not of a population."
            )
        elif one_bird:
            notes.append(
                "All songs are one individual's, so the unit is the recording: a difference found "
                "speaks of this bird alone."
            )
        elif single:
            notes.append(
                "An era holds a single known individual, so the unit is the recording: a "
                "difference between eras cannot be told from a difference between birds."
            )
        else:
            notes.append(
                "No individuals are known, so the unit is the recording: songs of one bird in "
                "several recordings count as independent, and p values may be too small."
            )
        if used.any() and len(set(path[used])) == used.sum():
            unit_name = "song"
            notes.append("Each recording holds one song, so that the unit is in effect the song.")
    keys = [f"{era}\t{name}" for era, name in zip(eras.of_song, unit, strict=True)]
    names, unit_of_song = np.unique(np.asarray(keys, object)[used].astype(str), return_inverse=True)
    full = np.full(len(songs), -1)
    full[used] = unit_of_song
    era = np.array([int(name.split("\t", 1)[0]) for name in names], dtype=int)
    site = _text(songs, "site")
    block = np.zeros(len(names), dtype=int)
    block_name = "none"
    if (site[used] != "").any() and era_column != "site":
        block_name = "site"
        block = _unit_blocks(site, full, len(names))
        notes.append("Units were exchanged within their site only, so that sites may differ.")
    else:
        notes.append(
            "No sites are known: a difference between the places sampled in the two eras is not "
            "controlled."
        )
    name = np.array([key.split("\t", 1)[1] for key in names], dtype=object)
    design = Design(full, era, block, name, unit_name, block_name, tuple(notes), single)
    outside = int((~design.testable).sum())
    if block_name == "site" and outside:
        notes.append(
            f"{outside} of {len(names)} units come from sites recorded in one era only and "
            "entered no test (they count in the theme shares)."
        )
        design = dataclasses.replace(design, notes=tuple(notes))
    return design


def _text(songs: pd.DataFrame, column: str) -> np.ndarray:
    if column not in songs.columns:
        return np.full(len(songs), "", dtype=object)
    return songs[column].fillna("").astype(str).to_numpy(object)


def _unit_blocks(site: np.ndarray, unit_of_song: np.ndarray, units: int) -> np.ndarray:
    names = []
    for unit in range(units):
        sites, counts = np.unique(site[unit_of_song == unit].astype(str), return_counts=True)
        names.append(str(sites[np.argmax(counts)]))
    return np.unique(names, return_inverse=True)[1]


def effort(songs: pd.DataFrame, eras: Eras, design: Design) -> dict[str, dict[str, int]]:
    """Songs, recordings, units and what else was sampled in each era."""
    counts = {}
    for code, name in enumerate(("historical", "modern")):
        rows = songs[eras.of_song == code]
        counts[name] = {
            "songs": len(rows),
            "recordings": rows["path"].nunique(),
            "units": int((design.era == code).sum()),
            "tested_units": int(((design.era == code) & design.testable).sum()),
        }
        for column in ("individual", "site"):
            if column in rows.columns:
                counts[name][f"{column}s"] = len(set(rows[column]) - {""})
    return counts
