import numpy as np
import pandas as pd
import pytest
import soxr
from scipy import signal

from chingolo.analysis.change.describe_songs import describe
from chingolo.analysis.change.design.eras import Eras, find_eras
from chingolo.analysis.recorder.channel_measures import measure_channel, measure_era
from chingolo.analysis.recorder.equalise import equalise, with_noise
from chingolo.analysis.settings import CompareSettings
from chingolo.synth.recorder.channel import Channel, through_channel
from chingolo.synth.recorder.recorders import RECORDERS
from chingolo.synth.score.repertoire_file import load_repertoire
from chingolo.synth.surrogates.scenes import DEFAULTS, sing_own
from chingolo.synth.tables.files import InputError

SAMPLE_RATE = 22050


def song(rate: float = 12.0, *, noise: float = 0.0, seed: int = 0) -> np.ndarray:
    """A falling whistle and a trill; `noise` is the level of white noise."""
    whistle = signal.chirp(np.arange(int(0.4 * SAMPLE_RATE)) / SAMPLE_RATE, 5000, 0.4, 3000)
    length = round(SAMPLE_RATE / rate)
    note = np.zeros(length)
    sounding = int(0.6 * length)
    time = np.arange(sounding) / SAMPLE_RATE
    note[:sounding] = signal.chirp(time, 6000, time[-1], 3500) * np.hanning(sounding)
    silence = np.zeros(SAMPLE_RATE // 8)
    wave = np.concatenate([silence, whistle, silence[::4], np.tile(note, int(rate)), silence])
    return 0.3 * wave + noise * np.random.default_rng(seed).standard_normal(len(wave))


@pytest.mark.parametrize("rate", [4.0, 8.0, 18.0, 25.0])
def test_trill_rate_is_measured(rate):
    for noise in (0.001, 0.01):
        found = describe(song(rate, noise=noise), sample_rate=SAMPLE_RATE)
        assert found["trill_rate_hz"] == pytest.approx(rate, rel=0.03)


def test_pitch_and_duration_are_measured():
    found = describe(song(12.0, noise=0.001), sample_rate=SAMPLE_RATE)
    assert found["f0_low_hz"] == pytest.approx(3200, abs=300)
    assert found["f0_high_hz"] == pytest.approx(5600, abs=400)
    assert found["duration_s"] == pytest.approx(1.4, abs=0.1)
    assert all(
        np.isnan(value) for value in describe(np.zeros(8000), sample_rate=SAMPLE_RATE).values()
    )
    assert all(
        np.isnan(value) for value in describe(np.zeros(10), sample_rate=SAMPLE_RATE).values()
    )


def test_noise_is_brought_to_the_wanted_level():
    random = np.random.default_rng(0)
    wave = song(12.0, noise=0.0005)
    before = measure_channel(wave, sample_rate=SAMPLE_RATE, nyquist=11025)
    noisy = with_noise(wave, before.snr, 15.0, sample_rate=SAMPLE_RATE, random=random)
    after = measure_channel(noisy, sample_rate=SAMPLE_RATE, nyquist=11025)
    assert before.snr > 25
    assert after.snr == pytest.approx(15.0, abs=2.0)
    same = with_noise(wave, before.snr, before.snr + 1, sample_rate=SAMPLE_RATE, random=random)
    assert same is wave


def test_a_whistle_from_edge_to_edge_is_no_background():
    noise = np.random.default_rng(0).normal(0, 0.01, 2 * SAMPLE_RATE)
    whistle = 0.3 * np.sin(2 * np.pi * 4000 / SAMPLE_RATE * np.arange(len(noise)))
    # white noise of power 1e-4 up to 11,025 Hz, of which the song band holds 9000 Hz
    expected = 10 * np.log10(0.3**2 / 2 / (1e-4 * 9000 / 11025))
    channel = measure_channel(noise + whistle, sample_rate=SAMPLE_RATE, nyquist=11025)
    assert channel.snr == pytest.approx(expected, abs=2)
    era = measure_era([channel], [], sample_rate=SAMPLE_RATE)
    assert (era.low, era.high) == (50.0, 11025.0)  # what is white has no limits
    alone = measure_channel(noise, sample_rate=SAMPLE_RATE, nyquist=11025)
    away = np.abs(np.linspace(0, 11025, 257) - 4000) > 500
    assert np.abs(channel.floor - alone.floor)[away][1:].max() < 2  # each frame's mean is taken off


def test_songs_cut_at_their_edges_stand_above_noise_as_they_were_sung():
    random, errors = np.random.default_rng(1), []
    songs = sing_own(load_repertoire("zonotrichia_capensis"), 12, DEFAULTS, 5, SAMPLE_RATE)
    for number, sung in enumerate(songs):
        wanted = (5.0, 15.0, 25.0)[number % 3]
        channel = Channel(list(RECORDERS.values())[number % 4], snr=wanted)
        wave = through_channel(sung, channel, sample_rate=SAMPLE_RATE, random=random)
        errors.append(measure_channel(wave, sample_rate=SAMPLE_RATE, nyquist=11025).snr - wanted)
    # the whole song cut out, no pause at its edges: notes were taken for noise, up to 8 dB
    assert np.max(np.abs(errors)) < 4
    assert np.median(np.abs(errors)) < 1.5


def test_band_of_an_unknown_recorder_is_measured():
    sos = signal.butter(8, [400, 7000], "band", fs=SAMPLE_RATE, output="sos")
    wave = np.asarray(signal.sosfilt(sos, song(12.0, noise=0.01)))
    channel = measure_channel(wave, sample_rate=SAMPLE_RATE, nyquist=11025)
    era = measure_era([channel], [], sample_rate=SAMPLE_RATE)
    assert 150 < era.low < 400
    assert 7000 < era.high < 9500
    assert era.devices == ()


@pytest.mark.parametrize("sample_rate", [SAMPLE_RATE, 16000])
@pytest.mark.parametrize("devices", [("reel-tape-1966", "digital-2020"), ("", "")])
def test_eras_are_made_alike(devices, sample_rate):
    waves, rows = [], []
    for era, (noise, device) in enumerate(zip((0.02, 0.0005), devices, strict=True)):
        for i in range(4):
            wave = song(10.0 + i, noise=noise, seed=i)
            waves.append(wave if sample_rate == SAMPLE_RATE else resampled(wave, sample_rate))
            rows.append({"era": ("1966", "2020")[era], "device": device})
    songs = pd.DataFrame(rows)
    eras = find_eras(songs, CompareSettings())
    assert eras is not None
    made = equalise(waves, eras, sample_rate=sample_rate, devices=songs["device"].tolist())
    assert [len(wave) for wave in made.waves] == [len(wave) for wave in waves]
    assert all(old is again for old, again in zip(made.waves[:4], made.rerecorded[:4], strict=True))

    def levels(waves):
        for wave in waves:
            yield measure_channel(wave, sample_rate=sample_rate, nyquist=sample_rate / 2).snr

    snr = np.array(list(levels(made.waves)))
    assert abs(snr[:4].mean() - snr[4:].mean()) < 2.5
    again = np.array(list(levels(made.rerecorded[4:])))
    assert abs(again.mean() - snr[4:].mean()) < 2.5
    if devices[0]:
        high = min(RECORDERS[devices[0]].high, sample_rate / 2)
        assert f"{high:.0f} Hz" in made.remarks[0]
    found = describe(made.waves[5], sample_rate=sample_rate)
    assert found["trill_rate_hz"] == pytest.approx(11.0, rel=0.03)


def resampled(wave: np.ndarray, sample_rate: int) -> np.ndarray:
    return soxr.resample(wave, SAMPLE_RATE, sample_rate)


def test_songs_of_neither_era_are_not_heard():
    eras = Eras("1966", "2020", np.array([0, -1, 1]))
    waves = [song(10.0, noise=0.01), np.zeros(0), song(12.0, noise=0.001)]
    made = equalise(waves, eras, sample_rate=SAMPLE_RATE)
    assert len(made.waves[1]) == len(made.rerecorded[1]) == 0
    assert not np.array_equal(made.waves[2], made.rerecorded[2])


def test_eras_that_share_no_band_are_refused():
    sos = signal.butter(8, 1500, "high", fs=SAMPLE_RATE, output="sos")
    waves = [np.asarray(signal.sosfilt(sos, song(12.0, noise=0.01))), song(12.0, noise=0.01)]
    eras = Eras("1966", "2020", np.array([0, 1]))
    with pytest.raises(InputError, match="share no band"):
        equalise(waves, eras, sample_rate=SAMPLE_RATE, nyquist=[11025.0, 2000.0])
