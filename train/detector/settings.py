"""Settings of a detector's training. Importable without jax, so that `--help` stays fast."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from chingolo.synth.spectra.front_end import FrontEnd
from chingolo.synth.tables.bounds import Bounds

DETECTOR_FRONT_END = FrontEnd(hop=256, n_mels=40, noise="none", clip_s=10.0)


@dataclass(frozen=True)
class DetectorSettings:
    """How a detector is trained (see `detector.network`)."""

    front_end: FrontEnd = DETECTOR_FRONT_END
    """Log-mel front end; `clip_s` is the length of a scene, s."""

    convolution_widths: Annotated[tuple[int, int], Bounds(1, 4096)] = (16, 24)
    """Of the two convolutions over time and frequency."""

    block_width: Annotated[int, Bounds(1, 4096)] = 48
    """Of the dilated blocks."""

    steps: Annotated[int, Bounds(1)] = 2000
    """Optimiser steps."""

    batch: Annotated[int, Bounds(1, 65_536)] = 24
    """Scenes in a step."""

    synthetic_share: Annotated[float, Bounds(0, 1)] = 0.5
    """Share of a batch that is synthetic, where song tables are given too."""

    pool: Annotated[int, Bounds(1, 65_536)] = 24
    """Chunks of one batch of scenes that a batch is drawn from."""

    renew_every: Annotated[int, Bounds(1)] = 8
    """Steps after which the oldest chunk of the pool gives way to a fresh one."""

    learning_rate: Annotated[float, Bounds(0, inside=True)] = 3e-3
    """Peak of AdamW's learning rate; after a warm-up it falls to 0 along a cosine."""

    weight_decay: Annotated[float, Bounds(0)] = 0.01
    """AdamW's weight decay."""

    edge_weight: Annotated[float, Bounds(0)] = 0.3
    """Weight of the losses of onsets and offsets."""

    momentum: Annotated[float, Bounds(0, 1)] = 0.995
    """Share of the running mean of the weights kept at a step; that mean is what is written."""

    log_every: Annotated[int, Bounds(1)] = 50
    """Steps between lines of metrics.jsonl."""

    checkpoint_every: Annotated[int, Bounds(0)] = 0
    """Steps between checkpoints; 0 goes by minutes alone."""

    checkpoint_minutes: Annotated[float, Bounds(0)] = 2.0
    """Minutes between checkpoints, besides; looked at when a line of metrics is written."""

    renamed: ClassVar[dict[str, str]] = {
        "channels": "convolution_widths",
        "width": "block_width",
    }
    """Former names of settings, for files of older versions."""
