"""A recorded song to the gesture that would sing it, and how well that went."""

import warnings
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from chingolo.synth.fit.fundamental import to_fundamental
from chingolo.synth.fit.measure_notes import FittedNote, measure_notes
from chingolo.synth.fit.ridge import HOP, RATE, WINDOW, best_path, find_peaks, ridges
from chingolo.synth.voice.birds import Bird
from chingolo.synth.voice.calibration import load_calibration
from chingolo.synth.voice.gestures import Gesture
from chingolo.synth.voice.integrate import CONTROL_RATE
from chingolo.synth.voice.render import render
from chingolo.synth.voice.tract import tract_response

MEL_FFT, MEL_HOP, MEL_BANDS = 512, 128, 64
MEL_RANGE = (1000.0, 10_000.0)
"""Hz."""

SHORTEST_SONG = 0.03
"""s."""


class UnfittableError(ValueError):
    """A song that cannot be fitted; the message is the reason, for its row."""


@dataclass(frozen=True)
class Fit:
    """What was found in one recording."""

    gesture: Gesture
    """Over the whole recording, frame k at k / CONTROL_RATE; loudness 1 is its loud notes."""

    notes: tuple[FittedNote, ...]

    gain: float
    """Amplitude in the recording of loudness 1."""

    floor: np.ndarray
    """[bins] noise of the recording, power density in (full scale)^2 / Hz."""

    floor_frequency: np.ndarray
    """[bins] Hz."""


@dataclass(frozen=True)
class Quality:
    """How well a re-synthesis meets its recording."""

    f0_error: float
    """Median relative deviation of f0 from librosa's reassigned spectrogram, voiced frames."""

    log_mel_correlation: float
    """Pearson correlation of the log-mel spectrograms over voiced frames, the re-synthesis heard
    over the recording's own background."""

    voiced_share: float
    """Of the time."""

    snr: float
    """Of the notes over the background in 1-10 kHz, dB."""

    explained: float
    """Share of the recording's power above its background (1-10 kHz, voiced frames) that lies
    within 12 % of the fitted f0 or twice it: low where two sing, or a note is noise."""

    verdict: str
    """`good`, `fair` or `poor`."""

    reason: str
    """What keeps it from `good`; empty if nothing does."""


def fit_song(wave: np.ndarray, bird: Bird) -> Fit:
    """Fits one song.

    Args:
        wave: [samples] at `ridge.RATE`.
        bird: whose constants invert pitch and timbre.

    Raises:
        UnfittableError: if nothing tonal is found, or the recording is empty.
    """
    if len(wave) < SHORTEST_SONG * RATE:
        raise UnfittableError(f"shorter than {SHORTEST_SONG:g} s")
    if float(np.abs(wave).max()) < 1e-6:
        raise UnfittableError("silence")
    plane = find_peaks(wave)
    notes = measure_notes(wave, to_fundamental(ridges(plane, best_path(plane)), plane))
    if not notes:
        raise UnfittableError("no tonal note stands above the noise")
    gain = max(note.peak for note in notes)
    # A Hann window of sum 1 lets white noise of density d pass with power d * 1.5 * RATE / WINDOW.
    density = plane.floor * WINDOW / (1.5 * RATE)
    return Fit(
        _gesture(notes, len(wave), gain, bird), tuple(notes), gain, density, plane.frequencies
    )


def _gesture(notes: list[FittedNote], samples: int, gain: float, bird: Bird) -> Gesture:
    frames = round(samples / RATE * CONTROL_RATE) + 1
    f0, loudness, alpha = np.zeros(frames), np.zeros(frames), np.full(frames, bird.alpha)
    for note in notes:
        at = slice(note.first, min(note.first + len(note.f0), frames))
        count = at.stop - at.start
        f0[at] = note.f0[:count]
        loudness[at] = note.amplitude[:count] / gain
        alpha[at] = note_alpha(note, bird)
    known = np.flatnonzero(f0)
    nearest = known[np.searchsorted(known, np.arange(frames)).clip(max=len(known) - 1)]
    return Gesture(f0=f0[nearest], loudness=loudness, alpha=alpha[nearest])


def note_alpha(note: FittedNote, bird: Bird) -> float:
    """The pressure whose second harmonic, through the tract, is as strong as the note's.

    Where noise covers the harmonic the bird's own alpha is taken.
    """
    if note.alpha is not None:
        return note.alpha
    if not np.isfinite(note.second_harmonic):
        return bird.alpha
    table = load_calibration()
    f0 = float(np.median(note.f0))
    column = int(np.argmin(np.abs(table.pitch - f0 / bird.gamma)))
    ratio = np.abs(table.harmonics[:, column, 1]) / np.abs(table.harmonics[:, column, 0])
    response = np.abs(tract_response(np.array([f0, 2 * f0]), bird))
    expected = np.maximum.accumulate(ratio * response[1] / response[0])
    return float(np.exp(np.interp(note.second_harmonic, expected, np.log(table.alpha))))


def resynthesise(fits: list[Fit], bird: Bird, *, sample_rate: int = RATE) -> list[np.ndarray]:
    """Sings fitted songs at the level of their recordings; [samples] each."""
    waves = render([fit.gesture for fit in fits], bird, engine="wavetable", sample_rate=sample_rate)
    return [fit.gain * wave for fit, wave in zip(fits, waves, strict=True)]


@lru_cache(maxsize=1)
def _mel_filters() -> np.ndarray:
    import librosa

    low, high = MEL_RANGE
    return librosa.filters.mel(sr=RATE, n_fft=MEL_FFT, n_mels=MEL_BANDS, fmin=low, fmax=high)


def mel_power(wave: np.ndarray) -> np.ndarray:
    """[frames, MEL_BANDS] mel spectrogram in power, frames every `MEL_HOP` samples, centred."""
    half = MEL_FFT // 2
    padded = np.pad(np.asarray(wave, np.float32), half)
    frames = np.lib.stride_tricks.sliding_window_view(padded, MEL_FFT)[::MEL_HOP]
    spectrum = np.fft.rfft(frames * np.hanning(MEL_FFT + 1)[:-1].astype(np.float32), axis=1)
    return (spectrum.real**2 + spectrum.imag**2) @ _mel_filters().T


def mel_floor(fit: Fit) -> np.ndarray:
    """[MEL_BANDS] mean mel power of the recording's background."""
    frequency = np.arange(MEL_FFT // 2 + 1) * RATE / MEL_FFT
    density = np.interp(frequency, fit.floor_frequency, fit.floor)
    window = np.hanning(MEL_FFT + 1)[:-1]
    return (density * RATE * (window**2).sum()) @ _mel_filters().T


def background(
    fit: Fit, samples: int, random: np.random.Generator, *, sample_rate: int = RATE
) -> np.ndarray:
    """[samples] noise with the spectrum of the recording's background, at its level."""
    spectrum = np.fft.rfft(random.standard_normal(samples))
    frequency = np.fft.rfftfreq(samples, 1 / sample_rate)
    density = np.interp(frequency, fit.floor_frequency, fit.floor)
    return np.fft.irfft(spectrum * np.sqrt(density * sample_rate), samples).astype(np.float32)


def judge(wave: np.ndarray, sung: np.ndarray, fit: Fit) -> Quality:
    """Compares a recording with its re-synthesis.

    Args:
        wave: [samples] recording at `ridge.RATE`.
        sung: [about samples] re-synthesis, same rate and level.
        fit: what was sung.
    """
    sung = np.pad(sung, (0, max(0, len(wave) - len(sung))))[: len(wave)]
    theirs, ours = mel_power(wave), mel_power(sung) + mel_floor(fit)
    time = np.arange(len(theirs)) * MEL_HOP / RATE
    frame = np.minimum((time * CONTROL_RATE).astype(int), len(fit.gesture.f0) - 1)
    voiced = fit.gesture.loudness[frame] > 0.03
    if not voiced.any():
        voiced = fit.gesture.loudness[frame] >= fit.gesture.loudness[frame].max()
    logs = [np.log(power[voiced] + 1e-12).ravel() for power in (theirs, ours)]
    correlation = float(np.corrcoef(logs[0], logs[1])[0, 1])
    f0 = fit.gesture.f0[frame]
    explained = _explained(theirs[voiced], f0[voiced], mel_floor(fit))
    error = reassigned_deviation(wave, fit)
    low, high = MEL_RANGE
    inside = (fit.floor_frequency >= low) & (fit.floor_frequency <= high)
    noise = float(fit.floor[inside].mean() * 2 * (high - low))
    power = 0.5 * (fit.gain * fit.gesture.loudness[fit.gesture.loudness > 0.1]) ** 2
    snr = 10 * np.log10(max(float(power.mean()), 1e-20) / max(noise, 1e-20))
    verdict, reason = _verdict(error, correlation, snr, explained)
    share = float((fit.gesture.loudness > 0).mean())
    return Quality(error, correlation, share, float(snr), explained, verdict, reason)


def _explained(power: np.ndarray, f0: np.ndarray, floor: np.ndarray) -> float:
    filters = _mel_filters()
    centre = (filters @ (np.arange(filters.shape[1]) * RATE / MEL_FFT)) / filters.sum(axis=1)
    above = np.maximum(power - 2 * floor, 0.0)
    ratio = centre / f0[:, None]
    near = (np.abs(ratio - 1) < 0.12) | (np.abs(ratio / 2 - 1) < 0.06)
    return float((above * near).sum() / max(above.sum(), 1e-30))


def reassigned_deviation(wave: np.ndarray, fit: Fit) -> float:
    """Median relative deviation of the fitted f0 from an independent ridge, on loud frames.

    The ridge is the strongest bin of librosa's reassigned spectrogram (11.6 ms windows), anywhere
    in 1-10 kHz.
    """
    import librosa

    hop = 4 * HOP
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of librosa about its own use of NumPy
        frequency, _, magnitude = librosa.reassigned_spectrogram(
            np.asarray(wave, np.float64),
            sr=RATE,
            n_fft=WINDOW,
            hop_length=hop,
            fill_nan=True,
            reassign_times=False,
        )
    bins = np.arange(len(magnitude)) * RATE / WINDOW
    low, high = MEL_RANGE
    magnitude = np.where(((bins >= low) & (bins <= high))[:, None], magnitude, 0.0)
    found = np.take_along_axis(frequency, magnitude.argmax(axis=0)[None], axis=0)[0]
    frame = np.minimum(np.arange(len(found)) * hop * CONTROL_RATE // RATE, len(fit.gesture.f0) - 1)
    loud = fit.gesture.loudness[frame] > 0.15
    if not loud.any():
        return float("nan")
    return float(np.median(np.abs(found[loud] / fit.gesture.f0[frame][loud] - 1)))


def _verdict(error: float, correlation: float, snr: float, explained: float) -> tuple[str, str]:
    faults = []
    if not error <= 0.02:
        faults.append(f"f0 is {100 * error:.1f} % off an independent ridge")
    if not correlation >= 0.85:
        faults.append(f"log-mel correlation {correlation:.2f}")
    if explained < 0.6:
        faults.append(
            f"{100 * explained:.0f} % of the sound follows the tone: noisy, harmonic, or two voices"
        )
    if snr < 0:
        faults.append(f"signal-to-noise {snr:.0f} dB")
    bad = not error <= 0.05 or not correlation >= 0.7 or explained < 0.4
    return ("poor" if bad else "fair" if faults else "good"), "; ".join(faults)
