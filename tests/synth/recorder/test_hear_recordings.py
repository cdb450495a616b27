"""Songs cut from whole recordings after another recorder heard them."""

import numpy as np
import pandas as pd
import pytest
import soundfile

from chingolo.synth.recorder.hear_recordings import find_stretches, hear_recordings
from chingolo.synth.recorder.parts.registry import PARTS
from chingolo.synth.recorder.wide import WideRecorder

RATE = 22_050
NOTHING = WideRecorder("wide-1", (), 0.0, 1)


@pytest.fixture
def table(tmp_path) -> pd.DataFrame:
    """A recording of 20 s with tones at 2, 4 and 15 s, and one of a single song without times."""
    time = np.arange(20 * RATE) / RATE
    wave = 0.001 * np.random.default_rng(0).standard_normal(len(time))
    for number, start in enumerate((2.0, 4.0, 15.0)):
        here = (time >= start) & (time < start + 0.5)
        wave[here] += 0.3 * np.sin(2 * np.pi * (2000 + 1000 * number) * time[here])
    soundfile.write(tmp_path / "long.wav", wave, RATE)
    soundfile.write(tmp_path / "short.wav", wave[2 * RATE : 3 * RATE], RATE)
    return pd.DataFrame(
        {
            "path": [str(tmp_path / "long.wav")] * 3 + [str(tmp_path / "short.wav")],
            "start_s": [15.0, 2.0, 4.0, np.nan],
            "end_s": [15.5, 2.5, 4.5, np.nan],
        }
    )


def heard(table, *recorders):
    return list(
        hear_recordings(
            table, lambda stretch: recorders, sample_rate=RATE, context_s=0.25, shortest=512
        )
    )


def pitch(wave):
    return np.argmax(np.abs(np.fft.rfft(wave))) * RATE / len(wave)


def test_songs_near_each_other_share_a_stretch(table):
    rows = [stretch.rows for stretch in find_stretches(table)]
    assert sorted(rows) == [(0,), (1, 2), (3,)]
    numbers = {stretch.number for stretch in find_stretches(table)}
    assert len(numbers) == 3
    moved = table.assign(path=table["path"].str.replace("/long", "//long"))
    assert {stretch.number for stretch in find_stretches(moved)} == numbers


def test_a_recorder_that_does_nothing_leaves_songs_where_they_are(table):
    found = {hearing.row: hearing.song for hearing in heard(table, NOTHING)}
    assert sorted(found) == [0, 1, 2, 3]
    for row, expected in ((0, 4000), (1, 2000), (2, 3000)):
        assert len(found[row]) == pytest.approx(0.5 * RATE, abs=2)
        assert pitch(found[row].song) == pytest.approx(expected, abs=3)
        assert found[row].start == pytest.approx(0.25 * RATE, abs=2)
    assert len(found[3]) == RATE


def test_at_another_speed_songs_are_cut_where_they_have_moved_to(table):
    speed = PARTS["speed"].settings
    fast = WideRecorder("wide-1", (("speed", speed(1.04)),), 0.0, 1)
    found = {hearing.row: hearing.song for hearing in heard(table, fast)}
    for row, expected in ((0, 4160), (1, 2080), (2, 3120)):
        song = found[row].song
        assert len(song) == pytest.approx(0.5 * RATE / 1.04, abs=3)
        assert pitch(song) == pytest.approx(expected, abs=4)
        loud = np.abs(song) > 0.15
        assert loud[: RATE // 50].any()
        assert loud[-RATE // 50 :].any()
