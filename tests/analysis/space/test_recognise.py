from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
import soxr

from chingolo.analysis.space.embed_table import embed_table
from chingolo.analysis.space.references.recognise import recogniser
from chingolo.analysis.space.references.reference import assign_songs, fit_reference, save_reference
from chingolo.scripts import find_songs
from chingolo.synth.recorder.channel import Channel, through_channel
from chingolo.synth.recorder.recorders import DIGITAL_2020
from chingolo.synth.score.repertoire_file import load_repertoire
from chingolo.synth.surrogates.scenes import sing_own
from chingolo.synth.surrogates.soundscape import DEFAULTS
from chingolo.synth.tables.excerpt import Excerpt
from chingolo.synth.tables.files import InputError
from chingolo.train.run.trained_encoder import export_encoder
from chingolo.train.step.state import make_recipe, make_state
from tests.small_training import CHIRPS, SMALL, chirp

RATE = 22_050


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """An encoder as it starts, the chirps of two kinds that it embedded, and their reference."""
    folder = tmp_path_factory.mktemp("reference")
    recipe = make_recipe(SMALL, 0)
    export_encoder(folder, make_state(recipe, 0), SMALL, ())
    random = np.random.default_rng(1)
    rows = []
    for number in range(40):
        path = folder / f"{number}.wav"
        wave = chirp(number % 2, random, round(0.4 * RATE), RATE)
        soundfile.write(path, wave, RATE, subtype="FLOAT")
        rows.append({"path": str(path), "label": CHIRPS[number % 2]})
    latents = embed_table(pd.DataFrame(rows), folder)
    reference = fit_reference(latents)
    save_reference(reference, folder / "reference.npz")
    return folder, latents, reference


def test_a_song_gets_the_cluster_of_its_vector(run):
    folder, latents, reference = run
    recognise = recogniser(folder, folder / "reference.npz")
    expected = assign_songs(reference, latents.z)
    for number in (0, 1, 6, 7):
        wave, _ = soundfile.read(latents.songs["path"].iloc[number], dtype="float32")
        row = recognise(wave, RATE)
        assert row["cluster"] == expected["cluster"].iloc[number]
        assert row["theme"] == expected["theme"].iloc[number]
        known = expected["theme_probability"].iloc[number]
        assert row["theme_probability"] == pytest.approx(known, abs=0.02)
        assert recognise(np.asarray(soxr.resample(wave, RATE, 48_000)), 48_000)["theme"]


def test_a_song_is_heard_in_its_recording_as_when_it_is_embedded(run, tmp_path):
    folder, _, reference = run
    random = np.random.default_rng(3)
    # a whistle from edge to edge, in noise that lasts
    wave = random.normal(0, 0.01, 3 * RATE).astype(np.float32)
    song = slice(round(1.2 * RATE), round(1.5 * RATE))
    wave[song] += np.sin(2 * np.pi * 4000 / RATE * np.arange(song.stop - song.start))
    soundfile.write(tmp_path / "day.wav", wave, RATE, subtype="FLOAT")
    row = {"path": str(tmp_path / "day.wav"), "start_s": 1.2, "end_s": 1.5}
    z = embed_table(pd.DataFrame([row]), folder).z
    expected = assign_songs(reference, z)["theme_probability"].iloc[0]
    recognise = recogniser(folder, folder / "reference.npz")
    assert recognise.context_s == 1.0
    heard = Excerpt(wave[song.start - RATE : song.stop + RATE], RATE, RATE + 6615)
    assert recognise(heard, RATE)["theme_probability"] == pytest.approx(expected, abs=2e-4)
    faster = Excerpt(soxr.resample(heard.wave, RATE, 44_100), 2 * RATE, 2 * (RATE + 6615))
    assert recognise(faster, 44_100)["theme_probability"] == pytest.approx(expected, abs=0.02)


def test_rows_name_their_cluster(run, tmp_path):
    folder, _, reference = run
    song = sing_own(load_repertoire("zonotrichia_capensis"), 1, DEFAULTS, 5, RATE)[0]
    wave = through_channel(
        np.pad(song, 2 * RATE),
        Channel(DIGITAL_2020, snr=15.0),
        sample_rate=RATE,
        random=np.random.default_rng(0),
    )
    soundfile.write(tmp_path / "one.wav", wave, RATE)
    out = tmp_path / "songs.csv"
    words = [str(tmp_path / "one.wav"), "--out", str(out), "--run", str(folder)]
    assert find_songs.main([*words, "--reference", str(folder / "reference.npz")]) == 0
    table = pd.read_csv(out)
    assert len(table) == 1
    assert table["theme"].iloc[0] in ("novel", *reference.themes)
    assert 0 <= table["theme_probability"].iloc[0] <= 1


def test_another_runs_reference_is_refused(run, tmp_path):
    folder, _, reference = run
    other = replace(reference, made_by={**reference.made_by, "checkpoint": "another"})
    save_reference(other, tmp_path / "other.npz")
    with pytest.raises(InputError, match="another encoder"):
        recogniser(folder, tmp_path / "other.npz")


def test_what_hears_of_any_length_hears_found_songs_as_it_embeds_them(run, tmp_path):
    _, latents, _ = run
    table = latents.songs[["path", "label"]]
    reference = fit_reference(embed_table(table, Path("songbird")))
    save_reference(reference, tmp_path / "songbird.npz")
    recognise = recogniser(Path("songbird"), tmp_path / "songbird.npz")
    rows = []
    for number, level in ((0, 1.0), (1, 1e-3), (6, 1e-4)):
        wave = level * soundfile.read(table["path"].iloc[number], dtype="float32")[0]
        soundfile.write(tmp_path / f"{number}.wav", wave, RATE, subtype="FLOAT")
        rows.append({"path": str(tmp_path / f"{number}.wav")})
    expected = assign_songs(reference, embed_table(pd.DataFrame(rows), Path("songbird")).z)
    for row, (theme, told) in zip(
        rows, expected[["theme", "theme_probability"]].to_numpy(), strict=True
    ):
        found = recognise(soundfile.read(row["path"], dtype="float32")[0], RATE)
        assert (found["theme"], found["theme_probability"]) == (
            theme,
            pytest.approx(told, abs=1e-3),
        )
