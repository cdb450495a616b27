"""The vocal tract, trachea and oro-oesophageal cavity, as one exact linear filter.

The source takes no feedback from the tract, so tube and cavity act on the finished wave: their
transfer function is applied in the frequency domain, with delays and derivatives exact.
"""

import numpy as np
from scipy import fft

from chingolo.synth.spectra.array_cache import cached_arrays
from chingolo.synth.voice.birds import SONGBIRD_GAMMA, Bird

SPEED_OF_SOUND = 350.0
"""m/s, in warm humid air of a body."""


def tract_response(frequency: np.ndarray, bird: Bird) -> np.ndarray:
    """Transfer function from the source's pressure to the radiated sound.

    The tube: p(t) = s(t) - r p(t - 2T), p_out(t) = (1 - r) p(t - T), T = L / c. The cavity: the
    Helmholtz resonator of Amador et al. (2013), Methods, with sound ~ Rb i3, solved at each
    frequency.

    Args:
        frequency: [...] Hz.
        bird: constants.

    Returns:
        [...] complex gain.
    """
    s = 2j * np.pi * np.asarray(frequency, dtype=np.float64)
    delay = np.exp(-s * bird.trachea_length / SPEED_OF_SOUND)
    tube = (1 - bird.reflection) * delay / (1 + bird.reflection * delay**2)
    if bird.cavity is None:
        return tube
    cavity = bird.cavity
    beak, glottis = cavity.inverse_beak_inertance, cavity.inverse_glottis_inertance
    resistance, losses = cavity.beak_resistance, cavity.cavity_resistance
    stiffness = glottis * cavity.inverse_compliance
    # From  s i2 = -stiffness i2/s - Rh (1/Lb + 1/Lg) i2 + (stiffness - Rb Rh/(Lb Lg)) i3
    #              + (s/Lg + Rh/(Lg Lb)) p   and   s i3 = -(Lg/Lb) i2 - (Rb/Lb) i3 + p/Lb,
    # the first multiplied by s so that it holds at 0 Hz too.
    own = s**2 + stiffness + s * losses * (beak + glottis)
    from_i3 = s * (stiffness - resistance * losses * beak * glottis)
    from_p = s * (s * glottis + losses * glottis * beak)
    ratio = beak / glottis
    i3 = (own * beak - ratio * from_p) / (own * (s + resistance * beak) + ratio * from_i3)
    return tube * resistance * i3


def through_tract(
    wave: np.ndarray,
    bird: Bird | None,
    *,
    wave_rate: int,
    sample_rate: int,
) -> np.ndarray:
    """Filters a wave by the tract and brings it to a sampling rate, in one spectral pass.

    Args:
        wave: [samples] source pressure at `wave_rate`.
        bird: constants; None leaves the tract out.
        wave_rate: Hz.
        sample_rate: wanted rate, Hz.

    Returns:
        [round(samples * sample_rate / wave_rate)] float32; band-limited: raised-cosine edges take
        the top 5 % below the lower Nyquist frequency, and 50 to 300 Hz, lower in proportion where
        gamma is below `SONGBIRD_GAMMA`.
    """
    wanted = round(len(wave) * sample_rate / wave_rate)
    if bird is None and sample_rate == wave_rate:
        return np.asarray(wave, dtype=np.float32)
    # A length that is whole at both rates, with room for the tail of the tract, and in steps of a
    # quarter second, so that the response of one length serves many songs.
    common = int(np.gcd(wave_rate, sample_rate))
    seconds = np.ceil(4 * (len(wave) / wave_rate + 0.02)) / 4
    units = int(seconds * common) + 1
    units = int(fft.next_fast_len(units, real=True) or units)
    length, new_length = units * wave_rate // common, units * sample_rate // common
    spectrum = fft.rfft(np.asarray(wave, np.float32), length)
    kept = min(len(spectrum), new_length // 2 + 1)
    gain = band_response(bird, kept, wave_rate / length, min(wave_rate, sample_rate) / 2)
    filtered = np.asarray(spectrum)[:kept] * (gain * np.float32(new_length / length))
    return np.asarray(fft.irfft(filtered, new_length), np.float32)[:wanted]


@cached_arrays
def band_response(bird: Bird | None, count: int, spacing: float, nyquist: float) -> np.ndarray:
    """[count] response of the tract and the band's edges at multiples of `spacing` Hz."""
    frequency = np.arange(count) * spacing
    edge = np.clip((nyquist - frequency) / (0.05 * nyquist), 0, 1)
    # Below 50 Hz nothing radiates; rounding of the source there would be raised by the equalising.
    # Birds of slower labia sing, and radiate, in proportion lower.
    slower = min(1.0, bird.gamma / SONGBIRD_GAMMA) if bird is not None else 1.0
    low = np.clip((frequency - 50 * slower) / (250 * slower), 0, 1)
    gain = np.sin(0.5 * np.pi * edge) ** 2 * np.sin(0.5 * np.pi * low) ** 2
    if bird is not None:
        gain = gain * tract_response(frequency, bird)
    return gain.astype(np.complex64)
