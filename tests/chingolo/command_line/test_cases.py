"""Fourteen faults as users met them, each by its commands and with its inputs built anew."""

import io
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from chingolo.analysis.space.latent_table import LatentTable, read_latent_table, write_latent_table
from chingolo.scripts import compare_eras, convert_table, embed_songs, find_songs, probe_labels
from chingolo.synth.score.repertoire_file import load_repertoire
from chingolo.synth.surrogates.scenes import sing_own
from chingolo.synth.surrogates.soundscape import DEFAULTS
from chingolo.train.run.trained_encoder import export_encoder
from chingolo.train.step.state import make_recipe, make_state
from tests.small_training import CHIRPS, SMALL, chirp

RATE = 16_000
RAVEN = "Selection|View|Channel|Begin Time (s)|End Time (s)|Low Freq (Hz)|High Freq (Hz)|"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    """Every command runs where its files are."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> str:
    """An encoder as it starts."""
    trained = tmp_path_factory.mktemp("run")
    export_encoder(trained, make_state(make_recipe(SMALL, len(CHIRPS)), 0), SMALL, CHIRPS)
    return str(trained)


@pytest.fixture(scope="module")
def song() -> np.ndarray:
    """One song in a little noise at 1.5 s of five."""
    wave = np.random.default_rng(0).normal(0, 1e-3, 5 * RATE)
    (sung,) = sing_own(load_repertoire("zonotrichia_capensis"), 1, DEFAULTS, 3, RATE)
    loud = 0.3 * sung / np.abs(sung).max()
    wave[24_000 : 24_000 + len(sung)] += loud
    return wave


def write(name: str, *lines: str) -> None:
    """Lines of a table whose cells stand between `|` where there are tabs."""
    Path(name).write_text("".join(line.replace("|", "\t") + "\n" for line in lines))


def rows(name: str) -> list[list[str]]:
    """The file names and times of a song table, and its labels where it has any."""
    table = pd.read_csv(name, dtype=str)
    table["path"] = [Path(path).name for path in table["path"]]
    kept = [each for each in ("path", "start_s", "end_s", "label") if each in table.columns]
    return table[kept].to_numpy().tolist()


def convert(source: str, target: str) -> None:
    assert convert_table.main([source, target]) == 0


def test_case_birdnet_table_by_its_name():
    """birdnet-table-by-its-name."""
    write(
        "rec.BirdNET.selection.table.txt",
        RAVEN + "Common Name|Species Code|Confidence|Begin Path|File Offset (s)",
        "1|Spectrogram 1|1|3.0|6.0|0|15000|Rufous-collared Sparrow|rucspa1|0.91|rec.wav|3.0",
    )
    convert("rec.BirdNET.selection.table.txt", "songs.csv")
    assert rows("songs.csv") == [["rec.wav", "3.0", "6.0"]]


def test_case_channel_two(run):
    """channel-two."""
    random = np.random.default_rng(0)
    two = np.stack([chirp(kind, random, 2 * RATE, RATE) for kind in (0, 1)], axis=1)
    soundfile.write("two.flac", two / 2, RATE)
    stored = soundfile.read("two.flac")[0]
    for channel in (1, 2):
        soundfile.write(f"{channel}.flac", stored[:, channel - 1], RATE)
    write(
        "two.selections.txt",
        RAVEN + "Begin File|Annotation",
        "1|Spectrogram 1|1|0.4|1.9|2500|5500|two.flac|A",
        "2|Spectrogram 2|2|0.4|1.9|4000|7000|two.flac|B",
    )
    write("mono.csv", "path,start_s,end_s", "1.flac,0.4,1.9", "2.flac,0.4,1.9")
    convert("two.selections.txt", "songs.csv")
    for table in ("songs", "mono"):
        assert embed_songs.main([run, f"{table}.csv", "--out", f"{table}.parquet"]) == 0
    one, other = (read_latent_table(f"{table}.parquet").z for table in ("songs", "mono"))
    np.testing.assert_allclose(one, other, atol=1e-6)
    assert np.abs(one[0] - one[1]).max() > 0.01


def test_case_dates_written_by_hand(capsys):
    """dates-written-by-hand."""
    days = ["12/10/1966"] * 4 + ["1966-10-16"] * 2 + ["2020-11-03"] * 6
    birds = pd.DataFrame({"date": days, "individual": [f"m{bird}" for bird in range(12)]})
    birds["song_type"] = [*"AAAAAB", *"BBBBBB"]
    songs = pd.concat([birds] * 4)
    songs.to_csv("songs.csv", index=False)
    songs.replace("12/10/1966", "1966-10-12").to_csv("iso.csv", index=False)
    words = ["--type-column", "song_type", "--cut-date", "1990-01-01", "--out", "report"]
    assert compare_eras.main(["songs.csv", *words]) == 2
    told = "songs.csv: row 1: 'date' is '12/10/1966', no date; expected 1966, 1966-05 or 1966-05-12"
    assert told in capsys.readouterr().err
    assert not Path("report").exists()
    assert compare_eras.main(["iso.csv", *words]) == 0
    assert "verdict: changed" in capsys.readouterr().out


@pytest.mark.parametrize("songs", [300, 400])
def test_case_four_hundred_equal_songs(songs: int, capsys):
    """four-hundred-equal-songs."""
    half = songs // 2
    table = pd.DataFrame({"path": ["/muted_1966.flac"] * half + ["/muted_2020.flac"] * half})
    table["start_s"] = np.arange(songs) % half * 0.6
    table = table.assign(end_s=table["start_s"] + 0.6, site="north")
    table["era"] = np.repeat(["1966", "2020"], half)
    table["individual"] = [f"{row // 20}" for row in range(songs)]
    z = np.tile(np.random.default_rng(0).normal(size=16).astype(np.float32), (songs, 1))
    write_latent_table(LatentTable(table, z), Path("latent.parquet"))
    words = ["--same-recorder", "--permutations", "199", "--bootstraps", "20", "--out", "report"]
    assert compare_eras.main(["latent.parquet", *words]) == 0
    told = capsys.readouterr().out
    assert f"All {songs} songs have one and the same vector, as digital silence" in told
    assert "verdict: refused" in told
    assert pd.read_csv("report/songs.csv")["cluster"].nunique() == 1


def test_case_hidden_companion_files(run, song, capsys):
    """hidden-companion-files."""
    random = np.random.default_rng(0)
    files = {"card/rec.flac": song}
    for kind, name in enumerate(("up", "down")):
        for number in range(4):
            files[f"classes/{name}/{number}.flac"] = chirp(kind, random, 8000, RATE) / 2
    for name, wave in files.items():
        file = Path(name)
        file.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(file, wave, RATE)
        file.with_name(f"._{file.name}").write_bytes(b"\0\5\26\7" + bytes(200))
    assert find_songs.main(["card", "--out", "songs.csv"]) == 0
    assert "1 song in 1 recording " in capsys.readouterr().err
    assert probe_labels.main([run, "classes"]) == 0
    assert "embedding 8 sounds" in capsys.readouterr().err


def test_case_label_edited_in_audacity():
    """label-edited-in-audacity."""
    write("songs.csv", "path,start_s,end_s,label", "rec.wav,1.0,2.0,A", "rec.wav,3.0,4.0,A")
    convert("songs.csv", "labels.txt")
    labels = Path("labels.txt")
    labels.write_text(labels.read_text().replace("\tA ", "\tZeep ", 1))
    convert("labels.txt", "back.csv")
    assert rows("back.csv") == [["rec.wav", "1.0", "2.0", "Zeep"], ["rec.wav", "3.0", "4.0", "A"]]


def test_case_mp3_length_guessed(song, capsys):
    """mp3-length-guessed.

    As a stream that is saved: loud at first, of changing bit rate, no header of its length.
    """
    loud = np.random.default_rng(0).uniform(-0.5, 0.5, 2 * RATE)
    options: dict = {"format": "MP3", "subtype": "MPEG_LAYER_III", "bitrate_mode": "VARIABLE"}
    with soundfile.SoundFile("stream.mp3", "w", RATE, 1, **options) as file:
        file.write(np.concatenate([loud, np.zeros(15 * RATE), song]))
    data = Path("stream.mp3").read_bytes()
    Path("stream.mp3").write_bytes(data.replace(b"Xing", bytes(4)).replace(b"Info", bytes(4)))
    guessed = soundfile.info("stream.mp3").duration
    if abs(guessed - 22) < 1:
        pytest.skip("this decoder does not guess")
    assert find_songs.main(["stream.mp3", "--out", "songs.csv"]) == 2
    told = capsys.readouterr().err.splitlines()[-1]
    assert f"an MP3 without its length, guessed as {guessed:.1f} s; it holds 22." in told


def test_case_one_bird_three_spellings(capsys):
    """one-bird-three-spellings."""
    rng, songs = np.random.default_rng(0), []
    for era, names in (("1966", "José Núñez Peña Muñoz"), ("2020", "Inés Íñigo Andrés Bendaña")):
        for bird, name in enumerate(names.split()):
            kind = "A" if (bird < 3) == (era == "1966") else "B"
            spelled = (name, unicodedata.normalize("NFD", name), f"{name} ")
            songs += [(era, spelled[rng.integers(3)], "north", kind) for _ in range(12)]
    table = pd.DataFrame(songs, columns=["era", "individual", "site", "song_type"])
    table.to_csv("songs.csv", index=False)
    spelled = [unicodedata.normalize("NFC", name.strip()) for name in table["individual"]]
    table.assign(individual=spelled).to_csv("one_spelling.csv", index=False)
    told = []
    for name in ("songs", "one_spelling"):
        words = [f"{name}.csv", "--type-column", "song_type", "--out", name]
        assert compare_eras.main(words) == 0
        out, err = capsys.readouterr()
        assert "north: 4 units of 1966, 4 of 2020 (48 and 48 songs)" in err
        told.append(out.replace(f"{name}/report", ""))
    assert told[0] == told[1]
    assert "no change shown" in told[0]


def test_case_raven_annotation_is_no_label():
    """raven-annotation-is-no-label."""
    write(
        "marked.selections.txt",
        RAVEN + "Begin File|Annotation",
        "1|Spectrogram 1|1|1.5|2.5|2000|7000|rec.wav|A",
        "2|Spectrogram 1|1|3.5|4.5|2100|7100|rec.wav|B",
    )
    convert("marked.selections.txt", "labels.txt")
    convert("marked.selections.txt", "songs.csv")
    lines = Path("labels.txt").read_text().splitlines()
    assert [line.split(" {")[0] for line in lines[::2]] == ["1.5\t2.5\tA", "3.5\t4.5\tB"]
    assert lines[1::2] == ["\\\t2000.0\t7000.0", "\\\t2100.0\t7100.0"]
    table = pd.read_csv("songs.csv")
    assert table[["label", "low_hz", "high_hz"]].to_numpy().tolist() == [
        ["A", 2000, 7000],
        ["B", 2100, 7100],
    ]


def test_case_raven_table_of_several_files(capsys):
    """raven-table-of-several-files."""
    for name, seconds in (("a", 10), ("b", 12)):
        soundfile.write(f"{name}.flac", np.zeros(seconds * 8000), 8000)
    lines = ["a.flac,1.0,2.0", "a.flac,7.0,8.0", "b.flac,2.0,3.0", "b.flac,9.0,10.0"]
    write("songs.csv", "path,start_s,end_s", *lines)
    convert("songs.csv", "songs.selections.txt")
    shown = pd.read_csv("songs.selections.txt", sep="\t")
    assert shown["Begin Time (s)"].tolist() == [1, 7, 12, 19]
    assert shown["End Time (s)"].tolist() == [2, 8, 13, 20]
    assert shown["File Offset (s)"].tolist() == [1, 7, 2, 9]
    convert("songs.selections.txt", "back.csv")
    assert rows("back.csv") == [line.split(",") for line in lines]
    Path("a.flac").unlink()
    convert("songs.csv", "missing.selections.txt")
    assert "a.flac: no such audio file; so where" in capsys.readouterr().err


def test_case_repeated_selection_numbers():
    """repeated-selection-numbers."""
    write(
        "all.selections.txt",
        RAVEN + "Begin File|Annotation",
        *(f"{n}|Spectrogram 1|1|{2 * n - 1}|{2 * n}|2000|7000|a.wav|A" for n in (1, 2, 3)),
        *(f"{n}|Spectrogram 1|1|{2 * n - 1.5}|{2 * n - 0.5}|2000|7000|b.wav|A" for n in (1, 2)),
    )
    convert("all.selections.txt", "songs.csv")
    assert [row[0] for row in rows("songs.csv")] == ["a.wav"] * 3 + ["b.wav"] * 2


def test_case_rf64_on_standard_input(song, monkeypatch, capsys):
    """rf64-on-standard-input."""
    soundfile.write("long.wav", song, RATE, format="RF64", subtype="PCM_16")
    piped = io.TextIOWrapper(io.BytesIO(Path("long.wav").read_bytes()))
    monkeypatch.setattr(sys, "stdin", piped)
    assert find_songs.main(["-", "--out", "songs.csv"]) == 0
    assert "1 song in 5.0 s" in capsys.readouterr().err
    assert pd.read_csv("songs.csv")["start_s"].tolist() == pytest.approx([1.5], abs=0.2)


def test_case_selection_past_the_end(run, capsys):
    """selection-past-the-end."""
    noise = np.random.default_rng(0).normal(0, 0.1, 5 * RATE)
    soundfile.write("short.flac", noise, RATE)
    write("songs.csv", "path,start_s,end_s,label", "short.flac,1.0,2.9,A", "short.flac,4.8,7.8,B")
    assert embed_songs.main([run, "songs.csv", "--out", "latent.parquet"]) == 0
    told = "a song from 4.8 to 7.8 s ends after the recording (it is 5.000 s)"
    assert f"short.flac: {told}" in capsys.readouterr().err
    assert pd.read_csv("latent.skipped.csv")["row"].tolist() == [2]
    assert len(read_latent_table("latent.parquet").songs) == 1
    words = [run, "songs.csv", "--out", "other.parquet", "--strict"]
    assert embed_songs.main(words) == 2
    assert told in capsys.readouterr().err


def test_case_stereo_of_opposite_phase(song, capsys):
    """stereo-of-opposite-phase."""
    noise = np.random.default_rng(1).normal(0, 1e-3, (2, len(song)))
    soundfile.write("rec.flac", (np.stack([song, -song]) + noise).T, RATE)
    assert find_songs.main(["rec.flac", "--out", "songs.csv"]) == 0
    assert "its channels cancel each other; choose one with --channel" in capsys.readouterr().err
    assert find_songs.main(["rec.flac", "--channel", "2", "--out", "two.csv"]) == 0
    assert pd.read_csv("two.csv")["start_s"].tolist() == pytest.approx([1.5], abs=0.2)
