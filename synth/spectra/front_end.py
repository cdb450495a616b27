"""How a waveform becomes a log-mel spectrogram: the settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from chingolo.synth.tables.bounds import SAMPLE_RATE, Bounds
from chingolo.synth.tables.files import InputError


@dataclass(frozen=True)
class FrontEnd:
    """How a waveform becomes a log-mel spectrogram."""

    sample_rate: Annotated[int, SAMPLE_RATE] = 22050
    """Samples a second, Hz."""

    n_fft: Annotated[int, Bounds(2, 65_536)] = 512
    """Length of the Fourier window, samples."""

    hop: Annotated[int, Bounds(1, 65_536)] = 128
    """Step between frames, samples."""

    n_mels: Annotated[int, Bounds(1, 1024)] = 64
    """Mel bands (Slaney's scale and area normalisation, as in librosa)."""

    f_min: Annotated[float, Bounds(0)] = 1000.0
    """Lower edge of the lowest band, Hz."""

    f_max: Annotated[float, Bounds(0, inside=True)] = 10000.0
    """Upper edge of the highest band, Hz."""

    noise: Literal["none", "floor", "subtract", "median", "pcen"] = "floor"
    """Noise-robust option: none; each band above its noise, heard around the song where it can be;
    that noise taken off its power, so that loud bands stay loud; above its median over the song (as
    in version 0.1: erases sounds that last); or PCEN."""

    clip_s: Annotated[float, Bounds(0, 600, inside=True)] = 2.7
    """Length of a clip, s. Shorter songs stand in a clip's middle; longer ones give several."""

    @property
    def context_s(self) -> float:
        """How much of the recording is heard on each side of a song, for its noise, s."""
        return 1.0 if self.noise in ("floor", "subtract") else 0.0

    @property
    def highest(self) -> float:
        """Upper edge of what is heard, Hz: that of the bands, and no more than Nyquist's."""
        return min(self.f_max, self.sample_rate / 2)


def front_end_of(made_by: Mapping[str, Any]) -> FrontEnd:
    """How the encoder that made a latent table hears; the default where the table tells nothing."""
    told = {name: made_by[name] for name in FrontEnd.__dataclass_fields__ if name in made_by}
    return FrontEnd(**told)


def check_front_end(front_end: FrontEnd) -> None:
    """Refuses settings that are each within their bounds, and together would hear nothing.

    Raises:
        InputError: if the bands reach above half the sample rate, the upper edge is no higher than
            the lower, or the Fourier window is longer than a clip.
    """
    nyquist = front_end.sample_rate / 2
    if front_end.f_max > nyquist:
        raise InputError(
            f"front_end.f_max={front_end.f_max:g}: bands above {nyquist:g} Hz hear nothing at a "
            f"sample rate of {front_end.sample_rate} Hz; add front_end.f_max={nyquist:g}"
        )
    if front_end.f_min >= front_end.f_max:
        raise InputError(
            f"front_end.f_min={front_end.f_min:g}: expected below front_end.f_max="
            f"{front_end.f_max:g}"
        )
    samples = front_end.clip_s * front_end.sample_rate
    if samples < front_end.n_fft:
        raise InputError(
            f"front_end.n_fft={front_end.n_fft}: longer than a clip of {samples:.0f} samples"
        )
