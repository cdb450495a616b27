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

from chingolo.synth.spectra.log_mel import log_mel
from chingolo.synth.spectra.noise_floor import above_noise, normalise, silent_frames
from chingolo.synth.tables.files import InputError, atomic_folder
from chingolo.train.objective.heads import Classifier
from chingolo.train.run.checkpoint import _read_json
from chingolo.train.settings.training import Preset, from_dict
from chingolo.train.step.learner import make_encoder
from chingolo.train.step.state import State


@dataclass(frozen=True)
class TrainedEncoder:
    """An exported encoder: all that `embed` needs."""

    preset: Preset
    classes: tuple[str, ...]
    params: dict[str, Any]
    mean: Any
    variance: Any
    hash: str


def export_encoder(run: Path, state: State, preset: Preset, classes: tuple[str, ...]) -> None:
    """Writes RUN/encoder: the teacher's encoder without projector, and the label head if any."""
    kept = {"encoder": state.teacher["encoder"]}
    if classes:
        kept["classifier"] = state.teacher["classifier"]
    weights = serialization.msgpack_serialize(jax.device_get(kept))
    description = {
        "preset": dataclasses.asdict(preset),
        "classes": list(classes),
        "mean": float(state.mean),
        "variance": float(state.variance),
        "step": int(state.step),
        "sha256": hashlib.sha256(weights).hexdigest(),
    }
    with atomic_folder(run / "encoder") as folder:
        (folder / "weights.msgpack").write_bytes(weights)
        (folder / "encoder.json").write_text(json.dumps(description, indent=2) + "\n")


def load_encoder(run: str | Path) -> TrainedEncoder:
    """Loads RUN/encoder (or such a folder itself).

    Raises:
        InputError: if it is missing, damaged or of another version.
    """
    folder = Path(run)
    if not folder.is_dir():
        raise InputError(f"{folder}: no such run")
    if (folder / "encoder").is_dir():
        folder = folder / "encoder"
    advice = "no exported encoder; make one with `chingolo train`"
    description = _read_json(folder / "encoder.json", advice)
    try:
        weights = (folder / "weights.msgpack").read_bytes()
    except OSError as error:
        raise InputError(f"{folder}: weights.msgpack cannot be read ({error.strerror})") from error
    digest = hashlib.sha256(weights).hexdigest()
    if digest != description.get("sha256"):
        raise InputError(f"{folder}: weights.msgpack is damaged (its hash is not that of its json)")
    try:
        return TrainedEncoder(
            preset=from_dict(Preset, description["preset"]),
            classes=tuple(description["classes"]),
            params=dict(serialization.msgpack_restore(weights)),  # type: ignore[arg-type]
            mean=float(description["mean"]),
            variance=float(description["variance"]),
            hash=digest[:16],
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{folder}: encoder.json is damaged, or of another version") from error


def apply_encoder(encoder: TrainedEncoder, clips: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Latent vectors and class probabilities of waveforms.

    Args:
        encoder: from `load_encoder`.
        clips: [batch, samples] at the front end's rate; digital silence is padding.

    Returns:
        z [batch, dimensions] and probabilities [batch, classes] (no columns without a classifier).
    """
    front_end = encoder.preset.front_end
    power = log_mel(clips, front_end)
    mean, variance = jnp.asarray(encoder.mean), jnp.asarray(encoder.variance)
    spectrogram = normalise(above_noise(power, front_end), mean, variance)
    network = make_encoder(encoder.preset)
    # a transformer leaves padding out; to a CNN it is background
    vit = encoder.preset.encoder.kind == "vit"
    extra: dict[str, Any] = {"valid": ~silent_frames(power)[..., 0]} if vit else {}
    z = network.apply({"params": encoder.params["encoder"]}, spectrogram, **extra)
    if not encoder.classes:
        return z, z[:, :0]  # type: ignore[index, return-value]
    classifier = Classifier(encoder.preset.method.bottleneck, len(encoder.classes))
    logits = classifier.apply({"params": encoder.params["classifier"]}, z)
    if encoder.preset.method.multilabel:
        return z, jax.nn.sigmoid(logits)  # type: ignore[arg-type, return-value]
    return z, jax.nn.softmax(logits)  # type: ignore[arg-type, return-value]


@lru_cache(maxsize=8)
def compiled_encoder(preset: Preset) -> Callable[..., jax.Array]:
    """A preset's (encoder's parameters, mean, variance, waveforms) -> z; compiled once."""

    @jax.jit
    def encode(params: dict, mean: jax.Array, variance: jax.Array, clips: jax.Array) -> jax.Array:
        encoder = TrainedEncoder(preset, (), {"encoder": params}, mean, variance, "")
        return apply_encoder(encoder, clips)[0]

    return encode
