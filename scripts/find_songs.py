"""`chingolo find`: recordings, folders or a live stream -> the songs in them, as they end."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from chingolo.command_line.command import Command, one_line
from chingolo.synth.tables.bounds import SAMPLE_RATE, Bounds, option


@dataclass(frozen=True)
class FindConfig:
    """Finds the songs of one species, or the vocal units of any songbird, as they end.

    `chingolo find recordings/ --out songs.csv`, or live:
    `arecord -f S16_LE -r 48000 | chingolo find - --out songs.csv`
    """

    recordings: Annotated[tuple[str, ...], tyro.conf.Positional]
    """Audio files and folders, or `-` for WAV or raw PCM on standard input."""

    out: Path | None = None
    """Table that grows with each song: .csv, .selections.txt (Raven), .txt (Audacity); .parquet is
    written at the end. Default: CSV on standard output."""

    detector: str = "zonotrichia_capensis"
    """Species of a shipped detector (zonotrichia_capensis, emberiza_citrinella), `any` for vocal
    units of any songbird, or a run of `chingolo train-detector` (default zonotrichia_capensis)."""

    threshold: Annotated[float | None, Bounds(0, 1, inside=True)] = None
    """Score from 0 to 1 that a song must reach (default: the detector's own)."""

    run: Path | None = None
    """Training run of an encoder: each song also gets its nearest cluster of --reference, with its
    probability, or `novel` (columns cluster, theme, theme_probability)."""

    reference: Path | None = None
    """Frozen reference that `chingolo embed --freeze` wrote with the encoder of --run."""

    channel: Annotated[int | None, Bounds(1, 1024)] = None
    """Channel of the recordings to listen to, from 1 as in Raven (default: the mean of all)."""

    sample_rate: Annotated[int | None, SAMPLE_RATE] = None
    """Of raw PCM on standard input, Hz; a WAV header goes before (default 48000)."""

    channels: Annotated[int | None, Bounds(1, 1024)] = None
    """Of raw PCM on standard input (default 1)."""

    format: Literal["u8", "s16", "s24", "s32", "f32", "f64"] | None = None
    """Of raw PCM on standard input: little-endian integers or floats (default s16)."""

    force: bool = False
    """Write over --out where there is such a file (default: it is refused)."""

    name: str | None = None
    """What the table gives as `path` for standard input, such as the file that is also being
    recorded (default stdin)."""


OF_STANDARD_INPUT = ("sample_rate", "channels", "format", "name")
"""Options that tell what comes through standard input."""

Write = Callable[[dict[str, Any], float], None]
"""Takes a row, and the length of the recordings before its own, s."""


@contextmanager
def growing_table(out: Path | None, like: dict[str, Any]) -> Iterator[Write]:
    """A function that adds one row to the table; each line is written whole, at once.

    The file begins with the first row; where none was found, it has its columns at the end. What
    fails before the first row leaves no file.

    Args:
        out: the table; None for CSV on standard output.
        like: a row as all will be; the table has its columns.
    """
    import pandas as pd

    from chingolo.synth.tables.annotations import annotation_text, write_annotations
    from chingolo.synth.tables.files import InputError, atomic_path, refuse_unwritable

    form = Path("stdout.csv") if out is None else out
    if form.suffix.lower() not in (".csv", ".txt", ".parquet"):
        raise InputError(f"{out}: expected .csv, .selections.txt, .txt or .parquet")
    grows = form.suffix.lower() != ".parquet"
    rows: list[dict[str, Any]] = []
    columns = pd.DataFrame([like]).iloc[:0]

    def begin() -> None:
        if out is not None:
            with atomic_path(out) as temporary:
                temporary.write_text("")
        write(annotation_text(columns, form)[0])

    def write(text: str) -> None:
        if out is None:
            try:
                print(text, end="", flush=True)
            except BrokenPipeError as error:
                raise InputError("standard output was closed before the end") from error
            return
        with out.open("a", encoding="utf-8", newline="") as file:
            file.write(text)

    count = 0

    def add(row: dict[str, Any], begun_s: float = 0.0) -> None:
        nonlocal count
        count += 1
        if not grows:
            rows.append(row)
        else:
            if count == 1 and out is not None:
                begin()
            write(annotation_text(pd.DataFrame([row]), form, first=count, begun_s=begun_s)[1])

    if out is None:
        begin()
    else:
        refuse_unwritable(out)
    ended = False
    try:
        yield add
        ended = True
    except KeyboardInterrupt:  # as a live stream ends
        ended = True
        raise
    finally:
        if out is not None and not grows and (rows or ended):
            write_annotations(pd.DataFrame(rows) if rows else columns, out)
        elif out is not None and not count and ended:
            begin()


def _like(config: FindConfig, detector: Any, recognise: Any) -> dict[str, Any]:
    """A row with the columns of those that will be found."""
    import numpy as np

    from chingolo.analysis.find.find import Found, row_of

    row = row_of(Found(0.0, 0.0, 0.0, 0.0, None), "", detector, config.channel)
    if recognise:
        row |= recognise(np.zeros(detector.sample_rate, np.float32), detector.sample_rate)
    return row


def command(config: FindConfig) -> None:
    """Finds and writes."""
    from threadpoolctl import threadpool_limits

    from chingolo.analysis.find.events import with_high
    from chingolo.analysis.find.find import load_detector, thresholds_of
    from chingolo.synth.tables.files import InputError, refuse_existing

    live = "-" in config.recordings
    if live and len(config.recordings) > 1:
        raise InputError("-: standard input goes alone, without other recordings")
    for name in () if live else OF_STANDARD_INPUT:
        if getattr(config, name) is not None:
            raise InputError(
                f"{option(name)}: for standard input (-) alone; a file tells it itself"
            )
    if not all(config.recordings):
        raise InputError(
            "a recording without a name; name files or folders, or - for standard input"
        )
    if not config.recordings:
        raise InputError("no recording given; name files or folders, or - for standard input")
    if (config.reference is None) != (config.run is None):
        raise InputError("--run, an encoder, and --reference, its frozen clusters, go together")
    if config.out is not None:
        refuse_existing(config.out, force=config.force)
    elif config.force:
        raise InputError("--force: writes over --out, and none is given")
    detector = load_detector(config.detector)
    thresholds = with_high(thresholds_of(detector), config.threshold)
    recognise = None
    if config.run is not None and config.reference is not None:
        from chingolo.analysis.space.references.recognise import recogniser

        recognise = recogniser(config.run, config.reference)
    where = config.out if config.out is not None else "standard output"
    print(f"listening for {detector.about['species'] or 'any songbird'}", file=sys.stderr)
    # the matrices are small: threads would only wait for each other
    with threadpool_limits(1):
        work = _listen if live else _search
        told = work(config, detector, thresholds, recognise)
    print(f"{told} -> {where}", file=sys.stderr)


def _listen(config: FindConfig, detector: Any, thresholds: Any, recognise: Any) -> str:
    from chingolo.analysis.find.find import find_songs, row_of, sought
    from chingolo.analysis.find.pcm import Pcm, open_pcm, pcm_blocks
    from chingolo.analysis.find.recordings import BLOCK_S, Health, mono, named
    from chingolo.synth.tables.files import InputError, counted
    from chingolo.synth.tables.forms.wav import LATE_S

    told = Pcm(config.sample_rate or 48_000, config.channels or 1, config.format or "s16")
    pcm, start = open_pcm(sys.stdin.buffer, told)
    if config.channel is not None and config.channel > pcm.channels:
        raise InputError(f"-: no channel {config.channel} (it has {pcm.channels})")
    health, songs = Health(), 0
    context_s = None if recognise is None else recognise.context_s
    blocks = pcm_blocks(sys.stdin.buffer, pcm, start, BLOCK_S)
    chunks = (mono(block, health, config.channel) for block in blocks)
    like = _like(config, detector, recognise)
    name = "stdin" if config.name is None else config.name
    path = name if config.out is None else str(named(Path(name)))
    with growing_table(config.out, like) as add:
        for song in find_songs(
            chunks,
            pcm.sample_rate,
            detector,
            thresholds,
            context_s=context_s,
        ):
            row = row_of(song, path, detector, config.channel)
            add(row | (recognise(song.heard, pcm.sample_rate) if recognise else {}), 0.0)
            songs += 1
        if not health.samples:
            raise InputError("-: standard input held no audio")
    heard_s = health.samples / pcm.sample_rate
    whole_s = heard_s if pcm.length is None else pcm.length / pcm.frame_bytes / pcm.sample_rate
    if whole_s > heard_s + LATE_S:
        health.broken = f"breaks off after {heard_s:.1f} of {whole_s:.1f} s"
    for remark in health.remarks():
        print(f"-: {remark}", file=sys.stderr)
    found = f"{counted(songs, sought(detector))} in {_length(heard_s)}"
    if health.broken:
        raise InputError(f"-: {health.broken}; {found}")
    return found


def _search(config: FindConfig, detector: Any, thresholds: Any, recognise: Any) -> str:
    from chingolo.analysis.find.find import find_songs, row_of, sought
    from chingolo.analysis.find.recordings import (
        Health,
        audio_files,
        file_chunks,
        named,
        told_unheard,
    )
    from chingolo.synth.tables.content import copies
    from chingolo.synth.tables.files import InputError, counted, is_unicode, refuse_unnameable

    inputs = [Path(name) for name in config.recordings]
    for line in told_unheard(inputs):
        print(one_line(line), file=sys.stderr)
    files = audio_files(inputs)
    # of copies, one is listened to that a table can name
    again = copies(sorted(files, key=lambda file: not is_unicode(os.path.realpath(file))))
    files = [file for file in files if str(file) not in again]
    for file, first in again.items():
        print(one_line(f"{file}: sample for sample {first}; listened to once"), file=sys.stderr)
    like = _like(config, detector, recognise)
    songs, seconds, failed, kind = 0, 0.0, [], sought(detector)
    context_s = None if recognise is None else recognise.context_s
    with growing_table(config.out, like) as add:
        for number, path in enumerate(files, start=1):
            health, here, rate = Health(), 0, 1.0
            try:
                refuse_unnameable(path)
                rate, chunks = file_chunks(path, health, config.channel)
                for song in find_songs(
                    chunks,
                    rate,
                    detector,
                    thresholds,
                    context_s=context_s,
                ):
                    row = row_of(song, str(named(path)), detector, config.channel)
                    add(row | (recognise(song.heard, rate) if recognise else {}), seconds)
                    here += 1
            except InputError as error:
                health.broken = str(error).removeprefix(f"{path}: ")
            said = health.remarks()
            if health.broken or not health.samples:
                failed.append(f"{path}: {said[0]}")
            length = health.samples / rate
            songs, seconds = songs + here, seconds + length
            line = f"{number}/{len(files)} {path}: {counted(here, kind)} in {_length(length)}"
            line += "".join(f"; {remark}" for remark in said)
            print(one_line(line), file=sys.stderr, flush=True)
        told = f"{counted(songs, kind)} in {counted(len(files), 'recording')} ({_length(seconds)})"
        more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
        unread = f"{len(failed)} of {counted(len(files), 'recording')} not read to the end: "
        if failed and not seconds:  # nothing was heard, and no table is left
            raise InputError(f"{unread}{failed[0]}{more}; {told}")
    if failed:
        where = config.out if config.out is not None else "standard output"
        raise InputError(f"{unread}{failed[0]}{more}; {told} -> {where}")
    return told


def _length(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 3600 else f"{seconds / 3600:.2f} h"


COMMAND = Command(
    "find", "long recordings or a live stream -> the songs in them", FindConfig, command
)
main = COMMAND.main


if __name__ == "__main__":
    raise SystemExit(main())
