"""Pictures of songs: spectrograms as small PNG images."""

import base64
import io

import matplotlib
import numpy as np
import pandas as pd
from PIL import Image
from scipy import signal

from synth.files import InputError
from synth.songs import load_song

SAMPLE_RATE = 22050
LOWEST_HZ, HIGHEST_HZ = 500.0, 10000.0
DYNAMIC_RANGE_DB = 50.0


def spectrogram(samples: np.ndarray, *, sample_rate: int = SAMPLE_RATE) -> np.ndarray:
    """Power spectrogram in dB below its peak, for pictures.

    Args:
        samples: [samples] audio.
        sample_rate: Hz.

    Returns:
        [frequencies, frames] from 0.5 to 10 kHz, lowest first, between -50 and 0 dB.
    """
    window = 512
    padded = np.pad(samples, (0, max(0, window - len(samples))))
    frequencies, _, power = signal.spectrogram(
        padded, sample_rate, window="hann", nperseg=window, noverlap=window * 3 // 4
    )
    band = (frequencies >= LOWEST_HZ) & (frequencies <= HIGHEST_HZ)
    level = 10 * np.log10(power[band] + 1e-20)
    return np.clip(level - level.max(), -DYNAMIC_RANGE_DB, 0.0)


def spectrogram_png(song: pd.Series, *, width: int = 220, height: int = 96) -> bytes:
    """Spectrogram of one row of a song table as PNG.

    Args:
        song: the row.
        width: pixels for the whole song.
        height: pixels for 0.5 to 10 kHz.

    Raises:
        InputError: if the audio is missing or cannot be read.
    """
    level = spectrogram(load_song(song, sample_rate=SAMPLE_RATE))
    shade = np.uint8(np.round(255 * (1 + level[::-1] / DYNAMIC_RANGE_DB)))
    image = Image.fromarray(shade).resize((width, height), Image.Resampling.BILINEAR)
    image = image.convert("P") if image.mode != "L" else image
    image.putpalette(_palette())
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _palette() -> list[int]:
    colours = matplotlib.colormaps["magma"](np.arange(256))[:, :3]
    return np.uint8(np.round(255 * colours)).reshape(-1).tolist()


def data_uri(content: bytes, kind: str) -> str:
    """`content` as a data URI of a media type, for a page that stands alone."""
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def song_picture(song: pd.Series) -> tuple[str, str]:
    """Spectrogram of a song as a data URI, and "" or why there is none."""
    try:
        return data_uri(spectrogram_png(song), "image/png"), ""
    except InputError as error:
        return "", str(error)
