"""Settings of a detector's training. Importable without jax, so that `--help` stays fast."""

from dataclasses import dataclass
from typing import ClassVar

from chingolo.synth.spectra.front_end import FrontEnd

DETECTOR_FRONT_END = FrontEnd(hop=256, n_mels=40, noise="none", clip_s=10.0)


@dataclass(frozen=True)
class DetectorSettings:
    """How a detector is trained (see `detector.network`)."""

    front_end: FrontEnd = DETECTOR_FRONT_END
    """Log-mel front end; `clip_s` is the length of a scene, s."""

    convolution_widths: tuple[int, int] = (16, 24)
    """Of the two convolutions over time and frequency."""

    block_width: int = 48
    """Of the dilated blocks."""

    steps: int = 2000
    """Optimiser steps."""

    batch: int = 24
    """Scenes in a step."""

    synthetic_share: float = 0.5
    """Share of a batch that is synthetic, where song tables are given too."""

    pool: int = 24
    """Chunks of one batch of scenes that a batch is drawn from."""

    renew_every: int = 8
    """Steps after which the oldest chunk of the pool gives way to a fresh one."""

    learning_rate: float = 3e-3
    """Peak of AdamW's learning rate; after a warm-up it falls to 0 along a cosine."""

    weight_decay: float = 0.01
    """AdamW's weight decay."""

    edge_weight: float = 0.3
    """Weight of the losses of onsets and offsets."""

    momentum: float = 0.995
    """Share of the running mean of the weights kept at a step; that mean is what is written."""

    log_every: int = 50
    """Steps between lines of metrics.jsonl."""

    checkpoint_every: int = 250
    """Steps between checkpoints."""

    renamed: ClassVar[dict[str, str]] = {
        "channels": "convolution_widths",
        "width": "block_width",
    }
    """Former names of settings, for files of older versions."""
