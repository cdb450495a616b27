"""Which themes are sung otherwise than they were, in what, and by how much."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from chingolo.analysis.change.design.permutation import permutation_p, permuted_eras
from chingolo.analysis.change.design.theme_counts import theme_counts
from chingolo.analysis.change.design.units import Design
from chingolo.analysis.change.drift.drift_table import DriftTable, Plans, drift_table
from chingolo.analysis.change.drift.era_contrast import (
    as_normal,
    era_contrast,
    typical_variance,
    unit_medians,
)
from chingolo.analysis.change.drift.song_measures import SongMeasures
from chingolo.analysis.change.drift.tape_speed import FEWEST_GROUPS, Speed, common_speed, signs

NORMAL = 1.96
"""Standard errors to either side that hold 95 %."""

AGAINST = "pitch times time, which no speed of a tape changes"

FEWEST_UNITS = 2
"""In each era, that a measure must be known of."""

ONE_THEME = 0.8
"""Share of its songs in one theme that the median unit has where units count as singers of one."""

HEARD = 0.4
"""Share of a theme's songs, in each era, in which a measure must be heard: what a room leaves of a
measure in few songs is not what it would have been in all."""


@dataclass(frozen=True)
class DriftRow:
    """One measure of one theme in the two eras."""

    theme: str
    """"" for all themes together."""

    measure: str
    unit: str
    historical: float
    """Geometric mean over the units of the medians of their songs, as recorded."""

    modern: float
    change_percent: float
    """Of the modern from the historical, within sites, less the speed where that is removed."""

    interval_percent: tuple[float, float]
    """95 %, for this measure alone."""

    p: float
    """Family-wise: of a change as large in any measure, by permutations of the units."""

    units: tuple[int, int]
    """Historical and modern ones in which it is known, in sites of both eras."""


def measure_name(theme: str, measure: str) -> str:
    """Theme and measure in one, as placebos and effects name them."""
    return f"{theme}: {measure}" if theme else measure


@dataclass(frozen=True)
class TapeSpeed:
    """The common factor on pitch and on one over time."""

    factor: float
    """Modern relative to historical; 1.02 where all is 2 % higher and quicker."""

    interval: tuple[float, float]
    """95 %."""

    p: float
    """Two-sided, by the permutations. It is a claim only where `removed` is False."""

    removed: bool
    """Whether it was taken out of the rows, as what a tape may do."""


@dataclass(frozen=True)
class DriftResult:
    """What changed in how themes are sung."""

    rows: tuple[DriftRow, ...]
    """The smallest p first."""

    p: float | None
    """Of any change at all; None where nothing could be compared."""

    speed: TapeSpeed | None
    """None where nothing could be compared."""

    contrasts_only: bool
    """Whether so little was measured that rows tell differences between measures alone."""

    remarks: tuple[str, ...]
    """Sentences on what was measured and what cannot be told."""


def measure_drift(
    songs: Sequence[SongMeasures],
    theme: np.ndarray,
    design: Design,
    *,
    permutations: int = 999,
    speed_known: bool = False,
    plans: Plans | None = None,
) -> DriftResult:
    """Compares how themes are sung in two eras.

    Args:
        songs: measured by `measure_song`, in the order of the table.
        theme: [songs] name of the theme, "" for none.
        design: units, eras and blocks of the songs.
        permutations: draws of the eras.
        speed_known: whether one known device, or a reference sound, fixes the speed of both eras;
            else a common factor on pitch and on one over time is taken for the tape's.
        plans: parts of the themes, of `plan_themes`; None: from these songs.

    Returns:
        The result.
    """
    table = drift_table(songs, theme, plans)
    return drift_of_table(table, design, permutations=permutations, speed_known=speed_known)


def drift_of_table(
    table: DriftTable, design: Design, *, permutations: int = 999, speed_known: bool = False
) -> DriftResult:
    """Compares two eras in a table of measures; see `measure_drift`.

    Each measure's contrast of the eras is set against the spread between units and what a recorder
    may do; the largest of all, by its tail, is the statistic (Westfall & Young 1993, max T).
    """
    used = _comparable(table, design)
    measures = tuple(measure for measure, kept in zip(table.measures, used, strict=True) if kept)
    if not measures:
        remark = "No measure of any theme is known of two units in each era, in sites of both."
        return DriftResult((), None, None, False, (remark,))
    drawn_eras = _drawn_eras(table, design, permutations)
    testable = np.flatnonzero(design.testable)
    units = unit_medians(table.values[:, used], design.unit_of_song, len(design.era))[testable]
    block = design.block[testable]
    kind = np.array([measure.kind for measure in measures])
    contrast = era_contrast(units, drawn_eras, block, typical_variance(units, block, kind))
    error = np.array([measure.error for measure in measures])
    variance = contrast.variance + error**2
    speed = common_speed(contrast.difference, variance, measures)
    removed = not speed_known
    few = removed and speed.groups < FEWEST_GROUPS
    corrected = contrast.difference
    if removed:
        corrected = corrected - signs(measures) * speed.value[:, None]
        corrected = np.where(np.abs(corrected) < 1e-9, 0.0, corrected)
        variance = variance + speed.error[:, None] ** 2
    scores = np.nan_to_num(as_normal(corrected / np.sqrt(variance), contrast.freedom))
    # where the speed is known the rows say as much
    against = speed.pitch_against_time if removed else np.full(len(drawn_eras), np.nan)
    spread = np.sqrt(np.mean((against[1:] - against[1:].mean()) ** 2) + float((error**2).max()))
    scores = np.column_stack([scores, np.nan_to_num(np.abs(against) / spread)])
    largest = scores.max(axis=1)
    p = [float((largest >= score * (1 - 1e-9)).mean()) for score in scores[0]]
    reach = stats.t.ppf(0.975, contrast.freedom[0]) * np.sqrt(variance[0])
    known = [np.where(drawn_eras[0][:, None] == era, units, np.nan) for era in (0, 1)]
    rows = []
    for place, measure in enumerate(measures):
        old, young = (side[:, place] for side in known)
        change, interval = _change(corrected[0, place], reach[place])
        means = [float(np.exp(np.nanmean(values))) for values in (old, young)]
        counts = (int(np.isfinite(old).sum()), int(np.isfinite(young).sum()))
        row = DriftRow(
            *(measure.theme, measure.name, measure.unit),
            historical=means[0],
            modern=means[1],
            change_percent=change,
            interval_percent=interval,
            p=p[place],
            units=counts,
        )
        rows.append(row)
    if np.isfinite(against[0]):
        told = _change(against[0], NORMAL * spread)
        counts = (
            int(np.isfinite(known[0]).any(axis=1).sum()),
            int(np.isfinite(known[1]).any(axis=1).sum()),
        )
        rows.append(DriftRow("", AGAINST, "", np.nan, np.nan, *told, p[-1], counts))
    rows.sort(key=lambda row: row.p)
    return DriftResult(
        tuple(rows),
        permutation_p(largest),
        _tape_speed(speed, removed=removed),
        few,
        _remarks(table, used, few=few, removed=removed),
    )


def _drawn_eras(table: DriftTable, design: Design, permutations: int) -> np.ndarray:
    """[1 + permutations, testable units] eras, the true ones first.

    Where most units sing one theme, units are exchanged within their site and theme, so that every
    draw compares as many of each theme as the truth does: else a table of few birds, spread evenly
    over the themes, has more to compare than its permutations and rejects too often.
    """
    counts = theme_counts(table.theme, design, names=sorted(set(table.theme.tolist()))).counts
    main = counts.max(axis=1) / np.maximum(counts.sum(axis=1), 1.0)
    block = design.block
    if np.median(main) >= ONE_THEME:
        both = np.stack([design.block, counts.argmax(axis=1)])
        block = np.unique(both, axis=1, return_inverse=True)[1].reshape(-1)
    fine = replace(design, block=block)
    drawn = np.tile(design.era, (permutations + 1, 1))
    drawn[:, fine.testable] = permuted_eras(fine, permutations=permutations)
    return drawn[:, design.testable]


def _comparable(table: DriftTable, design: Design) -> np.ndarray:
    """[measures] bool: known of enough units of both eras, in enough of the theme's songs."""
    inside = design.tested_songs
    used = np.ones(len(table.measures), dtype=bool)
    for era in (0, 1):
        songs = inside & (design.era[design.unit_of_song] == era)
        for place, measure in enumerate(table.measures):
            own = songs & (table.theme == measure.theme)
            known = own & np.isfinite(table.values[:, place])
            units = len(np.unique(design.unit_of_song[known]))
            used[place] &= units >= FEWEST_UNITS and known.sum() >= HEARD * own.sum()
    return used


def _percent(logarithm: float) -> float:
    return float(100 * np.expm1(logarithm))


def _change(middle: float, reach: float) -> tuple[float, tuple[float, float]]:
    return _percent(middle), (_percent(middle - reach), _percent(middle + reach))


def _tape_speed(speed: Speed, *, removed: bool) -> TapeSpeed:
    middle, reach = speed.value[0], NORMAL * speed.error[0]
    low, high = np.exp([middle - reach, middle + reach])
    p = permutation_p(np.abs(speed.value))
    return TapeSpeed(float(np.exp(middle)), (float(low), float(high)), p, removed)


def _remarks(table: DriftTable, used: np.ndarray, *, few: bool, removed: bool) -> tuple[str, ...]:
    told = []
    unheard = int((~used).sum())
    if unheard:
        told.append(
            f"{unheard} of {len(used)} measures were heard in too few songs or units of an era and "
            "entered no test."
        )
    if few:
        told.append(
            "So few themes were measured that a change cannot be told from a tape that runs at "
            "another speed: changes are those against the mean of all measures."
        )
    return tuple(told)
