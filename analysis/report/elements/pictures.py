"""Pictures and sounds of songs, small enough to stand in one page."""

import base64
import io

import matplotlib
import numpy as np
import pandas as pd
import soundfile
from PIL import Image
from scipy import signal

from chingolo.synth.tables.audio import load_song
from chingolo.synth.tables.files import InputError

SAMPLE_RATE = 22050
LOWEST_HZ, HIGHEST_HZ = 500.0, 10000.0
DYNAMIC_RANGE_DB = 50.0
LONGEST_SOUND_S = 6.0


def load_or_reason(song: pd.Series) -> tuple[np.ndarray | None, str]:
    """Audio of a song at 22.05 kHz, or None and why it cannot be had."""
    try:
        return load_song(song, sample_rate=SAMPLE_RATE), ""
    except InputError as error:
        return None, str(error)


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


def shade(samples: np.ndarray, *, width: int, height: int) -> np.ndarray:
    """[height, width] uint8 spectrogram of a whole song, highest frequency first, 255 loudest."""
    level = spectrogram(samples)
    image = Image.fromarray(np.uint8(np.round(255 * (1 + level[::-1] / DYNAMIC_RANGE_DB))))
    # a box filter keeps fast trills visible when many frames share a pixel
    return np.asarray(image.resize((width, height), Image.Resampling.BOX))


def spectrogram_png(samples: np.ndarray, *, width: int = 220, height: int = 96) -> bytes:
    """Spectrogram of a whole song as a palette PNG."""
    image = Image.fromarray(shade(samples, width=width, height=height) // 8 * 8)
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


def sound_mp3(samples: np.ndarray) -> bytes:
    """At most the first 6 s of a song as a small MP3, peak at -1 dB."""
    samples = samples[: int(LONGEST_SOUND_S * SAMPLE_RATE)]
    peak = float(np.abs(samples).max()) if len(samples) else 0.0
    buffer = io.BytesIO()
    with soundfile.SoundFile(
        buffer, "w", SAMPLE_RATE, 1, format="MP3", subtype="MPEG_LAYER_III", compression_level=0.8
    ) as file:
        file.write(samples * (0.89 / peak if peak > 0 else 1.0))
    return buffer.getvalue()


def data_uri(content: bytes, kind: str) -> str:
    """`content` as a data URI of a media type, for a page that stands alone."""
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
