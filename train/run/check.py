"""What an encoder cannot be trained on, and what its method would not use: refused in words."""

import dataclasses
from collections.abc import Callable

import jax

from chingolo.synth.spectra.clip import clip_samples
from chingolo.synth.spectra.log_mel import check_bands, frames_in
from chingolo.synth.tables.files import InputError, counted
from chingolo.train.data.batches import PairSource, places
from chingolo.train.data.corpus import Corpus
from chingolo.train.encoders.registry import ENCODERS
from chingolo.train.methods.registry import METHODS
from chingolo.train.run.trained_encoder import TrainedEncoder
from chingolo.train.settings.training import TrainingSettings
from chingolo.train.settings.unused import refuse_unused


def fitted_batch(
    settings: TrainingSettings,
    corpus: Corpus | None,
    *,
    synthetic: bool,
    tell: Callable[[str], None] = lambda line: None,
) -> TrainingSettings:
    """Settings whose batch the corpus can fill without a song that stands in it twice.

    Args:
        settings: as asked for.
        corpus: recorded songs.
        synthetic: whether there are synthetic songs, which take the place of those that lack.
        tell: takes what is told of a smaller batch, or of fewer recorded songs in it.

    Raises:
        InputError: if there are fewer songs than devices.
    """
    if corpus is None:
        return settings
    wanted = settings.batch - round(settings.batch * settings.synthetic_share * synthetic)
    made, recorded = places(settings, corpus, synthetic)
    few = f"{counted(recorded, 'song')} can stand in a batch, each once"
    if synthetic:
        if recorded < wanted:
            tell(f"{few}: {recorded} of {settings.batch} are recorded and {made} synthetic")
        return settings
    devices = jax.device_count()
    batch = min(settings.batch, recorded - recorded % devices)
    if batch < devices:
        raise InputError(f"{few}, and {counted(devices, 'device needs', 'devices need')} {devices}")
    if batch < settings.batch:
        tell(f"{few}: batches of {batch} in place of {settings.batch}")
    return dataclasses.replace(settings, batch=batch)


def check(
    settings: TrainingSettings,
    corpus: Corpus | None,
    source: PairSource | None,
    classes: tuple[str, ...],
    distill_from: TrainedEncoder | None,
    begin_with: TrainedEncoder | None = None,
) -> None:
    """Refuses settings that cannot train, and those that the method would not use.

    Raises:
        InputError: if so.
    """
    if corpus is None and source is None:
        raise InputError("nothing to train on: give song tables, --synthetic REPERTOIRE, or both")
    devices = jax.device_count()
    if settings.batch % devices:
        raise InputError(
            f"a batch of {counted(settings.batch, 'song')} cannot be split over {devices} devices"
        )
    front_end, name = settings.front_end, settings.method.name
    if begin_with is None:  # what a trained encoder hears, it hears
        check_bands(front_end)
    method = METHODS[name]
    if method.learns_from_labels and len(classes) < 2:
        found = f"one class only, '{classes[0]}'" if classes else "no labels"
        raise InputError(
            f"{name} training needs two classes; found {found} "
            "(give --label-column, or --synthetic)"
        )
    method.check(settings.method)
    if settings.views.local_views and not method.takes_local_views:
        takers = ", ".join(other for other, it in METHODS.items() if it.takes_local_views)
        raise InputError(f"views.local_views: {name} has no use of local views; {takers} have")
    refuse_unused(settings, labels=bool(classes))
    if method.learns_from_encoder and distill_from is None:
        raise InputError(f"the method {name} needs a trained encoder: give --distill-from RUN")
    if distill_from is not None:
        if not method.learns_from_encoder:
            raise InputError(f"--distill-from: {name} learns from no other encoder")
        theirs = distill_from.settings.front_end
        if (theirs.sample_rate, theirs.clip_s) != (front_end.sample_rate, front_end.clip_s):
            raise InputError(
                f"--distill-from hears clips of {theirs.clip_s} s at {theirs.sample_rate} Hz, "
                f"these settings {front_end.clip_s} s at {front_end.sample_rate} Hz"
            )
    _check_beginning(settings, classes, begin_with)
    if settings.steps < 1:
        raise InputError(f"--steps {settings.steps}: expected at least 1")
    if corpus is not None:
        shortest = min(len(song) for song in corpus.songs)
        least = front_end.n_fft
        if shortest < least:
            raise InputError(
                f"a song of {counted(shortest, 'sample')} is shorter than one window of {least} "
                "samples"
            )
        if source is None and len(corpus.songs) < 2:
            raise InputError("one song alone cannot train an encoder; expected at least 2")
    refuse_too_small(settings)


def _check_beginning(
    settings: TrainingSettings, classes: tuple[str, ...], begin_with: TrainedEncoder | None
) -> None:
    """Refuses an encoder of other settings to begin with, and to freeze what has learnt nothing."""
    if settings.frozen_encoder and begin_with is None:
        raise InputError("frozen_encoder: keeps weights at random; give --from ENCODER")
    if settings.frozen_encoder and not classes:
        raise InputError(
            "frozen_encoder: without labels nothing that is kept would learn; give --label-column "
            "or --synthetic"
        )
    if begin_with is None:
        return
    theirs = begin_with.settings
    clip_s = theirs.front_end.clip_s
    for own, other in (
        (settings.encoder, theirs.encoder),
        (dataclasses.replace(settings.front_end, clip_s=clip_s), theirs.front_end),
    ):
        for name, value in vars(other).items():
            if getattr(own, name, None) != value:
                raise InputError(
                    f"{name}={getattr(own, name, None)}: the encoder to begin with has "
                    f"{name}={value}; it brings its own architecture and front end"
                )


def refuse_too_small(settings: TrainingSettings) -> None:
    """Refuses views of fewer frames or bands than the encoder can hear.

    Raises:
        InputError: naming the setting, and what is heard at least.
    """
    front_end, views = settings.front_end, settings.views
    frames, bands = ENCODERS[settings.encoder.kind].least(settings.encoder)
    needed = f"this {settings.encoder.kind} hears"
    if front_end.n_mels < bands:
        raise InputError(f"front_end.n_mels={front_end.n_mels}: {needed} {bands} bands at least")
    whole = frames_in(front_end, clip_samples(front_end))
    if whole < frames:
        raise InputError(
            f"clips of {front_end.clip_s} s are shorter than a patch: {whole} frames, and {needed} "
            f"{frames} at least"
        )
    if 0 < views.crop_frames < frames:
        raise InputError(
            f"views.crop_frames={views.crop_frames}: {needed} {frames} frames at least"
        )
    local = round(views.local_s * front_end.sample_rate / front_end.hop)
    if views.local_views and not frames <= local <= whole:
        raise InputError(
            f"views.local_s={views.local_s:g}: {local} frames; expected {frames} to {whole}, from "
            f"what {needed} to a clip"
        )
