"""Files of a run: Orbax checkpoints, the readable config, and the exported encoder."""

import dataclasses
import hashlib
import json
import logging
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import serialization

from chingolo.synth.spectra.log_mel import log_mel
from chingolo.synth.spectra.noise_floor import above_noise, normalise, silent_frames
from chingolo.synth.tables.files import InputError, atomic_folder, atomic_path
from chingolo.train.objective.heads import Classifier
from chingolo.train.settings.training import Preset, from_dict
from chingolo.train.step.learner import make_encoder
from chingolo.train.step.state import State


class Checkpoints:
    """Orbax's CheckpointManager over RUN/checkpoints; keeps the last two."""

    def __init__(self, run: Path):
        """Opens or makes the folder."""
        import orbax.checkpoint as ocp

        self._ocp = ocp
        # what goes wrong is told by the exception, in one line
        logging.getLogger("absl").setLevel(logging.CRITICAL)
        self._hook, sys.unraisablehook = sys.unraisablehook, _without_closed_loops
        options = ocp.CheckpointManagerOptions(max_to_keep=2, enable_async_checkpointing=False)
        self._manager = ocp.CheckpointManager((run / "checkpoints").resolve(), options=options)

    def latest(self) -> int | None:
        """Number of the last whole checkpoint, or None."""
        return self._manager.latest_step()

    def save(self, state: State) -> None:
        """Saves the state under its step's number.

        Raises:
            InputError: if the disk refuses it.
        """
        step = int(state.step)
        if step == self._manager.latest_step():
            return
        needed = 2 * sum(leaf.nbytes for leaf in jax.tree.leaves(state))
        free = shutil.disk_usage(self._manager.directory).free
        if free < needed:  # told before it is tried: Orbax fails with pages of tracebacks
            raise InputError(
                f"{self._manager.directory}: {free / 1e6:.1f} MB left on the disk, "
                f"checkpoint {step} needs {needed / 1e6:.1f}; make room and go on with --resume"
            )
        try:
            self._manager.save(step, args=self._ocp.args.StandardSave(jax.device_get(state)))
        except (OSError, ValueError) as error:
            # tensorstore tells of the disk by ValueError
            told = ("space", "too large", "read-only", "permission", "input/output")
            if isinstance(error, ValueError) and not any(x in str(error).lower() for x in told):
                raise
            reason = str(error).splitlines()[0].split(": ")[-1].split(" [")[0]
            raise InputError(
                f"{self._manager.directory}: checkpoint {step} could not be written ({reason})"
            ) from error

    def restore(self, like: State, *, report: Callable[[str], None] = lambda line: None) -> State:
        """Restores the last checkpoint into the shape of `like`, on this process's devices.

        A damaged one is told of and deleted if one before it can be read: what follows is computed
        again, to the same numbers.

        Args:
            like: a state of the shapes and types to restore.
            report: takes what is told.

        Raises:
            InputError: if there is none, or all are damaged or of another preset.
        """
        folder = self._manager.directory
        steps = sorted(self._manager.all_steps(), reverse=True)
        if not steps:
            raise InputError(f"{folder}: holds no checkpoint to resume from")
        for place, step in enumerate(steps):
            state = self._restore_one(step, like)
            if state is None:
                continue
            for damaged in steps[:place]:
                report(f"{folder}: checkpoint {damaged} is damaged; going on from {step}")
                self._manager.delete(damaged)
            return state
        raise InputError(
            f"{folder}: checkpoint {steps[0]} does not fit this preset and these classes, "
            "or is damaged"
        )

    def _restore_one(self, step: int, like: State) -> State | None:
        abstract = jax.tree.map(lambda x: np.zeros(x.shape, x.dtype), like)
        try:
            restored = self._manager.restore(step, args=self._ocp.args.StandardRestore(abstract))
            same = jax.tree.map(
                lambda a, b: a.shape == b.shape and a.dtype == b.dtype, restored, like
            )
        # Orbax lets out what the storage below it raises
        except Exception:
            return None
        return jax.tree.map(jnp.asarray, restored) if all(jax.tree.leaves(same)) else None

    def close(self) -> None:
        """Waits for what is being written and closes."""
        self._manager.close()
        sys.unraisablehook = self._hook


def _without_closed_loops(unraisable: Any) -> None:
    """Leaves out what tensorstore's threads say after a failure that was told already."""
    if "Event loop is closed" not in str(unraisable.exc_value):
        sys.__unraisablehook__(unraisable)


def write_config(run: Path, config: dict[str, Any]) -> None:
    """Writes RUN/config.json."""
    with atomic_path(run / "config.json") as temporary:
        temporary.write_text(json.dumps(config, indent=2) + "\n")


def read_config(run: Path) -> dict[str, Any]:
    """Reads RUN/config.json.

    Raises:
        InputError: if it is missing or not JSON.
    """
    return _read_json(run / "config.json", "not a training run; make one with `chingolo train`")


def _read_json(path: Path, advice: str) -> dict[str, Any]:
    if not path.is_file():
        raise InputError(f"{path.parent}: holds no {path.name}: {advice}")
    try:
        read = json.loads(path.read_text())
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not JSON ({error})") from error
    if not isinstance(read, dict):
        raise InputError(f"{path}: damaged, or of another version")
    return read


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
