"""One trial of a search: an encoder is taught by invented units, and asked for others."""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from chingolo.synth.surrogates.invented_units import UnitRecording
from chingolo.synth.tables.excerpt import Excerpt
from chingolo.train.data.corpus import make_corpus
from chingolo.train.run.loop import take_steps
from chingolo.train.run.probe import Probe, make_probe, neighbour_accuracy, probe_vectors
from chingolo.train.run.teach_songbird import Lessons, fit_windows, sing_lessons
from chingolo.train.run.train_encoder import encoder_task
from chingolo.train.run.trained_encoder import (
    TrainedEncoder,
    compiled_encoder,
    trained_encoder,
)
from chingolo.train.search.choices import Choice
from chingolo.train.settings.training import TrainingSettings

RATE = 22_050
"""Of all that is sung, Hz."""

HELD_OUT = 2**20
"""Added to the seed of the units that are asked, which are then other ones."""


@dataclass(frozen=True)
class Units:
    """Sounds of units, each with the recording around it."""

    sounds: tuple[Excerpt, ...]

    unit: np.ndarray
    """[sounds] number."""

    take: np.ndarray
    """[sounds] which rendition; each went through a recorder of its own."""


@dataclass(frozen=True)
class Material:
    """What all trials of a search are taught with, and asked."""

    lessons: Lessons
    recordings: tuple[UnitRecording, ...]
    held_out: Units


def make_material(lessons: Lessons, *, held_out: int) -> Material:
    """Sings the lessons, and as many other units as are held out, two renditions of each.

    Args:
        lessons: what is sung.
        held_out: units that are asked.
    """
    seed = lessons.seed + HELD_OUT
    others = dataclasses.replace(lessons, units=held_out, renditions=2, seed=seed)
    return Material(
        lessons,
        tuple(sing_lessons(lessons, sample_rate=RATE)),
        cut_units(sing_lessons(others, sample_rate=RATE)),
    )


def cut_units(recordings: Sequence[UnitRecording]) -> Units:
    """The units of recordings that hold rendition after rendition of all of them."""
    sounds, numbers, takes = [], [], []
    sung: dict[int, int] = {}
    for recording in recordings:
        for number, (start, stop) in zip(recording.units, recording.edges, strict=True):
            sounds.append(Excerpt(recording.wave, int(start), int(stop)))
            numbers.append(int(number))
            takes.append(sung.setdefault(int(number), 0))
            sung[int(number)] += 1
    return Units(tuple(sounds), np.array(numbers), np.array(takes))


def judge(
    choice: Choice,
    material: Material,
    *,
    seed: int,
    tell: Callable[[int, float], None] = lambda step, value: None,
) -> tuple[float, TrainedEncoder]:
    """Teaches an encoder, and tells how well it hears units that it was not taught with.

    Args:
        choice: encoder and how it is taught.
        material: of `make_material`.
        seed: of a network's training.
        tell: takes a step of the training and what its encoder is worth then; may raise to end it.

    Returns:
        Share of the sounds held out whose nearest neighbour among the other renditions, each heard
        through another recorder, is of the same unit; and the encoder.

    Raises:
        InputError: for settings that cannot be trained, or if the loss stops being finite.
    """
    settings, asked = choice.settings, material.held_out
    probe = make_probe(
        _heard(asked, settings),
        [str(number) for number in asked.unit],
        [str(take) for take in asked.take],
        settings.front_end,
        seed=seed,
        most=len(asked.sounds),
    )
    if choice.shrink is not None:
        lessons = dataclasses.replace(material.lessons, shrink=choice.shrink)
        encoder = fit_windows(material.recordings, lessons, settings)
        right = _right(encoder, probe)
    else:
        right = 0.0
        taught = cut_units(material.recordings)
        # as of recordings in training, those that no window of the front end fits into are left out
        sounds = _heard(taught, settings)
        rows = [row for row, sound in enumerate(sounds) if len(sound) >= settings.front_end.n_fft]
        corpus = make_corpus(
            [sounds[row] for row in rows], pairs=[str(taught.unit[row]) for row in rows]
        )
        task = encoder_task(settings, corpus=corpus, source=None, probe=probe, seed=seed)
        state = task.start
        for taken in take_steps(task, state):
            state = taken.state
            if taken.line is not None and "probe_accuracy" in taken.line:
                right = float(taken.line["probe_accuracy"])
                tell(taken.number + 1, right)
        encoder = trained_encoder(state, settings, ())
    return right, encoder


def _heard(units: Units, settings: TrainingSettings) -> list[Excerpt]:
    """The sounds with as much around them as a front end hears."""
    context = round(settings.front_end.context_s * RATE)
    return [sound.within(context) for sound in units.sounds]


def _right(encoder: TrainedEncoder, probe: Probe) -> float:
    """Share of a probe's sounds whose nearest neighbour is of the same unit."""
    local = (encoder.params["encoder"], encoder.mean, encoder.variance)
    z = probe_vectors(partial(compiled_encoder(encoder.settings), *local), probe)
    return neighbour_accuracy(z, probe.label, probe.group)
