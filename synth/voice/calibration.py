"""The universal table of the syrinx: pitch and timbre of its limit cycle, and the way back.

gamma only scales time, so F = f0 / gamma and the wave's shape depend on (alpha, beta) alone. The
table's nodes are (alpha, F); each holds the beta that sounds there, the point of the cycle where
the labia turn, and the harmonics. `python -m chingolo.synth.voice.calibration` rebuilds the file.
"""

from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from scipy.interpolate import RectBivariateSpline
from scipy.ndimage import map_coordinates
from scipy.optimize import root_scalar

from chingolo.synth.tables.files import atomic_path
from chingolo.synth.voice.labia.syrinx import runge_kutta_step

TABLE_FILE = Path(__file__).with_name("calibration.npz")
ALPHA_NODES = np.geomspace(0.09, 0.4, 12)
PITCH_NODES = np.geomspace(0.02, 0.5, 112)
HARMONICS = 24
STEPS_PER_PERIOD = 1024
LOW_PITCHES = 15
"""Nodes of pitch that have more nodes of alpha: F up to 0.03."""


@dataclass(frozen=True)
class Calibration:
    """The limit cycle at the nodes of (alpha, F = f0 / gamma)."""

    alpha: np.ndarray
    """[alphas] pressure nodes, evenly spaced in the logarithm."""

    pitch: np.ndarray
    """[pitches] F nodes, evenly spaced in the logarithm."""

    beta: np.ndarray
    """[alphas, pitches] tension."""

    turning_point: np.ndarray
    """[alphas, pitches] x where y falls through zero, the cycle's start in this table."""

    harmonics: np.ndarray
    """[alphas, pitches, harmonics] complex amplitudes c_k of y = Re sum_k c_k exp(2 pi i k F t),
    in normalised velocity, with t = 0 where c_1 is real and positive."""

    low_beta: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    """[2 alphas - 1, `LOW_PITCHES`] tension at the nodes of lowest pitch, where it bends too
    much for a spline through `alpha` alone: at these, and half way between in the logarithm;
    empty for none."""

    @property
    def spectral_content(self) -> np.ndarray:
        """[alphas, pitches] spectral content index, sum k |c_k|^2 / sum |c_k|^2 (1: a pure tone).

        After the SCI of Sitt, Amador, Goller & Mindlin, Phys. Rev. E 78, 011905 (2008), in units
        of f0.
        """
        energy = np.abs(self.harmonics) ** 2
        order = np.arange(1, energy.shape[-1] + 1)
        return (energy * order).sum(-1) / energy.sum(-1)


def saddle_node_beta(alpha: float) -> float:
    """The beta at which the cycle dies in a saddle-node bifurcation (F -> 0), for alpha > 0.

    The fixed points solve x^3 - x^2 + beta x + alpha = 0; a double root at x > 1/2 has
    alpha = 2 x^3 - x^2 and beta = 2 x - 3 x^2.
    """
    x = root_scalar(lambda root: 2 * root**3 - root**2 - alpha, bracket=(0.5, 2.0)).root
    return float(2 * x - 3 * x**2)


def harmonic_balance(
    alpha: float | np.ndarray, pitch: float | np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """First-harmonic closed form near the Hopf line: x = c + a cos(w t), w = 2 pi F.

    Balance of mean, in-phase and out-of-phase parts of the field gives
    5 c^3 - (w^2 + 2) c - alpha = 0,  a^2 = -4 c (1 + c),  beta = w^2 + 5 c.

    Args:
        alpha: [...] pressure.
        pitch: [...] F = f0 / gamma.

    Returns:
        (beta, a): tension and amplitude of x; within 1 % in f0 above F = 1/6.
    """
    square = (2 * np.pi * np.asarray(pitch)) ** 2
    centre = -np.asarray(alpha) / (square + 2)
    for _ in range(20):
        centre = (5 * centre**3 - alpha) / (square + 2)
    return square + 5 * centre, 2 * np.sqrt(-centre * (1 + centre))


def _cycle(
    x: np.ndarray, alpha: np.ndarray, beta: np.ndarray, pitch: np.ndarray, steps: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One period from (x, 0): final x, final y, and y at each step [steps, ...]."""
    step = 1 / (pitch * steps)
    start, y = x, np.zeros_like(x)
    wave = np.empty((steps, *x.shape))
    for index in range(steps):
        wave[index] = y
        x, y = runge_kutta_step(x, y, alpha, beta, step)
    return x - start, y, wave


def solve_cycles(
    alpha: np.ndarray, pitch: np.ndarray, *, steps: int = STEPS_PER_PERIOD
) -> Calibration:
    """Finds the periodic orbit of each (alpha, F) by shooting in (turning point, beta).

    Starts from `harmonic_balance` where that holds and follows the solution downwards from there.

    Args:
        alpha: [alphas] ascending pressures.
        pitch: [pitches] ascending F = f0 / gamma.
        steps: Runge-Kutta steps per period.

    Raises:
        ArithmeticError: if Newton's method does not settle at some node.
    """
    floor = np.array([saddle_node_beta(value) for value in alpha])
    columns, solutions = [], []
    for value in pitch[::-1]:
        if value > 0.25 or len(solutions) < 2:
            balanced, amplitude = harmonic_balance(alpha, value)
            centre = (balanced - (2 * np.pi * value) ** 2) / 5
            guess = np.stack([centre + amplitude, np.log(balanced - floor)])
        else:
            guess = 2 * solutions[-1] - solutions[-2]
        solutions.append(_newton(guess, alpha, floor, value, steps))
        turning, beta = solutions[-1][0], floor + np.exp(solutions[-1][1])
        _, _, wave = _cycle(turning, alpha, beta, np.full_like(alpha, value), steps)
        spectrum = 2 * np.fft.rfft(wave, axis=0)[1 : HARMONICS + 1] / steps
        order = np.arange(1, HARMONICS + 1)[:, None]
        spectrum = spectrum * np.exp(-1j * order * np.angle(spectrum[:1]))
        columns.append((beta, turning, spectrum.T))
    beta_table, turning_table, harmonics = (
        np.stack(part[::-1], axis=1) for part in zip(*columns, strict=True)
    )
    return Calibration(alpha, pitch, beta_table, turning_table, harmonics)


def _newton(
    unknown: np.ndarray, alpha: np.ndarray, floor: np.ndarray, pitch: float, steps: int
) -> np.ndarray:
    """Newton's method in (turning point, log(beta - saddle-node beta)); [2, alphas]."""
    small = 1e-6
    for _ in range(30):
        trial = np.stack([unknown, unknown, unknown], axis=2)
        trial[0, :, 1] += small
        trial[1, :, 2] += small
        gap_x, gap_y, _ = _cycle(
            trial[0],
            np.repeat(alpha[:, None], 3, 1),
            floor[:, None] + np.exp(trial[1]),
            np.full_like(trial[0], pitch),
            steps,
        )
        gap = np.stack([gap_x, gap_y])
        jacobian = (gap[:, :, 1:] - gap[:, :, :1]) / small
        change = np.linalg.solve(jacobian.transpose(1, 0, 2), gap[:, :, 0].T[..., None])[..., 0].T
        unknown = unknown - np.clip(change, -0.3, 0.3)
        if np.abs(change).max() < 1e-7:
            return unknown
    raise ArithmeticError(f"no periodic orbit found at F = {pitch:g}")


@lru_cache(maxsize=1)
def load_calibration() -> Calibration:
    """The stored table, read once."""
    with np.load(TABLE_FILE, allow_pickle=False) as stored:
        return Calibration(**{name: stored[name] for name in stored.files})


def solve_table() -> Calibration:
    """The whole table."""
    close = np.geomspace(ALPHA_NODES[0], ALPHA_NODES[-1], 2 * len(ALPHA_NODES) - 1)
    low = solve_cycles(close, PITCH_NODES).beta[:, :LOW_PITCHES]
    return replace(solve_cycles(ALPHA_NODES, PITCH_NODES), low_beta=low)


def write_calibration(calibration: Calibration, path: Path = TABLE_FILE) -> None:
    """Stores the table, single precision where it is only heard (turning point, harmonics)."""
    with atomic_path(path) as temporary:
        np.savez_compressed(
            temporary,
            alpha=calibration.alpha,
            pitch=calibration.pitch,
            beta=calibration.beta,
            turning_point=calibration.turning_point.astype(np.float32),
            harmonics=calibration.harmonics.astype(np.complex64),
            low_beta=calibration.low_beta,
        )


FINE = (96, 768)
"""Points in (alpha, F) at which the splines through the table are laid out for quick look-ups."""


@lru_cache(maxsize=1)
def _fine_tables() -> tuple[np.ndarray, np.ndarray]:
    """Cubic splines through ln(beta - saddle-node's) and the turning point, on a fine grid."""
    table = load_calibration()
    floor = np.array([saddle_node_beta(value) for value in table.alpha])
    nodes = np.log(table.alpha), np.log(table.pitch)
    grid = [np.linspace(axis[0], axis[-1], count) for axis, count in zip(nodes, FINE, strict=True)]
    distance = RectBivariateSpline(*nodes, np.log(table.beta - floor[:, None]))(*grid)
    if len(table.low_beta):
        close = np.linspace(nodes[0][0], nodes[0][-1], len(table.low_beta))
        floor = np.array([saddle_node_beta(value) for value in np.exp(close)])
        pitches = nodes[1][:LOW_PITCHES]
        lowest = grid[1][grid[1] < pitches[-1]]
        low = RectBivariateSpline(close, pitches, np.log(table.low_beta - floor[:, None]))
        weight = np.minimum(2 * (pitches[-1] - lowest) / np.ptp(pitches), 1.0)
        below = distance[:, : len(lowest)]
        below += weight * (low(grid[0], lowest) - below)
    return distance, RectBivariateSpline(*nodes, table.turning_point)(*grid)


def _look_up(fine: np.ndarray, log_alpha: np.ndarray, log_pitch: np.ndarray) -> np.ndarray:
    position = [
        (value - np.log(nodes[0])) * ((count - 1) / np.log(nodes[-1] / nodes[0]))
        for value, nodes, count in zip(
            (log_alpha, log_pitch), (ALPHA_NODES, PITCH_NODES), FINE, strict=True
        )
    ]
    position = np.stack(np.broadcast_arrays(*position))
    flat = map_coordinates(fine, position.reshape(2, -1), order=1, mode="nearest")
    return flat.reshape(position.shape[1:])


@lru_cache(maxsize=1)
def _floor_of_alpha() -> tuple[np.ndarray, np.ndarray]:
    alpha = np.geomspace(ALPHA_NODES[0], ALPHA_NODES[-1], 512)
    return np.log(alpha), np.array([saddle_node_beta(value) for value in alpha])


def beta_of_pitch(alpha: np.ndarray, f0: np.ndarray, gamma: float) -> np.ndarray:
    """The tension that sounds at a pitch, the inverse of the table.

    Args:
        alpha: [...] pressure, held to the table's range (0.09 to 0.4).
        f0: [...] Hz, held to the table's range (gamma 0.02 to 0.5).
        gamma: 1/s.

    Returns:
        [...] beta.
    """
    log_alpha, log_pitch = _table_coordinates(alpha, f0, gamma)
    floor = np.interp(log_alpha, *_floor_of_alpha())
    return floor + np.exp(_look_up(_fine_tables()[0], log_alpha, log_pitch))


def turning_point_of_pitch(alpha: np.ndarray, f0: np.ndarray, gamma: float) -> np.ndarray:
    """[...] the x at which the cycle of a pitch turns (y = 0); arguments as `beta_of_pitch`."""
    return _look_up(_fine_tables()[1], *_table_coordinates(alpha, f0, gamma))


def pitch_of_beta(alpha: float, beta: np.ndarray, gamma: float) -> np.ndarray:
    """[...] f0 in Hz that a tension sounds at, for one alpha; the table's forward direction."""
    table = load_calibration()
    nodes = beta_of_pitch(np.full_like(table.pitch, alpha), table.pitch * gamma, gamma)
    floor = saddle_node_beta(alpha)
    position = np.interp(np.log(np.asarray(beta) - floor), np.log(nodes - floor), _pitch_axis())
    return np.exp(position) * gamma


def alpha_of_timbre(f0: np.ndarray, spectral_content: np.ndarray, gamma: float) -> np.ndarray:
    """The pressure whose wave at a pitch has a wanted spectral content index (held to the range).

    Args:
        f0: [points] Hz.
        spectral_content: [points] index in units of f0, 1 for a pure tone.
        gamma: 1/s.

    Returns:
        [points] alpha.
    """
    table = load_calibration()
    content = table.spectral_content
    _, log_pitch = _table_coordinates(np.ones_like(f0), f0, gamma)
    at_pitch = np.stack([np.interp(log_pitch, _pitch_axis(), row) for row in content], axis=-1)
    log_alpha = [
        np.interp(wanted, np.maximum.accumulate(row), np.log(table.alpha))
        for wanted, row in zip(np.atleast_1d(spectral_content), at_pitch, strict=True)
    ]
    return np.exp(np.array(log_alpha))


def _pitch_axis() -> np.ndarray:
    return np.log(load_calibration().pitch)


def _table_coordinates(
    alpha: np.ndarray, f0: np.ndarray, gamma: float
) -> tuple[np.ndarray, np.ndarray]:
    alpha = np.clip(alpha, ALPHA_NODES[0], ALPHA_NODES[-1])
    pitch = np.clip(np.asarray(f0) / gamma, PITCH_NODES[0], PITCH_NODES[-1])
    return np.log(alpha), np.log(pitch)


if __name__ == "__main__":
    write_calibration(solve_table())
    print(f"wrote {TABLE_FILE}")
