"""Two sources that hear each other: against a fine reference, and in the regimes of the model."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import find_peaks

from chingolo.synth.tables.files import InputError
from chingolo.synth.voice.birds import BIRDS
from chingolo.synth.voice.calibration import beta_of_pitch, turning_point_of_pitch
from chingolo.synth.voice.gestures import Gesture
from chingolo.synth.voice.labia.coupled_sources import Feedback, integrate_coupled
from chingolo.synth.voice.labia.integrate import BASE_RATE, CONTROL_RATE
from chingolo.synth.voice.render import render

FINCH = BIRDS["zebra_finch"]
ALPHA = 0.15


def duet(left: float, right: float, *, seconds: float = 0.3, second: bool = True) -> Gesture:
    frames = round(seconds * CONTROL_RATE)
    time = np.arange(frames) / CONTROL_RATE
    edge = np.sin(0.5 * np.pi * np.clip(np.minimum(time, time[-1] - time) / 0.02, 0, 1)) ** 2
    alpha = np.full(frames, ALPHA)
    other = Gesture(np.full(frames, right), edge, alpha) if second else None
    return Gesture(np.full(frames, left), edge, alpha, second=other)


def sung(left: float, right: float, coupling: float, *, sample_rate: int = 44_100) -> np.ndarray:
    bird = replace(FINCH, coupling=coupling)
    return render(duet(left, right), bird, sample_rate=sample_rate, tract=False)[0]


def partials(wave: np.ndarray, sample_rate: int = 44_100) -> dict[float, float]:
    """Level in dB below the strongest, of each partial above -40, by its frequency in Hz."""
    middle = wave[int(0.4 * len(wave)) : int(0.9 * len(wave))]
    spectrum = np.abs(np.fft.rfft(middle * np.blackman(len(middle)), 8 * len(middle)))
    level = 20 * np.log10(spectrum / spectrum.max() + 1e-9)
    spacing = sample_rate / (8 * len(middle))
    peaks, _ = find_peaks(level, height=-40, distance=round(40 / spacing))
    return {float(peak * spacing): float(level[peak]) for peak in peaks}


def strays(found: dict[float, float], fundamental: float, within: float = 12.0) -> list[float]:
    """Partials that no harmonic of a fundamental is, Hz."""
    return [f for f in found if abs(f - fundamental * max(1, round(f / fundamental))) > within]


def reference(
    betas: list[float],
    x: np.ndarray,
    loud: float,
    feedback: Feedback,
    *,
    times: int,
    seconds: float,
) -> np.ndarray:
    """[samples] sum of y in double precision, `times` steps a sample, echo by straight lines."""
    rate = BASE_RATE * times
    step, delay = FINCH.gamma / rate, feedback.round_trip * rate
    y, beta = np.zeros(2), np.array(betas)
    back, into = int(np.ceil(delay)), np.ceil(delay) - delay
    heard = np.zeros(back + 2)  # the newest last
    out = []

    def field(x, y, echo):
        alpha = ALPHA - feedback.coupling * (loud * y[::-1] + echo)
        return np.array([y, -alpha - beta * x + x**2 - x**3 - (x + x**2) * y])

    def echo_at(part):
        """`heard[-1 - n]` is the pressure n + 1 steps ago."""
        place = len(heard) - back + into + part
        low = int(place)
        return -feedback.reflection * (
            (1 - place + low) * heard[low] + (place - low) * heard[low + 1]
        )

    for index in range(round(seconds * rate)):
        if index % times == 0:
            out.append(y.sum())
        one = field(x, y, echo_at(0.0))
        two = field(x + 0.5 * step * one[0], y + 0.5 * step * one[1], echo_at(0.5))
        three = field(x + 0.5 * step * two[0], y + 0.5 * step * two[1], echo_at(0.5))
        four = field(x + step * three[0], y + step * three[1], echo_at(1.0))
        pressure = loud * y.sum() + echo_at(0.0)
        x, y = np.array([x, y]) + step / 6 * (one + 2 * two + 2 * three + four)
        heard = np.append(heard[1:], pressure)
    return np.array(out)


@pytest.mark.parametrize("length", [0.035, 0.0213])
def test_against_a_fine_float64_reference(length: float):
    """Forty steps a sample: the wave itself, not its spectrum alone."""
    feedback = Feedback(0.01, 0.4, 2 * length / 350)
    pitches, seconds, loud = np.array([2000.0, 3000.0]), 0.012, 0.8
    beta = [float(beta_of_pitch(np.array(ALPHA), np.array(f0), FINCH.gamma)) for f0 in pitches]
    x = np.array(
        [turning_point_of_pitch(np.array(ALPHA), np.array(f), FINCH.gamma) for f in pitches]
    )
    frames = round(seconds * CONTROL_RATE) + 1
    curves = np.ones((4, 2, frames), np.float32)
    curves[0], curves[1], curves[3] = ALPHA, np.array(beta)[:, None], loud
    ours = integrate_coupled(
        curves,
        np.array([0]),
        np.array([frames]),
        x[:, None],
        gamma=FINCH.gamma,
        feedback=feedback,
    )[0]
    fine = reference(beta, x, loud, feedback, times=40, seconds=seconds)
    count = min(len(ours), len(fine)) - 40
    spectra = [np.fft.rfft(wave[:count] * np.hanning(count)) for wave in (ours, fine)]
    audible = np.arange(len(spectra[0])) * BASE_RATE / count < 15_000  # the half-band filter's
    apart = np.linalg.norm((spectra[0] - spectra[1])[audible])
    assert apart < 0.005 * np.linalg.norm(spectra[1][audible])


def test_without_coupling_they_sing_as_if_alone():
    faint = render(duet(3000.0, 4700.0), replace(FINCH, coupling=1e-9))[0]
    np.testing.assert_allclose(faint, render(duet(3000.0, 4700.0), FINCH)[0], atol=2e-3)


def test_two_independent_notes_beat():
    found = partials(sung(3000.0, 3100.0, 0.0))
    first = [f for f in found if f < 3500]
    assert first == pytest.approx([3000.0, 3100.0], abs=3)


@pytest.mark.parametrize(
    ("left", "right", "coupling"), [(3000.0, 3100.0, 0.02), (1000.0, 1050.0, 0.003)]
)
def test_near_pitches_lock(left: float, right: float, coupling: float):
    found = partials(sung(left, right, coupling))
    fundamental = min(found)
    assert not strays(found, fundamental)
    assert 0.9 * left < fundamental < right


@pytest.mark.parametrize(
    ("left", "right", "coupling"), [(1000.0, 2050.0, 0.003), (2000.0, 4100.0, 0.01)]
)
def test_an_octave_that_is_off_locks_to_two_to_one(left: float, right: float, coupling: float):
    apart, locked = partials(sung(left, right, 0.0)), partials(sung(left, right, coupling))
    assert strays(apart, left)
    assert not strays(locked, min(locked))
    assert min(locked) == pytest.approx(left, rel=0.03)


def test_a_fifth_makes_combination_tones():
    """2 f2 - f1 and f1 + f2 of what the two have become."""
    found = np.array(list(partials(sung(2000.0, 3000.0, 0.02))))
    low, high = found[np.abs(found - 2038).argmin()], found[np.abs(found - 2997).argmin()]
    for tone in (2 * high - low, low + high):
        assert np.abs(found - tone).min() < 8
    assert np.abs(found - tone).min() < 8


def test_stronger_coupling_doubles_the_period():
    """Locked at one pitch near the upper one, with every half harmonic between."""
    found = partials(sung(2000.0, 3000.0, 0.07))
    strongest = max(found, key=lambda f: found[f])
    assert 2000 < strongest < 3000
    half = min(found)
    assert half == pytest.approx(strongest / 2, abs=5)
    assert not strays(found, half)
    assert found[half] > -20


@pytest.mark.parametrize("sample_rate", [22_050, 96_000])
@pytest.mark.parametrize("coupling", [0.003, 0.02, 0.07])
def test_sound_does_not_depend_on_the_rate(sample_rate: int, coupling: float):
    ours = partials(sung(2000.0, 3000.0, coupling))
    other = partials(sung(2000.0, 3000.0, coupling, sample_rate=sample_rate), sample_rate)
    for frequency, level in ours.items():
        if frequency < 10_000:
            near = min(other, key=lambda f: abs(f - frequency))
            assert near == pytest.approx(frequency, abs=1)
            if level > -30:
                assert other[near] == pytest.approx(level, abs=0.1)


def test_one_source_hears_the_echo_of_its_own_trachea():
    alone = duet(2000.0, 0.0, second=False)
    heard = render(alone, replace(FINCH, coupling=0.05, reflection=0.9), tract=False)[0]
    deaf = render(alone, replace(FINCH, coupling=0.05, reflection=0.0), tract=False)[0]
    plain = render(alone, FINCH, tract=False)[0]
    np.testing.assert_allclose(deaf, plain, atol=2e-3)
    assert min(partials(plain)) == pytest.approx(2000.0, abs=2)
    assert abs(min(partials(heard)) - 2000.0) > 20


def test_a_song_sounds_the_same_alone_or_in_company():
    bird = replace(FINCH, coupling=0.01)
    songs = [
        duet(3000.0, 3100.0),
        duet(1000.0, 0.0, second=False, seconds=0.2),
        *(duet(2000.0 + 50 * n, 3000.0 + 70 * n, seconds=0.1) for n in range(18)),
    ]
    together = render(songs, bird, beta_noise=0.01)
    for number in (0, 1, 7):
        alone = render(songs[number], bird, beta_noise=0.01)[0]
        np.testing.assert_allclose(together[number], alone, atol=1e-4)


def test_the_wavetable_engine_refuses_what_it_cannot_sing():
    with pytest.raises(InputError, match=r"hear each other .* ode can"):
        render(duet(3000.0, 3100.0), replace(FINCH, coupling=0.01), engine="wavetable")


def test_a_trachea_too_short_for_the_step_is_refused():
    with pytest.raises(InputError, match="trachea"):
        render(duet(3000.0, 3100.0), replace(FINCH, coupling=0.01, trachea_length=0.002))
