import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import chingolo.synth.surrogates.generate_songs
from chingolo.scripts.generate_songs import main
from chingolo.synth.recorder.recorders import recorder_set
from chingolo.synth.score.population import plan_songs
from chingolo.synth.score.repertoire_file import load_repertoire
from chingolo.synth.surrogates.generate_songs import generate_songs
from chingolo.synth.surrogates.pairs import draw_pairs
from chingolo.synth.surrogates.sing_songs import SongRequest, _others, sing_songs
from chingolo.synth.tables.audio import load_song
from chingolo.synth.tables.files import InputError
from chingolo.synth.tables.song_table import read_song_table

FIELD = recorder_set("field-1")


REQUEST = SongRequest(songs=6, seed=1, engine="wavetable", sample_rate=22_050)


def generate(folder, progress=lambda done, total: None, **changes):
    request = replace(REQUEST, **changes)
    generate_songs("zonotrichia_two_eras", folder, request, progress=progress)
    return read_song_table(folder / "songs.csv")


def test_songs_table_and_audio(tmp_path):
    table = generate(tmp_path / "g", channel="reel-tape-1966")
    assert len(table) == 6
    assert set(table["origin"]) == {"synthetic"}
    assert set(table["era"]) == {"1966", "2020"}
    assert (tmp_path / "g" / "contact_sheet.png").stat().st_size > 10_000
    for _, song in table.iterrows():
        wave = load_song(song, sample_rate=22_050)
        assert np.abs(wave).max() == pytest.approx(0.5, abs=0.01)


def test_an_interrupted_run_continues_to_the_same_songs(tmp_path, monkeypatch):
    monkeypatch.setattr(chingolo.synth.surrogates.generate_songs, "BATCH", 2)
    whole = generate(tmp_path / "whole", other_singers=1)

    def stop(done, total):
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate(tmp_path / "part", progress=stop, other_singers=1)
    file = tmp_path / "part" / "songs.csv"
    assert len(read_song_table(file)) == 4
    with file.open("a") as table:
        table.write("audio/000004.flac,0.0,1.0,Zono")
    again = generate(tmp_path / "part", other_singers=1)
    pd.testing.assert_frame_equal(again.drop(columns="path"), whole.drop(columns="path"))
    for first, second in zip(again["path"], whole["path"], strict=True):
        assert Path(first).read_bytes() == Path(second).read_bytes()


@pytest.mark.parametrize("channel", ["random", "reel-tape-1966"])
def test_songs_in_memory_are_those_of_the_files(tmp_path, channel):
    request = replace(REQUEST, channel=channel, other_singers=1)
    waves, rows = sing_songs(load_repertoire("zonotrichia_two_eras"), request)
    table = generate(tmp_path / "g", channel=channel, other_singers=1)
    assert list(rows.columns) == list(table.columns.drop("path"))
    assert list(rows["individual"]) == list(table["individual"])
    assert list(rows["device"]) == list(table["device"])
    for wave, (_, song) in zip(waves, table.iterrows(), strict=True):
        written = load_song(song, sample_rate=22_050)
        np.testing.assert_allclose(wave, written, atol=2 / 32_768)


def test_wide_recorders_are_drawn_song_by_song(tmp_path):
    words = ["zonotrichia_capensis", "--songs", "6", "--engine", "wavetable", "--channel", "wide"]
    for folder in ("one", "two"):
        assert main([*words, "--out", str(tmp_path / folder)]) == 0
    table = pd.read_csv(tmp_path / "one" / "songs.csv")
    assert set(table["device"]) == {"wide-1"}
    assert set(table["origin"]) == {"synthetic"}
    assert json.loads((tmp_path / "one" / "generate.json").read_text())["recorders"] == "wide-1"
    for path in table["path"]:
        assert (tmp_path / "one" / path).read_bytes() == (tmp_path / "two" / path).read_bytes()


def test_another_request_does_not_mix_in(tmp_path):
    generate(tmp_path / "g")
    with pytest.raises(InputError, match=r"another request \(differs in seed"):
        generate(tmp_path / "g", seed=2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["dodo"], "no such repertoire"),
        (["zonotrichia_two_eras", "--era", "1800"], "eras are 1966, 2020"),
        (["zonotrichia_capensis", "--channel", "wax"], "no channel 'wax'"),
        (["zonotrichia_capensis", "--songs", "0"], "expected 1 to 10000000"),
        (["zonotrichia_capensis", "--engine", "organ"], "one of ode, wavetable"),
        (["zonotrichia_capensis", "--recorders", "field-1"], "only --channel random"),
        (["zonotrichia_capensis", "--channel", "random", "--recorders", "x"], "one of field-1"),
        (["zonotrichia_capensis", "--channel", "wide", "--recorders", "x"], "one of wide-1"),
    ],
)
def test_bad_requests_end_in_one_line(tmp_path, capsys, arguments, message):
    assert main([*arguments, "--out", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err.strip()
    assert message in error
    assert "\n" not in error
    assert not (tmp_path / "out" / "songs.csv").exists()


def test_pairs_are_one_theme_sung_twice():
    repertoire = load_repertoire("zonotrichia_capensis")
    pairs = draw_pairs(repertoire, seed=3, count=4, sample_rate=22_050, clip_s=2.0, recorders=FIELD)
    assert pairs.first.shape == pairs.second.shape == (4, 44_100)
    assert np.isfinite(pairs.first).all()
    assert not np.allclose(pairs.first, pairs.second)
    again = draw_pairs(repertoire, seed=3, count=4, sample_rate=22_050, clip_s=2.0, recorders=FIELD)
    np.testing.assert_array_equal(pairs.second, again.second)
    other = draw_pairs(repertoire, seed=4, count=4, sample_rate=22_050, clip_s=2.0, recorders=FIELD)
    assert not np.array_equal(pairs.second, other.second)


def test_a_sample_rate_that_loses_a_theme_is_refused(tmp_path, capsys):
    """The shipped chingolo sings up to 8.2 kHz."""
    arguments = ["zonotrichia_capensis", "--out", str(tmp_path / "g"), "--songs", "2"]
    assert main([*arguments, "--sample-rate", "8000"]) == 2
    assert "Hz are lost at a sample rate of 8000 Hz" in capsys.readouterr().err


def test_other_singers_are_other_birds():
    """Of three birds of four songs each, no song has one of its own bird behind it."""
    repertoire = load_repertoire("zonotrichia_capensis")
    plan = plan_songs(repertoire, songs=12, seed=0, individuals=3)
    drawn = set()
    for number, song in enumerate(plan):
        for index in _others(plan, number, 20, 0):
            assert plan[index].individual != song.individual
            drawn.add(int(index))
    assert drawn == set(range(12))
    alone = plan_songs(repertoire, songs=4, seed=0, individuals=1)
    assert all(number not in _others(alone, number, 20, 0) for number in range(4))


def test_one_song_has_no_other_singer():
    with pytest.raises(InputError, match="needs two songs at least"):
        sing_songs(load_repertoire("zonotrichia_capensis"), SongRequest(1, other_singers=1))


@pytest.mark.parametrize("songs", [6, 4])
def test_audio_that_broke_off_since_is_made_anew(tmp_path, songs, monkeypatch):
    """In a finished folder, and in one that was interrupted after its first batch."""
    monkeypatch.setattr(chingolo.synth.surrogates.generate_songs, "BATCH", 2)
    folder = tmp_path / "g"
    generate(folder)
    whole = {file.name: file.read_bytes() for file in (folder / "audio").iterdir()}
    lines = (folder / "songs.csv").read_text().splitlines(keepends=True)
    (folder / "songs.csv").write_text("".join(lines[: 1 + songs]))
    for name, kept in (("000001.flac", 0.6), ("000003.flac", 0.0)):
        (folder / "audio" / name).write_bytes(whole[name][: round(kept * len(whole[name]))])
    (folder / "audio" / "000002.flac").unlink()
    generate(folder)
    assert {file.name: file.read_bytes() for file in (folder / "audio").iterdir()} == whole
