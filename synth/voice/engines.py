"""The engines that turn gestures into sound, by name.

A further one is an `Engine` of `timeline.py`, in a file of its own, and its line here. It is
imported when it is used, so that names can be told without JAX.
"""

from typing import TYPE_CHECKING

from chingolo.synth.tables.registry import Registry

if TYPE_CHECKING:
    from chingolo.synth.voice.birds import Bird
    from chingolo.synth.voice.timeline import Engine

ENGINES: "Registry[Engine]" = Registry(
    "engine",
    {
        "ode": "chingolo.synth.voice.timeline:ODE",
        "wavetable": "chingolo.synth.voice.timeline:WAVETABLE",
    },
)


def fastest_engine(bird: "Bird") -> str:
    """The engine that sings as a bird at the least cost: `wavetable`, unless its sources couple."""
    return "ode" if bird.coupling else "wavetable"
