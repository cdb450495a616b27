"""The independent units of two eras and their blocks: what may be permuted against what."""

import dataclasses
from dataclasses import dataclass

import numpy as np
import pandas as pd

from chingolo.analysis.change.design.birds import column_words, find_singers
from chingolo.analysis.change.design.eras import Eras
from chingolo.synth.tables.files import counted
from chingolo.synth.tables.forms.headers import other_names


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

    caveat: str = ""
    """Why units may be of fewer birds, or sites unknown that a column under another name tells; to
    be told with every claim of a change, "" where nothing is."""

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

    @property
    def tested_songs(self) -> np.ndarray:
        """[songs] bool: songs of testable units."""
        return (self.unit_of_song >= 0) & self.testable[self.unit_of_song]


def find_design(
    songs: pd.DataFrame, eras: Eras, *, era_column: str = "era", seed: int = 0
) -> Design:
    """Finds the independent units and the blocks within which they may be exchanged.

    The unit is the individual where it is known, else the recording, song by song
    (`birds.find_singers`). A bird heard in both eras makes one unit in each. The block is the site
    where that column exists; units of an unknown site are exchanged with none, nor are songs
    without a bird that may be of those named beside them.

    Args:
        songs: the rows of a song table, in the order of `song_order`: units and blocks are numbered
            as they come.
        eras: era of each song.
        era_column: column that the eras came from; one that names individuals cannot also be
            the unit.
        seed: of all that is drawn by this design.

    Returns:
        The design, with remarks on what it controls.
    """
    used = eras.of_song >= 0
    singers = find_singers(songs, eras, era_column=era_column)
    known = {"individual", "site"}
    hints = other_names([name for name in songs.columns if name != era_column or name in known])
    remarks = [*singers.remarks, *hints]
    unit_name = "individual" if singers.known[used].any() else "recording"
    if unit_name == "recording" and used.any() and len(set(singers.unit[used])) == used.sum():
        unit_name = "song"
        remarks.append("Each recording holds one song, so that the unit is in effect the song.")
    keys = list(zip(eras.of_song[used].tolist(), singers.unit[used], strict=True))
    numbers, different = pd.factorize(pd.Series(keys, dtype=object))
    full = np.full(len(songs), -1)
    full[used] = numbers
    era = np.array([key[0] for key in different], dtype=int)
    name = np.array([key[1] for key in different], dtype=object)
    site = column_words(songs, "site")
    block, block_name = np.zeros(len(era), dtype=int), "none"
    if (site[used] != "").any() and era_column != "site":
        block_name = "site"
        block, unplaced = _unit_blocks(site, full, len(era))
        remarks.append("Units were exchanged within their site only, so that sites may differ.")
        if unplaced:
            remarks.append(f"{counted(unplaced, 'unit')} of unknown site entered no test.")
    else:
        remarks.append(
            "No sites are known: a difference between the places sampled in the two eras is not "
            "controlled."
        )
    # a block of its own keeps a unit out of every test and share
    untold = np.isin(name.astype(str), list(singers.untold))
    block = np.where(untold, block.max(initial=0) + 1 + np.arange(len(block)), block)
    design = Design(
        full,
        era,
        block,
        name,
        unit_name,
        block_name,
        tuple(remarks),
        caveat=" ".join([singers.caveat, *hints]).strip(),
        seed=seed,
    )
    outside = int((~design.testable & ~untold).sum())
    if block_name == "site" and outside:
        told = (
            f"{outside} of {counted(len(era), 'unit')} {'comes' if outside == 1 else 'come'} from "
            "sites recorded in one era only, or from none that is known, and entered no test and "
            "no share."
        )
        design = dataclasses.replace(design, remarks=(*remarks, told))
    return design


def _unit_blocks(site: np.ndarray, unit_of_song: np.ndarray, units: int) -> tuple[np.ndarray, int]:
    """[units] block of each unit, and how many have no known site and so a block of their own."""
    placed = pd.DataFrame({"unit": unit_of_song, "site": site})
    placed = placed[(placed["unit"] >= 0) & (placed["site"] != "")]
    # of equally frequent sites the one heard first
    most = placed.groupby("unit", sort=True)["site"].agg(lambda s: s.value_counts().index[0])
    names = most.reindex(range(units)).tolist()
    own = [(unit if pd.isna(site) else site) for unit, site in enumerate(names)]
    return pd.factorize(pd.Series(own, dtype=object))[0], int(pd.isna(names).sum())


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
