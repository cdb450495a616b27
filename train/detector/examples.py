"""Scenes and recordings as a detector learns them: features, targets and weights of frames."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import numpy as np
import pandas as pd

from chingolo.synth.recorder.recorders import Recorder
from chingolo.synth.score.repertoire import Repertoire
from chingolo.synth.surrogates.invented_scenes import draw_invented_scenes
from chingolo.synth.surrogates.scenes import draw_scenes
from chingolo.synth.surrogates.soundscape import Scene
from chingolo.synth.surrogates.surroundings import Surroundings
from chingolo.synth.tables.audio import LATE_S, load_stretch
from chingolo.synth.tables.excerpt import Excerpt
from chingolo.synth.tables.files import InputError, refuse_if_none, told_broken
from chingolo.synth.tables.song_table import channel_of
from chingolo.train.data.pool import Arrays, PoolOrder, pooled
from chingolo.train.data.synthetic_pairs import refuse_unheard
from chingolo.train.detector.settings import DetectorSettings
from chingolo.train.detector.streaming import (
    STRIDE,
    Detector,
    above_background,
    log_mel_without_jax,
)

Source = Callable[[int, int], list[Scene]]
"""(seed, count) -> scenes."""

SCENES = PoolOrder(source_stream=6, choice_stream=7, block=None, own_rows=False)
"""Scenes are drawn a whole batch together; any may stand anywhere."""

EDGE_S = 0.03
"""Width of the bump that marks an onset or offset, s."""


def learnable(scene: Scene, ear: Detector) -> Arrays:
    """A scene as arrays.

    Args:
        scene: waveform at the detector's rate, and its songs.
        ear: gives the front end.

    Returns:
        `features` [frames, n_mels]; for every second frame `target` [frames / 2, 3] (in a song,
        onset, offset) and `weight` [frames / 2], 0 where only a distant song is heard.
    """
    count = (len(scene.wave) - ear.window) // ear.hop + 1
    count -= count % STRIDE
    frames = log_mel_without_jax(np.asarray(scene.wave, np.float32), ear, count)
    features, _ = above_background(frames, None, 0, ear)
    time = ear.first_s + ear.frame_s * np.arange(count // STRIDE)
    target = np.zeros((len(time), 3), np.float32)
    weight = np.ones(len(time), np.float32)
    for start, end in scene.distant:
        weight[(time >= start - 0.1) & (time <= end + 0.1)] = 0
    length = len(scene.wave) / ear.sample_rate
    for start, end in scene.songs:
        within = (time >= start) & (time <= end)
        target[within, 0] = 1
        weight[within] = 1
        for output, edge in ((1, start), (2, end)):
            if 0.05 < edge < length - 0.05:  # a song cut by the scene has no edge there
                bump = np.exp(-0.5 * ((time - edge) / EDGE_S) ** 2)
                target[:, output] = np.maximum(target[:, output], bump)
    return {"features": features, "target": target, "weight": weight}


def synthetic_source(
    repertoire: Repertoire,
    surroundings: Surroundings,
    settings: DetectorSettings,
    *,
    strict: bool = True,
) -> Source:
    """Fresh synthetic scenes of a repertoire among recorders and other sounds.

    Raises:
        InputError: if `strict`, where the front end would not hear a theme; see `refuse_unheard`.
    """
    front_end = settings.front_end
    if strict:
        refuse_unheard(repertoire, front_end)

    def draw(seed: int, count: int) -> list[Scene]:
        return draw_scenes(
            repertoire,
            seed=seed,
            count=count,
            sample_rate=front_end.sample_rate,
            scene_s=front_end.clip_s,
            surroundings=surroundings,
        )

    return draw


def invented_source(
    recorders: tuple[Recorder, ...], family: str, settings: DetectorSettings
) -> Source:
    """Fresh scenes of bouts that no species sings, for a detector of any songbird's sounds."""
    front_end = settings.front_end

    def draw(seed: int, count: int) -> list[Scene]:
        return draw_invented_scenes(
            seed=seed,
            count=count,
            sample_rate=front_end.sample_rate,
            scene_s=front_end.clip_s,
            recorders=recorders,
            family=family,
        )

    return draw


def recorded_source(
    table: pd.DataFrame,
    settings: DetectorSettings,
    *,
    strict: bool = True,
    tell: Callable[[str], None] = lambda line: None,
) -> tuple[Source, dict[int, str]]:
    """Stretches of recordings whose every song is a row of the table.

    Args:
        table: song table with `start_s` and `end_s`; what lies between the songs of a file is taken
            for background.
        settings: gives rate and length of a stretch.
        strict: whether the first recording that cannot be read, or ends before one of its songs,
            ends it all; else it is left out.
        tell: takes lines on songs that are heard as far as their recording goes.

    Returns:
        The source, and for each row that was left out, with its recording or behind the end of one
        that breaks off, why.

    Raises:
        InputError: if a row lacks a boundary or audio cannot be read (if not strict, none of it).
    """
    for column in ("start_s", "end_s"):
        if column not in table.columns or table[column].isna().any():
            row = 1 if column not in table.columns else int(table[column].isna().argmax()) + 1
            raise InputError(f"row {row}: no '{column}'; a detector learns from songs with both")
    front_end = settings.front_end
    heard = table["path"].map(str) + [f"\0{channel_of(song)}" for _, song in table.iterrows()]
    recordings = [rows for _, rows in table.groupby(heard.to_numpy())]

    def load(rows: pd.DataFrame) -> Excerpt:
        song, rate = rows.iloc[0], front_end.sample_rate
        heard = load_stretch(song["path"], sample_rate=rate, channel=channel_of(song))
        late = rows["end_s"] > len(heard) / rate + LATE_S
        if late.any() and not heard.broken:
            raise InputError(
                f"row {rows.index[late][0] + 1}: {song['path']}: a song to "
                f"{rows['end_s'][late].iloc[0]:g} s ends after the recording (it is "
                f"{len(heard) / rate:.3f} s)"
            )
        return heard

    def load_or_fault(rows: pd.DataFrame) -> Excerpt | InputError:
        try:
            return load(rows)
        except InputError as error:
            return error

    waves, kept, faults, broken = [], [], {}, {}
    with ThreadPoolExecutor(4) as pool:
        for rows, wave in zip(recordings, pool.map(load_or_fault, recordings), strict=True):
            if isinstance(wave, Excerpt):
                heard_s = len(wave) / front_end.sample_rate
                behind, within = rows["start_s"] >= heard_s, rows["end_s"] > heard_s + LATE_S
                for row in rows.index[behind | within].tolist() if wave.broken else ():
                    told = f"row {row + 1}: {rows['path'].iloc[0]}: {wave.broken}"
                    if behind[row] and strict:
                        raise InputError(f"{told}, before the song")
                    (faults if behind[row] else broken)[row] = told
                if not behind.all():
                    waves.append(wave.wave)
                    ends = rows["end_s"].clip(upper=heard_s) if wave.broken else rows["end_s"]
                    kept.append(rows.assign(end_s=ends)[~behind])
            elif strict:
                raise wave
            else:
                faults |= dict.fromkeys(rows.index.tolist(), str(wave))
    refuse_if_none(faults, len(table))
    for line in told_broken(broken, len(table)):
        tell(line)
    recordings = kept
    songs = [rows[["start_s", "end_s"]].to_numpy(float) for rows in recordings]
    samples = round(front_end.clip_s * front_end.sample_rate)
    share = np.array([len(wave) + samples for wave in waves], float)

    def draw(seed: int, count: int) -> list[Scene]:
        random = np.random.default_rng([seed, 61])
        scenes = []
        for number in random.choice(len(waves), count, p=share / share.sum()):
            wave, truth = waves[number], songs[number]
            start = int(
                random.integers(min(0, len(wave) - samples), max(1, len(wave) - samples + 1))
            )
            cut = np.zeros(samples, np.float32)
            piece = wave[max(0, start) : start + samples]
            cut[max(0, -start) : max(0, -start) + len(piece)] = piece
            noise = random.standard_normal(samples, dtype=np.float32)
            level = np.sqrt(np.mean(cut**2)) * 10 ** (random.uniform(-60, -10) / 20)
            cut = (cut + level * noise) * np.float32(10 ** (random.uniform(-20, 10) / 20))
            moved = truth - start / front_end.sample_rate
            heard = moved[(moved[:, 1] > 0) & (moved[:, 0] < front_end.clip_s)]
            scenes.append(Scene(cut, heard, np.zeros((0, 2))))
        return scenes

    return draw, faults


def batches(
    settings: DetectorSettings, sources: list[Source], ear: Detector, *, seed: int, start: int
) -> Iterator[Arrays]:
    """Batches from step `start` to the last; what a step sees is pure in (seed, step).

    Args:
        settings: size of batch and pool.
        sources: one, or synthetic and recorded scenes.
        ear: gives the front end.
        seed: of everything.
        start: first step.
    """
    counts = [settings.batch]
    if len(sources) > 1:
        synthetic = round(settings.batch * settings.synthetic_share)
        counts = [synthetic, settings.batch - synthetic]

    def draw(seed: int, count: int) -> Arrays:
        del count  # the whole batch is one block
        drawn = zip(sources, counts, strict=True)
        scenes = [scene for source, share in drawn for scene in source(seed, share)]
        parts = [learnable(scene, ear) for scene in scenes]
        return {name: np.stack([part[name] for part in parts]) for name in parts[0]}

    fresh = pooled(
        draw,
        SCENES,
        pool=settings.pool,
        renew_every=settings.renew_every,
        count=settings.batch,
        seed=seed,
        start=start,
    )
    for batch, random in islice(fresh, settings.steps - start):
        # the level of each band drifts: microphones differ, and the background takes seconds
        tilt = random.normal(0, 0.1, (settings.batch, 1, 4))
        bands = np.linspace(0, 3, batch["features"].shape[2])
        curve = np.stack([np.interp(bands, np.arange(4), one[0]) for one in tilt])[:, None]
        yield {**batch, "features": (batch["features"] + curve).astype(np.float32)}
