"""Settings of a training run. Importable without jax, so that `--help` stays fast."""

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin, get_type_hints

from chingolo.synth.spectra.front_end import FrontEnd
from chingolo.synth.tables.files import InputError

MethodName = Literal[
    "dino", "msn", "byol", "simclr", "vicreg", "supervised", "autoencoder", "distill"
]


@dataclass(frozen=True)
class Views:
    """Random changes that a song's identity must survive; 0 turns one off."""

    shift_s: float = 0.15
    """Largest shift in time, s, either way; what leaves the clip is lost."""

    crop_scale: tuple[float, float] = (1.0, 1.0)
    """Share of the clip that a crop keeps, from and to; 1 crops nothing (dialects may differ in
    their last element alone)."""

    crop_frames: int = 0
    """Frames that a crop is stretched to, changing tempo and pitch; 0 stretches nothing."""

    local_views: int = 0
    """Short crops of each song that the student alone sees (DINO's multi-crop)."""

    local_s: float = 1.0
    """Length of a local crop, s."""

    gain_db: float = 10.0
    """Largest change of the whole clip's level, dB, either way."""

    fader_db: float = 6.0
    """Largest change of level from the clip's start to its end, dB."""

    filter_db: float = 4.0
    """Largest gain of a smooth random filter over the bands, dB."""

    noise_db: tuple[float, float] = (-30.0, 0.0)
    """Level of added noise against the clip's mean level, dB, from and to."""

    noise_share: float = 0.25
    """Share of views that get noise."""

    mixup: float = 0.1
    """Largest share of another song of the batch, mixed in as power (BYOL-A)."""

    tape_share: float = 0.1
    """Share of views that pass a tape channel: narrow band, hiss and a slow wow in level."""

    time_mask_s: float = 0.06
    """Longest masked stretch, s; two are drawn."""

    frequency_mask: int = 4
    """Most masked bands; two are drawn."""


@dataclass(frozen=True)
class Encoder:
    """The network between log-mel clip and latent vector."""

    kind: Literal["cnn", "vit"] = "cnn"
    """Architecture: residual network with GroupNorm, or vision transformer."""

    size: Literal["nano", "micro", "tiny", "small", "base"] = "micro"
    """Size. CNN: channels of the stages; ViT: width, depth and heads (see train/models)."""

    patch: Literal["square", "overlapping", "band"] = "square"
    """ViT's patches: 16 frames by 16 bands, the same at half steps, or 4 frames of all bands."""

    dimensions: int = 64
    """Length of the latent vector."""

    dropout: float = 0.0
    """Share of features dropped while training."""

    initialisation: Literal["glorot", "kaiming"] = "glorot"
    """Start of dense and convolution weights."""


@dataclass(frozen=True)
class Method:
    """What the network is asked to learn."""

    name: MethodName = "dino"
    """dino and msn: prototypes that teacher and student agree on; byol: the teacher's projection
    predicted; simclr: pairs among all others; vicreg: variance, invariance, covariance; supervised:
    labels alone; autoencoder: the clip rebuilt; distill: a trained encoder's vectors."""

    projection: int = 32
    """Length of the projector's output."""

    hidden: int = 256
    """Width of the projector's hidden layers."""

    prototypes: int = 32
    """Number of prototypes; few for few songs."""

    target: Literal["sinkhorn", "centre"] = "sinkhorn"
    """How the teacher is kept from collapse: balanced assignment, or a running centre."""

    koleo: float = 0.1
    """Weight of the KoLeo spread of projections (Sablayrolles et al. 2019); dino."""

    mean_entropy: float = 1.0
    """Weight of the mean prediction's entropy (Assran et al. 2022); msn."""

    masked: float = 0.3
    """Share of patches hidden from the student; msn."""

    student_temperature: float = 0.1
    """Temperature of the student's softmax; of the cosines in simclr."""

    teacher_temperature: tuple[float, float] = (0.02, 0.02)
    """Temperature of the teacher's softmax at the start and from a fifth of the run on. Pairs of
    birds agree little at first: at 0.04 and more, teacher and student settle on saying nothing."""

    momentum: tuple[float, float] = (0.96, 0.99)
    """Share of the teacher kept at a step, at the start and at the end (cosine)."""

    centre_momentum: float = 0.9
    """Share of the running centre kept at a step."""

    label_weight: float = 1.0
    """Weight of the labels' loss for songs that have one; 0 leaves labels unused."""

    multilabel: bool = False
    """Sigmoid in place of softmax, for labels that may co-occur (written `a+b`)."""

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

    steps: int = 300
    """Optimiser steps."""

    batch: int = 64
    """Songs (each as a pair of views) in a step, over all devices."""

    synthetic_share: float = 0.75
    """Share of a batch that is synthetic, where both kinds are given."""

    pool: int = 8
    """Chunks of one batch of synthetic pairs that a batch is drawn from; 1 uses each once."""

    renew_every: int = 8
    """Steps after which the oldest chunk of the pool gives way to a fresh one."""

    learning_rate: float = 2e-3
    """Peak of the learning rate, after a linear warm-up."""

    schedule: Literal["cosine", "multi_step"] = "cosine"
    """How the learning rate falls: to 0 along a cosine, or by a factor at milestones."""

    milestones: tuple[float, ...] = (0.2, 0.4, 0.6, 0.8)
    """Shares of the run at which the rate falls (`multi_step`)."""

    decay_factor: float = 0.1
    """Factor at each milestone (`multi_step`)."""

    warmup: float = 0.1
    """Share of the steps that warm up."""

    weight_decay: float = 0.04
    """AdamW's weight decay."""

    clip_norm: float = 3.0
    """Largest norm of a gradient."""

    optimiser: Literal["adamw", "sgd"] = "adamw"
    """AdamW, or plain SGD (for tests of equality: Adam hides wrong scales)."""

    accumulate: int = 1
    """Steps whose gradients are averaged into one update."""

    compute: Literal["float32", "bfloat16"] = "float32"
    """Type the encoder computes in; parameters and losses stay float32."""

    log_every: int = 10
    """Steps between lines of metrics.jsonl; nothing leaves the device in between."""

    probe_every: int = 100
    """Steps between nearest-neighbour probes on held-out songs."""

    checkpoint_every: int = 50
    """Steps between checkpoints."""


def change(config: Any, settings: tuple[str, ...]) -> Any:
    """Changes single settings, each written `part.name=value`, such as `method.name=simclr`.

    Raises:
        InputError: for an unknown setting or a value of another type.
    """
    for setting in settings:
        name, _, value = setting.partition("=")
        config = _change_one(config, name.split("."), value, setting)
    return config


def _change_one(config: Any, names: list[str], value: str, setting: str) -> Any:
    hints = get_type_hints(type(config))
    if names[0] not in hints:
        raise InputError(f"--set {setting}: no '{names[0]}'; one of {', '.join(hints)}")
    old = getattr(config, names[0])
    if dataclasses.is_dataclass(old):
        if len(names) < 2:
            raise InputError(f"--set {setting}: expected {names[0]}.NAME=VALUE")
        new = _change_one(old, names[1:], value, setting)
    elif len(names) > 1:
        raise InputError(f"--set {setting}: '{names[0]}' has no parts")
    else:
        new = _parse(old, hints[names[0]], value, setting)
    return dataclasses.replace(config, **{names[0]: new})


def _parse(old: Any, hint: Any, value: str, setting: str) -> Any:
    choices = get_args(hint) if get_origin(hint) is Literal else ()
    if choices and value not in choices:
        raise InputError(f"--set {setting}: expected one of {', '.join(choices)}")
    try:
        if isinstance(old, bool):
            return {"true": True, "false": False}[value.lower()]
        if isinstance(old, tuple):
            return tuple(type(old[0])(part) for part in value.split(","))
        return type(old)(value)
    except (ValueError, KeyError) as error:
        raise InputError(f"--set {setting}: expected a {type(old).__name__}") from error


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
