"""How well a re-synthesis meets its recording."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import binary_dilation

from chingolo.synth.fit.fitted_song import Fit, heard_up_to, slowed
from chingolo.synth.fit.track.chirp_plane import HOP, RATE, WINDOW
from chingolo.synth.spectra.clip import clip_at
from chingolo.synth.spectra.front_end import FrontEnd
from chingolo.synth.spectra.log_mel import mel_filters, song_mel_power
from chingolo.synth.spectra.noise_floor import noise_floor
from chingolo.synth.voice.labia.integrate import CONTROL_RATE

FRONT_END = FrontEnd(sample_rate=RATE)
"""512 samples under the window, 64 bands in 1-10 kHz."""

LOW_FRONT_END = FrontEnd(sample_rate=RATE, f_min=400.0)
"""The same in 0.4-10 kHz, for songs whose median f0 is below `LOW_F0`."""

LOW_F0 = 1250.0
"""Hz."""

JUDGED = 60 * RATE // (4 * HOP) * 4 * HOP
"""Samples whose reassigned spectrogram is held at once: about a minute."""


LOUD_DB = 13.0
"""Below the loudest: where `measure_notes` lets a note end."""

CLEAR = 10.0
"""Power over a band's noise at which a sound is clear of it."""

HEARD_DB = 25.0
"""Below the loudest frame: what is held against the re-synthesis as it would be heard."""

HELD_DB = 60.0
"""Below the loudest band of the song: what is fainter counts as that."""

LEAST_SUNG = 0.8
"""Sung share of a good fit: recorded songs have 0.95 and more, in rooms of 1 s 0.82."""


def front_end_for(fit: Fit) -> FrontEnd:
    """The bands in which a song is judged: down to 400 Hz where it is sung low."""
    f0 = fit.gesture.f0[fit.gesture.amplitude > 0.1]
    return LOW_FRONT_END if len(f0) and np.median(f0) < LOW_F0 else FRONT_END


@dataclass(frozen=True)
class Quality:
    """How well a re-synthesis meets its recording."""

    f0_error: float
    """Median relative deviation of f0 from librosa's reassigned spectrogram, voiced frames."""

    log_mel_correlation: float
    """Pearson correlation of the log-mel spectrograms over voiced frames, the re-synthesis heard
    over the recording's own background, in the bands that the recording holds."""

    voiced_share: float
    """Of the time."""

    snr: float
    """Of the notes over the background in 1-10 kHz, dB; lower bands for songs and birds that sing
    lower, see `front_end_for` and `judge`."""

    notation_f0_error: float
    """90th percentile of the relative deviation of f0 as the notation has it from the fitted one,
    over loud frames where both sound."""

    notation_correlation: float
    """As `log_mel_correlation`, of what is sung from the notation."""

    explained: float
    """Share of the recording's power above its background (1-10 kHz, voiced frames) that lies
    within 12 % of the fitted f0 or twice it: low where two sing, or a note is noise."""

    sung_share: float
    """Of the recording's loud frames (a band within `LOUD_DB` of its loudest and `CLEAR` times its
    noise), those in which the fit sings; NaN where there are none."""

    heard_correlation: float
    """Pearson correlation of the log-mel spectrograms of the recording and of the re-synthesis as
    the recording would hold it, over frames within `HEARD_DB` of the loudest; see `alike`."""

    verdict: str
    """`good`, `fair` or `poor`."""

    reason: str
    """What keeps it from `good`; empty if nothing does."""


def mel_floor(fit: Fit, front_end: FrontEnd = FRONT_END) -> np.ndarray:
    """[n_mels] mean mel power of the recording's background."""
    n_fft = front_end.n_fft
    frequency = np.arange(n_fft // 2 + 1) * RATE / n_fft
    density = np.interp(frequency, fit.floor_frequency, fit.floor)
    window = np.hanning(n_fft + 1)[:-1]
    return (density * RATE * (window**2).sum()) @ mel_filters(front_end)


def judge(
    wave: np.ndarray, sung: Sequence[np.ndarray], fit: Fit, written: Fit, *, rate: int = RATE
) -> Quality:
    """Compares a recording with its re-synthesis, from the gesture and from the notation.

    Args:
        wave: [samples] recording at `rate`.
        sung: two of [about samples], what is sung of `fit` and of `written`; same rate and level.
        fit: what was found.
        written: the same with the gesture of its notation, see `sung_from_notation`.
        rate: Hz, `analysis_rate` of the bird; all bands are lower in proportion to it.
    """
    fit, written = slowed(fit, rate / RATE), slowed(written, rate / RATE)
    front_end = front_end_for(fit)
    songs = (wave, *(clip_at(each, len(wave), 0) for each in sung))
    theirs, *ours = (song_mel_power(song, front_end) for song in songs)
    time = np.arange(len(theirs)) * front_end.hop / RATE
    frame = np.minimum((time * CONTROL_RATE).astype(int), len(fit.gesture.f0) - 1)
    voiced = fit.gesture.amplitude[frame] > 0.03
    if not voiced.any():
        voiced = fit.gesture.amplitude[frame] >= fit.gesture.amplitude[frame].max()
    sung_share = _sung_share(theirs, voiced, front_end)
    floor = mel_floor(fit, front_end)
    held = _bands_below(heard_up_to(fit), front_end)
    logs = [
        np.log(power[voiced][:, held] + 1e-12).ravel()
        for power in (theirs, *(p + floor for p in ours))
    ]
    correlation, notation = (float(r) for r in np.corrcoef(logs)[0, 1:])
    f0 = fit.gesture.f0[frame]
    explained = _explained(theirs[voiced], f0[voiced], floor, front_end)
    error = reassigned_deviation(wave, fit)
    low, high = front_end.f_min, front_end.f_max
    inside = (fit.floor_frequency >= low) & (fit.floor_frequency <= high)
    noise = float(fit.floor[inside].mean() * 2 * (high - low))
    power = 0.5 * (fit.gain * fit.gesture.amplitude[fit.gesture.amplitude > 0.1]) ** 2
    snr = 10 * np.log10(max(float(power.mean()), 1e-20) / max(noise, 1e-20))
    share = float((fit.gesture.amplitude > 0).mean())
    found = Quality(
        f0_error=error,
        log_mel_correlation=correlation,
        voiced_share=share,
        snr=float(snr),
        notation_f0_error=notation_deviation(fit, written),
        notation_correlation=notation,
        explained=explained,
        sung_share=sung_share,
        heard_correlation=float("nan"),
        verdict="",
        reason="",
    )
    verdict, reason = _verdict(found)
    return replace(found, verdict=verdict, reason=reason)


def alike(wave: np.ndarray, heard: np.ndarray, fit: Fit, *, rate: int = RATE) -> float:
    """See `Quality.heard_correlation`; NaN for a recording that does not vary.

    Args:
        wave: [samples] recording at `rate`.
        heard: [about samples] the re-synthesis in the recording's surroundings, same rate.
        fit: what was found.
        rate: Hz, `analysis_rate` of the bird.
    """
    front_end = front_end_for(slowed(fit, rate / RATE))
    theirs, ours = (
        10 * np.log10(np.maximum(power, power.max() * 10 ** (-HELD_DB / 10)) + 1e-20)
        for power in (
            song_mel_power(wave, front_end),
            song_mel_power(clip_at(heard, len(wave), 0), front_end),
        )
    )
    level = theirs.max(axis=1)
    loud = level > level.max() - HEARD_DB
    return float(np.corrcoef(theirs[loud].ravel(), ours[loud].ravel())[0, 1])


def _bands_below(highest: float, front_end: FrontEnd) -> np.ndarray:
    """[n_mels] whether a band lies below a frequency, Hz, but for a tenth of it."""
    filters = mel_filters(front_end)
    below = np.arange(len(filters)) * RATE / front_end.n_fft <= highest
    return filters[below].sum(axis=0) >= 0.9 * filters.sum(axis=0)


def notation_deviation(fit: Fit, written: Fit) -> float:
    """90th percentile of the relative deviation of f0 of the notation, on loud frames of both."""
    loud = (fit.gesture.amplitude > 0.15) & (written.gesture.amplitude > 0.15)
    if not loud.any():
        return float("nan")
    return float(np.quantile(np.abs(written.gesture.f0 / fit.gesture.f0 - 1)[loud], 0.9))


def _explained(power: np.ndarray, f0: np.ndarray, floor: np.ndarray, front_end: FrontEnd) -> float:
    filters = mel_filters(front_end).T
    centre = (filters @ (np.arange(filters.shape[1]) * RATE / front_end.n_fft)) / filters.sum(
        axis=1
    )
    above = np.maximum(power - 2 * floor, 0.0)
    ratio = centre / f0[:, None]
    near = (np.abs(ratio - 1) < 0.12) | (np.abs(ratio / 2 - 1) < 0.06)
    return float((above * near).sum() / max(above.sum(), 1e-30))


def _sung_share(power: np.ndarray, voiced: np.ndarray, front_end: FrontEnd) -> float:
    """See `Quality.sung_share`; by the recording's own noise, whatever the fit took for noise."""
    logs, frames = np.log(power[None] + 1e-12), np.ones((1, len(power)), bool)
    floor = np.exp(noise_floor(logs, frames, reach=front_end.n_mels // 8)[0])
    clear = np.where(power > CLEAR * floor, power, 0.0).max(axis=1)
    loud = clear > np.quantile(clear, 0.99) * 10 ** (-LOUD_DB / 10)
    sung = binary_dilation(voiced, iterations=front_end.n_fft // (2 * front_end.hop))
    return float(sung[loud].mean()) if loud.any() else float("nan")


def reassigned_deviation(wave: np.ndarray, fit: Fit) -> float:
    """Median relative deviation of the fitted f0 from an independent ridge, on loud frames.

    The ridge is the strongest bin of librosa's reassigned spectrogram (11.6 ms windows), anywhere
    in the bands of `front_end_for`.
    """
    hop = 4 * HOP
    front_end = front_end_for(fit)
    low, high = front_end.f_min, front_end.f_max
    begins = range(0, len(wave), JUDGED)
    parts = [wave[begin : begin + JUDGED] for begin in begins]
    found = np.concatenate(
        [
            _strongest(part, hop, low, high, last=begin == begins[-1])
            for begin, part in zip(begins, parts, strict=True)
        ]
    )
    frame = np.minimum(np.arange(len(found)) * hop * CONTROL_RATE // RATE, len(fit.gesture.f0) - 1)
    loud = fit.gesture.amplitude[frame] > 0.15
    if not loud.any():
        return float("nan")
    return float(np.median(np.abs(found[loud] / fit.gesture.f0[frame][loud] - 1)))


def _strongest(wave: np.ndarray, hop: int, low: float, high: float, *, last: bool) -> np.ndarray:
    """[frames] Hz of the strongest bin of a stretch; the frame at its end only of the `last`."""
    import librosa

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
    magnitude = np.where(((bins >= low) & (bins <= high))[:, None], magnitude, 0.0)
    found = np.take_along_axis(frequency, magnitude.argmax(axis=0)[None], axis=0)[0]
    return found if last else found[: len(wave) // hop]


def _verdict(found: Quality) -> tuple[str, str]:
    faults = []
    if not found.f0_error <= 0.02:
        faults.append(f"f0 is {100 * found.f0_error:.1f} % off an independent ridge")
    if not found.log_mel_correlation >= 0.85:
        faults.append(f"log-mel correlation {found.log_mel_correlation:.2f}")
    if found.explained < 0.6:
        faults.append(
            f"{100 * found.explained:.0f} % of the sound follows the tone: noisy, harmonic, or two "
            "voices"
        )
    if found.sung_share < LEAST_SUNG:
        faults.append(f"{100 * found.sung_share:.0f} % of the loud sound is sung")
    if found.snr < 0:
        faults.append(f"signal-to-noise {found.snr:.0f} dB")
    if not found.notation_f0_error <= 0.05:
        faults.append(f"f0 of the notation is {100 * found.notation_f0_error:.1f} % off the fit")
    if found.log_mel_correlation >= 0.85 and not found.notation_correlation >= 0.85:
        faults.append(f"log-mel correlation of the notation {found.notation_correlation:.2f}")
    bad = (
        not found.f0_error <= 0.05
        or not min(found.log_mel_correlation, found.notation_correlation) >= 0.7
        or not found.notation_f0_error <= 0.15
        or found.explained < 0.4
        or found.sung_share < 0.5
    )
    return ("poor" if bad else "fair" if faults else "good"), "; ".join(faults)
