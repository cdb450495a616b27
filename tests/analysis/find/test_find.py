import io
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pandas as pd
import pytest
import soundfile
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from chingolo.analysis.find import events
from chingolo.analysis.find.events import Thresholds
from chingolo.analysis.find.find import (
    find_songs,
    load_detector,
    shipped_detectors,
    thresholds_of,
)
from chingolo.analysis.find.pcm import Pcm, open_pcm, pcm_blocks
from chingolo.analysis.find.recordings import audio_below
from chingolo.scripts import find_songs as command
from chingolo.synth.recorder.channel import Channel, through_channel
from chingolo.synth.recorder.recorders import DIGITAL_2020
from chingolo.synth.score.repertoire_file import load_repertoire
from chingolo.synth.surrogates.scenes import sing_own
from chingolo.synth.surrogates.soundscape import DEFAULTS
from chingolo.synth.tables.annotations import read_annotations
from chingolo.synth.tables.files import InputError
from chingolo.synth.tables.song_table import read_song_table
from chingolo.train.detector import streaming

RATE = 22_050


@pytest.fixture(scope="session")
def heard() -> tuple[np.ndarray, np.ndarray]:
    """Twenty seconds with four songs at 15 dB, and where they are."""
    songs = sing_own(load_repertoire("zonotrichia_capensis"), 4, DEFAULTS, 5, RATE)
    wave = np.zeros(20 * RATE, np.float32)
    spans = []
    for number, song in enumerate(songs):
        start = round((1 + 4.7 * number) * RATE)
        wave[start : start + len(song)] += song
        spans.append((start / RATE, (start + len(song)) / RATE))
    channel = Channel(DIGITAL_2020, snr=15.0, distance=10.0)
    random = np.random.default_rng(0)
    return through_channel(wave, channel, sample_rate=RATE, random=random), np.array(spans)


@pytest.fixture(scope="session")
def detector() -> streaming.Detector:
    return load_detector("zonotrichia_capensis")


@pytest.fixture(scope="session")
def offline(heard, detector) -> np.ndarray:
    return streaming.score(detector, heard[0])


def cut(wave: np.ndarray, sizes: list[int]) -> list[np.ndarray]:
    chunks, at = [], 0
    while at < len(wave):
        size = sizes[len(chunks) % len(sizes)]
        chunks.append(wave[at : at + size])
        at += size
    return chunks


def test_the_stream_is_the_network_that_was_trained(detector):
    from chingolo.train.detector.network import DetectorNetwork

    features = np.random.default_rng(0).normal(0, 1, (300, 40)).astype(np.float32)
    tree: dict[str, Any] = {}
    for name, value in detector.arrays.items():
        *path, last = name.split("/")
        place = tree
        for part in path:
            place = place.setdefault(part, {})
        if name != "mel":
            place[last] = value
    trained: Any = jax.jit(DetectorNetwork((16, 24), 48).apply)({"params": tree}, features[None])
    streamed, _ = streaming.network(detector.arrays, streaming.begin(detector).context, features)
    np.testing.assert_allclose(streamed, trained[0], atol=1e-4)
    assert (
        sum(value.size for value in detector.arrays.values())
        < 100_000 + detector.arrays["mel"].size
    )


@settings(max_examples=12, deadline=None)
@given(
    st.lists(
        st.one_of(st.integers(1, 50), st.integers(51, 10 * RATE)), min_size=1, max_size=6
    ).filter(lambda sizes: sum(sizes) / len(sizes) > 40)
)
def test_scores_do_not_depend_on_the_chunks(heard, detector, offline, sizes):
    wave = heard[0]
    state, scores = streaming.begin(detector), []
    for chunk in cut(wave, sizes):
        state, more = streaming.advance(detector, state, chunk)
        scores.append(more)
    scores.append(streaming.finish(detector, state))
    np.testing.assert_allclose(np.concatenate(scores), offline, rtol=0, atol=1e-5)


def test_scores_do_not_depend_on_single_samples(heard, detector):
    wave = heard[0][:RATE]
    state, scores = streaming.begin(detector), []
    for sample in range(len(wave)):
        state, more = streaming.advance(detector, state, wave[sample : sample + 1])
        scores.append(more)
    scores.append(streaming.finish(detector, state))
    np.testing.assert_allclose(
        np.concatenate(scores), streaming.score(detector, wave), rtol=0, atol=1e-5
    )


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.integers(1, 60), min_size=1, max_size=8))
def test_events_do_not_depend_on_the_chunks(seed, sizes):
    random = np.random.default_rng(seed)
    walk = np.cumsum(random.normal(0, 0.8, 400)) - np.linspace(0, 3, 400)
    scores = np.repeat(1 / (1 + np.exp(-walk)), 3).reshape(-1, 3).astype(np.float32)
    limits = Thresholds(high=0.6, least_s=0.1, most_s=2.0)
    times = {"first_s": 0.02, "frame_s": 0.0232}

    def heard_in(chunks: list[np.ndarray]) -> list[events.Event]:
        state, found = events.begin(), []
        for chunk in chunks:
            state, more = events.follow(state, chunk, limits, **times)  # type: ignore[arg-type]
            found += more
        empty = np.zeros((0, 3), np.float32)
        _, more = events.follow(state, empty, limits, last=True, **times)  # type: ignore[arg-type]
        return found + more

    whole = heard_in([scores])
    assert heard_in(cut(scores, sizes)) == whole
    assert all(a.end <= b.start + 1e-9 for a, b in pairwise(whole))
    assert all(event.end - event.start <= 2.03 for event in whole)


@pytest.mark.parametrize("rate", [22_050, 48_000])
def test_songs_are_found_in_time(heard, detector, rate):
    wave, spans = heard
    stream = np.asarray(soxr.resample(wave, RATE, rate))
    chunks = cut(stream, [rate // 20])
    found = list(find_songs(chunks, rate, detector, thresholds_of(detector), context_s=0.7))
    assert len(found) == len(spans)
    for song, (start, end) in zip(found, spans, strict=True):
        assert abs(song.start_s - start) < 0.3
        assert abs(song.end_s - end) < 0.2
        assert song.known_s - song.end_s <= 0.5
        assert song.heard is not None
        assert len(song.heard) == pytest.approx((song.end_s - song.start_s) * rate, abs=2)
        # the recording as it is around the song: 0.7 s before, behind it what was heard by then
        assert song.heard.start == pytest.approx(min(0.7, song.start_s) * rate, abs=2)
        assert 0.2 * rate < len(song.heard.wave) - song.heard.stop < 0.5 * rate
        first = round(song.start_s * rate) - song.heard.start
        of_stream = stream[first : first + len(song.heard.wave)]
        best = min(
            np.abs(stream[first + by : first + by + len(of_stream)] - song.heard.wave).max()
            for by in (-1, 0, 1)
        )
        assert best == 0


def test_shipped_detectors_are_small_and_tell_what_they_are():
    shipped = shipped_detectors()
    assert set(shipped) == {"any", "zonotrichia_capensis", "emberiza_citrinella"}
    for path in shipped.values():
        assert path.stat().st_size < 500_000
        assert "real recordings" in path.with_suffix(".md").read_text().lower()


def bad_folder(folder: Path, wave: np.ndarray) -> Path:
    folder.mkdir()
    soundfile.write(folder / "a_good.flac", wave, RATE)
    whole = (folder / "a_good.flac").read_bytes()
    (folder / "b_truncated.flac").write_bytes(whole[: len(whole) // 2])
    soundfile.write(folder / "c_silent.wav", np.zeros(3 * RATE), RATE)
    soundfile.write(folder / "d_clipped.wav", np.clip(30 * wave, -1, 1), RATE)
    broken = wave.copy()
    broken[1000:1100] = np.nan
    broken[5000] = np.inf
    soundfile.write(folder / "e_nan.wav", broken, RATE, subtype="FLOAT")
    soundfile.write(folder / "f_slow.wav", wave[::3], 8000)
    fast = np.asarray(soxr.resample(wave, RATE, 192_000))
    soundfile.write(folder / "g_five.wav", np.repeat(fast[:, None], 5, 1), 192_000)
    (folder / "h_text.wav").write_text("no audio at all")
    soundfile.write(folder / "i_empty.wav", np.zeros(0), RATE)
    return folder


def test_one_bad_file_stops_nothing(heard, tmp_path, capsys):
    folder = bad_folder(tmp_path / "field", heard[0])
    out = tmp_path / "songs.csv"
    assert command.main([str(folder), "--out", str(out)]) == 2
    told = capsys.readouterr().err.splitlines()
    assert "3 of 9 recordings not read to the end" in told[-1]
    assert "Traceback" not in "".join(told)
    lines = {line.split("/")[-1].split(":")[0]: line for line in told[:-1]}
    assert "broken" in lines["b_truncated.flac"] or "breaks off" in lines["b_truncated.flac"]
    assert "silent" in lines["c_silent.wav"]
    assert "clipped" in lines["d_clipped.wav"]
    assert "not finite" in lines["e_nan.wav"]
    assert "not audio" in lines["h_text.wav"]
    assert "no audio" in lines["i_empty.wav"]
    table = read_song_table(out)
    songs = table["path"].str.rsplit("/", n=1).str[-1].value_counts()
    assert songs["a_good.flac"] == 4
    assert songs["e_nan.wav"] == 4
    assert songs["g_five.wav"] == 4
    assert 1 <= songs["b_truncated.flac"] < 4
    assert "c_silent.wav" not in songs


@pytest.mark.parametrize(
    "name", ["songs.csv", "songs.selections.txt", "songs.txt", "songs.parquet"]
)
def test_every_form_reads_back(heard, tmp_path, name):
    audio = tmp_path / "one.wav"
    soundfile.write(audio, heard[0], RATE)
    assert command.main([str(audio), "--out", str(tmp_path / name)]) == 0
    table = read_annotations(tmp_path / name)
    assert table["path"].tolist() == [str(audio)] * 4
    np.testing.assert_allclose(table["start_s"], heard[1][:, 0], atol=0.3)
    assert set(table["species"]) == {"Zonotrichia capensis"}


@pytest.mark.parametrize("header", [False, True])
def test_standard_input(heard, tmp_path, monkeypatch, header):
    stereo = np.repeat(heard[0][:, None], 2, 1)
    if header:
        stream = io.BytesIO()
        soundfile.write(stream, stereo, RATE, format="WAV", subtype="PCM_16")
        data, options = stream.getvalue(), ["--sample-rate", "9000"]
    else:
        data = (stereo * 2**31).astype("<i4").tobytes()
        options = ["--sample-rate", str(RATE), "--channels", "2", "--format", "s32"]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    out = tmp_path / "live.csv"
    assert command.main(["-", "--out", str(out), "--name", str(tmp_path / "x.wav"), *options]) == 0
    assert len(pd.read_csv(out)) == 4


def test_a_frame_cut_by_a_read_waits_for_its_rest():
    values = np.arange(30, dtype="<i2").reshape(10, 3)
    data = values.tobytes()

    class Trickle:
        def __init__(self):
            self.at = 0

        def read(self, size: int) -> bytes:
            self.at += min(size, 7)
            return data[self.at - min(size, 7) : self.at]

    stream: Any = Trickle()
    pcm, start = open_pcm(stream, Pcm(8000, 3, "s16"))
    blocks = np.concatenate(list(pcm_blocks(stream, pcm, start, 1.0)))
    np.testing.assert_array_equal(blocks * 32768, values)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere.wav"], "nowhere.wav: no such file"),
        (["-", "x.wav"], "goes alone"),
        (["x.wav", "--detector", "dodo"], "no such detector"),
        (["x.wav", "--threshold", "2"], "between 0 and 1"),
        (["x.wav", "--reference", "r.parquet"], "go together"),
        (["x.wav", "--out", "songs.doc"], "expected .csv"),
    ],
)
def test_wrong_requests_are_told(arguments, told, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    soundfile.write("x.wav", np.zeros(100), 8000)
    assert command.main(arguments) == 2
    assert told in capsys.readouterr().err.splitlines()[-1]


def test_opposite_channels_are_told_and_one_can_be_chosen(heard, tmp_path, capsys):
    wave = heard[0] / 2
    noise = np.random.default_rng(1).normal(0, 1e-3, (2, len(wave)))
    audio, out = tmp_path / "a.wav", tmp_path / "songs.csv"
    soundfile.write(audio, (np.stack([wave, -wave]) + noise).T, RATE)
    assert command.main([str(audio), "--out", str(out)]) == 0
    assert "channels cancel each other" in capsys.readouterr().err
    words = [f"{tmp_path}/./a.wav", "--channel", "2", "--out", str(out), "--force"]
    assert command.main([str(audio), *words]) == 0
    assert "cancel" not in capsys.readouterr().err
    table = read_song_table(out)
    assert table["channel"].tolist() == [2] * 4
    np.testing.assert_allclose(table["start_s"], heard[1][:, 0], atol=0.3)
    assert command.main([str(audio), "--channel", "3", "--out", str(out)]) == 2
    assert "is there already" in capsys.readouterr().err
    assert command.main([str(audio), "--channel", "3", "--out", str(out), "--force"]) == 2
    assert "no channel 3 (it has 2)" in capsys.readouterr().err


def test_hidden_files_are_no_recordings(tmp_path):
    for name in ("day/rec.flac", "day/._rec.flac", ".Trashes/old.wav", "._rec.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"no audio")
    assert audio_below(tmp_path) == [tmp_path / "day" / "rec.flac"]


def test_a_long_wav_is_read_by_its_header():
    stream = io.BytesIO()
    soundfile.write(stream, np.full(160, 0.5), 16000, format="RF64", subtype="PCM_16")
    stream.seek(0)
    pcm, start = open_pcm(stream, Pcm(48000, 2, "f32"))
    assert pcm == Pcm(16000, 1, "s16", 320)
    (block,) = pcm_blocks(stream, pcm, start, 1.0)
    np.testing.assert_allclose(block, np.full((160, 1), 0.5), atol=1e-4)


@pytest.mark.parametrize("form", ["AIFF", "CAF", "W64", "AU", "FLAC", "OGG"])
def test_other_containers_are_no_raw_samples(form):
    stream = io.BytesIO()
    soundfile.write(stream, np.zeros(160), 16000, format=form)
    stream.seek(0)
    with pytest.raises(InputError, match="another kind"):
        open_pcm(stream, Pcm(48000, 1, "s16"))


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("songs.csv", "path,start_s,end_s,species,score,detector\n"),
        ("songs.selections.txt", None),
        ("songs.txt", ""),
        ("songs.parquet", None),
    ],
)
def test_nothing_found_is_a_table_with_its_columns(heard, tmp_path, name, header):
    soundfile.write(tmp_path / "one.wav", heard[0], RATE)
    soundfile.write(tmp_path / "none.wav", np.random.default_rng(0).normal(0, 0.01, RATE), RATE)
    out, full = tmp_path / name, tmp_path / f"full_{name}"
    assert command.main([str(tmp_path / "none.wav"), "--out", str(out)]) == 0
    assert command.main([str(tmp_path / "one.wav"), "--out", str(full)]) == 0
    if header is not None:
        assert out.read_text() == header
    if name.endswith(".parquet"):
        empty, songs = pd.read_parquet(out), pd.read_parquet(full)
        assert (len(empty), len(songs)) == (0, 4)
        assert empty.dtypes.to_dict() == songs.dtypes.to_dict()
    elif header != "":
        assert out.read_text() == full.read_text().split("\n", 1)[0] + "\n"


def test_linked_folders_are_entered_once_and_rings_of_links_end(tmp_path: Path):
    card, project = tmp_path / "card", tmp_path / "project"
    (card / "day").mkdir(parents=True)
    project.mkdir()
    (card / "day" / "a.wav").write_bytes(b"")
    (card / "ring").symlink_to(card)
    (project / "linked").symlink_to(card)
    (project / "b.flac").write_bytes(b"")
    assert audio_below(project) == [project / "b.flac", project / "linked" / "day" / "a.wav"]


def test_a_link_keeps_its_name_in_the_table(heard, tmp_path):
    soundfile.write(tmp_path / "long name.wav", heard[0], 22_050)
    (tmp_path / "link.wav").symlink_to(tmp_path / "long name.wav")
    assert command.main([str(tmp_path / "link.wav"), "--out", str(tmp_path / "out.csv")]) == 0
    rows = (tmp_path / "out.csv").read_text().splitlines()[1:]
    assert rows
    assert all(row.startswith("link.wav,") for row in rows)
