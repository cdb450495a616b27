"""Fresh synthetic pairs of a repertoire, as training draws them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chingolo.synth.recorder.recorders import Recorder
from chingolo.synth.score.repertoire import Repertoire
from chingolo.synth.score.song import song_gesture
from chingolo.synth.score.variation import as_written
from chingolo.synth.spectra.front_end import FrontEnd
from chingolo.synth.surrogates.pairs import draw_pairs
from chingolo.synth.tables.files import InputError
from chingolo.synth.voice.gestures import refuse_beyond_band


@dataclass(frozen=True)
class SyntheticPairs:
    """A source of pairs; plain data, that other processes can be sent."""

    repertoire: Repertoire
    recorders: tuple[Recorder, ...]
    front_end: FrontEnd

    def __call__(self, seed: int, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """As `PairSource`."""
        pairs = draw_pairs(
            self.repertoire,
            seed=seed,
            count=count,
            sample_rate=self.front_end.sample_rate,
            clip_s=self.front_end.clip_s,
            recorders=self.recorders,
        )
        return pairs.first, pairs.second, pairs.theme


def refuse_unheard(repertoire: Repertoire, front_end: FrontEnd) -> None:
    """Refuses a front end that would not hear the notes of a theme, rather than train on silence.

    Raises:
        InputError: where notes lie above what its sample rate holds, or more than half of what is
            sung of a theme outside of its bands.
    """
    low, high = front_end.f_min, front_end.f_max
    for theme, share in zip(repertoire.themes, repertoire.theme_shares, strict=True):
        if not share:
            continue
        gesture = song_gesture(as_written(theme), repertoire.singer)
        refuse_beyond_band(gesture, front_end.sample_rate, f"theme '{theme.name}'")
        sung = gesture.f0[gesture.amplitude > 0.1]
        if len(sung) and np.mean((sung < low) | (sung > high)) > 0.5:
            raise InputError(
                f"theme '{theme.name}': sung at {sung.min():.0f} to {sung.max():.0f} Hz, and the "
                f"front end hears {low:g} to {high:g} Hz; give --set front_end.f_min=... "
                "front_end.f_max=..."
            )


def pair_source(
    repertoire: Repertoire,
    recorders: Sequence[Recorder],
    front_end: FrontEnd,
    *,
    strict: bool = True,
) -> SyntheticPairs:
    """The source of pairs of a repertoire's themes, whose names are its `theme_names`.

    Args:
        repertoire: themes.
        recorders: to draw from; their order matters.
        front_end: gives rate and length of the clips.
        strict: see `refuse_unheard`; a run of before goes on without.
    """
    if strict:
        refuse_unheard(repertoire, front_end)
    return SyntheticPairs(repertoire, tuple(recorders), front_end)
