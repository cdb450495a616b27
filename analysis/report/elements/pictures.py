"""Pictures and sounds of songs, small enough to stand in one page."""

import base64
import io

import matplotlib
import numpy as np
import pandas as pd
import soundfile
import soxr
from PIL import Image

from chingolo.synth.spectra.front_end import FrontEnd
from chingolo.synth.spectra.log_mel import song_mel_power
from chingolo.synth.tables.audio import load_song
from chingolo.synth.tables.files import InputError

DYNAMIC_RANGE_DB = 50.0
LONGEST_SOUND_S = 6.0
MP3_RATES = (22050, 24000, 32000, 44100, 48000)
"""Hz; of those that MP3 knows, the ones that hold what birds sing."""


def load_or_reason(song: pd.Series, *, sample_rate: int) -> tuple[np.ndarray | None, str]:
    """Audio of a song at a rate in Hz, or None and why it cannot be had."""
    try:
        return load_song(song, sample_rate=sample_rate), ""
    except InputError as error:
        return None, str(error)


def spectrogram(samples: np.ndarray, front_end: FrontEnd) -> np.ndarray:
    """Log-mel spectrogram in dB below its peak: what an encoder hears, for pictures.

    Args:
        samples: [samples] audio at the front end's rate.
        front_end: how the encoder hears.

    Returns:
        [n_mels, frames] lowest band first, between -50 and 0 dB.
    """
    level = 10 * np.log10(song_mel_power(samples, front_end).T + 1e-20)
    return np.clip(level - level.max(), -DYNAMIC_RANGE_DB, 0.0)


def shade(samples: np.ndarray, front_end: FrontEnd, *, width: int, height: int) -> np.ndarray:
    """[height, width] uint8 spectrogram of a whole song, highest frequency first, 255 loudest."""
    level = spectrogram(samples, front_end)
    image = Image.fromarray(np.uint8(np.round(255 * (1 + level[::-1] / DYNAMIC_RANGE_DB))))
    # a box filter keeps fast trills visible when many frames share a pixel
    return np.asarray(image.resize((width, height), Image.Resampling.BOX))


def spectrogram_png(
    samples: np.ndarray, front_end: FrontEnd, *, width: int = 220, height: int = 96
) -> bytes:
    """Spectrogram of a whole song as a palette PNG."""
    image = Image.fromarray(shade(samples, front_end, width=width, height=height) // 8 * 8)
    image.putpalette(np.uint8(np.round(255 * _colours())).reshape(-1).tolist())
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _colours() -> np.ndarray:
    """[256, 3] the map magma, readable in grey and with colour deficiencies."""
    return matplotlib.colormaps["magma"](np.arange(256))[:, :3]


def sprite_sheets(
    shades: list[np.ndarray], *, columns: int = 20, per_sheet: int = 1000
) -> list[bytes]:
    """Packs equal [height, width] spectrograms row by row into WebP sheets."""
    sheets = []
    for start in range(0, len(shades), per_sheet):
        part = shades[start : start + per_sheet]
        height, width = part[0].shape
        rows = -(-len(part) // columns)
        sheet = np.zeros((rows * height, columns * width), np.uint8)
        for i, tile in enumerate(part):
            row, column = divmod(i, columns)
            sheet[row * height : (row + 1) * height, column * width : (column + 1) * width] = tile
        image = Image.fromarray(np.uint8(np.round(255 * _colours()[sheet])))
        buffer = io.BytesIO()
        image.save(buffer, "WEBP", quality=45, method=4)
        sheets.append(buffer.getvalue())
    return sheets


def sound_mp3(samples: np.ndarray, sample_rate: int) -> bytes:
    """At most the first 6 s of a song, at a rate in Hz, as a small MP3, peak at -1 dB."""
    samples = samples[: int(LONGEST_SOUND_S * sample_rate)]
    rate = next((rate for rate in MP3_RATES if rate >= sample_rate), MP3_RATES[-1])
    samples = samples if rate == sample_rate else soxr.resample(samples, sample_rate, rate)
    peak = float(np.abs(samples).max()) if len(samples) else 0.0
    buffer = io.BytesIO()
    with soundfile.SoundFile(
        buffer, "w", rate, 1, format="MP3", subtype="MPEG_LAYER_III", compression_level=0.8
    ) as file:
        file.write(samples * (0.89 / peak if peak > 0 else 1.0))
    return buffer.getvalue()


def data_uri(content: bytes, kind: str) -> str:
    """`content` as a data URI of a media type, for a page that stands alone."""
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
