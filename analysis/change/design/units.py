"""The independent units of two eras and their blocks: what may be permuted against what."""

import dataclasses
from dataclasses import dataclass

import numpy as np
import pandas as pd

from chingolo.analysis.change.design.eras import Eras
from chingolo.synth.tables.words import words


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

    remarks: tuple[str, ...] = ()
    """Sentences on what this design controls and what it cannot."""

    single_individual_era: bool = False
    """Whether an era holds one known individual only, so that eras are not told from birds."""

    copies: bool = False
    """Whether the historical units are copies of the modern ones, as in the placebo: a unit and its
    copy share songs, so each stands with all of its songs, not with one of them at random."""

    seed: int = 0
    """Seed of all that is drawn: permutations, folds, bootstrap samples, songs of equal effort."""

    @property
    def testable(self) -> np.ndarray:
        """[units] bool: units in a block that holds both eras; the tests use these alone."""
        blocks = self.block.max(initial=-1) + 1
        counts = np.stack(
            [np.bincount(self.block[self.era == era], minlength=blocks) for era in (0, 1)]
        )
        both = np.asarray((counts > 0).all(axis=0))
        return both[self.block]


def find_design(
    songs: pd.DataFrame, eras: Eras, *, era_column: str = "era", seed: int = 0
) -> Design:
    """Finds the independent units and the blocks within which they may be exchanged.

    The unit is the individual where that column names at least two in each era, else the
    recording (`path`). A bird heard in both eras makes one unit in each. The block is the site
    where that column exists.

    Args:
        songs: the rows of a song table.
        eras: era of each song.
        era_column: column that the eras came from; one that names individuals cannot also be
            the unit.
        seed: of all that is drawn by this design.

    Returns:
        The design, with remarks on what it controls.
    """
    used = eras.of_song >= 0
    remarks: list[str] = []
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
            remarks.append(
                f"{unknown} songs name no individual; each of their recordings stands as one unit."
            )
    else:
        unit_name = "recording"
        unit = path
        birds = set(individual[used & known])
        one_bird = len(birds) == 1 and bool(known[used].all())
        single = era_column != "individual" and min(per_era) == 1 and not one_bird
        if era_column == "individual":
            remarks.append(
                "The groups are individuals, so the unit is the recording: a difference found "
                "speaks of these birds alone, not of a population."
            )
        elif one_bird:
            remarks.append(
                "All songs are one individual's, so the unit is the recording: a difference found "
                "speaks of this bird alone."
            )
        elif single:
            remarks.append(
                "An era holds a single known individual, so the unit is the recording: a "
                "difference between eras cannot be told from a difference between birds."
            )
        else:
            remarks.append(
                "No individuals are known, so the unit is the recording: songs of one bird in "
                "several recordings count as independent, and p values may be too small."
            )
        if used.any() and len(set(path[used])) == used.sum():
            unit_name = "song"
            remarks.append("Each recording holds one song, so that the unit is in effect the song.")
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
        remarks.append("Units were exchanged within their site only, so that sites may differ.")
    else:
        remarks.append(
            "No sites are known: a difference between the places sampled in the two eras is not "
            "controlled."
        )
    name = np.array([key.split("\t", 1)[1] for key in names], dtype=object)
    design = Design(
        full, era, block, name, unit_name, block_name, tuple(remarks), single, seed=seed
    )
    outside = int((~design.testable).sum())
    if block_name == "site" and outside:
        remarks.append(
            f"{outside} of {len(names)} units come from sites recorded in one era only and "
            "entered no test (they count in the theme shares)."
        )
        design = dataclasses.replace(design, remarks=tuple(remarks))
    return design


def _text(songs: pd.DataFrame, column: str) -> np.ndarray:
    if column not in songs.columns:
        return np.full(len(songs), "", dtype=object)
    return words(songs[column])


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
