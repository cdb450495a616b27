"""A recording that breaks off is heard as far as it goes, whatever holds it, and it is told."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from chingolo.analysis.space.embed_table import embed_to_file
from chingolo.analysis.space.embedder import make_embedder
from chingolo.scripts import find_songs
from chingolo.synth.fit.fit_table import fit_songs
from chingolo.synth.recorder.hear_recordings import hear_recordings
from chingolo.synth.recorder.wide import wide_recorder
from chingolo.synth.spectra.front_end import FrontEnd
from chingolo.synth.tables.audio import load_stretch
from chingolo.synth.tables.files import InputError
from chingolo.synth.tables.song_table import read_song_table
from chingolo.train.data.read_songs import TableOptions, read_songs
from chingolo.train.detector.examples import recorded_source
from chingolo.train.detector.settings import DetectorSettings
from chingolo.train.run.trained_encoder import export_encoder, load_encoder
from chingolo.train.step.state import make_recipe, make_state
from tests.small_training import SMALL

RATE = 22_050
LENGTH_S = 4.0
FORMS = {
    "WAV": "PCM_16",
    "FLAC": "PCM_16",
    "AIFF": "PCM_16",
    "AU": "PCM_16",
    "W64": "PCM_16",
    "MP3": "MPEG_LAYER_III",
    "OGG": "VORBIS",
}


def broken(folder: Path, form: str, song: np.ndarray | None = None, *, share: float = 0.6) -> Path:
    """Noise of 4 s and a song, of whose bytes a part alone is there."""
    noise = 0.1 * np.random.default_rng(0).standard_normal(int(LENGTH_S * RATE))
    noise = noise if song is None else 0.01 * noise + song
    file = folder / f"broken.{form.lower()}"
    soundfile.write(file, noise, RATE, format=form, subtype=FORMS[form])
    data = file.read_bytes()
    file.write_bytes(data[: int(len(data) * share)])
    return file


@pytest.mark.parametrize("form", FORMS)
def test_a_row_over_the_break_is_heard_up_to_it(form: str, tmp_path):
    file = broken(tmp_path, form)
    whole = load_stretch(file, sample_rate=RATE)
    heard_s = len(whole) / RATE
    assert 2.0 < heard_s < 2.8
    assert whole.broken.startswith("br")
    part = load_stretch(file, sample_rate=RATE, start_s=1.0, end_s=3.5)
    assert len(part) == pytest.approx((heard_s - 1.0) * RATE, abs=3000)
    assert part.broken == whole.broken
    early = load_stretch(file, sample_rate=RATE, start_s=0.5, end_s=1.5, context_s=0.2)
    assert (len(early), early.broken) == (RATE, "")
    with pytest.raises(InputError, match=r"br(eaks off|oken after).*, before the song at 3"):
        load_stretch(file, sample_rate=RATE, start_s=3.0, end_s=3.5)
    if form != "OGG":  # which does not tell how long it was
        with pytest.raises(InputError, match="ends after the recording"):
            load_stretch(file, sample_rate=RATE, start_s=1.0, end_s=5.0)


@pytest.mark.parametrize("share", [0.15, 0.3, 0.7])
def test_the_last_part_of_a_second_is_heard(share: float, tmp_path, capsys):
    noise = 0.1 * np.random.default_rng(0).standard_normal(2 * RATE)
    soundfile.write(tmp_path / "whole.flac", noise, RATE)
    data = (tmp_path / "whole.flac").read_bytes()
    (tmp_path / "a.flac").write_bytes(data[: int(len(data) * share)])
    heard = load_stretch(tmp_path / "a.flac", sample_rate=RATE)
    # a frame of FLAC is 4096 samples, and noise fills all alike
    assert 2 * share - 0.3 < len(heard) / RATE < 2 * share + 0.3
    np.testing.assert_allclose(heard.wave, noise[: len(heard)], atol=1e-4)
    assert find_songs.main([str(tmp_path / "a.flac")]) == 2
    told = capsys.readouterr().err
    assert f"in {len(heard) / RATE:.1f} s; broken after {len(heard) / RATE:.1f} s" in told


def test_a_row_behind_a_fault_that_can_be_sought_is_heard(tmp_path):
    noise = 0.1 * np.random.default_rng(0).standard_normal(4 * RATE)
    soundfile.write(tmp_path / "a.flac", noise, RATE)
    data = bytearray((tmp_path / "a.flac").read_bytes())
    data[len(data) // 2 : len(data) // 2 + 2000] = bytes(2000)
    (tmp_path / "a.flac").write_bytes(data)
    table = pd.DataFrame(
        {"path": str(tmp_path / "a.flac"), "start_s": [0.2, 3.0], "end_s": [1.0, 3.5]}
    )
    times = [(0.2, 1.0), (3.0, 3.5)]
    for start_s, end_s in times:
        song = load_stretch(tmp_path / "a.flac", sample_rate=RATE, start_s=start_s, end_s=end_s)
        begin = round(start_s * RATE)
        np.testing.assert_allclose(song.wave, noise[begin : begin + len(song)], atol=1e-4)
    hearings = hear_recordings(
        table,
        lambda stretch: [wide_recorder(0)],
        sample_rate=RATE,
        context_s=0.0,
        shortest=100,
    )
    assert [hearing.row for hearing in hearings] == [0, 1]


def table_of(folder: Path, form: str) -> Path:
    time = np.arange(int(LENGTH_S * RATE)) / RATE
    whistles = np.clip(np.sin(2 * np.pi * time / 0.5), 0, 1) ** 2  # one each half second
    file = broken(folder, form, 0.3 * whistles * np.sin(2 * np.pi * 4000 * time))
    rows = ["path,start_s,end_s", f"{file},0.2,1.2", f"{file},1.5,3.5", f"{file},3.2,3.8"]
    (folder / "songs.csv").write_text("\n".join(rows) + "\n")
    return folder / "songs.csv"


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    export_encoder(folder, make_state(make_recipe(SMALL, 0), 0), SMALL, ())
    return folder


@pytest.mark.parametrize("form", ["WAV", "FLAC"])
def test_all_who_listen_tell_it(form: str, tmp_path, run):
    file = table_of(tmp_path, form)
    table = read_song_table(file)
    word = "breaks off after" if form == "WAV" else "broken after"

    def sees(told: list[str], faults: dict[int, str]) -> None:
        text = "\n".join(told)
        assert "1 of 3 songs heard as far as their recording goes:" in text
        assert f"row 2 ({table['path'][0]}): {word}" in text or f"row 2: {table['path'][0]}" in text
        assert list(faults) == [2]
        assert word in faults[2]

    told: list[str] = []
    embedder = make_embedder(load_encoder(run))
    done = embed_to_file(table, embedder, tmp_path / "z.parquet", strict=False, tell=told.append)
    sees(told, done.faults)
    told = []
    options = TableOptions(heard_through=0)
    read = read_songs([file], FrontEnd(), options, tell=told.append)
    sees(told, read.faults)
    told = []
    _, faults = recorded_source(table, DetectorSettings(), strict=False, tell=told.append)
    sees(told, faults)
    told = []
    fitted = fit_songs(file, tmp_path / "fit", refine_steps=0, tell=told.append)
    reasons = fitted.quality["reason"]
    sees(told, {2: reasons[2]} if word in str(reasons[2]) else {})


HEARD = """
import sys, threading
from chingolo.synth.tables.audio import load_audio
from chingolo.synth.tables.content import told_copies

def hear():
    for _ in range(5):
        load_audio(sys.argv[1], sample_rate=22050)

told_copies([sys.argv[1], sys.argv[2]])
threads = [threading.Thread(target=hear) for _ in range(3)]
for thread in threads:
    thread.start()
for number in range(5):
    print(f"line {number}", file=sys.stderr, flush=True)
for thread in threads:
    thread.join()
import os
os.write(2, b"the end\\n")
"""


def test_what_the_decoder_says_is_not_passed_on_and_all_else_is(tmp_path):
    file = broken(tmp_path, "MP3")
    (tmp_path / "text.mp3").write_text("no sound " * 100)
    words = [sys.executable, "-c", HEARD, str(file), str(tmp_path / "text.mp3")]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stderr.splitlines() == [*(f"line {number}" for number in range(5)), "the end"]
