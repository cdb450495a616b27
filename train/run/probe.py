"""What tells whether a run learns: a nearest-neighbour probe, and signs of collapse."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from chingolo.synth.spectra.clip import clip_of, clip_samples
from chingolo.synth.spectra.front_end import FrontEnd
from chingolo.synth.tables.excerpt import Excerpt
from chingolo.synth.tables.files import InputError
from chingolo.train.data.batches import PairSource
from chingolo.train.objective import losses
from chingolo.train.run.trained_encoder import compiled_encoder
from chingolo.train.settings.training import TrainingSettings
from chingolo.train.step.state import State

MOST = 256
"""Clips in a probe: enough for 3 % of accuracy, cheap enough to repeat."""


@dataclass(frozen=True)
class Probe:
    """Songs that the run is not trained on, with labels that only the probe reads."""

    clips: np.ndarray
    """[songs, samples] float32."""

    edges: np.ndarray
    """[songs, 2] first sample of the song in each clip and the one behind its last."""

    label: np.ndarray
    """[songs] any type; what neighbours should share."""

    group: np.ndarray
    """[songs] bird, recording or pair; no song is its own group's neighbour."""


def make_probe(
    songs: Sequence[np.ndarray | Excerpt],
    label: Sequence[str],
    group: Sequence[str],
    front_end: FrontEnd,
    *,
    seed: int = 0,
    most: int = MOST,
) -> Probe:
    """A probe of held-out songs that have a label, so many at most.

    Raises:
        InputError: if they are of fewer than two groups.
    """
    labelled = np.flatnonzero([name != "" for name in label])
    if len({group[row] for row in labelled.tolist()}) < 2:
        raise InputError(
            "a probe needs held-out songs with a label of at least two birds or recordings"
        )
    order = np.random.default_rng((seed, 6)).permutation(len(labelled))
    chosen = labelled[np.sort(order[:most])]
    samples = clip_samples(front_end)
    cut = [clip_of(songs[i], samples, 0.5) for i in chosen.tolist()]
    clips, edges = np.stack([clip for clip, _ in cut]), np.array([edges for _, edges in cut])
    return Probe(clips, edges, np.asarray(label)[chosen], np.asarray(group)[chosen])


def synthetic_probe(source: PairSource, *, seed: int) -> Probe:
    """A probe of fresh synthetic songs; the two renditions of a pair are one group."""
    count = MOST // 2
    # odd seeds of 63 bits are never drawn for training, whose seeds have 31 bits
    first, second, theme = source((seed << 32) + 1, count)
    group = np.tile(np.arange(count), 2)
    clips = np.concatenate([first, second])
    edges = np.tile([0, clips.shape[1]], (len(clips), 1))
    return Probe(clips, edges, np.tile(theme, 2), group)


def probe_vectors(
    forward: Callable[[np.ndarray, np.ndarray], jax.Array], probe: Probe
) -> np.ndarray:
    """[songs, dimensions] vectors of a probe's songs.

    Args:
        forward: clips and edges -> vectors.
        probe: songs.
    """
    parts = zip(*(np.array_split(x, 4) for x in (probe.clips, probe.edges)), strict=True)
    return np.concatenate([np.asarray(forward(clips, edges)) for clips, edges in parts])


def prober(settings: TrainingSettings, probe: Probe) -> Callable[[State], dict[str, float]]:
    """A function that measures the teacher's encoder on the probe."""

    def measure(state: State) -> dict[str, float]:
        local = jax.device_get((state.teacher["encoder"], state.mean, state.variance))
        z = probe_vectors(partial(compiled_encoder(settings), *local), probe)
        return {
            "probe_accuracy": neighbour_accuracy(z, probe.label, probe.group),
            "probe_effective_rank": float(losses.effective_rank(jnp.asarray(z))),
        }

    return measure


def neighbour_accuracy(z: np.ndarray, label: np.ndarray, group: np.ndarray) -> float:
    """Share of songs whose nearest neighbour (cosine) of another group has their label.

    Args:
        z: [songs, dimensions].
        label: [songs].
        group: [songs]; a neighbour must be of another one.
    """
    direction = z / np.maximum(np.linalg.norm(z, axis=1, keepdims=True), 1e-12)
    cosine = np.where(group[:, None] == group[None], -np.inf, direction @ direction.T)
    return float(np.mean(label[cosine.argmax(axis=1)] == label))


def collapse(values: dict[str, float], settings: TrainingSettings, prototypes: int) -> str | None:
    """Says in words that the representation has collapsed, or None.

    Args:
        values: of a step.
        settings: of the training.
        prototypes: number of them, of a method that assigns.
    """
    rank = values.get("effective_rank", np.inf)
    if rank < min(1.5, 0.75 * settings.encoder.dimensions):
        return f"collapsed: all songs lie on a line (effective rank {rank:.2f})"
    used = values.get("prototypes_used", np.inf)
    if used < 2:
        return f"collapsed: one prototype takes all songs ({used:.2f} used)"
    if values.get("teacher_entropy", 0.0) > 0.98 * np.log(prototypes):
        return "collapsed: the teacher says the same of every song (uniform over prototypes)"
    return None
