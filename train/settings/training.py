"""Settings of an encoder's training: one frozen tree of dataclasses."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from chingolo.synth.spectra.front_end import FrontEnd
from chingolo.synth.tables.bounds import Bounds
from chingolo.train.encoders.cnn import CNNSettings
from chingolo.train.encoders.encoder import EncoderSettings
from chingolo.train.methods.dino import DINOSettings
from chingolo.train.objective.method import MethodSettings


@dataclass(frozen=True)
class Views:
    """Random changes that a song's identity must survive; 0 turns one off."""

    shift_s: Annotated[float, Bounds(0, 600)] = 0.15
    """Largest shift in time, s, either way; what leaves the clip is lost."""

    crop_scale: Annotated[tuple[float, float], Bounds(0.01, 1, rising=True)] = (1.0, 1.0)
    """Share of the clip that a crop keeps, from and to; 1 crops nothing (dialects may differ in
    their last element alone)."""

    crop_frames: Annotated[int, Bounds(0, 65_536)] = 0
    """Frames that a crop is stretched to, changing tempo and pitch; 0 stretches nothing."""

    local_views: Annotated[int, Bounds(0, 64)] = 0
    """Short crops of each song that the student alone sees (DINO's multi-crop)."""

    local_s: Annotated[float, Bounds(0, 600, inside=True)] = 1.0
    """Length of a local crop, s."""

    gain_db: Annotated[float, Bounds(0, 200)] = 10.0
    """Largest change of the whole clip's level, dB, either way."""

    fader_db: Annotated[float, Bounds(0, 200)] = 6.0
    """Largest change of level from the clip's start to its end, dB."""

    filter_db: Annotated[float, Bounds(0, 200)] = 4.0
    """Largest gain of a smooth random filter over the bands, dB."""

    noise_db: Annotated[tuple[float, float], Bounds(-200, 200, rising=True)] = (-30.0, 0.0)
    """Level of added noise against the clip's mean level, dB, from and to."""

    noise_share: Annotated[float, Bounds(0, 1)] = 0.25
    """Share of views that get noise."""

    mixup: Annotated[float, Bounds(0, 1)] = 0.1
    """Largest share of another song of the batch, mixed in as power (BYOL-A)."""

    tape_share: Annotated[float, Bounds(0, 1)] = 0.1
    """Share of views as from a tape: narrow band, hiss and a slow wow in level."""

    time_mask_s: Annotated[float, Bounds(0, 600)] = 0.06
    """Longest masked stretch, s; two are drawn."""

    frequency_mask: Annotated[int, Bounds(0, 1024)] = 4
    """Most masked bands; two are drawn."""


@dataclass(frozen=True)
class TrainingSettings:
    """All settings of an encoder's training."""

    front_end: FrontEnd = FrontEnd()
    """Log-mel front end."""

    views: Views = Views()
    """Random views."""

    encoder: EncoderSettings = field(default_factory=CNNSettings)
    """Encoder; one of `train.encoders.registry`."""

    method: MethodSettings = field(default_factory=DINOSettings)
    """Method; one of `train.methods.registry`."""

    steps: Annotated[int, Bounds(1)] = 300
    """Optimiser steps."""

    batch: Annotated[int, Bounds(1, 65_536)] = 64
    """Songs (each as a pair of views) in a step, over all devices."""

    synthetic_share: Annotated[float, Bounds(0, 1)] = 0.75
    """Share of a batch that is synthetic, where both kinds are given."""

    pool: Annotated[int, Bounds(1, 65_536)] = 8
    """Chunks of one batch of synthetic pairs that a batch is drawn from; 1 uses each once."""

    renew_every: Annotated[int, Bounds(1)] = 8
    """Steps after which the oldest chunk of the pool gives way to a fresh one."""

    learning_rate: Annotated[float, Bounds(0, inside=True)] = 2e-3
    """Peak of the learning rate, after a linear warm-up."""

    schedule: Literal["cosine", "multi_step"] = "cosine"
    """How the learning rate falls: to 0 along a cosine, or by a factor at milestones."""

    milestones: Annotated[tuple[float, ...], Bounds(0, 1)] = (0.2, 0.4, 0.6, 0.8)
    """Shares of the run at which the rate falls (`multi_step`)."""

    decay_factor: Annotated[float, Bounds(0)] = 0.1
    """Factor at each milestone (`multi_step`)."""

    warmup: Annotated[float, Bounds(0, 1)] = 0.1
    """Share of the steps that warm up."""

    weight_decay: Annotated[float, Bounds(0)] = 0.04
    """AdamW's weight decay, at the start."""

    weight_decay_rise: Annotated[float, Bounds(0)] = 1.0
    """Times that it has become at the end of the run, along a cosine (10 in DINO and MSN)."""

    clip_norm: Annotated[float, Bounds(0, inside=True)] = 3.0
    """Largest norm of a gradient."""

    optimiser: Literal["adamw", "sgd"] = "adamw"
    """AdamW, or plain SGD (for tests of equality: Adam hides wrong scales)."""

    frozen_encoder: bool = False
    """Whether the encoder keeps the weights that it begins with, and heads alone learn."""

    accumulate: Annotated[int, Bounds(1, 65_536)] = 1
    """Steps whose gradients are averaged into one update."""

    compute: Literal["float32", "bfloat16"] = "float32"
    """Type the encoder computes in; parameters and losses stay float32."""

    log_every: Annotated[int, Bounds(1)] = 10
    """Steps between lines of metrics.jsonl; nothing leaves the device in between."""

    probe_every: Annotated[int, Bounds(1)] = 100
    """Steps between nearest-neighbour probes on held-out songs."""

    checkpoint_every: Annotated[int, Bounds(0)] = 0
    """Steps between checkpoints; 0 goes by minutes alone."""

    checkpoint_minutes: Annotated[float, Bounds(0)] = 2.0
    """Minutes between checkpoints, besides; looked at when a line of metrics is written."""
