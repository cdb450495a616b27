"""The wide family: recorders at random, wider than any machine that is modelled by name.

A recorder is a draw of parts, each there or not by its own chance, applied to a whole recording in
the order in which a sound meets them. What is drawn, and from what, is a `Family` (`families.py`):
data with a name and a version, which never changes. Draws know nothing of the sample rate.
"""

import zlib
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from chingolo.synth.recorder.families import WIDE_FAMILIES
from chingolo.synth.recorder.parts.registry import PARTS


@dataclass(frozen=True)
class WideRecorder:
    """A recorder of a family."""

    family: str
    """Key in `WIDE_FAMILIES`."""

    parts: tuple[tuple[str, Any], ...]
    """Key in `PARTS` and settings of each, in the order in which a sound meets them."""

    level: float
    """Peak of what is recorded over the peak of what came in, dB."""

    seed: int
    """Of what is new in each recording: noise, weather, other birds' times."""


def wide_recorder(random: np.random.Generator | int, family: str = "wide-1") -> WideRecorder:
    """Draws a recorder.

    Args:
        random: of the draw, or its seed; one number is taken from it.
        family: key in `WIDE_FAMILIES`.

    Raises:
        InputError: for an unknown family.
    """
    drawn = WIDE_FAMILIES.named(family)
    seed = int(np.random.default_rng(random).integers(2**32))
    parts = []
    for chance in drawn.chances:
        # Each part has its own draws, whatever the others are.
        own = np.random.default_rng([seed, zlib.crc32(chance.part.encode())])
        there = own.uniform() < chance.probability
        settings = {name: range_.draw(own) for name, range_ in chance.settings}
        if there:
            parts.append((chance.part, PARTS[chance.part].settings(**settings)))
    level = float(drawn.level.draw(np.random.default_rng([seed, 0])))
    return WideRecorder(family, tuple(parts), level, seed)


def through(
    recorder: WideRecorder,
    wave: np.ndarray,
    sample_rate: int,
    *,
    take: int = 0,
    speed: bool = True,
) -> np.ndarray:
    """Sends a whole recording through a recorder; a pure function of its arguments.

    Echoes of one note fall onto the next and gains remember, so a recorder is never applied to a
    unit that was cut out. A sample takes up to 100 bytes of memory; hours go in pieces of minutes.

    Args:
        recorder: see `wide_recorder`.
        wave: [samples] a whole recording.
        sample_rate: Hz.
        take: number of the recording, 0 or more. Noise, rain and the times of other birds differ
            between takes; room, response and all else are the recorder's.
        speed: False leaves out what moves sounds in time: speed, wow and flutter. With it, see
            `heard_at`.

    Returns:
        [samples] float32, its peak `recorder.level` dB over that of `wave`; silence stays silence.
    """
    wave = np.asarray(wave, np.float32)
    peak = float(np.abs(wave).max(initial=0))
    if peak == 0:
        return wave.copy()
    heard = wave / np.float32(peak)
    for name, settings in recorder.parts:
        part = PARTS[name]
        if part.heard_at is None or speed:
            random = np.random.default_rng([recorder.seed, zlib.crc32(name.encode()), 1, take])
            heard = part.hear(settings, heard, sample_rate, random)
            if not np.abs(heard).max() > 0:
                return np.zeros_like(wave)
    loudest = float(np.abs(heard).max())
    return heard * np.float32(peak * 10 ** (recorder.level / 20) / loudest)


def heard_at(recorder: WideRecorder, times: np.ndarray, duration: float) -> np.ndarray:
    """Where in what a recorder made a sound is heard, if `through` had `speed`.

    Args:
        recorder: that heard it.
        times: [...] of sounds in the recording that went in, s.
        duration: of the recording, s.

    Returns:
        [...] s; beyond 0 and `duration` for what a wrong speed has moved out.
    """
    heard = np.asarray(times, float)
    for name, settings in recorder.parts:
        moved = PARTS[name].heard_at
        if moved is not None:
            heard = moved(settings, heard, duration)
    return heard


def told(recorder: WideRecorder) -> str:
    """The parts of a recorder and their settings, a line each."""
    lines = []
    for name, settings in recorder.parts:
        values = ((field.name, getattr(settings, field.name)) for field in fields(settings))
        shown = (f"{key} {value:.4g}" for key, value in values if key != "seed")
        lines.append(f"{name}: {', '.join(shown)}")
    return "\n".join(lines)
