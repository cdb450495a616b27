"""Noise of each Fourier bin of a recording of song: no whistle, and no less than its echoes."""

import numpy as np
from scipy.ndimage import median_filter, uniform_filter1d

from chingolo.synth.spectra.noise_floor import noise_floor

FLOOR_QUANTILE = 0.3
"""Of a bin's powers over time; below half, so that a bin sung in much of the time has one."""

REACH = 40
"""Bins to either side (1.7 kHz) whose quiet a bin's noise is held against."""

FLOOR_MARGIN = 4.0
"""Natural-log units: the mean of exponentially distributed power is 2.3 above its 10th percentile;
the rest is for tilted noise."""

STEADY = 10**1.2
"""Ratio of a bin's 90th to its 30th percentile (12 dB) below which it sounds all the time; that of
noise is 8 dB, and sounds between pauses and their echoes have more."""

FAR = 10**1.5
"""A quantile this far (15 dB) above the most that noise may be is a whistle's that fades or
trembles, unless it is an echo's; quieter echoes do no harm as noise."""

DECAY = 60.0
"""dB/s at which a sound fades like an echo: rooms of up to 1 s of reverberation time."""

DECAY_LAG = 0.04
"""s over which the fading is measured."""

DECAY_BINS = 5
"""Bins whose power is averaged before: echoes scatter."""

DECAY_ABOVE_DB = 3.0
"""Above the most that noise may be, for a bin to sound."""

ECHO_SHARE = 0.15
"""Net share of fading above which a bin holds echoes; docs/methods.md tells how it was chosen."""


def bin_noise(power: np.ndarray, *, frame_s: float) -> np.ndarray:
    """Mean noise power of each bin: what it falls to between sounds.

    Args:
        power: [frames, bins].
        frame_s: s from frame to frame.

    Returns:
        [bins]; of a bin full of echoes the level that these have, so that they are not followed.
    """
    ordered = np.sort(power.T, axis=1)  # in which both quantiles are found at once
    quantile, loud = (np.quantile(ordered, share, axis=1) for share in (FLOOR_QUANTILE, 0.9))
    # that of exponentially distributed powers tells their mean
    floor = quantile / -np.log(1 - FLOOR_QUANTILE)
    logs, heard = np.log(power[None] + 1e-20), np.ones((1, len(power)), bool)
    most = np.exp(noise_floor(logs, heard, reach=REACH, quantile=1.0, margin=FLOOR_MARGIN)[0])
    lasts = loud < STEADY * quantile
    far = floor > FAR * most
    if far.any():
        lasts |= far & (echo_share(power, most, frame_s=frame_s) < ECHO_SHARE)
    floor = np.where(lasts, np.minimum(floor, most), floor)
    return median_filter(floor, 9, mode="nearest")


def echo_share(power: np.ndarray, most: np.ndarray, *, frame_s: float) -> np.ndarray:
    """Share of a bin's sounding time in which it fades as echoes do, net of as steep a rise.

    A room takes `DECAY` and more, and gives nothing back but with the next onset, which is short.
    A whistle that fades does so more slowly; one that trembles rises as long as it falls.

    Args:
        power: [frames, bins].
        most: [bins] the most that a bin's noise may be.
        frame_s: s from frame to frame.

    Returns:
        [bins] from -1 to 1; 0 where nothing sounds.
    """
    lag = round(DECAY_LAG / frame_s)
    smooth = uniform_filter1d(power, max(lag // 2, 1), axis=0, mode="nearest")
    smooth = uniform_filter1d(smooth, DECAY_BINS, axis=1, mode="nearest")
    level = 10 * np.log10(np.maximum(smooth, 1e-20))  # the sums within may run below 0
    loud = level > 10 * np.log10(most + 1e-20) + DECAY_ABOVE_DB
    sounds, change = loud[lag:] & loud[:-lag], level[lag:] - level[:-lag]
    steep = DECAY * lag * frame_s
    falls, rises = (sounds & far for far in (change < -steep, change > steep))
    net = falls.sum(axis=0) - rises.sum(axis=0)
    return net / np.maximum(sounds.sum(axis=0), 1)
