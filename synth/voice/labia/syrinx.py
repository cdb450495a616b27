"""The labial oscillator of the syrinx.

Signs as in Amador, Perl, Mindlin & Margoliash, Nature 495, 59-64 (2013): phonation at alpha > 0,
pitch rising with beta.
"""

from typing import Any

Array = Any
"""A NumPy or JAX array: the field and its step serve both."""


def labial_field(x: Array, y: Array, alpha: Array, beta: Array) -> tuple[Array, Array]:
    """Vector field of the labia in normalised time gamma t.

    x' = y;  y' = -alpha - beta x + x^2 - x^3 - (x + x^2) y  (Amador et al. 2013, with gamma taken
    into the time: gamma is a pure time scale).

    Args:
        x: [...] position of the labia from rest, dimensionless.
        y: [...] its velocity in normalised time.
        alpha: [...] air-sac pressure parameter.
        beta: [...] labial tension parameter.

    Returns:
        ([...], [...]): the derivatives of x and y.
    """
    return y, -alpha + x * (x * (1 - x) - beta) - x * (1 + x) * y


def runge_kutta_step(
    x: Array, y: Array, alpha: Array, beta: Array, step: Array
) -> tuple[Array, Array]:
    """One classical fourth-order Runge-Kutta step of `labial_field`.

    Args:
        x: [...] position.
        y: [...] velocity in normalised time.
        alpha: [...] pressure, held over the step.
        beta: [...] tension, held over the step.
        step: gamma dt, dimensionless.

    Returns:
        ([...], [...]): x and y one step later.
    """
    change_x, change_y = runge_kutta_change(x, y, alpha, beta, step)
    return x + change_x, y + change_y


def runge_kutta_change(
    x: Array, y: Array, alpha: Array, beta: Array, step: Array
) -> tuple[Array, Array]:
    """What `runge_kutta_step` adds to x and to y; arguments as there."""
    half = 0.5 * step
    x1, y1 = labial_field(x, y, alpha, beta)
    x2, y2 = labial_field(x + half * x1, y + half * y1, alpha, beta)
    x3, y3 = labial_field(x + half * x2, y + half * y2, alpha, beta)
    x4, y4 = labial_field(x + step * x3, y + step * y3, alpha, beta)
    sixth = step / 6
    return (
        sixth * (x1 + 2 * x2 + 2 * x3 + x4),
        sixth * (y1 + 2 * y2 + 2 * y3 + y4),
    )
