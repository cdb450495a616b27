"""A trained encoder: exported, loaded, applied."""

import dataclasses
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
from flax import serialization

from chingolo.synth.spectra.front_end import check_front_end
from chingolo.synth.spectra.log_mel import log_mel
from chingolo.synth.spectra.noise_floor import above_noise, heard_frames, normalise
from chingolo.synth.tables.files import InputError, atomic_folder
from chingolo.train.encoders.registry import ENCODERS
from chingolo.train.objective.heads import Classifier
from chingolo.train.run.config import read_json
from chingolo.train.settings.change import from_dict
from chingolo.train.settings.training import TrainingSettings
from chingolo.train.step.learner import make_encoder
from chingolo.train.step.state import State


@dataclass(frozen=True)
class TrainedEncoder:
    """A trained encoder: all that `embed` needs."""

    settings: TrainingSettings
    """What it was trained with; the front end among them."""

    classes: tuple[str, ...]
    """Names of the labels that its classifier tells; none without one."""

    params: dict[str, Any]
    """`encoder`, and `classifier` if it has classes."""

    mean: Any
    """[] of the front end's output."""

    variance: Any
    """[] of the front end's output."""

    hash: str
    """Tells its weights from others'."""

    name: str = ""
    """Of an encoder that the package brings."""


def trained_encoder(
    state: State, settings: TrainingSettings, classes: tuple[str, ...]
) -> TrainedEncoder:
    """The teacher's encoder of a state, without projector, and the label head if any."""
    parts = ("encoder", "classifier") if classes else ("encoder",)
    params = {name: jax.device_get(state.teacher[name]) for name in parts}
    weights = serialization.msgpack_serialize(params)
    return TrainedEncoder(
        settings=settings,
        classes=classes,
        params=params,
        mean=float(state.mean),
        variance=float(state.variance),
        hash=weights_hash(weights),
    )


def _digest(weights: bytes) -> str:
    return hashlib.sha256(weights).hexdigest()


def weights_hash(weights: bytes) -> str:
    """What tells an encoder's weights, as they are written, from others'."""
    return _digest(weights)[:16]


def export_encoder(
    run: Path, state: State, settings: TrainingSettings, classes: tuple[str, ...]
) -> None:
    """Writes RUN/encoder: weights.msgpack and encoder.json."""
    write_encoder(run / "encoder", trained_encoder(state, settings, classes), step=int(state.step))


def write_encoder(out: Path, encoder: TrainedEncoder, *, step: int = 0) -> None:
    """Writes an encoder's folder, which `load_encoder` reads.

    Args:
        out: the folder, replaced where there is one.
        encoder: what is written.
        step: of the training that it is the outcome of.
    """
    weights = serialization.msgpack_serialize(encoder.params)
    description = {
        "preset": dataclasses.asdict(encoder.settings),
        "classes": list(encoder.classes),
        "mean": encoder.mean,
        "variance": encoder.variance,
        "step": step,
        "sha256": _digest(weights),
    }
    with atomic_folder(out) as folder:
        (folder / "weights.msgpack").write_bytes(weights)
        (folder / "encoder.json").write_text(json.dumps(description, indent=2) + "\n")


SHIPPED = Path(__file__).parents[1] / "encoders" / "shipped"
"""Folders of the encoders that the package brings."""


def shipped_encoders() -> tuple[str, ...]:
    """Names of the encoders that the package brings."""
    return tuple(sorted(folder.name for folder in SHIPPED.iterdir() if folder.is_dir()))


def load_encoder(run: str | Path) -> TrainedEncoder:
    """Loads RUN/encoder (or such a folder itself, or an encoder that the package brings).

    Args:
        run: folder, or one of `shipped_encoders` where there is no such folder.

    Raises:
        InputError: if it is missing, damaged or of another version.
    """
    folder, name = Path(run), ""
    if not folder.exists() and str(run) in shipped_encoders():
        folder, name = SHIPPED / str(run), str(run)
    if not folder.is_dir():
        shipped = ", ".join(shipped_encoders())
        raise InputError(f"{folder}: no such run, nor an encoder that comes along ({shipped})")
    if (folder / "encoder").is_dir():
        folder = folder / "encoder"
    advice = "no exported encoder; make one with `chingolo train`"
    description = read_json(folder / "encoder.json", advice)
    try:
        weights = (folder / "weights.msgpack").read_bytes()
    except OSError as error:
        raise InputError(f"{folder}: weights.msgpack cannot be read ({error.strerror})") from error
    digest = _digest(weights)
    if digest != description.get("sha256"):
        raise InputError(f"{folder}: weights.msgpack is damaged (its hash is not that of its json)")
    try:
        settings = from_dict(TrainingSettings, description["preset"])
        front_end = settings.front_end
        # those of before hear as they were trained, bands above Nyquist's frequency in vain
        check_front_end(dataclasses.replace(front_end, f_max=front_end.highest))
        return TrainedEncoder(
            settings=settings,
            classes=tuple(description["classes"]),
            params=dict(serialization.msgpack_restore(weights)),  # type: ignore[arg-type]
            mean=float(description["mean"]),
            variance=float(description["variance"]),
            hash=digest[:16],
            name=name,
        )
    except InputError as error:
        raise InputError(f"{folder}: encoder.json: {error}") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{folder}: encoder.json is damaged, or of another version") from error


def apply_encoder(
    encoder: TrainedEncoder, clips: jax.Array, edges: jax.Array | None = None
) -> tuple[jax.Array, jax.Array]:
    """Latent vectors and class probabilities of waveforms.

    Args:
        encoder: from `load_encoder`.
        clips: [batch, samples] at the front end's rate; digital silence is padding.
        edges: [batch, 2] first sample of the song in each clip and the one behind its last; what is
            beyond is its background. None: all is song.

    Returns:
        z [batch, dimensions] and probabilities [batch, classes] (no columns without a classifier).
    """
    settings = encoder.settings
    front_end = settings.front_end
    power = log_mel(clips, front_end)
    mean, variance = jnp.asarray(encoder.mean), jnp.asarray(encoder.variance)
    heard = heard_frames(power, front_end, edges)
    spectrogram = normalise(above_noise(power, front_end, heard), mean, variance)
    network = make_encoder(settings)
    padding = ENCODERS[settings.encoder.kind].padding(settings.encoder, ~heard.song)
    told: dict[str, Any] = {**padding}
    z = network.apply({"params": encoder.params["encoder"]}, spectrogram, **told)
    if not encoder.classes:
        return z, z[:, :0]  # type: ignore[index, return-value]
    classifier = Classifier(settings.method.bottleneck, len(encoder.classes))
    logits = classifier.apply({"params": encoder.params["classifier"]}, z)
    if settings.method.multilabel:
        return z, jax.nn.sigmoid(logits)  # type: ignore[arg-type, return-value]
    return z, jax.nn.softmax(logits)  # type: ignore[arg-type, return-value]


@lru_cache(maxsize=8)
def compiled_encoder(settings: TrainingSettings) -> Callable[..., jax.Array]:
    """(encoder's parameters, mean, variance, waveforms, edges) -> z; compiled once."""

    @jax.jit
    def encode(
        params: dict,
        mean: jax.Array,
        variance: jax.Array,
        clips: jax.Array,
        edges: jax.Array | None = None,
    ) -> jax.Array:
        encoder = TrainedEncoder(settings, (), {"encoder": params}, mean, variance, "")
        return apply_encoder(encoder, clips, edges)[0]

    return encode
