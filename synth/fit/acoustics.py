"""What a recording adds to a song: how loud it comes, how the place rings, what sounds behind it.

A dry copy cannot be held against a recording with a wood's echoes and noise. In each band the power
of the recording is taken for that of the dry song times a gain, of the song as a diffuse room gives
it back, exponentially decaying (Polack's model; Lebart, Boucher & Denbigh, Acta Acustica 87,
359-366, 2001), and of steady noise. The three are found by non-negative factorisation under the
Itakura-Saito divergence, which is the likelihood of exponentially distributed powers (Fevotte,
Bertin & Durrieu, Neural Computation 21, 793-830, 2009, eq. 4.1), for each of `DECAYS`.
"""

from dataclasses import dataclass

import numpy as np
from scipy import signal
from scipy.ndimage import gaussian_filter1d

from chingolo.synth.fit.track.chirp_plane import RATE

N_FFT, HOP = 512, 128
"""Samples under the Hann window and between frames, at the rate of the analysis."""

BAND = 6
"""Bins from band to band, 258 Hz for a songbird; a band is a triangle of twice that."""

DECAYS = np.array([0.03, 0.06, 0.1, 0.16, 0.25, 0.4, 0.6, 0.9, 1.4, 2.2])
"""s; reverberation times (60 dB) that are tried at `RATE`."""

STEPS = 60
"""Of the factorisation."""

SMOOTH_DECAY, SMOOTH_GAIN = 8.0, 1.0
"""Bands: standard deviations of what decays and gains are smoothed over; both hardly matter
(docs/methods.md)."""

LATE = 0.006
"""s after the direct sound at which the room sets in: a frame of the analysis."""

HEARD = 60.0
"""s of a recording, from the first sung on, by which its acoustics are known."""

QUIET = 1e-10
"""Share of the loudest power below which nothing is told from nothing."""


@dataclass(frozen=True, eq=False)
class Acoustics:
    """What one recording adds to its song."""

    frequency: np.ndarray
    """[bands] Hz."""

    gain: np.ndarray
    """[bands] power of the direct sound over that of the dry song."""

    echo: np.ndarray
    """[bands] power of all that follows it over that of the dry song."""

    decay: np.ndarray
    """[bands] s, reverberation time (60 dB)."""

    noise: np.ndarray
    """[bands] power density of the background, (full scale)^2 / Hz."""


def measure_acoustics(recording: np.ndarray, dry: np.ndarray, sample_rate: int) -> Acoustics:
    """Finds what made a recording out of a dry song.

    Args:
        recording: [samples].
        dry: [about samples] what is sung of its fit, in the same place.
        sample_rate: Hz, `analysis_rate` of the bird; bands are of as many samples at any rate.
    """
    sung = np.flatnonzero(np.abs(dry) > 1e-3 * np.abs(dry).max(initial=0.0))
    begin = max(0, int(sung[0]) - 4 * N_FFT) if len(sung) else 0
    count = min(len(recording), len(dry), begin + round(HEARD * sample_rate)) - begin
    filters, frequency = _bands(sample_rate)
    seen, song = (
        np.abs(_spectra(wave[begin : begin + count])) ** 2 @ filters for wave in (recording, dry)
    )
    seen = np.maximum(seen, QUIET * max(float(seen.max()), 1e-20))
    usual = np.median(seen)
    late = np.concatenate([np.zeros((1, seen.shape[1])), song[:-1]])
    divergence = np.empty((len(DECAYS), len(frequency)))
    weights = np.empty((len(DECAYS), 3, len(frequency)))
    for number, decay in enumerate(_decays(sample_rate)):
        kept = _kept_power(decay, sample_rate / HOP)
        ringing = signal.lfilter([1 - kept], [1, -kept], late, axis=0)
        basis = np.stack([song, ringing, np.full_like(song, usual)])
        divergence[number], weights[number] = _factorise(seen, basis)
    best = gaussian_filter1d(divergence, SMOOTH_DECAY, axis=1, mode="nearest").argmin(axis=0)
    gain, echo, noise = weights[best, :, np.arange(len(best))].T
    decay = _smooth(_decays(sample_rate)[best], np.ones(len(best)))
    # bands that the song hardly enters tell nothing of what it would come through them like
    told = (song * gain > noise * usual).sum(axis=0) + 1e-3
    window = _window()
    density = noise * usual / (sample_rate * (window**2).sum()) * 2
    return Acoustics(frequency, _smooth(gain, told), _smooth(echo, told), decay, density)


def heard_in(
    dry: np.ndarray, around: Acoustics, random: np.random.Generator, *, sample_rate: int
) -> np.ndarray:
    """A dry song as a recording would hold it.

    Args:
        dry: [samples] at the level of the fit.
        around: see `measure_acoustics`.
        random: of the room's ringing and the noise.
        sample_rate: Hz, of the song; any.

    Returns:
        [samples] float32.
    """
    late = round(LATE * sample_rate)
    ring = _ringing(around, random, sample_rate)
    size = len(dry) + sample_rate // 10
    bins = np.fft.rfftfreq(size, 1 / sample_rate)
    direct = np.fft.rfft(dry, size) * np.sqrt(_at(bins, around, around.gain))
    wave = np.fft.irfft(direct, size)[: len(dry)]
    wave[late:] += signal.oaconvolve(dry, ring)[: max(0, len(dry) - late)]
    return (wave + background(around, len(dry), random, sample_rate=sample_rate)).astype(np.float32)


def background(
    around: Acoustics, samples: int, random: np.random.Generator, *, sample_rate: int
) -> np.ndarray:
    """[samples] noise with the spectrum of the recording's background, at its level."""
    spectrum = np.fft.rfft(random.standard_normal(samples))
    bins = np.fft.rfftfreq(samples, 1 / sample_rate)
    density = _at(bins, around, around.noise)
    return np.fft.irfft(spectrum * np.sqrt(density * sample_rate / 2), samples)


def _ringing(around: Acoustics, random: np.random.Generator, sample_rate: int) -> np.ndarray:
    """[samples] of a diffuse room's response: noise that fades in each band as it should."""
    longest = round(float(around.decay.max()) * sample_rate) + N_FFT
    noise = _spectra(random.standard_normal(longest))
    bins = np.arange(N_FFT // 2 + 1) * sample_rate / N_FFT
    decay, echo = _at(bins, around, around.decay), _at(bins, around, around.echo)
    fading = _kept_power(decay, sample_rate)
    time = np.arange(len(noise))[:, None] * HOP
    faded = noise * np.sqrt(echo * (1 - fading) * fading**time)
    _, wave = signal.istft(
        faded.T / _window().sum(), window="hann", nperseg=N_FFT, noverlap=N_FFT - HOP
    )
    return np.asarray(wave)[:longest]


def _factorise(seen: np.ndarray, basis: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """[bands] divergence and [3, bands] weights of the [3, frames, bands] that make up `seen`."""
    weights = np.ones((len(basis), seen.shape[1]))
    for _ in range(STEPS):
        model = (weights[:, None] * basis).sum(axis=0) + 1e-20
        asked = (basis * (seen / model**2)).sum(axis=1)
        given = np.maximum((basis / model).sum(axis=1), 1e-30)
        weights = np.maximum(weights * np.sqrt(asked / given), 1e-8)
    ratio = seen / ((weights[:, None] * basis).sum(axis=0) + 1e-20)
    return (ratio - np.log(ratio) - 1).sum(axis=0), weights


def _decays(sample_rate: int) -> np.ndarray:
    """As long for a large bird, in samples, as for a songbird; see `analysis_rate`."""
    return DECAYS * RATE / sample_rate


def _kept_power(decay: np.ndarray | float, steps_a_second: float) -> np.ndarray:
    """Share of the power that a room keeps from step to step."""
    return 10 ** (-6.0 / (np.asarray(decay) * steps_a_second))


def _smooth(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    over = gaussian_filter1d(np.log(values) * weight, SMOOTH_GAIN, mode="nearest")
    return np.exp(over / gaussian_filter1d(weight.astype(float), SMOOTH_GAIN, mode="nearest"))


def _at(frequency: np.ndarray, around: Acoustics, values: np.ndarray) -> np.ndarray:
    return np.exp(np.interp(frequency, around.frequency, np.log(values)))


def _bands(sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
    """[bins, bands] filters of sum 1, and the bands' middles in Hz."""
    bins = np.arange(N_FFT // 2 + 1)
    middles = np.arange(0, len(bins) + BAND, BAND)
    filters = np.maximum(0.0, 1 - np.abs(bins[:, None] - middles) / BAND)
    return filters / filters.sum(axis=0), middles * sample_rate / N_FFT


def _window() -> np.ndarray:
    return np.hanning(N_FFT + 1)[:-1]


def _spectra(wave: np.ndarray) -> np.ndarray:
    """[frames, bins] of a wave from its first sample to its last."""
    wave = np.pad(wave, (0, max(0, N_FFT - len(wave))))
    _, _, spectra = signal.stft(wave, window="hann", nperseg=N_FFT, noverlap=N_FFT - HOP)
    return spectra.T * _window().sum()
