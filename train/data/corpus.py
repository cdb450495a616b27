"""Songs as arrays: what song tables hold, decoded, labelled, weighted and split."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd

from chingolo.synth.spectra.front_end import FrontEnd
from chingolo.synth.tables.audio import load_song
from chingolo.synth.tables.files import InputError
from chingolo.synth.tables.song_table import song_reference


@dataclass(frozen=True)
class Corpus:
    """Recorded songs, decoded once."""

    songs: list[np.ndarray]
    """Audio of each song, float32 at the front end's rate, each of its own length."""

    label: np.ndarray
    """[songs] int32, index of the class, -1 for none; multilabel: [songs, classes] float32."""

    renditions: list[np.ndarray] | None = None
    """For each song the songs that are renditions of it (itself among them); None: only itself."""

    weight: np.ndarray | None = None
    """[songs] share of the draws; None goes through all songs in shuffled rounds."""

    def choose(self, rows: np.ndarray) -> "Corpus":
        """The corpus of these rows alone; renditions outside them are left out."""
        renditions = None
        if self.renditions is not None:
            place = {int(row): index for index, row in enumerate(rows)}
            renditions = [
                np.array([place[i] for i in self.renditions[row].tolist() if i in place])
                for row in rows
            ]
        return Corpus(
            [self.songs[row] for row in rows],
            self.label[rows],
            renditions,
            None if self.weight is None else self.weight[rows],
        )


def load_corpus(
    table: pd.DataFrame,
    front_end: FrontEnd,
    *,
    label_column: str | None = None,
    classes: Sequence[str] = (),
    multilabel: bool = False,
    pair_column: str | None = None,
    weight: np.ndarray | None = None,
) -> Corpus:
    """Decodes the songs of a table.

    Args:
        table: a song table with absolute paths.
        front_end: gives the sample rate.
        label_column: column that holds labels; None leaves every song unlabelled.
        classes: names of the classes; "" in the column means no label.
        multilabel: labels may co-occur, written `a+b`.
        pair_column: column that names what is sung; songs of one name are renditions of each other
            and pair up. Empty means a name of its own, `song_reference`, which is also what
            re-synthesised copies have in `fitted_from`.
        weight: [songs] share of the draws.

    Raises:
        InputError: if audio is missing or unreadable, or a column does not exist.
    """
    names = [""] * len(table) if label_column is None else labels(table, label_column)

    def load(row: int) -> np.ndarray:
        return load_song(table.iloc[row], sample_rate=front_end.sample_rate)

    with ThreadPoolExecutor(4) as pool:
        songs = list(pool.map(load, range(len(table))))
    renditions = None
    if pair_column is not None:
        sung = labels(table, pair_column)
        sung = [name or song_reference(table.iloc[row]) for row, name in enumerate(sung)]
        members: dict[str, list[int]] = {}
        for row, name in enumerate(sung):
            members.setdefault(name, []).append(row)
        renditions = [np.array(members[name]) for name in sung]
    return Corpus(songs, encode_labels(names, classes, multilabel), renditions, weight)


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


def labels(table: pd.DataFrame, column: str) -> list[str]:
    """The column's values as str, "" where empty.

    Raises:
        InputError: if there is no such column.
    """
    if column not in table.columns:
        raise InputError(f"no column '{column}' for labels; found {', '.join(table.columns)}")
    return table[column].fillna("").astype(str).tolist()
