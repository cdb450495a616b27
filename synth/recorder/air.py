"""What air takes from a sound on its way."""

import numpy as np


def air_absorption(
    frequency: np.ndarray, *, temperature: float = 20.0, humidity: float = 60.0
) -> np.ndarray:
    """Absorption of sound in air at one atmosphere, ISO 9613-1:1993, equations 3 to 5.

    Args:
        frequency: [...] Hz.
        temperature: degrees Celsius.
        humidity: relative, %.

    Returns:
        [...] dB per metre.
    """
    kelvin = temperature + 273.15
    ratio = kelvin / 293.15
    saturation = 10 ** (-6.8346 * (273.16 / kelvin) ** 1.261 + 4.6151)
    molar = humidity * saturation
    oxygen = 24 + 4.04e4 * molar * (0.02 + molar) / (0.391 + molar)
    nitrogen = ratio**-0.5 * (9 + 280 * molar * np.exp(-4.170 * (ratio ** (-1 / 3) - 1)))
    square = np.asarray(frequency, dtype=float) ** 2
    relaxation = 0.01275 * np.exp(-2239.1 / kelvin) / (oxygen + square / oxygen)
    relaxation = relaxation + 0.1068 * np.exp(-3352.0 / kelvin) / (nitrogen + square / nitrogen)
    return 8.686 * square * (1.84e-11 * ratio**0.5 + ratio**-2.5 * relaxation)
