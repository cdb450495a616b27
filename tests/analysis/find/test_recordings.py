"""Which files of a folder are heard, and which are told: endings, and names of old disks."""

import io
import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import soundfile

from chingolo.analysis.find.recordings import audio_files, told_unheard
from chingolo.analysis.labels.labelled_sets import read_labelled_set
from chingolo.scripts import convert_table, find_songs
from chingolo.synth.tables.audio import load_audio
from chingolo.synth.tables.files import InputError

RATE = 16_000
FORMS = {"wave": "WAV", "voc": "VOC", "snd": "AU", "svx": "SVX", "sph": "NIST", "caf": "CAF"}


def recording(file: Path, form: str = "FLAC", *, seed: int = 0) -> Path:
    wave = np.random.default_rng(seed).normal(0, 0.1, RATE)
    soundfile.write(file, wave, RATE, format=form, subtype="PCM_16")
    return file


def named_by_bytes(folder: Path, name: bytes, *, seed: int = 1) -> Path:
    """A recording with a name that is not UTF-8, as of an old disk."""
    file = folder / os.fsdecode(name)
    try:
        file.write_bytes(recording(folder / "made.flac", seed=seed).read_bytes())
    except OSError:
        pytest.skip("this disk has no such names")
    (folder / "made.flac").unlink()
    return file


@pytest.mark.parametrize("ending", FORMS)
def test_every_form_that_is_read_is_heard_in_a_folder(tmp_path, ending: str, capsys):
    recording(tmp_path / f"a.{ending.upper()}", FORMS[ending])
    assert find_songs.main([str(tmp_path)]) == 0
    assert "0 songs in 1 recording (1.0 s)" in capsys.readouterr().err


def test_what_may_be_sound_and_is_not_looked_at_is_told(tmp_path, capsys):
    recording(tmp_path / "a.flac")
    (tmp_path / "deep").mkdir()
    recording(tmp_path / "deep" / "b.wav.bak", "WAV", seed=1)
    recording(tmp_path / "deep" / "c", seed=2)
    (tmp_path / "d.raw").write_bytes(bytes(100))
    (tmp_path / "notes.txt").write_text("a song\n")
    (tmp_path / "RIFF.webp").write_bytes(b"RIFF\x10\0\0\0WEBPVP8 ")
    (tmp_path / ".hidden.bak").write_bytes((tmp_path / "a.flac").read_bytes())
    told = told_unheard([tmp_path, tmp_path / "a.flac"])
    assert told == [f"{tmp_path}: not looked at, for their endings: d.raw, deep/b.wav.bak, deep/c"]
    assert find_songs.main([str(tmp_path)]) == 0
    assert told[0] in capsys.readouterr().err.splitlines()
    # named, it is heard
    assert find_songs.main([str(tmp_path / "deep" / "b.wav.bak")]) == 0
    assert [file.name for file in audio_files([tmp_path])] == ["a.flac"]


def test_a_name_that_is_not_utf_8_is_told_and_the_others_are_heard(tmp_path, capsys):
    recording(tmp_path / "good.flac")
    bad = named_by_bytes(tmp_path, b"bad\xff.flac")
    assert find_songs.main([str(tmp_path), "--out", str(tmp_path / "songs.csv")]) == 2
    said = capsys.readouterr().err
    assert "1/2 " in said
    assert "bad\\udcff.flac: 0 songs in 0.0 s; a name that is not UTF-8" in said
    assert "2/2 " in said
    assert "good.flac: 0 songs in 1.0 s" in said
    assert (tmp_path / "songs.csv").read_text().startswith("path,")
    # the sound itself is read by whatever name
    with bad.open("rb") as opened:
        truth = soundfile.read(opened, dtype="float32")[0]
    np.testing.assert_array_equal(load_audio(bad, sample_rate=RATE), truth)


def test_of_two_copies_the_one_that_can_be_named_is_heard(tmp_path, capsys):
    named_by_bytes(tmp_path, b"a\xff.flac", seed=0)
    recording(tmp_path / "z.flac")
    assert find_songs.main([str(tmp_path)]) == 0
    assert "z.flac: 0 songs in 1.0 s" in capsys.readouterr().err


def test_probe_leaves_out_names_that_are_not_utf_8(tmp_path):
    told: list[str] = []
    for name in ("A", "B"):
        (tmp_path / name).mkdir()
        recording(tmp_path / name / "x.flac")
    named_by_bytes(tmp_path / "A", b"y\xff.flac")
    table = read_labelled_set(tmp_path, tell=told.append)
    assert table["label"].tolist() == ["A", "B"]
    assert len(told) == 1
    assert "a name that is not UTF-8; left out" in told[0]


def test_a_table_in_a_folder_or_of_a_recording_that_cannot_be_named_is_one_line(tmp_path, capsys):
    named_by_bytes(tmp_path, b"bad\xff.flac")
    folder = tmp_path / os.fsdecode(b"old\xfe")
    folder.mkdir()
    for place in (folder, tmp_path):
        (place / "songs.csv").write_text("path,start_s\na.flac,0\n")
    out = str(tmp_path / "x.selections.txt")
    assert convert_table.main([str(folder / "songs.csv"), out]) == 2
    assert "a name that is not UTF-8, which no table can hold" in capsys.readouterr().err
    audio = str(tmp_path / os.fsdecode(b"bad\xff.flac"))
    assert convert_table.main([str(tmp_path / "songs.csv"), out, "--audio", audio]) == 2
    assert "a name that is not UTF-8, which no table can hold" in capsys.readouterr().err


def test_a_table_may_be_written_under_any_name(tmp_path):
    named_by_bytes(tmp_path, b"try\xff.flac")
    (tmp_path / "songs.csv").write_text("path,start_s,end_s\na.flac,0,1\n")
    out = os.fsencode(tmp_path) + b"/o\xff.selections.txt"
    words = [sys.executable, "-m", "chingolo", "convert", str(tmp_path / "songs.csv"), out]
    done = subprocess.run(words, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == out + b": 1 song\n"
    assert Path(os.fsdecode(out)).is_file()


def test_a_folder_with_other_files_alone_holds_no_audio(tmp_path):
    (tmp_path / "notes.txt").write_text("a song\n")
    with pytest.raises(InputError, match="no audio file in this folder"):
        audio_files([tmp_path])
    assert told_unheard([tmp_path]) == []


@pytest.mark.parametrize("ending", ["csv", "selections.txt", "parquet"])
def test_what_fails_before_a_song_leaves_no_table(ending: str, tmp_path, monkeypatch, capsys):
    file = recording(tmp_path / "a.wav", "WAV")
    out = tmp_path / f"found.{ending}"
    assert find_songs.main([str(file), "--channel", "2", "--out", str(out)]) == 2
    assert "no channel 2" in capsys.readouterr().err
    stdin = io.TextIOWrapper(io.BytesIO(b""))
    monkeypatch.setattr("sys.stdin", stdin)
    assert find_songs.main(["-", "--out", str(out)]) == 2
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(bytes(40_000))))
    words = ["-", "--channels", "2", "--channel", "3", "--out", str(out)]
    capsys.readouterr()
    assert find_songs.main(words) == 2
    assert "chingolo find: -: no channel 3 (it has 2)" in capsys.readouterr().err
    assert not list(tmp_path.glob("*found*"))
    assert (
        find_songs.main([str(file), "--out", str(out)]) == 0
    )  # nothing found, as a table of columns
    assert out.exists()


def test_random_bytes_as_floats_are_told_without_warnings(tmp_path, monkeypatch, capsys):
    noise = np.random.default_rng(0).bytes(8 * 20_000)
    for form in ("f32", "f64"):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(noise)))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            find_songs.main(["-", "--format", form, "--channels", "2"])
        assert "are not finite and were taken for silence" in capsys.readouterr().err


def test_a_loop_of_folders_is_no_class(tmp_path):
    for name in ("up", "down"):
        (tmp_path / "set" / name).mkdir(parents=True)
        recording(tmp_path / "set" / name / "a.wav", "WAV", seed=len(name))
    for place, target in (("loop", "."), ("parent", ".."), ("up/loop", "../.."), ("again", "up")):
        (tmp_path / "set" / place).symlink_to(target)
    table = read_labelled_set(tmp_path / "set")
    assert table["label"].tolist() == ["down", "up"]
