"""Fuzz: whatever a file holds, its reader gives what it promises or raises InputError."""

import contextlib
import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chingolo.analysis.space.latent_table import read_latent_table
from chingolo.synth.score.population import plan_songs, sing_planned
from chingolo.synth.score.repertoire_file import load_repertoire
from chingolo.synth.score.shipped_repertoires import REPERTOIRES
from chingolo.synth.tables.annotations import read_annotations
from chingolo.synth.tables.audio import load_audio
from chingolo.synth.tables.files import InputError
from chingolo.synth.tables.song_table import read_song_table

FUZZ = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

CELL = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        [
            "",
            "0",
            "1.5",
            "-1",
            "1e999",
            "nan",
            "inf",
            "-inf",
            "1e30",
            "a.wav",
            "\x00",
            '"',
            "x" * 300,
            "../a.wav",
            "recorded",
            "synthetic",
            "2020-01-01",
            "\ufeff",
            "\\",
            "{",
            '{"path": 1}',
        ]
    ),
)
COLUMN = st.one_of(
    st.sampled_from(["path", "start_s", "end_s", "origin", "label", "date", "latitude", "era"]),
    st.text(max_size=6),
)


@st.composite
def csv_text(draw: st.DrawFn) -> str:
    """Something like a song table: known columns, any cells, lines of unequal length."""
    columns = draw(st.lists(COLUMN, min_size=1, max_size=6))
    rows = draw(st.lists(st.lists(CELL, max_size=7), max_size=4))
    quoted = draw(st.booleans())
    lines = [columns, *rows]
    if quoted:
        lines = [[f'"{cell}"' for cell in line] for line in lines]
    return draw(st.sampled_from(["\n", "\r\n", "\r"])).join(",".join(line) for line in lines)


@FUZZ
@given(text=csv_text())
def test_any_song_table_is_read_or_refused(tmp_path: Path, text: str):
    file = tmp_path / "songs.csv"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        table = read_song_table(file)
    except InputError:
        return
    assert len(table)
    assert all(Path(path).is_absolute() for path in table["path"])
    for name in {"start_s", "end_s"} & set(table.columns):
        assert not np.isinf(table[name]).any()
    for path, start in zip(table["path"], table.get("start_s", [0.0] * len(table)), strict=True):
        with pytest.raises(InputError):
            load_audio(path, sample_rate=22_050, start_s=start)


SCALAR = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.binary(max_size=3), st.text(max_size=4)
)


@FUZZ
@given(
    columns=st.dictionaries(
        COLUMN,
        st.one_of(
            st.lists(SCALAR, min_size=2, max_size=2),
            st.lists(st.lists(st.floats(width=32), max_size=2), min_size=2, max_size=2),
            st.just([pd.Timestamp("2020-01-01"), pd.NaT]),
        ),
        min_size=1,
        max_size=5,
    ),
    vectors=st.one_of(
        st.none(),
        st.lists(SCALAR, min_size=2, max_size=2),
        st.lists(st.lists(SCALAR, max_size=2), min_size=2, max_size=2),
    ),
)
def test_any_parquet_is_read_or_refused(tmp_path: Path, columns: dict, vectors: list | None):
    file = tmp_path / "songs.parquet"
    try:
        pd.DataFrame(columns | ({} if vectors is None else {"z": vectors})).to_parquet(file)
    except Exception:  # not everything can be Parquet; what cannot is no test
        return
    for read in (read_song_table, read_latent_table):
        with contextlib.suppress(InputError):
            read(file)


@FUZZ
@given(
    header=st.lists(
        st.one_of(
            st.sampled_from(
                [
                    "Selection",
                    "View",
                    "Channel",
                    "Begin Time (s)",
                    "End Time (s)",
                    "Begin Path",
                    "File Offset (s)",
                    "Begin File",
                    "path",
                    "start_s",
                    "label",
                ]
            ),
            st.text(max_size=5),
        ),
        max_size=8,
    ),
    rows=st.lists(st.lists(CELL, max_size=9), max_size=4),
    ending=st.sampled_from(["selections.txt", "txt"]),
)
def test_any_annotations_are_read_or_refused(
    tmp_path: Path, header: list[str], rows: list[list[str]], ending: str
):
    file = tmp_path / f"a.{ending}"
    lines = [header, *rows] if ending == "selections.txt" else rows
    text = "\n".join("\t".join(line) for line in lines)
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    with contextlib.suppress(InputError):
        assert len(read_annotations(file, audio=Path("a.wav")))


NODE = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-3, 3),
        st.sampled_from([0.1, 10**400, float("nan"), float("inf"), -float("inf"), 1e300, 1e9]),
        st.sampled_from(["trill", "pause", "a", "zebra_finch", "zonotrichia_capensis", "", "2020"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                [
                    "points",
                    "song",
                    "trill",
                    "pause",
                    "count",
                    "rate",
                    "era",
                    "site",
                    "shares",
                    "a",
                    "individuals",
                    "share",
                    "pitch",
                    "latitude",
                    "second",
                    "attack",
                ]
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=8,
)


@FUZZ
@given(data=st.data())
def test_any_change_of_a_repertoire_is_read_or_refused(tmp_path: Path, data: st.DataObject):
    """A shipped repertoire with one value anywhere replaced by another."""
    parsed = yaml.safe_load(REPERTOIRES["zonotrichia_capensis"].read_text())
    node: Any = {"": parsed}
    key: Any = ""
    while isinstance(node[key], dict | list) and node[key] and data.draw(st.integers(0, 5)):
        node = node[key]
        keys = sorted(node, key=str) if isinstance(node, dict) else range(len(node))
        key = data.draw(st.sampled_from(list(keys)))
    value = data.draw(NODE)
    if node is not parsed and key == "":
        parsed = value
    else:
        node[key] = value
    file = tmp_path / "bird.yaml"
    file.write_text(yaml.safe_dump(parsed))
    try:
        repertoire = load_repertoire(file)
        planned = plan_songs(repertoire, songs=4, seed=0)
    except InputError:
        return
    songs = [sing_planned(song, repertoire, seed=0) for song in planned]
    assert all(np.isfinite(song.f0).all() and np.isfinite(song.amplitude).all() for song in songs)


TOKENS = [
    "a",
    ":",
    " ",
    "\n",
    "- ",
    "{",
    "}",
    "[",
    "]",
    "&a ",
    "*a",
    "!!python/object:os.x",
    "!!int",
]
TOKENS += ["<<", ": ", "species", "base: ", "'", '"', "? ", "|", "2001-13-45", "0o9", "\t", "%"]
TOKENS += [
    "!!binary ",
    "!!set",
    "!!omap ",
    "1:99",
    ".inf",
    "---",
    "...",
    "#",
    "@",
    "\x85",
    "\ufeff",
]


@FUZZ
@given(text=st.lists(st.sampled_from(TOKENS), max_size=14).map("".join))
def test_any_yaml_is_read_or_refused(tmp_path: Path, text: str):
    file = tmp_path / "bird.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as told:
        load_repertoire(file)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("base: bird.yaml\n", "base"),
        ("[" * 5000, "nested"),
        ("species: 2001-13-45\n", "source"),
        ("? [a]\n: 1\n", "key"),
        ("a: &a [x,x,x,x,x,x,x,x]\n" + "".join(
            f"b{i}: &{c} [{','.join(['*' + p] * 8)}]\n"
            for i, (p, c) in enumerate(zip("abcdefgh", "bcdefghi", strict=True))
        ) + "species: *i\n", "species"),
    ],
    ids=["own base", "deep", "no date", "list as key", "a billion laughs"],
)  # fmt: skip
def test_traps_in_yaml_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bird.yaml").write_text(text)
    with pytest.raises(InputError, match=message) as told:
        load_repertoire("bird.yaml")
    assert len(str(told.value)) < 500


def wav() -> bytes:
    stream = io.BytesIO()
    soundfile.write(stream, np.zeros(64), 22_050, format="WAV", subtype="PCM_16")
    return stream.getvalue()


def flac() -> bytes:
    stream = io.BytesIO()
    soundfile.write(stream, np.zeros(64), 22_050, format="FLAC")
    return stream.getvalue()


@FUZZ
@given(
    changes=st.lists(
        st.tuples(
            st.integers(0, 60),
            st.one_of(
                st.binary(min_size=1, max_size=4),
                st.sampled_from([0, 1, 2**15, 2**31 - 1, 2**31, 2**32 - 1]).map(
                    lambda value: struct.pack("<I", value)
                ),
            ),
        ),
        max_size=3,
    ),
    cut=st.integers(0, 170),
    whole=st.sampled_from([wav(), flac()]),
    stretch=st.sampled_from([(0.0, None), (0.0, 1e300), (1e300, None), (float("inf"), None)]),
)
def test_any_audio_header_is_read_or_refused(
    tmp_path: Path, changes: list, cut: int, whole: bytes, stretch: tuple
):
    content = bytearray(whole)
    for at, value in changes:
        content[at : at + len(value)] = value
    file = tmp_path / "a.wav"
    file.write_bytes(bytes(content[:cut]) if cut < 100 else bytes(content))
    with contextlib.suppress(InputError):
        wave = load_audio(file, sample_rate=22_050, start_s=stretch[0], end_s=stretch[1])
        assert wave.ndim == 1
        assert np.isfinite(wave).all()
