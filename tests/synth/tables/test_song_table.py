import contextlib
import unicodedata

import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from chingolo.synth.tables.audio import load_audio
from chingolo.synth.tables.files import InputError, atomic_folder, atomic_path, counted
from chingolo.synth.tables.song_table import read_song_table, write_song_table


def audio(path, seconds=0.5, rate=22_050, channels=1):
    time = np.arange(int(seconds * rate)) / rate
    wave = 0.2 * np.sin(2 * np.pi * 3000 * time)
    soundfile.write(path, np.repeat(wave[:, None], channels, 1), rate)
    return path


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_round_trip_keeps_unknown_columns(tmp_path, ending):
    table = pd.DataFrame(
        {
            "path": [str(tmp_path / "a.wav"), "/elsewhere/b.wav"],
            "start_s": [0.5, np.nan],
            "end_s": [1.25, np.nan],
            "individual": ["007", ""],
            "weather": ["rain, wind", "0012"],
        }
    )
    write_song_table(table, tmp_path / f"songs.{ending}")
    again = read_song_table(tmp_path / f"songs.{ending}")
    pd.testing.assert_frame_equal(again, table, check_dtype=False)


@given(
    text=st.lists(
        st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=12),
        min_size=1,
        max_size=4,
    )
)
@settings(max_examples=40, deadline=None)
def test_any_text_rides_along(tmp_path_factory, text):
    folder = tmp_path_factory.mktemp("songs")
    table = pd.DataFrame({"path": [str(folder / "a.wav")] * len(text), "remark": text})
    write_song_table(table, folder / "songs.csv")
    assert read_song_table(folder / "songs.csv")["remark"].tolist() == text


@given(content=st.binary(max_size=400))
@settings(max_examples=60, deadline=None)
def test_any_bytes_are_read_or_refused(tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("bytes")
    for ending in ("csv", "parquet"):
        file = folder / f"songs.{ending}"
        file.write_bytes(content)
        with contextlib.suppress(InputError):
            assert len(read_song_table(file))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty file"),
        ("path\n", "holds no song"),
        ("file,start_s\na.wav,0\n", "no column 'path'"),
        ("path,start_s\na.wav,0\n,1\n", r"row 2 \(line 3\): 'path' is empty"),
        ("path,start_s,end_s\na.wav,0,1\nb.wav,2,1\n", "row 2 .*'end_s' is not after"),
        ("path,start_s\na.wav,soon\n", "row 1 .*'start_s' is not a number"),
        ("path,origin\na.wav,dreamt\n", "'origin' is not one of recorded"),
    ],
)
def test_wrong_tables_are_refused_in_one_line(tmp_path, text, message):
    file = tmp_path / "songs.csv"
    file.write_text(text)
    with pytest.raises(InputError, match=message):
        read_song_table(file)


def test_missing_table(tmp_path):
    with pytest.raises(InputError, match="no such song table"):
        read_song_table(tmp_path / "none.csv")


def test_audio_is_mixed_cut_and_resampled(tmp_path):
    file = audio(tmp_path / "a.wav", seconds=1.0, rate=48_000, channels=5)
    wave = load_audio(file, sample_rate=22_050, start_s=0.25, end_s=0.75)
    assert wave.dtype == np.float32
    assert len(wave) == 11_025
    assert np.abs(wave[1000:-1000]).max() == pytest.approx(0.2, rel=0.02)


def test_audio_that_is_not(tmp_path):
    fake = tmp_path / "a.wav"
    fake.write_text("no sound here")
    with pytest.raises(InputError, match="not audio"):
        load_audio(fake, sample_rate=22_050)
    with pytest.raises(InputError, match="no such audio file"):
        load_audio(tmp_path / "b.wav", sample_rate=22_050)
    with pytest.raises(InputError, match="no audio from 3 s"):
        load_audio(audio(tmp_path / "c.wav"), sample_rate=22_050, start_s=3.0)
    with pytest.raises(InputError, match=r"to 0\.01012 s is less than a sample"):
        load_audio(audio(tmp_path / "c.wav"), sample_rate=22_050, start_s=0.0101, end_s=0.01012)
    soundfile.write(tmp_path / "n.wav", np.full(100, np.nan), 22_050, subtype="FLOAT")
    with pytest.raises(InputError, match="not finite"):
        load_audio(tmp_path / "n.wav", sample_rate=22_050)


def test_a_failed_write_leaves_nothing(tmp_path):
    for manager, name in ((atomic_path, "a.csv"), (atomic_folder, "a")):
        with pytest.raises(RuntimeError), manager(tmp_path / name):
            raise RuntimeError
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("told", "kept"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_a_name_is_found_by_the_other_form_of_its_accents(told, kept, tmp_path):
    name, folder = "né_à.wav", "Ávila"
    (tmp_path / unicodedata.normalize(kept, folder)).mkdir()
    file = tmp_path / unicodedata.normalize(kept, folder) / unicodedata.normalize(kept, name)
    audio(file)
    path = unicodedata.normalize(told, f"{folder}/{name}")
    (tmp_path / "songs.csv").write_text(f"path\n{path}\n", encoding="utf-8")
    table = read_song_table(tmp_path / "songs.csv")
    assert table["path"].tolist() == [str(file)]
    assert len(load_audio(table["path"][0], sample_rate=22_050))


def test_of_several_names_of_one_form_none_is_guessed(tmp_path):
    for name in ("e\u0323\u0307.wav", "\u1eb9\u0307.wav"):  # two spellings, neither of them NFC's
        audio(tmp_path / name)
    other = "e\u0307\u0323.wav"
    (tmp_path / "songs.csv").write_text(f"path\n{other}\n", encoding="utf-8")
    path = read_song_table(tmp_path / "songs.csv")["path"][0]
    assert path == str(tmp_path / other)
    with pytest.raises(InputError, match="no such audio file"):
        load_audio(path, sample_rate=22_050)


@pytest.mark.parametrize("beside", ["link", "table", "both", "neither"])
def test_a_table_through_a_link_finds_its_recordings(tmp_path, beside):
    for folder in ("link", "table"):
        (tmp_path / folder).mkdir()
    (tmp_path / "table" / "songs.csv").write_text("path,start_s\nrec/a.wav,1.0\n")
    (tmp_path / "link" / "mine.csv").symlink_to(tmp_path / "table" / "songs.csv")
    for folder in ("link", "table"):
        if beside in (folder, "both"):
            (tmp_path / folder / "rec").mkdir()
            audio(tmp_path / folder / "rec" / "a.wav")
    found = read_song_table(tmp_path / "link" / "mine.csv")["path"].tolist()
    where = "table" if beside == "table" else "link"
    assert found == [str(tmp_path / where / "rec" / "a.wav")]


def test_numbers_have_the_words_for_them():
    assert [counted(number, "song") for number in (0, 1, 2)] == ["0 songs", "1 song", "2 songs"]
    assert counted(1, "copy is", "copies are") == "1 copy is"
    assert counted(3, "copy is", "copies are") == "3 copies are"
