"""Songs as arrays: labelled, paired, weighted and split."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from chingolo.synth.tables.excerpt import Excerpt, as_excerpt
from chingolo.synth.tables.files import InputError, counted


@dataclass(frozen=True)
class Corpus:
    """Recorded songs, decoded once."""

    songs: Sequence[np.ndarray | Excerpt]
    """Audio of each song, float32 at the front end's rate, each of its own length; as an excerpt
    where its recording is known around it."""

    label: np.ndarray
    """[songs] int32, index of the class, -1 for none; multilabel: [songs, classes] float32."""

    sung: np.ndarray | None = None
    """[songs] int, number of what each sings: songs of one number are renditions of each other;
    None: each song is its own alone."""

    weight: np.ndarray | None = None
    """[songs] share of the draws; None goes through all songs in shuffled rounds."""

    copies: Sequence[Sequence[Excerpt]] = ()
    """[recorders][songs] the same songs heard through random recorders; a view of a song is of one
    of its copies or of itself."""

    def heard(self, row: int, copy: int) -> np.ndarray | Excerpt:
        """A song itself (0), or its copy of this number from 1."""
        return self.copies[copy - 1][row] if copy else self.songs[row]

    @property
    def is_its_own_pair(self) -> bool:
        """Whether both views of every song are of the very same recording."""
        return self.sung is None and not self.copies

    def choose(self, rows: np.ndarray) -> "Corpus":
        """The corpus of these rows alone; renditions outside them are left out."""
        return Corpus(
            [self.songs[row] for row in rows],
            self.label[rows],
            None if self.sung is None else self.sung[rows],
            None if self.weight is None else self.weight[rows],
            [[heard[row] for row in rows] for heard in self.copies],
        )


def make_corpus(
    songs: Sequence[np.ndarray | Excerpt],
    *,
    labels: Sequence[str] | None = None,
    classes: Sequence[str] = (),
    multilabel: bool = False,
    pairs: Sequence[str] | None = None,
    weight: np.ndarray | None = None,
) -> Corpus:
    """A corpus of songs in memory.

    Args:
        songs: [songs] arrays [any] float32 at the front end's rate, or excerpts of recordings.
        labels: of each song, "" for none; None leaves every song unlabelled.
        classes: names of the classes; other labels count as none.
        multilabel: labels may co-occur, written `a+b`.
        pairs: names what each song sings; songs of one name are renditions of each other and pair
            up, a song of name "" is itself alone.
        weight: [songs] share of the draws.

    Raises:
        InputError: if labels or pairs are not as many as songs, or a sample is not finite.
    """
    for told, names in (("labels", labels), ("pairs", pairs)):
        if names is not None and len(names) != len(songs):
            raise InputError(f"{len(names)} {told} for {counted(len(songs), 'song')}")
    for number, song in enumerate(songs):
        if not np.isfinite(as_excerpt(song).wave).all():
            raise InputError(f"song {number}: holds samples that are not finite")
    sung = None
    if pairs is not None:
        # a song without a name is one by itself
        named = [(name, -1 if name else row) for row, name in enumerate(as_text(pairs))]
        sung = pd.factorize(pd.Series(named, dtype=object))[0]
    names = [""] * len(songs) if labels is None else as_text(labels)
    return Corpus(list(songs), encode_labels(names, classes, multilabel), sung, weight)


def as_text(names: Sequence[Any]) -> list[str]:
    """Names as text: a column may hold numbers, and nothing (None, NaN) where there is no name."""
    return ["" if pd.isna(name) else str(name) for name in names]


def with_labels(
    classes: Sequence[str], labels: Sequence[str], *, multilabel: bool
) -> tuple[str, ...]:
    """The classes and after them, sorted, the labels that are none of them."""
    names = as_text(labels)
    parts = {part for name in names for part in name.split("+")} if multilabel else set(names)
    return (*classes, *sorted(parts - {"", *classes}))


def encode_labels(names: Sequence[str], classes: Sequence[str], multilabel: bool) -> np.ndarray:
    """Labels as numbers: [songs] int32 with -1 for none, or [songs, classes] with rows of -1."""
    position = {name: index for index, name in enumerate(classes)}
    if not multilabel:
        return np.array([position.get(name, -1) for name in names], np.int32)
    coded = np.full((len(names), len(classes)), -1, np.float32)
    for row, name in enumerate(names):
        present = [position[part] for part in name.split("+") if part in position]
        if present:
            coded[row] = 0
            coded[row, present] = 1
    return coded


def balanced_weight(names: Sequence[str]) -> np.ndarray:
    """[songs] shares of the draws that give every label (and no label, as one) the same number."""
    _, label, count = np.unique(
        np.asarray(names, dtype=str), return_inverse=True, return_counts=True
    )
    return 1.0 / (count[label] * len(count))


def split_by_group(groups: Sequence[str], share: float, seed: int) -> np.ndarray:
    """Chooses songs to hold out: whole groups (birds or recordings), never single clips.

    Args:
        groups: group of each song.
        share: of the songs to hold out, nearly.
        seed: of the choice.

    Returns:
        [songs] bool, True for held out.

    Raises:
        InputError: if there are fewer than two groups.
    """
    names, index, count = np.unique(
        np.asarray(groups, dtype=str), return_inverse=True, return_counts=True
    )
    if len(names) < 2:
        raise InputError(f"cannot hold out: all songs are of one group, '{names[0]}'")
    order = np.random.default_rng((seed, 5)).permutation(len(names))
    before = np.cumsum(count[order]) - count[order]
    chosen = order[before < share * len(index)]
    return np.isin(index, chosen[: len(names) - 1])
