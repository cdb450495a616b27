import numpy as np
import pytest

from chingolo.synth.voice.calibration import (
    alpha_of_timbre,
    beta_of_pitch,
    harmonic_balance,
    load_calibration,
    pitch_of_beta,
    saddle_node_beta,
    solve_cycles,
    solve_table,
)

GAMMA = 24_000.0


def test_stored_table_is_what_the_code_computes():
    table = load_calibration()
    rows = [0, 5, 11]
    rebuilt = solve_cycles(table.alpha[rows], table.pitch[-60:])
    np.testing.assert_allclose(rebuilt.beta, table.beta[rows, -60:], rtol=1e-6)
    np.testing.assert_allclose(rebuilt.turning_point, table.turning_point[rows, -60:], atol=1e-6)
    np.testing.assert_allclose(rebuilt.harmonics, table.harmonics[rows, -60:], atol=1e-5)


@pytest.mark.slow
def test_whole_table_is_rebuilt_equal():
    table = load_calibration()
    rebuilt = solve_table()
    np.testing.assert_allclose(rebuilt.beta, table.beta, rtol=1e-6)
    np.testing.assert_allclose(rebuilt.low_beta, table.low_beta, rtol=1e-6)


def test_published_points():
    """Five points found independently at gamma 24000 and alpha 0.15."""
    f0 = np.array([1000.0, 2000.0, 4000.0, 8000.0, 9000.0])
    beta = beta_of_pitch(np.full(5, 0.15), f0, GAMMA)
    np.testing.assert_allclose(beta, [0.024, 0.125, 0.854, 4.26, 5.45], rtol=0.02)


def test_harmonic_balance_above_4_khz():
    f0 = np.linspace(4000, 9500, 12)
    for alpha in (0.1, 0.15, 0.25):
        balanced, _ = harmonic_balance(alpha, f0 / GAMMA)
        sounding = pitch_of_beta(alpha, balanced, GAMMA)
        np.testing.assert_allclose(sounding, f0, rtol=0.01)


@pytest.mark.slow
def test_saddle_node_law():
    """Near its end the cycle waits at the ghost of the fixed point.

    On the slow manifold x' = -(d x* + (3 x* - 1) (x - x*)^2) / (x* + x*^2) with d = beta minus the
    saddle-node's, so the period tends to pi (x* + x*^2) / sqrt(d x* (3 x* - 1)).
    """
    alpha = 0.2
    table = solve_cycles(np.array([alpha]), np.geomspace(0.004, 0.5, 80), steps=2048)
    double_root = np.roots([2, -1, 0, -alpha])
    x = float(double_root[np.isreal(double_root)].real[0])
    distance = table.beta[0] - saddle_node_beta(alpha)
    waiting = np.pi * (x + x**2) / np.sqrt(distance * x * (3 * x - 1))
    period = 1 / table.pitch
    # The rest of the cycle takes a time that stays finite, so the two differ by a constant.
    rest = (period - waiting)[:3]
    assert np.all(np.abs(rest) < 0.1 * period[:3])
    slope = np.diff(period[:3]) / np.diff(waiting[:3])
    np.testing.assert_allclose(slope, 1.0, atol=0.05)


def test_pitch_and_timbre_invert():
    f0 = np.linspace(1200, 9000, 40)
    alpha = np.full(40, 0.17)
    np.testing.assert_allclose(
        pitch_of_beta(0.17, beta_of_pitch(alpha, f0, GAMMA), GAMMA), f0, rtol=1e-3
    )
    table = load_calibration()
    f0 = np.array([2000.0, 3000.0, 4500.0])
    columns = [np.argmin(np.abs(table.pitch * GAMMA - value)) for value in f0]
    wanted = table.spectral_content[6, columns]
    found = alpha_of_timbre(table.pitch[columns] * GAMMA, wanted, GAMMA)
    np.testing.assert_allclose(found, table.alpha[6], rtol=1e-3)
