"""Song tables -> a corpus to train on, and songs held out of it."""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from chingolo.synth.spectra.front_end import FrontEnd
from chingolo.synth.tables.audio import load_excerpt
from chingolo.synth.tables.content import told_copies
from chingolo.synth.tables.excerpt import Excerpt
from chingolo.synth.tables.files import (
    InputError,
    counted,
    folders_of,
    refuse_if_none,
    told_broken,
    told_faults,
)
from chingolo.synth.tables.song_table import read_song_table, song_reference
from chingolo.synth.tables.words import word, words
from chingolo.train.data.copies import copies_of
from chingolo.train.data.corpus import (
    Corpus,
    balanced_weight,
    make_corpus,
    split_by_group,
    with_labels,
)
from chingolo.train.data.song_groups import song_groups, with_whole_origins
from chingolo.train.settings.registry import HEARD_THROUGH


@dataclass(frozen=True)
class HeldOut:
    """Songs kept from training, with what a probe compares."""

    songs: list[np.ndarray | Excerpt]
    """Audio of each, float32 at the front end's rate."""

    label: list[str]
    """What neighbours should share."""

    group: list[str]
    """Bird or recording; no song of one group is trained on."""


@dataclass(frozen=True)
class TrainingSongs:
    """What song tables give to a training."""

    corpus: Corpus
    """Songs to train on."""

    held_out: HeldOut | None
    """Songs held out of it, if any are."""

    classes: tuple[str, ...]
    """Names of labels: those known already, and behind them the tables' own."""

    faults: dict[int, str]
    """Row of all tables together -> why it was left out."""


@dataclass(frozen=True)
class TableOptions:
    """How song tables are read; the fields are the options of `chingolo train` of these names."""

    label_column: str | None = None
    balance: bool = False
    pair_column: str | None = None
    weights: tuple[float, ...] = ()
    hold_out: float = 0.0
    group_column: str = "individual"
    probe_column: str = "label"
    strict: bool = False
    heard_through: int = HEARD_THROUGH


def read_songs(
    paths: Sequence[Path],
    front_end: FrontEnd,
    options: TableOptions,
    *,
    classes: tuple[str, ...] = (),
    multilabel: bool = False,
    seed: int = 0,
    tell: Callable[[str], None] = lambda line: None,
) -> TrainingSongs:
    """Reads song tables for training.

    Songs that cannot be read or are shorter than one window are left out and told, unless the
    options are strict.

    Args:
        paths: of the tables, at least one.
        front_end: gives the sample rate.
        options: columns, shares, and what is held out.
        classes: names of labels that are known already.
        multilabel: labels may co-occur, written `a+b`.
        seed: of what is held out.
        tell: takes lines of progress.

    Raises:
        InputError: for tables or columns that cannot be used, or of which no song can be read.
    """
    if options.weights and len(options.weights) != len(paths):
        raise InputError(f"--weights: {len(options.weights)} given for {len(paths)} song tables")
    if options.weights and not sum(options.weights) > 0:
        raise InputError("--weights: they add up to nothing")
    tables = [with_whole_origins(read_song_table(path), folders_of(path)) for path in paths]
    table = pd.concat(tables, ignore_index=True)
    for line in told_copies(table["path"]):
        tell(line)
    tell(f"reading {counted(len(table), 'song')}")
    songs, faults = decode(table, front_end, strict=options.strict)
    refuse_if_none(faults, len(table))
    kept = [row for row in range(len(table)) if row not in faults]
    broken = {
        row: f"row {row + 1}: {table['path'].iloc[row]}: {song.broken}"
        for row, song in zip(kept, songs, strict=True)
        if song.broken
    }
    for line in (*told_broken(broken, len(table)), *told_faults(faults, len(table))):
        tell(line)
    of_table = np.repeat(np.arange(len(tables)), [len(rows) for rows in tables])
    of_table = np.delete(of_table, list(faults))
    table = table.drop(index=list(faults)).reset_index(drop=True)
    weight = None
    if options.weights:
        weight = (np.array(options.weights) / np.bincount(of_table, minlength=len(tables)))[
            of_table
        ]
    if options.label_column is not None:
        found = column_values(table, options.label_column)
        classes = with_labels(classes, found, multilabel=multilabel)
        if options.balance:
            weight = balanced_weight(found) * (1.0 if weight is None else weight)
    elif options.balance:
        raise InputError("--balance needs --label-column")
    held, groups, shown = np.zeros(len(table), bool), [], []
    if options.hold_out > 0:
        groups = held_out_groups(table, options.group_column)
        shown = column_values(table, options.probe_column, "--probe-column")
        held = split_by_group(groups, options.hold_out, seed)
    whole = load_corpus(
        table,
        front_end,
        songs=songs,
        label_column=options.label_column,
        classes=classes,
        multilabel=multilabel,
        pair_column=options.pair_column,
        weight=weight,
    )
    held_out = None
    if held.any():
        rows = np.flatnonzero(held)
        held_out = HeldOut(
            [whole.songs[i] for i in rows.tolist()],
            [shown[i] for i in rows.tolist()],
            [groups[i] for i in rows.tolist()],
        )
        of = counted(len(set(held_out.group)), "group")
        tell(f"holding out {counted(len(rows), 'song')} of {of}")
    trained = np.flatnonzero(~held)
    corpus = whole.choose(trained)
    if options.heard_through:
        copies = copies_of(
            table.iloc[trained].reset_index(drop=True),
            corpus,
            front_end,
            options.heard_through,
            seed=seed,
            tell=tell,
        )
        corpus = replace(corpus, copies=copies)
    return TrainingSongs(corpus, held_out, classes, faults)


def held_out_groups(table: pd.DataFrame, column: str) -> list[str]:
    """What is held out whole: songs of one value of the column, with all that was sung from them.

    Args:
        table: a song table with absolute paths; see `song_groups`.
        column: such as `individual`.

    Raises:
        InputError: if there is no such column.
    """
    named = column_values(table, column, "--group-column")
    groups = song_groups(table, named)
    paths = table["path"].astype(str)
    named = [name or f"recording {path}" for name, path in zip(named, paths, strict=True)]
    # which are drawn depends on their names: kept where no song joined another by its recording
    kept = "fitted_from" not in table.columns and len(set(groups)) == len(set(named))
    return named if kept else groups


def content_of_tables(paths: Sequence[Path]) -> list[str]:
    """A short hash of each table's file: a run is resumed on the same songs alone."""
    return [hashlib.sha256(path.read_bytes()).hexdigest()[:16] for path in paths]


def load_corpus(
    table: pd.DataFrame,
    front_end: FrontEnd,
    *,
    songs: Sequence[Excerpt] | None = None,
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
        songs: the rows' audio, where it is decoded already.
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
    labels = None if label_column is None else column_values(table, label_column)

    if songs is None:
        songs, _ = decode(table, front_end, strict=True)
    pairs = None
    if pair_column is not None:
        named = column_values(table, pair_column, "--pair-column")
        pairs = [name or word(song_reference(table.iloc[row])) for row, name in enumerate(named)]
    return make_corpus(
        songs, labels=labels, classes=classes, multilabel=multilabel, pairs=pairs, weight=weight
    )


def decode(
    table: pd.DataFrame, front_end: FrontEnd, *, strict: bool
) -> tuple[list[Excerpt], dict[int, str]]:
    """Audio of the rows of a song table that can be used, and why the others cannot.

    Args:
        table: a song table with absolute paths.
        front_end: gives the sample rate, and the window that a song must fill.
        strict: whether the first row that cannot be used ends it.

    Raises:
        InputError: if strict, for such a row.
    """
    rate, context_s, least = front_end.sample_rate, front_end.context_s, front_end.n_fft

    def load(row: int) -> Excerpt | InputError:
        try:
            song = load_excerpt(table.iloc[row], sample_rate=rate, context_s=context_s)
        except InputError as error:
            return error
        if len(song) >= least:
            return song
        return InputError(
            f"row {row + 1}: {table['path'].iloc[row]}: a song of {counted(len(song), 'sample')} "
            f"is shorter than one window of {least} samples"
        )

    songs, faults = [], {}
    with ThreadPoolExecutor(4) as readers:
        for row, song in enumerate(readers.map(load, range(len(table)))):
            if isinstance(song, Excerpt):
                songs.append(song)
            elif strict:
                raise song
            else:
                faults[row] = str(song)
    return songs, faults


def column_values(table: pd.DataFrame, column: str, option: str = "--label-column") -> list[str]:
    """The column's names in one spelling, "" where missing; `option` asked for it.

    Raises:
        InputError: if there is no such column.
    """
    if column not in table.columns:
        raise InputError(f"{option}: no column '{column}'; found {', '.join(table.columns)}")
    return words(table[column]).tolist()
