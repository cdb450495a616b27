"""Themes and notes as they are written, to files, again at each save."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from chingolo.scripts.generate_songs import main as generate
from chingolo.scripts.workbench.sing_themes import main
from chingolo.synth.score.repertoire_file import load_notes, load_repertoire
from chingolo.synth.surrogates.sing_as_written import chosen_themes, sing_as_written

BIRDS = """\
species: Avis testata
source: invented for this test
bird: zebra_finch
notes:
  fall: {points: [[0, 5.0], [0.1, 3.0]]}
  flat: {points: [[0, 4.0], [0.2, 4.0]]}
themes:
  a/b: {song: [flat, {pause: 0.1}, fall]}
  a:b: {song: [fall, fall]}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "birds.yaml"
    path.write_text(BIRDS)
    return path


def pitch(wave: np.ndarray, rate: int) -> float:
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
    return float(spectrum.argmax() * rate / len(wave))


def test_a_note_is_sung_at_its_pitch_and_length(file: Path):
    repertoire = load_repertoire(str(file))
    themes = chosen_themes(repertoire, load_notes(str(file)), alone=["flat"])
    (wave,) = sing_as_written(repertoire, themes, sample_rate=44_100)
    assert np.abs(wave).max() == pytest.approx(0.5)
    assert pitch(wave, 44_100) == pytest.approx(4000, abs=5)
    loud = np.flatnonzero(np.abs(wave) > 0.05)
    assert (loud[-1] - loud[0]) / 44_100 == pytest.approx(0.2, abs=0.02)


def test_notes_of_a_file_that_is_built_on_another(file: Path):
    above = file.with_name("above.yaml")
    above.write_text(f"base: {file.name}\nsource: built on the other\n")
    assert load_notes(str(above)) == load_notes(str(file))


def test_each_theme_has_a_file_whatever_its_name(file: Path, tmp_path: Path, capsys):
    out = tmp_path / "heard"
    assert main([str(file), "--out", str(out), "--sample-rate", "22050"]) == 0
    heard = sorted(path.name for path in out.iterdir() if not path.name.startswith("."))
    assert heard == ["a_b-2.wav", "a_b.wav", "sheet.png"]
    wave, rate = soundfile.read(out / "a_b.wav")
    assert rate == 22_050
    assert len(wave) / rate == pytest.approx(0.44, abs=0.02)
    assert "a/b 0.44 s" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--theme", "c"], "no theme 'c'; there are a/b, a:b"),
        (["--note", "a/b"], "no note 'a/b'; there are fall, flat"),
        (["--engine", "organ"], "no engine 'organ'"),
        (["--sample-rate", "8000"], "theme 'a/b': notes of up to"),
    ],
)
def test_what_cannot_be_sung_is_told(file: Path, tmp_path: Path, capsys, words, told):
    assert main([str(file), "--out", str(tmp_path / "heard"), *words]) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "heard").exists()


def test_a_shipped_repertoire_cannot_be_watched(tmp_path: Path, capsys):
    assert main(["yellowhammer", "--out", str(tmp_path), "--watch"]) == 2
    assert "is no file" in capsys.readouterr().err


def test_a_saved_file_is_sung_again_and_a_wrong_one_told(file: Path, tmp_path: Path):
    out = tmp_path / "heard"
    words = [sys.executable, "-m", "chingolo", "sing", str(file), "--out", str(out), "--watch"]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as sung:
        lines = iter(sung.stdout or ())

        def told(word: str) -> str:
            return next(line for line in lines if word in line)

        try:
            told("a/b")
            file.write_text(BIRDS.replace("[0.2, 4.0]", "[0.3, 4.0]"))
            told("a/b 0.54 s")
            file.write_text(BIRDS.replace("themes:", "themen:"))
            told("birds.yaml: line")
            assert len(soundfile.read(out / "a_b.wav")[0]) / 44_100 == pytest.approx(0.54, abs=0.02)
        finally:
            sung.terminate()


def test_some_themes_and_notes_are_generated_by_the_birds_that_sing_them(tmp_path: Path):
    words = ["zonotrichia_two_eras", "--songs", "24", "--engine", "wavetable", "--seed", "1"]
    some = ["--theme", "doublet-falls-fast", "arch-fall-quick", "--note", "arch"]
    assert generate([*words, *some, "--out", str(tmp_path / "a")]) == 0
    songs = pd.read_csv(tmp_path / "a" / "songs.csv", dtype=str)
    assert set(songs["label"]) == {"doublet-falls-fast", "arch-fall-quick", "arch"}
    # the doublet is of 2020 alone, and the note is sung by all
    assert set(songs["era"][songs["label"] == "doublet-falls-fast"]) == {"2020"}
    assert set(songs["era"]) == {"1966", "2020"}
    length = [soundfile.info(tmp_path / "a" / path).duration for path in songs["path"]]
    note = (songs["label"] == "arch").to_numpy()
    assert max(np.array(length)[note]) < min(np.array(length)[~note])
    assert generate([*words, "--theme", "nope", "--out", str(tmp_path / "b")]) == 2
    assert not (tmp_path / "b").exists()


POPULATIONS = """\
populations:
  - {era: "1966", site: marsh, individuals: 3, shares: {a/b: 2, "a:b": 1}}
  - {era: "2020", site: marsh, individuals: 3}
"""


@pytest.mark.parametrize("tail", ["", POPULATIONS])
@pytest.mark.parametrize(
    ("asked", "sung"),
    [
        (["--theme", "a/b"], {"a/b"}),
        (["--theme", "rare"], {"rare"}),
        (["--theme", "a/b", "rare", "--note", "flat"], {"a/b", "rare", "flat"}),
        (["--note", "fall"], {"fall"}),
    ],
)
def test_themes_that_no_population_sings_are_sung_if_asked_for(tmp_path, tail, asked, sung):
    text = BIRDS + "  rare: {song: [flat], share: 0}\n" + tail
    (tmp_path / "own.yaml").write_text(text)
    words = [str(tmp_path / "own.yaml"), "--songs", "18", "--individuals", "9", *asked]
    options = ["--engine", "wavetable", "--channel", "none", "--out", str(tmp_path / "out")]
    assert generate([*words, *options]) == 0
    songs = pd.read_csv(tmp_path / "out" / "songs.csv", dtype=str, keep_default_na=False)
    assert set(songs["label"]) == sung
    assert set(songs["era"]) == ({"1966", "2020"} if tail else {""})
