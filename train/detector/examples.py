"""Scenes and recordings as a detector learns them: features, targets and weights of frames."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd

from chingolo.synth.score.repertoire import Repertoire
from chingolo.synth.surrogates.scenes import Scene, draw_scenes
from chingolo.synth.surrogates.surroundings import named_surroundings
from chingolo.synth.tables.audio import load_audio
from chingolo.synth.tables.files import InputError
from chingolo.train.detector.settings import DetectorPreset
from chingolo.train.detector.streaming import STRIDE, Detector, above_background, log_mel

Batch = dict[str, np.ndarray]
Source = Callable[[int, int], list[Scene]]
"""(seed, count) -> scenes."""

EDGE_S = 0.03
"""Width of the bump that marks an onset or offset, s."""


def learnable(scene: Scene, ear: Detector) -> Batch:
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
    frames = log_mel(np.asarray(scene.wave, np.float32), ear, count)
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


def synthetic_source(repertoire: Repertoire, preset: DetectorPreset) -> Source:
    """Fresh synthetic scenes of a repertoire."""
    front_end = preset.front_end
    surroundings = named_surroundings(
        recorders="field-1", birds="songbirds-1", repertoires="shipped-1"
    )

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


def recorded_source(table: pd.DataFrame, preset: DetectorPreset) -> Source:
    """Stretches of recordings whose every song is a row of the table.

    Args:
        table: song table with `start_s` and `end_s`; what lies between the songs of a file is taken
            for background.
        preset: gives rate and length of a stretch.

    Raises:
        InputError: if a row lacks a boundary or audio cannot be read.
    """
    for column in ("start_s", "end_s"):
        if column not in table.columns or table[column].isna().any():
            row = 1 if column not in table.columns else int(table[column].isna().argmax()) + 1
            raise InputError(f"row {row}: no '{column}'; a detector learns from songs with both")
    front_end = preset.front_end
    paths = sorted(set(table["path"]))
    with ThreadPoolExecutor(4) as pool:
        load = lambda path: load_audio(path, sample_rate=front_end.sample_rate)  # noqa: E731
        waves = list(pool.map(load, paths))
    songs = [
        table.loc[table["path"] == path, ["start_s", "end_s"]].to_numpy(float) for path in paths
    ]
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

    return draw


def batches(
    preset: DetectorPreset, sources: list[Source], ear: Detector, *, seed: int, start: int
) -> Iterator[Batch]:
    """Batches from step `start` to the last; what a step sees is pure in (seed, step).

    Args:
        preset: size of batch and pool.
        sources: one, or synthetic and recorded scenes.
        ear: gives the front end.
        seed: of everything.
        start: first step.
    """
    counts = [preset.batch]
    if len(sources) > 1:
        synthetic = round(preset.batch * preset.synthetic_share)
        counts = [synthetic, preset.batch - synthetic]
    chunks: dict[int, Batch] = {}

    def chunk(number: int) -> Batch:
        state = np.random.SeedSequence((seed, 6, number)).generate_state(1)[0]
        scenes = [
            scene
            for source, count in zip(sources, counts, strict=True)
            for scene in source(int(state >> 1), count)
        ]
        parts = [learnable(scene, ear) for scene in scenes]
        return {name: np.stack([part[name] for part in parts]) for name in parts[0]}

    for step in range(start, preset.steps):
        newest = step // preset.renew_every + preset.pool - 1
        wanted = range(newest - preset.pool + 1, newest + 1)
        chunks = {n: chunks[n] if n in chunks else chunk(n) for n in wanted}
        random = np.random.default_rng((seed, 7, step))
        places = random.integers(preset.pool, size=preset.batch)
        rows = random.integers(preset.batch, size=preset.batch)
        picked = [(chunks[wanted[place]], row) for place, row in zip(places, rows, strict=True)]
        batch = {name: np.stack([part[name][row] for part, row in picked]) for name in picked[0][0]}
        # the level of each band drifts: microphones differ, and the background takes seconds
        tilt = random.normal(0, 0.1, (preset.batch, 1, 4))
        bands = np.linspace(0, 3, batch["features"].shape[2])
        curve = np.stack([np.interp(bands, np.arange(4), one[0]) for one in tilt])[:, None]
        batch["features"] = (batch["features"] + curve).astype(np.float32)
        yield batch
