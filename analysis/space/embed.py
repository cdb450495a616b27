"""Songs -> latent vectors with an encoder, ours or another's."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd

from chingolo.analysis.space.embedder import Embedder, make_embedder
from chingolo.analysis.space.outside.outside_encoder import OutsideEncoder
from chingolo.synth.spectra.clip import clip_of
from chingolo.synth.tables.audio import is_silent, load_excerpt, told_silence
from chingolo.synth.tables.excerpt import Excerpt, song_in_memory
from chingolo.synth.tables.files import InputError, counted
from chingolo.train.run.trained_encoder import TrainedEncoder


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


def embed(
    encoder: TrainedEncoder | OutsideEncoder,
    waves: Sequence[np.ndarray | Excerpt],
    *,
    sample_rate: float,
    batch: int = 64,
) -> np.ndarray:
    """Latent vectors of songs in memory.

    Args:
        encoder: of `load_encoder`, as `train` returns it, or an `OutsideEncoder`.
        waves: [songs] arrays [any] of one song each, mono, or excerpts of recordings, whose noise
            is then heard around the song, as `embed_songs` hears it.
        sample_rate: theirs, Hz; resampled to the encoder's own rate where it differs.
        batch: clips at a time.

    Returns:
        [songs, dimensions] float32 of length 1; see `embed_songs`.

    Raises:
        InputError: if a song is too short, or its vector is not finite.
    """
    embedder = make_embedder(encoder, batch=batch)
    rate = embedder.sample_rate

    def songs() -> Iterator[tuple[str, Excerpt]]:
        for number, wave in enumerate(waves):
            name = f"song {number}"
            yield name, song_in_memory(wave, sample_rate=sample_rate, wanted=rate, name=name)

    return _embed(songs(), len(waves), embedder, strict=True).z


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
    into clips that overlap by at least half, and its vector is the mean over them. Vectors have
    length 1.

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
    batch = embedder.batch

    def named(row: int) -> str:
        return f"row {table.index[row] + 1} ({table['path'].iloc[row]})"

    def load(row: int) -> Excerpt | InputError:
        try:
            excerpt = load_excerpt(
                table.iloc[row], sample_rate=embedder.sample_rate, context_s=embedder.context_s
            )
        except InputError as error:
            return error
        if len(excerpt) < embedder.least or not is_silent(excerpt.song):  # the short are told so
            return excerpt
        return InputError(f"{named(row)}: {told_silence(float(excerpt.song[0]))}")

    def songs() -> Iterator[tuple[str, Excerpt | InputError]]:
        with ThreadPoolExecutor(4) as readers:
            for start in range(0, len(table), batch):
                rows = range(start, min(start + batch, len(table)))
                for row, song in zip(rows, readers.map(load, rows), strict=True):
                    yield named(row), song
                    if (row + 1) % 500 == 0:
                        tell(f"{row + 1} of {counted(len(table), 'song')}")

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
    batch, lengths = embedder.batch, embedder.lengths
    z = np.zeros((count, embedder.dimensions), np.float64)
    probability = np.zeros((count, len(embedder.classes)), np.float64)
    clips_of = np.zeros(count)
    waiting: dict[int, list[tuple[int, tuple[np.ndarray, tuple[int, int]]]]] = {
        samples: [] for samples in lengths
    }

    def flush(samples: int) -> None:
        clips = np.stack([clip for _, (clip, _) in waiting[samples]])
        edges = np.array([edges for _, (_, edges) in waiting[samples]], np.int32)
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
        if len(song) < embedder.least:
            short = (
                f"a song of {counted(len(song), 'sample')} is shorter than {embedder.least_told}"
            )
            refuse(row, f"{name}: {short}")
            continue
        context = round(embedder.context_s * embedder.sample_rate)
        room = len(song) + context
        # an encoder that is not told where the song stands would hear its neighbours too
        song = song.within(context) if isinstance(song, Excerpt) else song
        samples = next((length for length in lengths if length >= room), lengths[-1])
        if isinstance(song, Excerpt) and song.broken:
            broken[row] = f"{name}: {song.broken}"
        # what hears of any length hears of any level, above the least power of the front end
        level = peak(song) if embedder.any_level else 1.0
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


def cut(song: np.ndarray | Excerpt, samples: int) -> list[tuple[np.ndarray, tuple[int, int]]]:
    """Clips [samples] of a song and its edges in them; several overlap by at least half."""
    clips = 1 if len(song) <= samples else 1 + int(np.ceil((len(song) - samples) / (samples / 2)))
    positions = [0.5] if clips == 1 else np.linspace(0, 1, clips).tolist()
    return [clip_of(song, samples, position) for position in positions]
