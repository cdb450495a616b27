from typing import Any

import numpy as np
import pytest
from scipy.signal import savgol_filter, welch

from chingolo.synth.recorder.air import air_absorption
from chingolo.synth.recorder.channel import (
    Channel,
    channel_preset,
    random_channel,
    through_channel,
)
from chingolo.synth.recorder.recorders import RECORDERS, Recorder, recorder_set
from chingolo.synth.surrogates.soundscape import background_noise
from chingolo.synth.tables.files import InputError

RATE = 44_100


def song(duration: float = 1.0) -> np.ndarray:
    time = np.arange(int(duration * RATE)) / RATE
    return (0.3 * np.sin(2 * np.pi * 4000 * time) * np.hanning(len(time))).astype(np.float32)


def hear(channel: Channel, wave: np.ndarray | None = None, seed: int = 0) -> np.ndarray:
    return through_channel(
        song() if wave is None else wave,
        channel,
        sample_rate=RATE,
        random=np.random.default_rng(seed),
    )


@pytest.mark.parametrize(
    ("temperature", "humidity", "frequency", "db_per_km"),
    [(20, 70, 1000, 4.98), (20, 70, 4000, 22.9), (20, 70, 8000, 76.6), (10, 70, 8000, 117.0)],
)
def test_air_absorption_table(temperature, humidity, frequency, db_per_km):
    """Values of the table in ISO 9613-2:1996 for atmospheric absorption."""
    found = 1000 * air_absorption(np.array(frequency), temperature=temperature, humidity=humidity)
    assert found == pytest.approx(db_per_km, rel=0.03)


def test_an_empty_channel_changes_nothing():
    np.testing.assert_allclose(hear(Channel()), song(), atol=1e-6)


def test_distance_spreads_and_absorbs():
    gain = np.abs(hear(Channel(distance=50.0))).max() / np.abs(song()).max()
    expected = 10 ** (-50 * air_absorption(np.array(4000.0)) / 20) / 50
    assert gain == pytest.approx(expected, rel=0.02)


def test_snr_is_met():
    for snr in (0.0, 10.0, 20.0):
        wave = np.concatenate([np.zeros(RATE, np.float32), song(), np.zeros(RATE, np.float32)])
        heard = hear(Channel(snr=snr, noise_slope=0.0), wave)
        noise = heard - wave
        loud = wave[np.abs(wave) > 0.03]
        spectrum = np.abs(np.fft.rfft(noise)) ** 2
        frequency = np.fft.rfftfreq(len(noise), 1 / RATE)
        band = (frequency > 1000) & (frequency < 10_000)
        in_band = spectrum[band].sum() / spectrum.sum() * np.mean(noise**2)
        assert 10 * np.log10(np.mean(loud**2) / in_band) == pytest.approx(snr, abs=1.5)


def test_echoes_decay_at_their_time():
    click = np.zeros(RATE, np.float32)
    click[100] = 1.0
    heard = hear(Channel(echo_time=0.5, echo_level=-10.0), click)
    tail = heard[101:]
    assert 10 * np.log10((tail**2).sum()) == pytest.approx(-10, abs=0.1)
    early, late = (np.mean(tail[a : a + 2000] ** 2) for a in (0, 11_025))
    assert 10 * np.log10(early / late) == pytest.approx(30, abs=2)


@pytest.mark.parametrize("name", sorted(RECORDERS))
def test_recorders_limit_the_band(name):
    recorder = RECORDERS[name]
    noise = np.random.default_rng(0).standard_normal(4 * RATE).astype(np.float32) * 0.05
    heard = hear(Channel(recorder=RECORDERS[name]), noise)
    spectrum = np.abs(np.fft.rfft(heard)) ** 2
    frequency = np.fft.rfftfreq(len(heard), 1 / RATE)

    def level(low: float, high: float) -> float:
        return float(spectrum[(frequency > low) & (frequency < high)].mean())

    inside = level(3000, 5000)
    assert level(0, 0.3 * recorder.low) < 0.05 * inside
    if recorder.high * 1.5 < RATE / 2:
        assert level(1.5 * recorder.high, RATE / 2) < 0.1 * inside


def test_tape_wavers_and_digital_does_not():
    def spread(name: str) -> float:
        time = np.arange(3 * RATE) / RATE
        heard = hear(Channel(recorder=RECORDERS[name]), 0.3 * np.sin(2 * np.pi * 4000 * time))
        window = np.ones(400) / 400
        slow = np.convolve(heard * np.exp(-2j * np.pi * 4000 * time), window, "same")
        phase = np.unwrap(np.angle(slow))[2000:-2000:882]
        return float(np.std(np.diff(phase)) / (2 * np.pi * 4000 * 882 / RATE))

    assert 2e-4 < spread("reel-tape-1966") < 5e-3
    assert spread("digital-2020") < 2e-4


def test_random_channels_repeat_with_their_seed():
    first, second = (
        random_channel(np.random.default_rng(4), recorder_set("field-1")) for _ in range(2)
    )
    assert first == second
    np.testing.assert_array_equal(hear(first, seed=1), hear(first, seed=1))
    assert (hear(first, seed=1) != hear(first, seed=2)).any()


def test_presets_and_their_errors():
    assert channel_preset("none") == Channel()
    with pytest.raises(InputError, match="reel-tape-1966"):
        channel_preset("wax-cylinder")


@pytest.mark.parametrize("samples", [0, 1, 3, 50])
def test_very_short_waves(samples):
    heard = hear(channel_preset("reel-tape-1966"), np.full(samples, 0.1, np.float32))
    assert heard.shape == (samples,)
    assert np.isfinite(heard).all()


def test_other_singers_are_heard_at_their_level():
    time = np.arange(RATE) / RATE
    other = np.sin(2 * np.pi * 7000 * time).astype(np.float32)
    heard = through_channel(
        song(),
        Channel(other_singers=1, other_level=-20.0),
        sample_rate=RATE,
        random=np.random.default_rng(0),
        others=(other, other),
    )
    spectrum = np.abs(np.fft.rfft(heard)) * 2 / RATE
    assert spectrum[7000] == pytest.approx(0.1 * np.abs(song()).max(), rel=0.02)
    alone = hear(Channel())
    assert np.abs(np.fft.rfft(alone))[7000] * 2 / RATE < 1e-4


def test_hiss_is_the_same_for_each_hz_at_any_rate():
    """White noise of the level stated in 22.05 kHz, and so 6.4 dB less in 0-5 kHz: 10 log(5/22)."""
    machine = Recorder("flat", low=1e-3, high=1e6, hiss=40.0)
    expected = 0.25 * 10**-4.0 / 22_050  # power density of hiss, peak 0.5
    for rate in (8000, 22_050, 44_100, 96_000):
        wave = np.zeros(4 * rate, np.float32)
        wave[0] = 1.0  # the peak
        heard = through_channel(
            wave,
            Channel(recorder=machine),
            sample_rate=rate,
            random=np.random.default_rng(0),
        )
        frequency, density = welch(heard[rate:], rate, nperseg=1024)
        inside = (frequency > 500) & (frequency < 3500)
        assert 10 * np.log10(density[inside].mean() / expected) == pytest.approx(0, abs=0.25)


@pytest.mark.parametrize("slope", [0.0, -3.0, -6.0])
def test_background_is_the_same_for_each_hz_at_any_rate(slope: float):
    """Power 10^(slope/10) an octave above 1 kHz, 0.5 / 100 of it in 1-10 kHz: of slower rates, too.

    At 8 kHz, all of that power once lay within 1-4 kHz: 4.8 dB too strong where it is white.
    """
    power = slope / (10 * np.log10(2))
    hz = np.linspace(1000, 10_000, 90_001)
    expected = 0.5 / 100 * 2000**power / (hz**power).mean() / 9000  # at 2 kHz
    for rate in (8000, 16_000, 22_050, 48_000):
        tone = np.sin(2 * np.pi * 700 * np.arange(8 * rate) / rate).astype(np.float32)
        channel = Channel(snr=20.0, noise_slope=slope)
        noise = (
            through_channel(tone, channel, sample_rate=rate, random=np.random.default_rng(0)) - tone
        )
        frequency, density = welch(noise, rate, nperseg=rate // 20)
        level = np.interp(2000.0, frequency, np.asarray(savgol_filter(density, 21, 2)))
        assert 10 * np.log10(level / expected) == pytest.approx(0, abs=0.4)


class AlikeAtAnyRate:
    """Draws of everything but the noise itself that do not depend on how long it is."""

    def __init__(self, seed: int):
        self.noise, self.rest = (np.random.default_rng([seed, k]) for k in range(2))

    def standard_normal(self, size, **given):
        return self.noise.standard_normal(size, **given)

    def __getattr__(self, name: str):
        return getattr(self.rest, name)


@pytest.mark.parametrize("seed", range(4))
def test_noise_of_scenes_is_as_strong_at_any_rate(seed: int):
    """One and the same shape, heard at three rates."""
    level = []
    for rate in (8000, 16_000, 24_000):
        random: Any = AlikeAtAnyRate(seed)
        noise = background_noise(8 * rate, rate, random)
        frequency, density = welch(noise, rate, nperseg=rate // 20)
        inside = (frequency > 1200) & (frequency < 3600)
        level.append(10 * np.log10(density[inside].mean()))
    assert np.ptp(level) < 0.4


@pytest.mark.parametrize("speed", [0.02, -0.02])
def test_a_machine_that_runs_at_a_wrong_speed(speed: float):
    rate = 44_100
    time = np.arange(rate) / rate
    wave = np.sin(2 * np.pi * 3000 * time) * (np.abs(time - 0.5) < 0.25)
    machine = Recorder("slipping", low=1e-3, high=1e6, hiss=120.0, speed=speed)
    heard = through_channel(
        wave, Channel(recorder=machine), sample_rate=rate, random=np.random.default_rng(0)
    )
    spectrum = np.abs(np.fft.rfft(heard, 8 * rate))
    assert spectrum.argmax() / 8 == pytest.approx(3000 * (1 + speed), abs=0.5)
    sounding = np.flatnonzero(np.abs(heard) > 0.1) / rate
    assert np.ptp(sounding) == pytest.approx(0.5 / (1 + speed), abs=1e-3)
    assert sounding[0] == pytest.approx(0.25 / (1 + speed), abs=1e-3)
