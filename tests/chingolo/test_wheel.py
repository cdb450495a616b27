"""What is installed: one package, with its data, beside anybody else's."""

import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from tests.checkout import ROOT, call_python, copy_checkout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the checkout."""
    out = tmp_path_factory.mktemp("wheel")
    pip = ["-m", "pip", "--disable-pip-version-check", "wheel", "--quiet", "--no-deps"]
    source = copy_checkout(tmp_path_factory.mktemp("source"))
    call_python([*pip, "--no-build-isolation", "--wheel-dir", str(out), "."], source)
    (file,) = out.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel unpacked, beside somebody else's packages `train` and `scripts`."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    for name in ("train", "scripts"):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text("OWNER = 'somebody else'\n")
    return folder


def test_the_wheel_holds_one_package_and_all_its_files(wheel: Path):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert all(name.startswith(("chingolo/", "chingolo-")) for name in names)
    for package in ("synth", "train", "analysis", "scripts"):
        for path in (ROOT / package).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                assert f"chingolo/{path.relative_to(ROOT)}" in names


def test_it_lives_beside_other_peoples_packages(installed: Path, tmp_path: Path):
    code = (
        "import chingolo.train.parallel, chingolo.scripts.generate_songs, train, scripts\n"
        "print(train.OWNER, scripts.OWNER, chingolo.train.parallel.__file__)"
    )
    told = call_python(["-c", code], tmp_path, PYTHONPATH=str(installed))
    assert told.startswith(f"somebody else somebody else {installed}")


def test_it_generates_and_finds_in_an_empty_folder(installed: Path, tmp_path: Path):
    def chingolo(*words: str) -> None:
        call_python(["-m", "chingolo", *words], tmp_path, PYTHONPATH=str(installed))

    words = ["--songs", "3", "--engine", "wavetable", "--out", "songs"]
    chingolo("generate", "zonotrichia_capensis", *words)
    table = pd.read_csv(tmp_path / "songs" / "songs.csv")
    assert len(table) == 3
    sounds = [soundfile.read(tmp_path / "songs" / path) for path in table["path"]]
    rate = sounds[0][1]
    noise = 1e-3 * np.random.default_rng(0).standard_normal(5 * rate)
    scene = np.concatenate([noise, *(np.concatenate([wave, noise]) for wave, _ in sounds)])
    soundfile.write(tmp_path / "scene.flac", scene, rate)
    chingolo("find", "scene.flac", "--out", "found.csv")
    assert len(pd.read_csv(tmp_path / "found.csv")) >= 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["found.csv", "scene.flac", "songs"]


def test_its_own_outside_encoder_is_entered(installed: Path, tmp_path: Path):
    code = (
        "from chingolo.analysis.space.outside.installed import installed_encoders\n"
        "print(installed_encoders())"
    )
    told = call_python(["-c", code], tmp_path, PYTHONPATH=str(installed))
    assert "'birdnet'" in told


def test_songbird_comes_along_and_needs_no_network(installed: Path, tmp_path: Path):
    random = np.random.default_rng(0)
    for number in range(3):
        wave = np.sin(2 * np.pi * (3000 + 500 * number) * np.arange(5000) / 32_000)
        soundfile.write(tmp_path / f"{number}.wav", wave + 0.01 * random.normal(size=5000), 32_000)
    table = pd.DataFrame({"path": [f"{number}.wav" for number in range(3)]})
    table.to_csv(tmp_path / "songs.csv", index=False)
    words = ["-m", "chingolo", "embed", "songbird", "songs.csv", "--out", "latent.parquet"]
    call_python(words, tmp_path, PYTHONPATH=str(installed), http_proxy="http://127.0.0.1:9")
    z = np.stack(pd.read_parquet(tmp_path / "latent.parquet")["z"].tolist())
    assert z.shape == (3, 513)
    np.testing.assert_allclose(np.linalg.norm(z, axis=1), 1, rtol=1e-4)
