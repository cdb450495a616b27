"""What an encoder of others is: a name, a sample rate, a window, and audio to vectors."""

import contextlib
import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from chingolo.synth.tables.bounds import SAMPLE_RATE, Bounds
from chingolo.synth.tables.files import InputError

WINDOW_S = Bounds(0, 600, inside=True)
"""Lengths that a window may have, s."""

NEEDED = ("name", "sample_rate", "window_s", "embed")
"""What an `OutsideEncoder` has."""


class OutsideEncoder(Protocol):
    """Any object with these four; it may tell its `licence` and `version` (text) as well.

    An installed package names a function without arguments that returns one (a class, say) in the
    group `chingolo.encoders` of its entry points; it needs nothing of this package for it.
    """

    @property
    def name(self) -> str:
        """As users type it, and as its entry point is named."""
        ...

    @property
    def sample_rate(self) -> int:
        """Of what it hears, Hz; songs are resampled to it."""
        ...

    @property
    def window_s(self) -> float:
        """Length of what it hears at once, s."""
        ...

    def embed(self, windows: np.ndarray, /) -> np.ndarray:
        """Vectors of sounds.

        Args:
            windows: [windows, samples] float32 mono between -1 and 1, `window_s` each; a sound that
                is shorter stands in the middle of silence.

        Returns:
            [windows, dimensions] numbers, of one window whatever others stand beside it.
        """
        ...


@dataclass(frozen=True)
class CheckedEncoder:
    """An encoder of others that was tried, and the facts that it told."""

    encoder: OutsideEncoder

    name: str
    sample_rate: int
    """Hz."""

    window_s: float
    dimensions: int
    licence: str
    """"" where it does not tell it."""

    version: str
    """"" where it does not tell it."""

    package: str
    """Name and version of the package that brings it; "" for an object in memory."""

    @property
    def window(self) -> int:
        """Samples of a window."""
        return round(self.window_s * self.sample_rate)

    @property
    def hash(self) -> str:
        """Tells its vectors from others', as far as its version does."""
        told = [self.name, self.version or self.package, self.sample_rate, self.window_s]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]

    @property
    def about(self) -> dict[str, Any]:
        """What a latent table tells of it."""
        told = {"package": self.package, "version": self.version, "licence": self.licence}
        return {
            "encoder": self.name,
            "checkpoint": self.hash,
            **{key: value for key, value in told.items() if value},
            "windows": f"{self.window_s:g} s at {self.sample_rate} Hz; the mean over half "
            "overlapping ones of a longer sound, a shorter one in the middle of silence; length 1",
        }

    def vectors(self, windows: np.ndarray) -> np.ndarray:
        """[windows, dimensions] of [windows, samples] float32; rows may be not finite.

        Raises:
            InputError: if it fails, or does not return what `OutsideEncoder.embed` promises.
        """
        z = _embedded(self.encoder, self.name, windows)
        if z.shape[1] != self.dimensions:
            raise InputError(
                f"encoder '{self.name}': vectors of {z.shape[1]} dimensions, and of "
                f"{self.dimensions} before"
            )
        return z


def check_encoder(encoder: Any, *, package: str = "") -> CheckedEncoder:
    """Tries an encoder of others on faint noise, so that what it lacks is told before any work.

    Args:
        encoder: any object.
        package: name and version of the package that brings it.

    Raises:
        InputError: naming what is missing or wrong.
    """
    lacking = [name for name in NEEDED if not hasattr(encoder, name)]
    if lacking:
        raise InputError(
            f"{type(encoder).__name__}: no encoder, for it has no {', '.join(lacking)} "
            "(docs/other_encoders.md)"
        )
    name, rate, window_s = str(encoder.name), encoder.sample_rate, encoder.window_s
    _refuse_number(name, "sample_rate", rate, SAMPLE_RATE)
    _refuse_number(name, "window_s", window_s, WINDOW_S)
    if float(rate) % 1:
        raise InputError(f"encoder '{name}': sample_rate is {rate!r}; expected whole Hz")
    samples = round(float(window_s) * int(rate))
    if samples < 1:
        raise InputError(f"encoder '{name}': a window of {window_s:g} s holds no sample")
    noise = np.random.default_rng(0).normal(0, 0.01, (2, samples)).astype(np.float32)
    z = _embedded(encoder, name, noise)
    if not z.shape[1] or not np.isfinite(z).all():
        told = "vectors not finite" if z.shape[1] else "vectors without dimensions"
        raise InputError(f"encoder '{name}': {told}, of faint noise")
    return CheckedEncoder(
        encoder=encoder,
        name=name,
        sample_rate=int(rate),
        window_s=float(window_s),
        dimensions=z.shape[1],
        licence=str(getattr(encoder, "licence", "") or ""),
        version=str(getattr(encoder, "version", "") or ""),
        package=package,
    )


def _refuse_number(name: str, what: str, value: Any, bounds: Bounds) -> None:
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not number or not bounds.allow(float(value)):
        raise InputError(f"encoder '{name}': {what} is {value!r}; expected {bounds}")


def _embedded(encoder: OutsideEncoder, name: str, windows: np.ndarray) -> np.ndarray:
    """[windows, dimensions] float32, whatever it contains."""
    with guarded(f"encoder '{name}'"):
        z = np.asarray(encoder.embed(windows))
    if z.ndim != 2 or len(z) != len(windows) or z.dtype.kind not in "fiu":
        raise InputError(
            f"encoder '{name}': an array of shape {z.shape} and type {z.dtype} for {len(windows)} "
            "windows; expected [windows, dimensions] numbers"
        )
    with np.errstate(over="ignore"):  # what overflows is not finite, and told so
        return z.astype(np.float32)


@contextlib.contextmanager
def guarded(what: str) -> Iterator[None]:
    """Runs others' code: what it prints goes to standard error, what it raises becomes one line.

    Raises:
        InputError: for whatever it raises.
    """
    try:
        # standard output is for tables and JSON alone
        with contextlib.redirect_stdout(sys.stderr):
            yield
    except InputError:
        raise
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise InputError(f"{what} failed ({reason})") from error
