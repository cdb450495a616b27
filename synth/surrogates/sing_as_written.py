"""Themes and notes sung as they are written: no variation, no recorder, one of each."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from chingolo.synth.score.repertoire import Item, Note, Repertoire, Theme
from chingolo.synth.score.song import song_gesture
from chingolo.synth.score.variation import as_written
from chingolo.synth.tables.files import InputError
from chingolo.synth.voice.gestures import refuse_beyond_band
from chingolo.synth.voice.render import render

LEVEL = 0.5
"""Peak of what is sung, full scale being 1."""


def chosen_themes(
    repertoire: Repertoire,
    notes: Mapping[str, Note],
    *,
    themes: Sequence[str] = (),
    alone: Sequence[str] = (),
) -> tuple[Theme, ...]:
    """The themes that are asked for, and a theme of each note that is.

    Args:
        repertoire: that holds them.
        notes: of the repertoire, by name.
        themes: names; with no name of either kind, all themes.
        alone: names of notes.

    Raises:
        InputError: for a name that there is not.
    """
    known = {theme.name: theme for theme in repertoire.themes}
    for kind, names, there in (("theme", themes, known), ("note", alone, notes)):
        for name in names:
            if name not in there:
                raise InputError(f"no {kind} '{name}'; there are {', '.join(there)}")
    if not themes and not alone:
        return repertoire.themes
    return (
        *(known[name] for name in themes),
        *(Theme(name, (Item(notes[name]),)) for name in alone),
    )


def of_these_alone(repertoire: Repertoire, themes: Sequence[Theme]) -> Repertoire:
    """A repertoire of some of its themes, or of its notes, sung by the birds that sing them.

    What no population sings, as a note or a theme of share 0, is sung by all, as often as a theme
    in the mean.

    Args:
        repertoire: that holds them.
        themes: of `chosen_themes`.
    """
    without = {theme.name: theme.share for theme in repertoire.themes}
    shares = [dict(population.shares) or without for population in repertoire.populations]
    sung = {name for own in shares or [without] for name, share in own.items() if share > 0}
    names = [theme.name for theme in themes]

    def kept(own: dict[str, float]) -> dict[str, float]:
        mean = sum(own.values()) / len(own)
        return {name: own.get(name, 0.0) if name in sung else mean for name in names}

    populations = tuple(
        replace(population, shares=tuple(kept(own).items()))
        for population, own in zip(repertoire.populations, shares, strict=True)
        if any(kept(own).values())
    )
    alone = kept(without) if sum(without.values()) > 0 else dict.fromkeys(names, 1.0)
    themes = tuple(replace(theme, share=alone[theme.name]) for theme in themes)
    return replace(repertoire, themes=themes, populations=populations)


def sing_as_written(
    repertoire: Repertoire, themes: Sequence[Theme], *, engine: str = "ode", sample_rate: int
) -> list[np.ndarray]:
    """Sings themes.

    Args:
        repertoire: whose bird sings.
        themes: of it, or of its notes.
        engine: see `render.render`.
        sample_rate: Hz.

    Returns:
        [samples] float32 of each theme, its peak at `LEVEL`.

    Raises:
        InputError: where the sample rate would lose notes, or the engine cannot sing as the bird.
    """
    bird = repertoire.singer
    gestures = [song_gesture(as_written(theme), bird) for theme in themes]
    for theme, gesture in zip(themes, gestures, strict=True):
        refuse_beyond_band(gesture, sample_rate, f"theme '{theme.name}'")
    waves = render(gestures, bird, engine=engine, sample_rate=sample_rate)
    return [wave * np.float32(LEVEL / max(float(np.abs(wave).max()), 1e-9)) for wave in waves]
