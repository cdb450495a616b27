"""How well a re-synthesis meets its recording."""

import warnings
from dataclasses import dataclass

import numpy as np

from chingolo.synth.fit.fitted_song import Fit
from chingolo.synth.fit.ridge import HOP, RATE, WINDOW
from chingolo.synth.spectra.clip import clip_at
from chingolo.synth.spectra.front_end import FrontEnd
from chingolo.synth.spectra.log_mel import mel_filters, song_mel_power
from chingolo.synth.voice.integrate import CONTROL_RATE

FRONT_END = FrontEnd(sample_rate=RATE)
"""512 samples under the window, 64 bands in 1-10 kHz."""


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


def mel_floor(fit: Fit) -> np.ndarray:
    """[n_mels] mean mel power of the recording's background."""
    n_fft = FRONT_END.n_fft
    frequency = np.arange(n_fft // 2 + 1) * RATE / n_fft
    density = np.interp(frequency, fit.floor_frequency, fit.floor)
    window = np.hanning(n_fft + 1)[:-1]
    return (density * RATE * (window**2).sum()) @ mel_filters(FRONT_END)


def judge(wave: np.ndarray, sung: np.ndarray, fit: Fit) -> Quality:
    """Compares a recording with its re-synthesis.

    Args:
        wave: [samples] recording at `ridge.RATE`.
        sung: [about samples] re-synthesis, same rate and level.
        fit: what was sung.
    """
    sung = clip_at(sung, len(wave), 0)
    theirs, ours = (song_mel_power(song, FRONT_END) for song in (wave, sung))
    ours = ours + mel_floor(fit)
    time = np.arange(len(theirs)) * FRONT_END.hop / RATE
    frame = np.minimum((time * CONTROL_RATE).astype(int), len(fit.gesture.f0) - 1)
    voiced = fit.gesture.amplitude[frame] > 0.03
    if not voiced.any():
        voiced = fit.gesture.amplitude[frame] >= fit.gesture.amplitude[frame].max()
    logs = [np.log(power[voiced] + 1e-12).ravel() for power in (theirs, ours)]
    correlation = float(np.corrcoef(logs[0], logs[1])[0, 1])
    f0 = fit.gesture.f0[frame]
    explained = _explained(theirs[voiced], f0[voiced], mel_floor(fit))
    error = reassigned_deviation(wave, fit)
    low, high = FRONT_END.f_min, FRONT_END.f_max
    inside = (fit.floor_frequency >= low) & (fit.floor_frequency <= high)
    noise = float(fit.floor[inside].mean() * 2 * (high - low))
    power = 0.5 * (fit.gain * fit.gesture.amplitude[fit.gesture.amplitude > 0.1]) ** 2
    snr = 10 * np.log10(max(float(power.mean()), 1e-20) / max(noise, 1e-20))
    verdict, reason = _verdict(error, correlation, snr, explained)
    share = float((fit.gesture.amplitude > 0).mean())
    return Quality(error, correlation, share, float(snr), explained, verdict, reason)


def _explained(power: np.ndarray, f0: np.ndarray, floor: np.ndarray) -> float:
    filters = mel_filters(FRONT_END).T
    centre = (filters @ (np.arange(filters.shape[1]) * RATE / FRONT_END.n_fft)) / filters.sum(
        axis=1
    )
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
    low, high = FRONT_END.f_min, FRONT_END.f_max
    magnitude = np.where(((bins >= low) & (bins <= high))[:, None], magnitude, 0.0)
    found = np.take_along_axis(frequency, magnitude.argmax(axis=0)[None], axis=0)[0]
    frame = np.minimum(np.arange(len(found)) * hop * CONTROL_RATE // RATE, len(fit.gesture.f0) - 1)
    loud = fit.gesture.amplitude[frame] > 0.15
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
