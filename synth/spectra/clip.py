"""Clips: songs brought to one length."""

import numpy as np

from chingolo.synth.spectra.front_end import FrontEnd


def clip_samples(front_end: FrontEnd) -> int:
    """Length of a clip, samples."""
    return round(front_end.clip_s * front_end.sample_rate)


def fit_clip(song: np.ndarray, samples: int, position: float) -> np.ndarray:
    """Brings a song to a clip's length.

    A shorter song is placed in digital silence, which the front end takes for background (see
    `log_mel.above_noise`); of a longer one, a stretch is cut.

    Args:
        song: [any] float32.
        samples: length of the clip.
        position: 0 for the earliest place (or cut), 1 for the latest.
    """
    return clip_at(song, samples, round(position * abs(len(song) - samples)))


def clip_at(song: np.ndarray, samples: int, start: int) -> np.ndarray:
    """Brings a song to a length: cut from a place, or laid at it into silence.

    Args:
        song: [any] float32.
        samples: length of the clip.
        start: sample of a longer song where the clip begins, or sample of the clip where a shorter
            song begins; from 0 to the difference of the lengths.
    """
    if len(song) >= samples:
        return song[start : start + samples]
    clip = np.zeros(samples, np.float32)
    clip[start : start + len(song)] = song
    return clip
