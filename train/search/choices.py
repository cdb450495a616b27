"""What a search chooses from: an encoder with its front end, and how it is taught."""

import dataclasses
from dataclasses import dataclass
from typing import Any, Protocol

from chingolo.synth.spectra.front_end import FrontEnd
from chingolo.train.encoders.cnn import CNNSettings
from chingolo.train.encoders.vit import ViTSettings
from chingolo.train.encoders.windows import WindowsSettings
from chingolo.train.methods.registry import METHODS
from chingolo.train.methods.supervised import SupervisedSettings
from chingolo.train.settings.change import change
from chingolo.train.settings.presets import CPU
from chingolo.train.settings.training import TrainingSettings

CLIP_S = 1.5
"""Of what is heard in a search, s; no invented unit is longer than a second."""

WIDTH = 128
"""Values of each cosine, or of a vector."""

LEARNT = ("vicreg", "simclr", "dino")
"""Methods that a network is trained by."""

Chosen = dict[str, bool | int | float | str]


class Trial(Protocol):
    """What gives values by name, as a trial of Optuna does."""

    def suggest_categorical(self, name: str, choices: Any) -> Any:
        """One of some."""
        ...

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        """One between two."""
        ...


@dataclass(frozen=True)
class Choice:
    """An encoder to be tried."""

    settings: TrainingSettings

    shrink: float | None
    """Of the layer that is fitted in closed form; None: a network is trained by gradients."""


SONGBIRD: Chosen = {
    "encoder": "windows", "n_fft": 256, "hop": 64, "n_mels": 64, "noise": "subtract",
    "window_s": 0.1, "frames": 32, "cosines": 4, "exponent": 0.3, "duration": 1.0, "shrink": 100.0,
}  # fmt: skip
"""What the encoder that comes along has; tried first, to be beaten."""


def choose(trial: Trial, *, steps: int) -> Choice:
    """Asks a trial for all that makes an encoder.

    Args:
        trial: gives the values.
        steps: of a network's training.
    """
    front_end = FrontEnd(
        n_fft=trial.suggest_categorical("n_fft", (256, 512, 1024)),
        hop=trial.suggest_categorical("hop", (64, 128)),
        n_mels=trial.suggest_categorical("n_mels", (48, 64, 96)),
        noise=trial.suggest_categorical("noise", ("none", "floor", "subtract", "pcen")),
        clip_s=CLIP_S,
    )
    kind = trial.suggest_categorical("encoder", ("windows", "cnn", "vit"))
    if kind == "windows":
        return _windows(trial, front_end)
    sized = {"size": trial.suggest_categorical("size", ("nano", "micro")), "dimensions": WIDTH}
    method = METHODS[trial.suggest_categorical("method", LEARNT)]
    settings = dataclasses.replace(
        CPU,
        front_end=front_end,
        encoder=CNNSettings(**sized) if kind == "cnn" else ViTSettings(**sized),
        method=method.settings(),
        steps=steps,
        learning_rate=trial.suggest_float("learning_rate", 3e-4, 1e-2, log=True),
        log_every=max(1, steps // 4),
        probe_every=max(1, steps // 4),
    )
    views = (
        f"views.noise_share={trial.suggest_float('noise_share', 0.0, 0.6)}",
        f"views.filter_db={trial.suggest_float('filter_db', 0.0, 12.0)}",
        f"views.mixup={trial.suggest_float('mixup', 0.0, 0.3)}",
        f"views.time_mask_s={trial.suggest_float('time_mask_s', 0.0, 0.06)}",
        # a unit is known by its pitch: more than a few bands hidden, and it is another one
        f"views.frequency_mask={round(trial.suggest_float('frequency_mask', 0, 6))}",
    )
    return Choice(change(settings, views), None)


def _windows(trial: Trial, front_end: FrontEnd) -> Choice:
    window_s = trial.suggest_float("window_s", 0.05, 0.3, log=True)
    cosines = trial.suggest_categorical("cosines", (2, 4, 6))
    encoder = WindowsSettings(
        dimensions=WIDTH * cosines + 1,
        window=max(2, round(window_s * front_end.sample_rate / front_end.hop)),
        frames=trial.suggest_categorical("frames", (16, 24, 32)),
        cosines=cosines,
        exponent=trial.suggest_float("exponent", 0.1, 0.6),
        duration=trial.suggest_float("duration", 0.1, 3.0, log=True),
    )
    shrink = trial.suggest_float("shrink", 1.0, 1000.0, log=True)
    settings = TrainingSettings(front_end=front_end, encoder=encoder, method=SupervisedSettings())
    return Choice(settings, shrink)


def as_changes(settings: TrainingSettings) -> tuple[str, ...]:
    """The settings as words of `chingolo train --set`, where they differ from the preset `cpu`."""
    words = [f"method.name={settings.method.name}", f"encoder.kind={settings.encoder.kind}"]
    start = change(CPU, tuple(words))
    for part in ("front_end", "encoder", "method", "views", ""):
        old, new = (getattr(each, part) if part else each for each in (start, settings))
        for field in dataclasses.fields(new):
            value = getattr(new, field.name)
            if dataclasses.is_dataclass(value) or field.name in ("kind", "name"):
                continue
            if value != getattr(old, field.name):
                words.append(f"{part + '.' if part else ''}{field.name}={value}")
    return tuple(words)
