"""Clips: songs brought to one length."""

import numpy as np

from chingolo.synth.spectra.front_end import FrontEnd
from chingolo.synth.tables.excerpt import Excerpt, as_excerpt


def clip_samples(front_end: FrontEnd) -> int:
    """Length of a clip, samples."""
    return round(front_end.clip_s * front_end.sample_rate)


def clip_of(
    song: np.ndarray | Excerpt, samples: int, position: float
) -> tuple[np.ndarray, tuple[int, int]]:
    """Brings a song to a clip's length, with what is known of its recording around it.

    A shorter song lies within its recording, or where that is not known in digital silence, which
    the front end takes for background (see `noise_floor.above_noise`); a longer one is cut.

    Args:
        song: [any] float32, or an excerpt of a recording.
        samples: length of the clip.
        position: 0 for the earliest place of the song in the clip (or cut of it), 1 for the latest.

    Returns:
        [samples] the clip, silent where nothing is known; and the first sample of the song in it
        and the one behind its last.
    """
    heard = as_excerpt(song)
    spare = samples - len(heard)
    start = round(position * abs(spare)) * (1 if spare > 0 else -1)  # of the song in the clip
    first = heard.start - start  # of the clip in the excerpt
    known = heard.wave[max(first, 0) : max(first + samples, 0)]
    clip = np.zeros(samples, np.float32)
    clip[max(-first, 0) : max(-first, 0) + len(known)] = known
    return clip, (max(start, 0), min(start + len(heard), samples))


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
