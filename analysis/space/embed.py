"""Songs -> latent vectors with a trained encoder."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
import pandas as pd
from jax import Array

from chingolo.synth.spectra.clip import clip_of, clip_samples
from chingolo.synth.tables.audio import is_silent, load_excerpt, told_silence
from chingolo.synth.tables.excerpt import Excerpt, song_in_memory
from chingolo.synth.tables.files import InputError
from chingolo.train.encoders.registry import ENCODERS
from chingolo.train.parallel import local_devices, parallel_apply
from chingolo.train.run.trained_encoder import TrainedEncoder, apply_encoder
from chingolo.train.settings.training import TrainingSettings

SHORTEST_CLIP_S = 1.25
"""Of an encoder of any length, s: fewer lengths are fewer compilations."""


@dataclass(frozen=True)
class Embedded:
    """Vectors of songs, and why some have none."""

    z: np.ndarray
    """[songs, dimensions] float32 of length 1; rows of NaN where there is a fault."""

    probability: np.ndarray
    """[songs, classes]."""

    faults: dict[int, str]
    """Place among the songs -> why there is no vector."""

    broken: dict[int, str] = dataclasses.field(default_factory=dict)
    """Place among the songs -> what ended its recording before it."""


@dataclass(frozen=True)
class Embedder:
    """A trained encoder, compiled for this host's devices."""

    encoder: TrainedEncoder
    batch: int
    """Clips at a time, over all devices."""

    forward: Callable[[tuple[np.ndarray, np.ndarray]], tuple[np.ndarray, np.ndarray]]
    """[batch, samples] and edges of the songs in them [batch, 2] -> z [batch, dimensions] and
    probabilities [batch, classes]."""

    @property
    def about(self) -> dict[str, Any]:
        """What a latent table tells of the run that made it."""
        front_end, method = self.encoder.settings.front_end, self.encoder.settings.method.name
        classes = self.encoder.classes
        return {
            **({"encoder": self.encoder.name} if self.encoder.name else {}),
            "checkpoint": self.encoder.hash,
            **dataclasses.asdict(front_end),
            "front_end": f"{front_end.n_mels} mels, {front_end.f_min:g}-{front_end.highest:g} Hz",
            "method": method + (f" with the labels of {len(classes)} classes" if classes else ""),
            "classes": list(classes),
        }


def make_embedder(encoder: TrainedEncoder, *, batch: int = 64) -> Embedder:
    """Lays an encoder out on this host's devices.

    Args:
        encoder: of `load_encoder`, or as `train` returns it.
        batch: clips at a time over all devices, rounded up to a multiple of their number.
    """
    if batch < 1:
        raise InputError(f"a batch of {batch} clips; expected at least 1")
    batch = -(-batch // local_devices()) * local_devices()

    def forward(params: dict[str, Any], batch: tuple[Array, Array]) -> tuple[Array, Array]:
        return encode(dataclasses.replace(encoder, params=params), *batch)

    return Embedder(encoder, batch, parallel_apply(forward, encoder.params))


def embed(
    encoder: TrainedEncoder,
    waves: Sequence[np.ndarray | Excerpt],
    *,
    sample_rate: float,
    batch: int = 64,
) -> np.ndarray:
    """Latent vectors of songs in memory.

    Args:
        encoder: of `load_encoder`, or as `train` returns it.
        waves: [songs] arrays [any] of one song each, mono, or excerpts of recordings, whose noise
            is then heard around the song, as `embed_songs` hears it.
        sample_rate: theirs, Hz; resampled to the encoder's own rate where it differs.
        batch: clips at a time.

    Returns:
        [songs, dimensions] float32 of length 1; see `embed_songs`.

    Raises:
        InputError: if a song is too short, or its vector is not finite.
    """
    rate = encoder.settings.front_end.sample_rate

    def songs() -> Iterator[tuple[str, Excerpt]]:
        for number, wave in enumerate(waves):
            name = f"song {number}"
            yield name, song_in_memory(wave, sample_rate=sample_rate, wanted=rate, name=name)

    return _embed(songs(), len(waves), make_embedder(encoder, batch=batch), strict=True).z


def predictions(classes: tuple[str, ...], probability: np.ndarray) -> pd.DataFrame:
    """What a run with a classifier says of [songs, classes] probabilities.

    `predicted_label` and `predicted_probability` are the best class and that class's probability:
    low for a song unlike all classes, so it is no evidence for a class by itself. No columns
    without a classifier.
    """
    if not classes:
        return pd.DataFrame()
    best = [classes[i] for i in probability.argmax(axis=1)]
    return pd.DataFrame({"predicted_label": best, "predicted_probability": probability.max(axis=1)})


def embed_songs(
    table: pd.DataFrame,
    embedder: Embedder,
    *,
    strict: bool = True,
    tell: Callable[[str], None] = lambda line: None,
) -> Embedded:
    """Vectors and class probabilities of the rows of a song table.

    A song shorter than the encoder's clip stands in the middle of one clip; a longer one is cut
    into clips that overlap by half, and its vector is the mean over them. Vectors have length 1.

    Args:
        table: song table with absolute paths; its index counts rows in messages.
        embedder: of `make_embedder`.
        strict: whether the first song that cannot be read, is digital silence or shorter than one
            window, or has a vector that is not finite ends it all; else its row tells why it has
            none.
        tell: takes lines of progress.

    Raises:
        InputError: if strict, for such a song.
    """
    front_end, batch = embedder.encoder.settings.front_end, embedder.batch

    def named(row: int) -> str:
        return f"row {table.index[row] + 1} ({table['path'].iloc[row]})"

    def load(row: int) -> Excerpt | InputError:
        try:
            excerpt = load_excerpt(
                table.iloc[row], sample_rate=front_end.sample_rate, context_s=front_end.context_s
            )
        except InputError as error:
            return error
        if len(excerpt) < front_end.n_fft or not is_silent(excerpt.song):  # the short are told so
            return excerpt
        return InputError(f"{named(row)}: {told_silence(float(excerpt.song[0]))}")

    def songs() -> Iterator[tuple[str, Excerpt | InputError]]:
        with ThreadPoolExecutor(4) as readers:
            for start in range(0, len(table), batch):
                rows = range(start, min(start + batch, len(table)))
                for row, song in zip(rows, readers.map(load, rows), strict=True):
                    yield named(row), song
                    if (row + 1) % 500 == 0:
                        tell(f"{row + 1} of {len(table)} songs")

    return _embed(songs(), len(table), embedder, strict=strict)


def embed_waves(
    waves: Sequence[np.ndarray | Excerpt], embedder: Embedder
) -> tuple[np.ndarray, np.ndarray]:
    """Vectors and class probabilities of [songs] waves or excerpts at the encoder's own rate.

    Returns:
        z [songs, dimensions] float32 and probabilities [songs, classes]; see `embed_songs`.

    Raises:
        InputError: if a song is too short, or its vector is not finite.
    """
    songs = ((f"song {number}", wave) for number, wave in enumerate(waves))
    found = _embed(songs, len(waves), embedder, strict=True)
    return found.z, found.probability


def _embed(
    songs: Iterable[tuple[str, np.ndarray | Excerpt | InputError]],
    count: int,
    embedder: Embedder,
    *,
    strict: bool,
) -> Embedded:
    """Vectors and probabilities of songs that come with a name for messages."""
    settings = embedder.encoder.settings
    batch, least = embedder.batch, settings.front_end.n_fft
    lengths = clip_lengths(settings)
    any_length = ENCODERS[settings.encoder.kind].any_length
    z = np.zeros((count, settings.encoder.dimensions), np.float64)
    probability = np.zeros((count, len(embedder.encoder.classes)), np.float64)
    clips_of = np.zeros(count)
    waiting: dict[int, list[tuple[int, tuple[np.ndarray, tuple[int, int]]]]] = {
        samples: [] for samples in lengths
    }

    def flush(samples: int) -> None:
        # one shape for all batches of a length: one compilation
        clips, edges = np.zeros((batch, samples), np.float32), np.zeros((batch, 2), np.int32)
        for place, (_, cut) in enumerate(waiting[samples]):
            clips[place], edges[place] = cut
        latents, probabilities = embedder.forward((clips, edges))
        for place, (row, _) in enumerate(waiting[samples]):
            z[row] += latents[place]
            probability[row] += probabilities[place]
            clips_of[row] += 1
        waiting[samples].clear()

    faults: dict[int, str] = {}
    broken: dict[int, str] = {}

    def refuse(row: int, fault: InputError | str) -> None:
        if strict:
            raise fault if isinstance(fault, InputError) else InputError(fault)
        faults[row] = str(fault)

    names = []
    for row, (name, song) in enumerate(songs):
        names.append(name)
        if isinstance(song, InputError):
            refuse(row, song)
            continue
        if len(song) < least:
            short = f"a song of {len(song)} samples is shorter than one window of {least} samples"
            refuse(row, f"{name}: {short}")
            continue
        room = len(song) + round(settings.front_end.context_s * settings.front_end.sample_rate)
        samples = next((length for length in lengths if length >= room), lengths[-1])
        if isinstance(song, Excerpt) and song.broken:
            broken[row] = f"{name}: {song.broken}"
        # what hears of any length hears of any level, above the least power of the front end
        level = peak(song) if any_length else 1.0
        for clip, edges in cut(song, samples):
            waiting[samples].append((row, (clip / np.float32(level), edges)))
            if len(waiting[samples]) == batch:
                flush(samples)
    for samples in lengths:
        if waiting[samples]:
            flush(samples)
    z = z / np.maximum(clips_of, 1)[:, None]
    z = z / np.maximum(np.linalg.norm(z, axis=1, keepdims=True), 1e-12)
    for row in np.flatnonzero(~np.isfinite(z).all(axis=1)).tolist():
        refuse(row, f"{names[row]}: its vector is not finite")
    z[list(faults)] = np.nan
    probability = probability / np.maximum(clips_of, 1)[:, None]
    return Embedded(z.astype(np.float32), probability, faults, broken)


def peak(song: np.ndarray | Excerpt) -> float:
    """Largest sample of a song; 1 for digital silence."""
    wave = song.song if isinstance(song, Excerpt) else song
    return float(np.abs(wave).max(initial=0.0)) or 1.0


def clip_lengths(settings: TrainingSettings) -> tuple[int, ...]:
    """Samples of the clips that songs are brought to, the shortest first.

    An encoder of any length hears each song in the shortest of a few clips that holds it and half
    of the context on each side.
    """
    longest = clip_samples(settings.front_end)
    if not ENCODERS[settings.encoder.kind].any_length:
        return (longest,)
    halvings = range(max(0, int(np.log2(settings.front_end.clip_s / SHORTEST_CLIP_S))), -1, -1)
    return tuple(-(-longest // 2**halving) for halving in halvings)


def cut(song: np.ndarray | Excerpt, samples: int) -> list[tuple[np.ndarray, tuple[int, int]]]:
    """Clips [samples] of a song and its edges in them; several overlap by at least half."""
    clips = 1 if len(song) <= samples else 1 + int(np.ceil((len(song) - samples) / (samples / 2)))
    positions = [0.5] if clips == 1 else np.linspace(0, 1, clips).tolist()
    return [clip_of(song, samples, position) for position in positions]


def encode(encoder: TrainedEncoder, clips: Array, edges: Array) -> tuple[Array, Array]:
    """Latent vectors of length 1 and class probabilities; see `apply_encoder`."""
    z, probability = apply_encoder(encoder, clips, edges)
    return z / (jnp.linalg.norm(z, axis=1, keepdims=True) + 1e-12), probability
