"""The common factor on pitch and on one over time that a wrong speed of the tape makes."""

from dataclasses import dataclass

import numpy as np

from chingolo.analysis.change.drift.drift_table import PITCH, Measure

FEWEST_GROUPS = 3
"""Themes and kinds of measure needed to tell a speed from the drift of one of them."""

MOST_WEIGHT = 2.0
"""Of the median weight: no single theme is the speed."""


@dataclass(frozen=True)
class Speed:
    """Speed of the modern recordings relative to the historical ones, for each draw of the eras."""

    value: np.ndarray
    """[draws] natural logarithm."""

    error: np.ndarray
    """[draws] standard error."""

    pitch_against_time: np.ndarray
    """[draws] natural logarithm of the change of pitch x time, which no speed changes; NaN where
    one of the two is not measured."""

    groups: int
    """Themes and kinds that it rests on."""


def signs(measures: tuple[Measure, ...]) -> np.ndarray:
    """[measures] 1 for a pitch, -1 for a time: which way speed moves its logarithm."""
    return np.array([1.0 if measure.kind == PITCH else -1.0 for measure in measures])


def common_speed(
    difference: np.ndarray, variance: np.ndarray, measures: tuple[Measure, ...]
) -> Speed:
    """Estimates the speed by the weighted median over themes and kinds of measure.

    Measures of a theme and kind go together in a bird, so they make one group, their mean. One
    theme that drifts moves a median by little, however far it goes. With fewer than
    `FEWEST_GROUPS` the mean is taken, and only differences from it can be told.

    Args:
        difference: [draws, measures] modern less historical, natural logarithms.
        variance: [draws, measures] of that.
        measures: what they are of.

    Returns:
        The speed. Its error is the larger of the spread over permuted eras, which holds how birds
        go together, and what the disagreement of the groups tells.
    """
    signed = difference * signs(measures)
    keys = sorted({(measure.theme, measure.kind) for measure in measures})
    value = np.empty((len(signed), len(keys)))
    spread = np.empty_like(value)
    for place, key in enumerate(keys):
        own = [k for k, each in enumerate(measures) if (each.theme, each.kind) == key]
        value[:, place], spread[:, place] = _together(signed[:, own], variance[:, own])
    weight = np.where(np.isfinite(value), 1.0 / spread**2, 0.0)
    usual = np.array([np.median(row[row > 0]) if (row > 0).any() else 0.0 for row in weight])
    weight = np.minimum(weight, MOST_WEIGHT * usual[:, None])
    filled = np.where(weight > 0, value, 0.0)
    groups = int((weight[0] > 0).sum())
    mean = (weight * filled).sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-300)
    speed = mean if groups < FEWEST_GROUPS else weighted_median(filled, weight)
    null = np.sqrt(np.mean((speed[1:] - speed[1:].mean()) ** 2)) if len(speed) > 2 else 0.0
    away = np.abs(filled - speed[:, None]) / np.where(weight > 0, spread, 1.0)
    disagreement = np.maximum(1.0, 1.4826 * weighted_median(away, weight))
    kinds = np.array([kind == PITCH for _, kind in keys])
    pitch, time = (_mean(filled[:, side], weight[:, side]) for side in (kinds, ~kinds))
    return Speed(speed, null * disagreement, pitch - time, groups)


def _together(signed: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """[draws] mean of measures that go together, and its standard error if they do so wholly."""
    weight = np.where(np.isfinite(signed), 1.0 / np.maximum(variance, 1e-12), 0.0)
    weight = np.where(np.isfinite(weight), weight, 0.0)
    total = weight.sum(axis=1)
    told = total > 0
    share = weight / np.where(told, total, 1.0)[:, None]
    mean = (share * np.where(weight > 0, signed, 0.0)).sum(axis=1)
    error = (share * np.sqrt(np.where(weight > 0, variance, 0.0))).sum(axis=1)
    return np.where(told, mean, np.nan), np.where(told, error, 1.0)


def _mean(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    total = weight.sum(axis=1)
    return np.where(total > 0, (weight * values).sum(axis=1) / np.maximum(total, 1e-300), np.nan)


def weighted_median(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weighted median of every row; 0 where all weights are 0.

    The mean of the lower and the upper one, as for an even number of equal weights.

    Args:
        values: [rows, columns].
        weight: [rows, columns], not negative.
    """
    order = np.argsort(values, axis=1)
    ranked = np.take_along_axis(values, order, axis=1)
    share = np.cumsum(np.take_along_axis(weight, order, axis=1), axis=1)
    half = 0.5 * share[:, -1:]
    lower = (share >= half * (1 - 1e-12)).argmax(axis=1)
    upper = (share > half * (1 + 1e-12)).argmax(axis=1)
    rows = np.arange(len(values))
    middle = 0.5 * (ranked[rows, lower] + ranked[rows, upper])
    return np.where(half[:, 0] > 0, middle, 0.0)
