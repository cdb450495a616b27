"""A trained detector at work on a stream: NumPy alone, so that a live listener stays small.

`advance` is a pure function: samples in, scores and a new state out. However a recording is cut
into chunks, the scores are the same.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy import fft, signal

from chingolo.synth.tables.files import InputError, atomic_path

POWER_FLOOR = 1e-9
"""Mel power taken for silence; about the noise of a 16-bit file."""

BACKGROUND_S = 4.0
"""Time constant of the running background of each band, s."""

SPAN = (-1.0, 3.0)
"""Range of the features: log power over the background, divided by 3, is cut to it."""

STRIDE = 2
"""Frames of the front end in a frame of scores."""

DILATIONS = (1, 2, 4, 8, 16, 32)
"""Of the blocks of the network: it looks back 3 s."""

LOOK_AHEAD = 12
"""Frames of scores that the network hears beyond the one it scores."""

UNITS = "units"
"""`about["grain"]` of a detector whose finds are parted into vocal units; others find songs."""

KERNELS = ((4, 5), (3, 3))
"""(time, frequency) of the first two convolutions; both halve the bands, the first also time."""

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Detector:
    """A trained detector."""

    about: dict[str, Any]
    """Species, front end, thresholds, what it was trained on."""

    arrays: Arrays
    """`mel` [bins, n_mels] and the network's weights, named as in the Flax tree."""

    @property
    def sample_rate(self) -> int:
        """Hz."""
        return int(self.about["front_end"]["sample_rate"])

    @property
    def hop(self) -> int:
        """Samples between frames of the front end."""
        return int(self.about["front_end"]["hop"])

    @property
    def window(self) -> int:
        """Samples in a frame of the front end."""
        return int(self.about["front_end"]["n_fft"])

    @property
    def frame_s(self) -> float:
        """Time between scores, s."""
        return STRIDE * self.hop / self.sample_rate

    @property
    def first_s(self) -> float:
        """Time of the first score: the middle of its frames, s."""
        return (0.5 * self.window + 0.5 * (STRIDE - 1) * self.hop) / self.sample_rate

    @property
    def delay_s(self) -> float:
        """Time from a score's moment to the last sample that it needs, s."""
        needed = 0.5 * self.window + 0.5 * (STRIDE - 1) * self.hop
        return LOOK_AHEAD * self.frame_s + needed / self.sample_rate


@dataclass(frozen=True)
class Heard:
    """What a detector keeps of a stream: at most a few hundred kilobytes."""

    samples: np.ndarray
    """[any] audio not yet in a whole frame."""

    background: np.ndarray | None
    """[1, n_mels] the running background; None before the first frame."""

    frames: int
    """Frames so far."""

    context: tuple[np.ndarray, ...]
    """Past inputs of each convolution."""

    skipped: int
    """Scores still to be left out, for they lie before the beginning."""


def begin(detector: Detector) -> Heard:
    """The state before the first sample."""
    n_mels = detector.arrays["mel"].shape[1]
    inward = detector.arrays["convolution_0/kernel"].shape[3]
    width = detector.arrays["inwards/kernel"].shape[1]
    (t0, _), (t1, _) = KERNELS
    halved = -(-n_mels // 2)
    context = (
        np.zeros((t0 - STRIDE, n_mels, 1), np.float32),
        np.zeros((t1 - 1, halved, inward), np.float32),
        *(np.zeros((2 * dilation, width), np.float32) for dilation in DILATIONS),
    )
    return Heard(np.zeros(0, np.float32), None, 0, context, LOOK_AHEAD)


def advance(detector: Detector, heard: Heard, samples: np.ndarray) -> tuple[Heard, np.ndarray]:
    """Hears more of a stream.

    Args:
        detector: the trained network.
        heard: state so far.
        samples: [any] float32 mono at the detector's rate.

    Returns:
        The state, and the scores that became known, [frames, 3] in 0 to 1: within a song, at its
        onset, at its offset. Score k of a stream belongs to `first_s + k frame_s`.
    """
    audio = np.concatenate([heard.samples, samples.astype(np.float32, copy=False)])
    step = STRIDE * detector.hop
    count = max(0, (len(audio) - detector.window - (STRIDE - 1) * detector.hop) // step + 1)
    if not count:
        return replace(heard, samples=audio), np.zeros((0, 3), np.float32)
    frames = log_mel_without_jax(audio, detector, STRIDE * count)
    features, background = above_background(frames, heard.background, heard.frames, detector)
    after = replace(
        heard,
        samples=audio[count * step :],
        background=background,
        frames=heard.frames + len(frames),
    )
    return _score(detector, after, features)


def finish(detector: Detector, heard: Heard) -> np.ndarray:
    """The last scores of a stream, as if only background followed; [frames, 3]."""
    blank = np.zeros((STRIDE * LOOK_AHEAD, detector.arrays["mel"].shape[1]), np.float32)
    return _score(detector, heard, blank)[1]


def score(detector: Detector, samples: np.ndarray) -> np.ndarray:
    """All scores of a whole recording, [frames, 3]; see `advance`."""
    heard, scores = advance(detector, begin(detector), samples)
    return np.concatenate([scores, finish(detector, heard)])


def log_mel_without_jax(audio: np.ndarray, detector: Detector, count: int) -> np.ndarray:
    """[count, n_mels] natural logarithm of mel power of the first frames of [samples] audio."""
    size = detector.window
    mel = detector.arrays["mel"]
    hann = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)).astype(np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(audio, size)[:: detector.hop][:count]
    used = int(np.flatnonzero(mel.any(axis=1))[-1]) + 1
    spectrum = np.asarray(fft.rfft(windows * hann, axis=1))[:, :used]
    power = np.square(np.real(spectrum)) + np.square(np.imag(spectrum))
    return np.log(power @ mel[:used] + np.float32(POWER_FLOOR))


def above_background(
    frames: np.ndarray, background: np.ndarray | None, before: int, detector: Detector
) -> tuple[np.ndarray, np.ndarray]:
    """Log-mel frames over a running mean of each band, [frames, n_mels], and that mean.

    The mean is exponential with the time constant `BACKGROUND_S`; in the first seconds it is the
    mean of all that was heard.
    """
    rate = detector.sample_rate / detector.hop
    settle = round(BACKGROUND_S * rate)
    frames = frames.astype(np.float64)
    parts = []
    start = max(0, min(len(frames), settle - before))
    if start:
        total = np.zeros((1, frames.shape[1])) if background is None else background * before
        number = before + np.arange(1, start + 1)[:, None]
        parts.append((np.cumsum(np.concatenate([total, frames[:start]]), axis=0)[1:]) / number)
        background = parts[-1][-1:]
    if start < len(frames):
        assert background is not None
        kept = 1 - 1 / settle
        smoothed, _ = signal.lfilter(
            [1 - kept], [1, -kept], frames[start:], axis=0, zi=kept * background
        )
        parts.append(smoothed)
    running = np.concatenate(parts)
    features = np.clip((frames - running) / 3, *SPAN)
    return features.astype(np.float32), running[-1:]


def _score(detector: Detector, heard: Heard, features: np.ndarray) -> tuple[Heard, np.ndarray]:
    logits, context = network(detector.arrays, heard.context, features)
    skipped = min(heard.skipped, len(logits))
    scores = 1 / (1 + np.exp(-logits[skipped:]))
    return replace(heard, context=context, skipped=heard.skipped - skipped), scores


def network(
    arrays: Arrays, context: tuple[np.ndarray, ...], features: np.ndarray
) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    """The network of `detector.network` on the next features of a stream.

    Args:
        arrays: weights.
        context: past inputs of each convolution.
        features: [frames, n_mels], an even number of frames.

    Returns:
        [frames / 2, 3] logits, and the new context.
    """
    kept = []
    x = features[:, :, None]
    for number, stride in enumerate((STRIDE, 1)):
        x = np.concatenate([context[number], x])
        kept.append(x[len(x) - len(context[number]) :])
        x = _convolve(x, arrays, f"convolution_{number}", stride)
    x = x.reshape(len(x), -1) @ arrays["inwards/kernel"] + arrays["inwards/bias"]
    for number, dilation in enumerate(DILATIONS):
        name = f"block_{number}"
        y = np.concatenate([context[2 + number], _normalise(x, arrays, f"{name}/norm")])
        kept.append(y[len(y) - len(context[2 + number]) :])
        y = np.concatenate([y[k * dilation : k * dilation + len(x)] for k in range(3)], axis=1)
        y = np.maximum(y @ arrays[f"{name}/wide/kernel"] + arrays[f"{name}/wide/bias"], 0)
        x = x + y @ arrays[f"{name}/back/kernel"] + arrays[f"{name}/back/bias"]
    x = _normalise(x, arrays, "norm")
    return x @ arrays["outwards/kernel"] + arrays["outwards/bias"], tuple(kept)


def _convolve(x: np.ndarray, arrays: Arrays, name: str, stride: int) -> np.ndarray:
    """[time, bands, width] -> [time', bands / 2, width'], rectified; bands are padded."""
    kernel = arrays[f"{name}/kernel"]
    time, bands, inward, outward = kernel.shape
    side = bands // 2
    x = np.pad(x, ((0, 0), (side, side), (0, 0)))
    patches = np.lib.stride_tricks.sliding_window_view(x, (time, bands), axis=(0, 1))
    patches = patches[::stride, ::2].transpose(0, 1, 3, 4, 2)
    shape = patches.shape[:2]
    flat = patches.reshape(-1, time * bands * inward) @ kernel.reshape(-1, outward)
    return np.maximum(flat + arrays[f"{name}/bias"], 0).reshape(*shape, outward)


def _normalise(x: np.ndarray, arrays: Arrays, name: str) -> np.ndarray:
    centred = x - x.mean(axis=1, keepdims=True)
    deviation = np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-6)
    return centred / deviation * arrays[f"{name}/scale"] + arrays[f"{name}/bias"]


def write_detector(detector: Detector, path: Path) -> None:
    """Writes a detector as .npz: plain arrays and one JSON text, no pickle."""
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        about = np.array(json.dumps(detector.about, indent=1))
        arrays: dict[str, Any] = {**detector.arrays, "about": about}
        np.savez_compressed(file, **arrays)


def read_detector(path: Path) -> Detector:
    """Reads what `write_detector` wrote.

    Raises:
        InputError: if there is none, or the file is not a detector.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such detector")
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        about = json.loads(str(arrays.pop("about")))
        detector = Detector(about, arrays)
        begin(detector)
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise InputError(f"{path}: not a detector ({error})") from error
    return detector
