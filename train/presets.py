"""Named configurations of a training run. Importable without jax, so that `--help` stays fast."""

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

from synth.files import InputError


@dataclass(frozen=True)
class FrontEnd:
    """How a waveform becomes a log-mel spectrogram."""

    sample_rate: int = 22050
    """Samples a second, Hz."""

    n_fft: int = 512
    """Length of the Fourier window, samples."""

    hop: int = 128
    """Step between frames, samples."""

    n_mels: int = 64
    """Mel bands (Slaney's scale and area normalisation, as in librosa)."""

    f_min: float = 1000.0
    """Lower edge of the lowest band, Hz."""

    f_max: float = 10000.0
    """Upper edge of the highest band, Hz."""

    noise: Literal["none", "median", "pcen"] = "median"
    """Noise-robust option: none, each band's median over the clip as its floor, or PCEN."""

    clip_s: float = 2.7
    """Length of a clip, s. Shorter songs stand in a clip's middle; longer ones give several."""


@dataclass(frozen=True)
class Views:
    """Random changes that a song's identity must survive; 0 turns one off."""

    shift_s: float = 0.3
    """Largest shift in time, s, either way; what leaves the clip is lost."""

    crop_scale: tuple[float, float] = (0.8, 1.0)
    """Share of the clip that a crop keeps, from and to; tempo and pitch stay."""

    gain_db: float = 10.0
    """Largest change of the whole clip's level, dB, either way."""

    fader_db: float = 6.0
    """Largest change of level from the clip's start to its end, dB."""

    filter_db: float = 8.0
    """Largest gain of a smooth random filter over the bands, dB."""

    noise_db: tuple[float, float] = (-30.0, 0.0)
    """Level of added noise against the clip's mean level, dB, from and to."""

    noise_share: float = 0.5
    """Share of views that get noise."""

    mixup: float = 0.2
    """Largest share of another song of the batch, mixed in as power (BYOL-A)."""

    tape_share: float = 0.25
    """Share of views that pass a tape channel: narrow band, hiss and a slow wow in level."""

    time_mask_s: float = 0.2
    """Longest masked stretch, s; two are drawn."""

    frequency_mask: int = 8
    """Most masked bands; two are drawn."""


@dataclass(frozen=True)
class Encoder:
    """The network between log-mel clip and latent vector."""

    kind: Literal["cnn"] = "cnn"
    """Architecture."""

    widths: tuple[int, ...] = (16, 32, 64)
    """Channels of each stage; XLA on CPU is slow above about 200."""

    blocks: int = 1
    """Residual blocks in each stage."""

    dimensions: int = 64
    """Length of the latent vector."""


@dataclass(frozen=True)
class Method:
    """What the network is asked to learn."""

    name: Literal["dino", "supervised"] = "dino"
    """Self-distillation (Caron et al. 2021), or labels alone."""

    projection: int = 64
    """Length of the projector's output, on the unit sphere."""

    hidden: int = 256
    """Width of the projector's hidden layers."""

    prototypes: int = 64
    """Number of prototypes that teacher and student agree on; few for few songs."""

    target: Literal["sinkhorn", "centre"] = "sinkhorn"
    """How the teacher is kept from collapse: balanced assignment, or a running centre."""

    koleo: float = 0.1
    """Weight of the KoLeo spread of projections (Sablayrolles et al. 2019)."""

    student_temperature: float = 0.1
    """Temperature of the student's softmax."""

    teacher_temperature: tuple[float, float] = (0.04, 0.07)
    """Temperature of the teacher's softmax at the start and from a fifth of the run on."""

    momentum: tuple[float, float] = (0.96, 0.99)
    """Share of the teacher kept at a step, at the start and at the end (cosine)."""

    centre_momentum: float = 0.9
    """Share of the running centre kept at a step."""

    label_weight: float = 1.0
    """Weight of the labels' loss for songs that have one; 0 leaves labels unused."""

    bottleneck: int = 16
    """Width of the bottleneck before the classifier."""

    label_smoothing: float = 0.1
    """Share of a label spread over all classes, so that unknown songs get low probabilities."""


@dataclass(frozen=True)
class Preset:
    """One whole configuration."""

    front_end: FrontEnd = FrontEnd()
    """Log-mel front end."""

    views: Views = Views()
    """Random views."""

    encoder: Encoder = Encoder()
    """Encoder."""

    method: Method = Method()
    """Method."""

    steps: int = 200
    """Optimiser steps."""

    batch: int = 64
    """Songs (each as a pair of views) in a step, over all devices."""

    synthetic_share: float = 0.5
    """Share of a batch that is synthetic, where both kinds are given."""

    pool: int = 2
    """Chunks of one batch of synthetic pairs that a batch is drawn from; 1 uses each once."""

    renew_every: int = 1
    """Steps after which the oldest chunk of the pool gives way to a fresh one."""

    learning_rate: float = 2e-3
    """Peak of the learning rate: linear warm-up, cosine decay to 0."""

    warmup: float = 0.1
    """Share of the steps that warm up."""

    weight_decay: float = 0.04
    """AdamW's weight decay."""

    clip_norm: float = 3.0
    """Largest norm of a gradient."""

    optimiser: Literal["adamw", "sgd"] = "adamw"
    """AdamW, or plain SGD (for tests of equality: Adam hides wrong scales)."""

    log_every: int = 10
    """Steps between lines of metrics.jsonl; nothing leaves the device in between."""

    checkpoint_every: int = 100
    """Steps between checkpoints."""


PRESETS: dict[str, Preset] = {
    # A small network and fresh synthetic pairs: minutes on two cores; the demo's.
    "cpu": Preset(),
}


def preset(name: str) -> Preset:
    """The preset of this name.

    Raises:
        InputError: for an unknown name.
    """
    if name not in PRESETS:
        raise InputError(f"no preset '{name}'; one of {', '.join(sorted(PRESETS))}")
    return PRESETS[name]


def from_dict(kind: type, values: dict[str, Any]) -> Any:
    """Rebuilds a config dataclass from the nested dictionary that `dataclasses.asdict` gave.

    Raises:
        InputError: if a field is unknown (a run of another version).
    """
    fields = {field.name: field for field in dataclasses.fields(kind)}
    unknown = set(values) - set(fields)
    if unknown:
        raise InputError(f"unknown settings in a run's config: {', '.join(sorted(unknown))}")
    built = {}
    for name, value in values.items():
        inner = fields[name].type
        if dataclasses.is_dataclass(inner):
            value = from_dict(inner, value)  # type: ignore[arg-type]
        elif isinstance(value, list):
            value = tuple(value)
        built[name] = value
    return kind(**built)
