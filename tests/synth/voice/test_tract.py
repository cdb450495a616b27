import numpy as np

from chingolo.synth.voice.birds import BIRDS
from chingolo.synth.voice.tract import SPEED_OF_SOUND, through_tract, tract_response


def test_tube_resonates_at_its_quarter_waves():
    bird = BIRDS["zebra_finch"]
    tube = bird.__class__(**{**vars(bird), "cavity": None})
    quarter = SPEED_OF_SOUND / (4 * bird.trachea_length)
    gain = np.abs(tract_response(np.array([quarter, 2 * quarter]), tube))
    r = bird.reflection
    np.testing.assert_allclose(gain, [1.0, (1 - r) / (1 + r)], rtol=1e-12)


def test_cavity_equals_its_state_space():
    """The closed form against the three equations solved as a linear system."""
    bird = BIRDS["zebra_finch"]
    cavity = bird.cavity
    assert cavity is not None
    beak, glottis = cavity.inverse_beak_inertance, cavity.inverse_glottis_inertance
    rb, rh = cavity.beak_resistance, cavity.cavity_resistance
    stiffness = glottis * cavity.inverse_compliance
    a = np.array(
        [
            [0, 1, 0],
            [-stiffness, -rh * (beak + glottis), stiffness - rb * rh * beak * glottis],
            [0, -beak / glottis, -rb * beak],
        ]
    )
    frequency = np.array([300.0, 1000.0, 3700.0, 8000.0])
    expected = []
    for s in 2j * np.pi * frequency:
        driven = np.array([0, rh * glottis * beak + s * glottis, beak])
        expected.append(rb * np.linalg.solve(s * np.eye(3) - a, driven)[2])
    tube = bird.__class__(**{**vars(bird), "cavity": None})
    found = tract_response(frequency, bird) / tract_response(frequency, tube)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_a_tone_is_filtered_and_resampled_exactly():
    bird = BIRDS["zebra_finch"]
    time = np.arange(44_100) / 44_100
    for rate in (22_050, 32_000, 48_000, 44_100):
        heard = through_tract(
            np.sin(2 * np.pi * 3000 * time), bird, wave_rate=44_100, sample_rate=rate
        )
        gain = tract_response(np.array(3000.0), bird)
        expected = np.imag(gain * np.exp(2j * np.pi * 3000 * np.arange(rate) / rate))
        middle = slice(rate // 4, 3 * rate // 4)
        np.testing.assert_allclose(heard[middle], expected[middle], atol=2e-4 * float(np.abs(gain)))


def test_nothing_folds_when_the_rate_falls():
    time = np.arange(44_100) / 44_100
    heard = through_tract(
        np.sin(2 * np.pi * 15_000 * time), None, wave_rate=44_100, sample_rate=22_050
    )
    assert np.abs(heard[5000:17_000]).max() < 1e-3
