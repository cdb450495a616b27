"""Log-mel spectrograms of a batch of clips beside librosa, CPU seconds per second of sound."""

import jax
import librosa
import numpy as np
import pandas as pd

from benchmarks.synthesis import cpu_seconds
from train.frontend import log_mel
from train.settings import FrontEnd

CLIPS = 64


def measure() -> pd.DataFrame:
    """The table: what, ours and librosa's cost."""
    front_end = FrontEnd()
    samples = round(front_end.clip_s * front_end.sample_rate)
    clips = np.random.default_rng(0).normal(0, 0.1, (CLIPS, samples)).astype(np.float32)
    ours = jax.jit(lambda waves: log_mel(waves, front_end))

    def theirs() -> np.ndarray:
        power = librosa.feature.melspectrogram(
            y=clips,
            sr=front_end.sample_rate,
            n_fft=front_end.n_fft,
            hop_length=front_end.hop,
            n_mels=front_end.n_mels,
            fmin=front_end.f_min,
            fmax=front_end.f_max,
            pad_mode="constant",
        )
        return np.log(np.maximum(power, 1e-10)).swapaxes(1, 2)

    np.testing.assert_allclose(np.asarray(ours(clips)), theirs(), atol=2e-2)
    seconds = CLIPS * front_end.clip_s
    return pd.DataFrame(
        {
            "what": ["log-mel, 64 clips of 2.7 s, CPU s per s of sound"],
            "Chingolo": [cpu_seconds(lambda: jax.block_until_ready(ours(clips))) / seconds],
            "peer": [cpu_seconds(theirs) / seconds],
            "named": ["librosa"],
        }
    )
