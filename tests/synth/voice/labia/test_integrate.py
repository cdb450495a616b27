"""The engine `ode` where labia are faster or slower than a songbird's."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from chingolo.synth.voice.birds import BIRDS, larger
from chingolo.synth.voice.calibration import beta_of_pitch
from chingolo.synth.voice.gestures import Gesture
from chingolo.synth.voice.labia.integrate import CONTROL_RATE
from chingolo.synth.voice.render import render

ZEBRA = BIRDS["zebra_finch"]


def tone(f0: float, alpha: float, duration: float) -> Gesture:
    frames = round(duration * CONTROL_RATE)
    time = np.arange(frames) / CONTROL_RATE
    edge = np.clip(np.minimum(time, time[-1] - time) / 0.02, 0, 1)
    return Gesture(np.full(frames, f0), edge, np.full(frames, alpha))


def measured(wave: np.ndarray, rate: int, f0: float) -> tuple[float, float]:
    """Pitch, Hz, by the turn of phase against f0 from a first to a last part, and amplitude."""
    count = round(round(0.3 * len(wave) / rate * f0) / f0 * rate)
    window = np.hanning(count) / np.hanning(count).sum()
    starts = (len(wave) // 5, len(wave) // 2)
    turn = np.exp(-2j * np.pi * f0 * np.arange(len(wave)) / rate)
    first, last = ((wave * turn)[at : at + count] @ window for at in starts)
    turned = np.angle(last / first) / (2 * np.pi)
    return f0 + turned * rate / (starts[1] - starts[0]), 2 * abs(last)


@pytest.mark.parametrize("gamma", [24_001.0, 32_000.0, 40_000.0])
def test_fast_labia_sing_on_pitch_and_as_loud_as_asked(gamma: float):
    bird = replace(ZEBRA, name="fast", gamma=gamma, cavity=None)
    places = [(share, alpha) for share in (0.1, 0.3, 0.45, 0.4999) for alpha in (0.09, 0.2, 0.4)]
    gestures = [tone(share * gamma, alpha, 0.3) for share, alpha in places]
    for (share, _), wave in zip(places, render(gestures, bird, sample_rate=96_000), strict=True):
        pitch, amplitude = measured(wave, 96_000, share * gamma)
        assert pitch == pytest.approx(share * gamma, rel=3e-4)
        assert amplitude == pytest.approx(1.0, abs=0.07)


@pytest.mark.parametrize("gamma", [28_000.0, 40_000.0])
def test_fast_labia_do_not_fold(gamma: float):
    bird = replace(ZEBRA, name="fast", gamma=gamma, cavity=None)
    for f0 in (5000.0, 7600.0, 9100.0, 11_500.0, 12_400.0):
        (wave,) = render(tone(f0, 0.4, 0.6), bird)
        middle = wave[6000:-6000].astype(float)
        level = np.abs(np.fft.rfft(middle * np.blackman(len(middle))))
        order = np.fft.rfftfreq(len(middle), 1 / 44_100) / f0
        away = np.abs(order - np.round(order)) * f0 > 60
        assert 20 * np.log10(level[away].max() / level.max()) < -75


def test_fast_labia_that_hear_each_other_are_integrated_as_finely():
    """A coupling of nearly nothing changes nearly nothing."""
    bird = replace(ZEBRA, name="fast", gamma=40_000.0)
    high = tone(17_000.0, 0.1, 0.2)
    alone, together = (
        render(high, replace(bird, coupling=coupling), sample_rate=48_000)[0]
        for coupling in (0.0, 1e-7)
    )
    np.testing.assert_allclose(together, alone, atol=2e-3)


def period(alpha: float, beta: float) -> float:
    """Of the limit cycle in normalised time, by another integrator in double precision."""

    def field(_, state):
        x, y = state
        return [y, -alpha - beta * x + x * x - x**3 - (x + x * x) * y]

    def rising(_, state):
        return state[1]

    rising.direction = 1
    found = solve_ivp(
        field, (0, 900), [-0.8, 0.2], method="DOP853", rtol=1e-10, atol=1e-12, events=rising
    )
    return float(np.diff(found.t_events[0][-6:]).mean())


@pytest.mark.parametrize("alpha", [0.091, 0.0935, 0.095, 0.098, 0.101, 0.107, 0.2, 0.37])
def test_the_lowest_notes_have_the_tension_of_their_pitch(alpha: float):
    for share in (0.02, 0.0215, 0.025, 0.028, 0.0305):
        beta = float(beta_of_pitch(np.array(alpha), np.array(share), 1.0))
        assert 1 / period(alpha, beta) == pytest.approx(share, rel=8e-4)


@pytest.mark.parametrize("times", [4.1, 20.0, 100.0])
def test_slow_labia_sing_their_lowest_notes_on_pitch(times: float):
    bird = larger(ZEBRA, times)
    low = 0.0201 * bird.gamma
    for alpha in (0.0935, 0.095, 0.2):
        (wave,) = render(tone(low, alpha, 60 / low), bird, sample_rate=44_100)
        assert measured(wave, 44_100, low)[0] == pytest.approx(low, rel=7e-4)
