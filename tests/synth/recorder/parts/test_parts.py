"""Each part does what it says, measured by scipy and closed forms."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy import signal, stats
from scipy.integrate import quad

from chingolo.synth.recorder.parts.registry import PARTS

RATE = 44_100


def hear(name: str, wave: np.ndarray, **settings: Any) -> np.ndarray:
    part, random = PARTS[name], np.random.default_rng(0)
    heard = part.hear(part.settings(**settings), wave.astype(np.float32), RATE, random)
    assert heard.dtype == np.float32
    assert heard.shape == wave.shape
    return heard.astype(float)


def tone(hz: float, seconds: float = 2.0, rate: int = RATE) -> np.ndarray:
    return np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)


def white(seconds: float = 4.0, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(round(seconds * RATE)) * 0.1


def click(at: float = 0.1, seconds: float = 2.0) -> np.ndarray:
    wave = np.zeros(round(seconds * RATE))
    wave[round(at * RATE)] = 1.0
    return wave


def analytic(wave: np.ndarray) -> np.ndarray:
    return np.asarray(signal.hilbert(wave))


def amplitude(wave: np.ndarray, hz: float, rate: int = RATE) -> float:
    """Of a steady tone, by projection over the inner half."""
    window = np.hanning(len(wave))
    turn = np.exp(-2j * np.pi * hz * np.arange(len(wave)) / rate)
    return float(2 * np.abs(np.sum(wave * window * turn)) / window.sum())


def slope_db(noise: np.ndarray, low: float, high: float) -> float:
    """dB per octave between two frequencies."""
    hz, density = signal.welch(noise, RATE, nperseg=8192)
    chosen = (hz > low) & (hz < high)
    return float(np.polyfit(np.log2(hz[chosen]), 10 * np.log10(density[chosen]), 1)[0])


def in_band(noise: np.ndarray, low: float, high: float) -> float:
    hz, density = signal.welch(noise, RATE, nperseg=8192)
    return float(density[(hz >= low) & (hz <= high)].sum() * (hz[1] - hz[0]))


@pytest.mark.parametrize("factor", [0.96, 0.985, 1.04])
def test_speed_changes_the_pitch(factor):
    heard = hear("speed", tone(3000), factor=factor)[2000:-4000]
    rising = np.flatnonzero((heard[:-1] < 0) & (heard[1:] >= 0))
    exact = rising - heard[rising] / (heard[rising + 1] - heard[rising])
    pitch = RATE * (len(exact) - 1) / (exact[-1] - exact[0])
    assert pitch == pytest.approx(3000 * factor, rel=1e-6)
    assert np.std(heard) == pytest.approx(np.sqrt(0.5), rel=0.01)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("speed", {"factor": 0.965}),
        ("speed", {"factor": 1.03}),
        (
            "wow",
            {"wow": 0.01, "wow_rate": 0.5, "flutter": 0.003, "flutter_rate": 9.0, "phase": 1.0},
        ),
    ],
)
def test_what_moves_is_found_where_it_is_said_to_be(name, settings):
    times = np.array([0.3, 1.1, 2.2, 3.0, 3.7])
    wave = np.sum([click(at, 4.0) for at in times], axis=0)
    heard = np.abs(hear(name, wave, **settings))
    moved = PARTS[name].heard_at
    assert moved is not None
    said = moved(PARTS[name].settings(**settings), times, 4.0)
    assert np.abs(said - times).max() > 0.001
    for at in said:
        near = slice(round((at - 0.02) * RATE), round((at + 0.02) * RATE))
        found = (near.start + heard[near].argmax()) / RATE
        assert found == pytest.approx(at, abs=1e-4)


def test_wow_and_flutter_waver_by_their_depth():
    settings = {"wow": 0.008, "wow_rate": 1.0, "flutter": 0.003, "flutter_rate": 11.0, "phase": 0.5}
    heard = hear("wow", tone(3000, 4.0), **settings)
    pitch = np.diff(np.unwrap(np.angle(analytic(heard)))) * RATE / (2 * np.pi)
    deviation = (pitch / 3000 - 1)[RATE // 2 : -RATE // 2][: 3 * RATE]
    time = np.arange(len(deviation)) / RATE
    for depth, rate in ((0.008, 1.0), (0.003, 11.0)):
        found = 2 * abs(np.mean(deviation * np.exp(-2j * np.pi * rate * time)))
        assert found == pytest.approx(depth, rel=0.02)


def test_a_second_bird_is_added_at_its_level():
    wave = tone(3000, 8.0) * np.hanning(8 * RATE)
    settings = {"level": -6.0, "every": 2.0, "notes": 4, "pitch": 4000.0, "seed": 3}
    added = hear("second-bird", wave, **settings) - wave
    level = 20 * np.log10(np.abs(added).max() / np.abs(wave).max())
    assert -6 + 20 * np.log10(0.7) - 0.1 <= level <= -5.9
    # The same song four times, and nothing out of half an octave about its pitch and its sweeps.
    envelope = np.abs(analytic(added))
    again = signal.correlate(envelope - envelope.mean(), envelope - envelope.mean(), method="fft")
    lag = np.arange(len(again)) - len(wave) + 1
    near = (lag > RATE) & (lag < 3 * RATE)
    assert lag[near][again[near].argmax()] / RATE == pytest.approx(2.0, abs=0.01)
    assert in_band(added, 1500, 10_000) > 0.98 * in_band(added, 0, RATE / 2)


ROOM = {"decay": 0.8, "damping": 1.0, "direct": 0.0, "first": 0.01, "early": 0.2, "seed": 5}


def decay_time(response: np.ndarray) -> float:
    """Reverberation time by Schroeder's backward integration, from -5 to -30 dB (ISO 3382)."""
    left = np.cumsum(response[::-1] ** 2)[::-1]
    level = 10 * np.log10(np.maximum(left / left[0], 1e-12))
    fit = (level < -5) & (level > -30)
    return float(-60 / np.polyfit(np.flatnonzero(fit) / RATE, level[fit], 1)[0])


@pytest.mark.parametrize("decay", [0.2, 0.5, 1.2])
def test_a_room_decays_at_its_time(decay):
    heard = hear("room", click(), **{**ROOM, "decay": decay})
    tail = heard[round(0.1 * RATE) + round((0.01 + 0.05) * RATE) :]
    assert decay_time(tail) == pytest.approx(decay, rel=0.06)


@pytest.mark.parametrize("direct", [-6.0, 0.0, 12.0])
def test_a_room_keeps_its_direct_sound_first(direct):
    heard = hear("room", click(), **{**ROOM, "direct": direct, "early": 0.7})
    at = round(0.1 * RATE)
    assert np.abs(heard[:at]).max() < 1e-6
    assert np.abs(heard[at + 1 : at + round(0.01 * RATE)]).max() < 1e-6
    assert np.abs(heard).argmax() == at
    ratio = heard[at] ** 2 / (heard[at + 1 :] ** 2).sum()
    assert 10 * np.log10(ratio) == pytest.approx(direct, abs=0.1)


def test_a_damped_room_loses_its_highs_sooner():
    heard = hear("room", click(), **{**ROOM, "damping": 0.5, "early": 0.0})
    found = []
    for band in ((500, 1500), (6000, 12_000)):
        filters = signal.butter(4, band, "bandpass", fs=RATE, output="sos")
        found.append(decay_time(np.asarray(signal.sosfilt(filters, heard[round(0.13 * RATE) :]))))
    assert found[0] == pytest.approx(0.8, rel=0.1)
    assert found[1] == pytest.approx(0.4, rel=0.1)


@pytest.mark.parametrize("gain", [0.9, -0.5])
def test_a_comb_has_its_notches(gain):
    heard = hear("comb", click(), delay=0.002, gain=gain)
    spectrum = np.abs(np.fft.rfft(heard)) * np.sqrt(1 + gain**2)
    hz = np.fft.rfftfreq(len(heard), 1 / RATE)
    odd = [spectrum[np.abs(hz - at).argmin()] for at in (250, 1750, 10_250)]
    even = [spectrum[np.abs(hz - at).argmin()] for at in (500, 2000, 10_500)]
    assert odd == pytest.approx([1 - gain] * 3, abs=0.01)
    assert even == pytest.approx([1 + gain] * 3, abs=0.01)


@pytest.mark.parametrize("name", ["noise", "hiss"])
@pytest.mark.parametrize(("snr", "slope"), [(3.0, -6.0), (20.0, 0.0), (10.0, 6.0)])
def test_noise_has_its_level_and_colour(name, snr, slope):
    wave = tone(4000, 6.0)
    added = hear(name, wave, snr=snr, slope=slope) - wave
    assert 10 * np.log10(0.5 / in_band(added, 1000, 10_000)) == pytest.approx(snr, abs=0.3)
    assert slope_db(added, 800, 16_000) == pytest.approx(slope, abs=0.3)


def test_noise_is_told_against_the_song_not_against_a_rumble_that_is_there():
    wave = tone(4000, 6.0) + 30 * tone(200, 6.0)
    for name, settings in (
        ("noise", {"slope": 0.0}),
        ("rumble", {"corner": 200.0, "fall": 18.0, "gusts": 0.0}),
        ("hum", {"mains": 50.0, "harmonics": 3, "fall": 0.0}),
        ("rain", {"drops": 50.0, "ring": 0.004, "pitch": 2000.0, "seed": 1}),
    ):
        added = hear(name, wave, snr=0.0, **settings) - wave
        power = in_band(added, 1000, 10_000) if name == "noise" else np.mean(added**2)
        assert 10 * np.log10(0.5 / power) == pytest.approx(0, abs=0.3), name


def test_hum_stands_on_the_mains_and_its_harmonics():
    wave = tone(4000, 6.0)
    added = hear("hum", wave, snr=-3.0, mains=60.0, harmonics=5, fall=6.0) - wave
    assert 10 * np.log10(0.5 / np.mean(added**2)) == pytest.approx(-3, abs=0.1)
    levels = [amplitude(added, 60.0 * number) for number in range(1, 7)]
    fall = 20 * np.log10(np.array(levels[:5]) / levels[0])
    np.testing.assert_allclose(fall, -6 * np.log2(np.arange(1, 6)), atol=0.1)
    assert levels[5] < 1e-4 * levels[0]


@pytest.mark.parametrize("snr", [-20.0, 5.0])
def test_rumble_is_low_and_may_be_louder_than_the_song(snr):
    wave = tone(4000, 10.0)
    added = hear("rumble", wave, snr=snr, corner=200.0, fall=18.0, gusts=0.0) - wave
    assert 10 * np.log10(0.5 / np.mean(added**2)) == pytest.approx(snr, abs=0.1)
    assert slope_db(added, 300, 2000) == pytest.approx(-18, abs=0.7)
    assert abs(slope_db(added, 20, 180)) < 1.5


def test_gusts_swell():
    wave = tone(4000, 40.0)

    def spread(gusts: float) -> float:
        added = hear("rumble", wave, snr=0.0, corner=300.0, fall=18.0, gusts=gusts) - wave
        level = 10 * np.log10((added.reshape(40, -1) ** 2).mean(axis=1))
        return float(np.std(level))

    assert spread(0.0) < 1.0
    assert 2.0 < spread(5.0) < 7.0


def test_rain_falls_in_drops():
    wave = tone(4000, 10.0)
    settings = {"snr": 5.0, "ring": 0.004, "pitch": 2000.0, "seed": 2}
    sparse = hear("rain", wave, drops=10.0, **settings) - wave
    dense = hear("rain", wave, drops=200.0, **settings) - wave
    for added in (sparse, dense):
        assert 10 * np.log10(0.5 / np.mean(added**2)) == pytest.approx(5, abs=0.1)
    assert stats.kurtosis(sparse) > 3 * stats.kurtosis(dense) > 10
    envelope = np.abs(sparse) > 1e-4 * np.abs(sparse).max()
    heard = signal.convolve(envelope, np.ones(200), "same") > 0.5
    drops = int((np.diff(heard.astype(int)) == 1).sum())
    # A hundred are expected; three standard deviations of Poisson's law.
    assert 70 < drops < 130


def test_a_response_is_smooth_and_has_no_delay():
    responses = []
    for seed in range(60):
        heard = hear("response", click(), tilt=2.0, spread=4.0, octaves=0.5, seed=seed)
        assert np.abs(heard).argmax() == round(0.1 * RATE)
        spectrum = np.fft.rfft(np.roll(heard, -round(0.1 * RATE)))
        hz = np.fft.rfftfreq(len(heard), 1 / RATE)
        assert np.abs(np.angle(spectrum[(hz > 300) & (hz < 20_000)])).max() < 0.05
        levels = np.interp([1000, 2000, 2100, 8000], hz, 20 * np.log10(np.abs(spectrum)))
        responses.append(levels)
    one, two, next_to, eight = np.transpose(responses)
    assert np.mean(eight - one) == pytest.approx(6, abs=2)
    assert 3 < np.std(two) < 5
    assert np.std(next_to - two) < 1.6
    assert abs(np.corrcoef(one, eight)[0, 1]) < 0.35


GAIN = {"threshold": -30.0, "ratio": 4.0, "attack": 0.02, "release": 0.2, "headroom": 60.0}


@pytest.mark.parametrize("level", [0.0, -12.0, -24.0, -40.0])
def test_automatic_gain_has_its_static_curve(level):
    wave = np.concatenate([tone(3000, 0.5), 10 ** (level / 20) * tone(3000, 3.0)])
    found = 20 * np.log10(amplitude(hear("gain", wave, **GAIN)[-RATE:], 3000))
    expected = -30 + (level + 30) / 4 if level > -30 else level
    assert found == pytest.approx(expected, abs=0.2)


def test_automatic_gain_attacks_and_recovers_in_its_time():
    quiet, loud = 10 ** (-25 / 20), 1.0
    wave = np.concatenate(
        [quiet * tone(6000, 1.0), loud * tone(6000, 1.0), quiet * tone(6000, 2.0)]
    )
    heard = hear("gain", wave, **GAIN)
    gain = 20 * np.log10(np.abs(analytic(heard)) / np.abs(analytic(wave)))

    def at(time: float) -> float:
        return float(np.median(gain[round(time * RATE) - 20 : round(time * RATE) + 20]))

    before, settled, after = at(0.9), at(1.9), at(3.9)
    assert (before, settled, after) == pytest.approx((-3.75, -22.5, -3.75), abs=0.2)
    # 63 % of the way after one time constant.
    assert at(1.02) == pytest.approx(before + 0.632 * (settled - before), abs=0.7)
    # The level falls by 8.7 dB in each release time, the gain rises by 3 / 4 of that.
    assert at(2.4) - at(2.2) == pytest.approx(8.686 * 0.75, abs=0.3)


def test_automatic_gain_that_comes_late_clips():
    wave = np.concatenate([np.zeros(RATE), tone(3000)])
    heard = hear("gain", wave, **{**GAIN, "headroom": 6.0})
    steady = amplitude(heard[-RATE:], 3000)
    assert np.abs(heard).max() == pytest.approx(steady * 10 ** (6 / 20), rel=0.01)


def harmonics(curve, count: int = 5) -> np.ndarray:
    """Amplitudes of the harmonics of a cosine through a curve, by quadrature."""
    return np.array(
        [
            quad(lambda x, n=n: curve(np.cos(x)) * np.cos(n * x), 0, np.pi, limit=400)[0]
            for n in range(1, count + 1)
        ]
    ) * (2 / np.pi)


@pytest.mark.parametrize(("drive", "bias"), [(0.0, 0.0), (20.0, 0.0), (12.0, 0.3)])
def test_soft_clipping_makes_the_harmonics_of_tanh(drive, bias):
    heard = hear("soft-clipping", tone(2000), drive=drive, bias=bias)
    steep = 10 ** (drive / 20)
    expected = np.abs(harmonics(lambda x: np.tanh(steep * x + bias) / steep))
    found = [amplitude(heard, 2000.0 * number) for number in range(1, 6)]
    np.testing.assert_allclose(found, expected, atol=2e-3 * expected[0])
    distortion = np.linalg.norm(found[1:]) / found[0]
    assert distortion > 0.3 if drive == 20 else distortion > 0.02
    assert (found[1] > 0.01) == (bias > 0)


def test_soft_clipping_folds_nothing_back():
    heard = hear("soft-clipping", tone(9000), drive=20.0, bias=0.0)
    hz, density = signal.periodogram(heard, RATE, window="hann")
    # The third harmonic, 27 kHz, would fold to 17.1 kHz.
    assert density[np.abs(hz - 17_100) < 50].max() < 1e-6 * density.max()


def test_hard_clipping_cuts_at_its_limits():
    heard = hear("hard-clipping", tone(2000), limit=-12.0, skew=0.2)
    limit = 10 ** (-12 / 20)
    assert heard.min() == pytest.approx(-limit, rel=1e-4)
    assert heard.max() == pytest.approx(0.8 * limit, rel=1e-4)
    expected = np.abs(harmonics(lambda x: np.clip(x, -limit, 0.8 * limit)))
    found = [amplitude(heard, 2000.0 * number) for number in range(1, 6)]
    np.testing.assert_allclose(found, expected, atol=5e-3 * expected[0])


@pytest.mark.parametrize("order", [1, 4])
def test_a_band_falls_as_butterworth_says(order):
    heard = hear("band", click(), low=800.0, high=6000.0, low_order=order, high_order=order)
    spectrum = 20 * np.log10(np.abs(np.fft.rfft(heard)))
    hz = np.fft.rfftfreq(len(heard), 1 / RATE)
    at = np.array([400.0, 800.0, 2200.0, 6000.0, 12_000.0])
    expected = np.zeros(len(at))
    for edge, kind in ((800.0, "high"), (6000.0, "low")):
        system = signal.lti(*signal.butter(order, edge, kind, analog=True))  # type: ignore[misc]
        expected += 20 * np.log10(np.abs(signal.freqresp(system, at)[1]))
    np.testing.assert_allclose(np.interp(at, hz, spectrum), expected, atol=0.1)
    assert np.abs(heard).argmax() == round(0.1 * RATE)


@pytest.mark.parametrize("rate", [11_025, 16_000])
def test_a_lower_rate_folds_what_no_filter_takes_out(rate):
    high = 0.5 * rate + 1500
    folded, low = rate - high, 0.2 * rate
    wave = tone(high) + tone(low)
    bare = hear("rate", wave, rate=rate, filtered=False, held=False)
    clean = hear("rate", wave, rate=rate, filtered=True, held=False)
    inner = slice(4000, -4000)
    assert amplitude(bare[inner], folded) == pytest.approx(1, abs=0.02)
    assert amplitude(clean[inner], folded) < 0.01
    for heard in (bare, clean):
        assert amplitude(heard[inner], high) < 0.01
        assert amplitude(heard[inner], low) == pytest.approx(1, abs=0.02)


def test_a_lower_rate_keeps_every_second_sample():
    wave = white(1.0)
    bare = hear("rate", wave, rate=RATE // 2, filtered=False, held=False)
    np.testing.assert_allclose(bare[::2], wave[::2], atol=1e-4)


def test_held_samples_have_images():
    low, rate = 1000.0, 11_025
    heard = hear("rate", tone(low), rate=rate, filtered=True, held=True)[4000:-4000]
    for image in (low, rate - low, rate + low):
        assert amplitude(heard, image) == pytest.approx(abs(np.sinc(image / rate)), abs=0.01)


def test_a_rate_above_that_of_the_file_changes_nothing():
    wave = white(1.0)
    heard = hear("rate", wave, rate=48_000, filtered=True, held=True)
    np.testing.assert_array_equal(heard, wave.astype(np.float32))


CODEC = {"cutoff": 12_000.0, "offset": 6.0, "floor": -70.0, "window": 0.023}


def sweep() -> np.ndarray:
    time = np.arange(2 * RATE) / RATE
    loud = signal.chirp(time, 2000, 2.0, 7000) * np.abs(np.sin(2 * np.pi * 2 * time))
    return loud + 0.003 * np.random.default_rng(0).standard_normal(len(time))


def test_a_codec_leaves_holes_and_keeps_what_is_loud():
    wave = sweep()
    _, _, before = signal.stft(wave, RATE, nperseg=1024)
    errors, holes = [], []
    for offset in (2.0, 9.0, 18.0):
        heard = hear("codec", wave, **{**CODEC, "offset": offset})
        hz, _, after = signal.stft(heard, RATE, nperseg=1024)
        assert np.abs(after[hz > 12_500]).max() < 1e-3 * np.abs(after).max()
        loud = np.abs(before) > 0.3 * np.abs(before).max()
        assert np.median(np.abs(after[loud]) / np.abs(before[loud])) == pytest.approx(1, abs=0.1)
        inside = (hz > 1000) & (hz < 12_000)
        holes.append(float((np.abs(after) < 0.05 * np.abs(before))[inside].mean()))
        errors.append(10 * np.log10(np.mean((heard - wave) ** 2) / np.mean(wave**2)))
    assert min(holes) > 0.3
    assert errors[0] > errors[1] > errors[2]
    assert -25 < errors[0] < -3


REDUCTION = {"quantile": 0.5, "excess": 6.0, "floor": -30.0, "window": 0.023}


@pytest.mark.parametrize("gate", [True, False])
def test_noise_reduction_leaves_tones_of_the_noise(gate):
    song = np.concatenate([np.zeros(2 * RATE), tone(4000, 1.0), np.zeros(2 * RATE)])
    place = white(5.0) * 0.1
    heard = hear("noise-reduction", song + place, gate=gate, **REDUCTION)
    assert amplitude(heard[round(2.2 * RATE) : round(2.8 * RATE)], 4000) == pytest.approx(
        1, abs=0.03
    )
    before, after = place[: 2 * RATE], heard[: 2 * RATE]
    fall = 10 * np.log10(np.mean(after**2) / np.mean(before**2))
    assert -30 < fall < -3

    def peaky(wave: np.ndarray) -> float:
        _, _, spectra = signal.stft(wave, RATE, nperseg=1024)
        power = np.abs(spectra) ** 2
        return float(np.mean(power**2) / np.mean(power) ** 2)

    assert peaky(before) == pytest.approx(2, abs=0.3)
    assert peaky(after) > 2 * peaky(before)


def test_noise_reduction_of_what_has_no_noise_changes_little():
    song = np.concatenate([np.zeros(2 * RATE), tone(4000, 1.0), np.zeros(2 * RATE)])
    heard = hear("noise-reduction", song, gate=True, **REDUCTION)
    np.testing.assert_allclose(heard, song, atol=1e-3)


def test_modulated_noise_is_as_loud_as_the_sound_is():
    """Q of ITU-T P.810: the ratio, in every stretch, and nothing where nothing sounds."""
    wave = np.concatenate([tone(3000, 1.0), 0.1 * tone(3000, 1.0), np.zeros(RATE)])
    added = hear("modulated-noise", wave, ratio=12.0) - wave
    for second in (0, 1):
        part = slice(second * RATE, (second + 1) * RATE)
        ratio = 10 * np.log10(np.mean(wave[part] ** 2) / np.mean(added[part] ** 2))
        assert ratio == pytest.approx(12.0, abs=0.3)
    assert not added[2 * RATE :].any()


@pytest.mark.parametrize("copied", [True, False])
def test_rebuilt_highs_keep_how_loud_bands_are_and_no_tone(copied):
    wave = tone(2000) + 0.5 * tone(6000) + 0.01 * white(2.0)
    heard = hear("rebuilt-highs", wave, above=4000.0, bands=2.0, copied=copied, window=0.012)
    assert amplitude(heard, 2000) == pytest.approx(1.0, rel=0.02)
    assert amplitude(heard, 6000) < 0.25
    edges = 4000 * 2 ** (np.arange(4) / 2)
    for low, high in pairwise(edges[1:3]):
        assert in_band(heard, low, high) == pytest.approx(in_band(wave, low, high), rel=0.25)


def test_nothing_is_rebuilt_above_what_there_is():
    wave = tone(2000)
    heard = hear("rebuilt-highs", wave, above=RATE, bands=2.0, copied=True, window=0.012)
    np.testing.assert_array_equal(heard, wave.astype(np.float32))


def test_a_speech_codec_keeps_level_and_band_and_loses_the_wave():
    """The fewer pulses, the less of noise comes through; where nothing sounds, nothing is added."""
    wave = np.pad(white(2.0), RATE // 2)
    inner = slice(RATE // 2 + 2000, -RATE // 2 - 2000)
    through = []
    for pulses in (0.5, 0.2, 0.05):
        heard = hear("speech-codec", wave, rate=16_000, order=10, pulses=pulses, frame=0.02)
        assert np.abs(heard[: RATE // 2 - 2000]).max() < 1e-3
        assert in_band(heard[inner], 9000, 20_000) < 0.01 * in_band(heard[inner], 0, 8000)
        level = in_band(heard[inner], 500, 7000) / in_band(wave[inner], 500, 7000)
        assert level == pytest.approx(1.0, rel=0.3)
        hz, coherence = signal.coherence(wave[inner], heard[inner], RATE, nperseg=1024)
        through.append(float(coherence[(hz > 500) & (hz < 7000)].mean()))
    assert through[0] > through[1] > through[2]
    assert through[0] > 0.6
    assert through[2] < 0.5
