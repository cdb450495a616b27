"""Tiny settings, and chirps for songs, that the tests of training share."""

import dataclasses

import numpy as np

from chingolo.synth.spectra.front_end import FrontEnd
from chingolo.train.encoders.cnn import CNNSettings
from chingolo.train.methods.dino import DINOSettings
from chingolo.train.settings.training import TrainingSettings, Views

CHIRPS = ("up", "down", "flat", "low")

SMALL = TrainingSettings(
    front_end=FrontEnd(clip_s=0.4),
    views=Views(shift_s=0.05, time_mask_s=0.05, frequency_mask=4),
    encoder=CNNSettings(size="nano", dimensions=16),
    method=DINOSettings(hidden=32, projection=16, prototypes=16, momentum=(0.8, 0.9)),
    pool=2,
    renew_every=1,
    steps=6,
    batch=16,
    log_every=2,
    checkpoint_every=3,
)
UNOPTIMISED = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
"""Options of a compilation that takes half the time, and shows a 0/0 that optimising happens to
hide: the maximum of the CNN over time once had no gradient without it."""

PLAIN = dataclasses.replace(SMALL, optimiser="sgd", learning_rate=0.1)


def chirp(kind: int, rng: np.random.Generator, samples: int, sample_rate: int) -> np.ndarray:
    """One chirp in noise."""
    time = np.arange(samples) / sample_rate
    start, slope = [(3000, 6000), (5400, -6000), (4200, 0), (2000, 0)][kind]
    f0 = rng.uniform(0.97, 1.03) * (start + slope * time)
    envelope = np.sin(np.pi * np.arange(samples) / samples) ** 2
    tone = envelope * np.sin(2 * np.pi * np.cumsum(f0) / sample_rate)
    return (tone + rng.normal(0, 0.1, samples)).astype(np.float32)


def chirp_pairs(seed: int, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A pair source in place of the generator."""
    rng = np.random.default_rng(seed)
    front_end = SMALL.front_end
    samples = round(front_end.clip_s * front_end.sample_rate)
    theme = rng.integers(0, len(CHIRPS), count).astype(np.int32)
    first, second = (
        np.stack([chirp(kind, rng, samples, front_end.sample_rate) for kind in theme])
        for _ in range(2)
    )
    return first, second, theme
