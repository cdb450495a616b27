"""Log-mel spectrograms of a batch of clips beside librosa, CPU seconds per second of sound.

librosa is called clip by clip, as it is in a loader, and once more with the whole batch.
"""

from functools import partial

import jax
import jax.numpy as jnp
import librosa
import numpy as np
import pandas as pd

from benchmarks.synthesis import cpu_seconds
from chingolo.synth.spectra.front_end import FrontEnd
from chingolo.synth.spectra.log_mel import POWER_FLOOR, log_mel
from chingolo.train.settings.registry import PRESETS

CLIPS = 64


def librosa_log_mel(clips: np.ndarray, front_end: FrontEnd) -> np.ndarray:
    """[..., samples] -> [..., n_mels, frames] by librosa."""
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
    return np.log(np.maximum(power, POWER_FLOOR))


def measure_preset(name: str) -> list[tuple[str, float, float, str]]:
    """Rows of the table for the front end of a preset."""
    front_end = PRESETS[name].front_end
    samples = round(front_end.clip_s * front_end.sample_rate)
    clips = np.random.default_rng(0).normal(0, 0.1, (CLIPS, samples)).astype(np.float32)
    waves = jnp.asarray(clips)
    ours = partial(log_mel, front_end=front_end)
    theirs = librosa_log_mel(clips, front_end)
    np.testing.assert_allclose(np.asarray(ours(waves)), theirs.swapaxes(1, 2), atol=2e-2)
    seconds = CLIPS * front_end.clip_s
    cost = cpu_seconds(lambda: jax.block_until_ready(ours(waves))) / seconds
    each = cpu_seconds(lambda: [librosa_log_mel(clip, front_end) for clip in clips]) / seconds
    whole = cpu_seconds(lambda: librosa_log_mel(clips, front_end)) / seconds
    what = f"log-mel of {name}, {CLIPS} clips of {front_end.clip_s:g} s, CPU s per s of sound"
    return [(what, cost, each, "librosa, clip by clip"), (what, cost, whole, "librosa, batch")]


def measure() -> pd.DataFrame:
    """The table: what, ours and librosa's cost."""
    rows = [row for name in ("cpu", "msn-audio") for row in measure_preset(name)]
    return pd.DataFrame(rows, columns=["what", "Chingolo", "peer", "named"])


if __name__ == "__main__":
    print(measure().to_string(index=False))
