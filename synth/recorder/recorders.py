"""Recording machines: what each does to a song, with its source or why it was chosen.

A further machine is one `Recorder` here and its line in `RECORDERS`; the sets do not change.
"""

from dataclasses import dataclass, field

from chingolo.synth.tables.content import LATER
from chingolo.synth.tables.registry import Registry

HISS_BAND = 22_050.0
"""Hz, of the audio at 44.1 kHz, where `Recorder.hiss` is the level of all the machine's noise."""


@dataclass(frozen=True)
class Recorder:
    """A recording machine."""

    name: str
    """The key in `RECORDERS`, and the `device` in song tables."""

    low: float
    """Lower band limit (-3 dB, second order), Hz."""

    high: float
    """Upper band limit (-3 dB, fourth order), Hz."""

    hiss: float
    """Level of the machine's own white noise below the song's peak level, dB, in the band up to
    `HISS_BAND`; as much of it for each Hz at any sample rate."""

    wow: float = 0.0
    """Slow speed error, peak relative deviation at 0.6 Hz."""

    flutter: float = 0.0
    """Fast speed error, peak relative deviation at 7 Hz."""

    speed: float = field(default=0.0, metadata=LATER)
    """Constant speed error of the playback, relative: 0.01 sounds 1 % higher and shorter. That of
    the machines that ship is not known, and 0."""

    drive: float = 0.0
    """Saturation: peak level before tanh; 0 for a linear machine."""

    source: str = field(default="", repr=False)
    """Not in the repr, which tells what a sound depends on."""


REEL_TAPE_1966 = Recorder(
    "reel-tape-1966",
    low=150.0,
    high=8500.0,
    hiss=42.0,
    wow=0.0015,
    flutter=0.001,
    drive=0.9,
    source="chosen: a portable reel machine at 19 cm/s; wow and flutter about 0.2 % as "
    "data sheets of that class state (IEC 60386 sets the measurement)",
)

CASSETTE_1985 = Recorder(
    "cassette-1985",
    low=80.0,
    high=11_000.0,
    hiss=46.0,
    wow=0.001,
    flutter=0.0012,
    drive=0.6,
    source="chosen: a field cassette machine with type I tape at 4.76 cm/s",
)

DIGITAL_2020 = Recorder(
    "digital-2020",
    low=60.0,
    high=20_000.0,
    hiss=75.0,
    source="chosen: a solid-state recorder, limited by its microphone's own noise",
)

PHONE = Recorder(
    "phone",
    low=250.0,
    high=9000.0,
    hiss=50.0,
    drive=0.4,
    source="chosen: a telephone's microphone with its speech filter and limiter",
)

RECORDERS: Registry[Recorder] = Registry(
    "recorder",
    {
        "reel-tape-1966": REEL_TAPE_1966,
        "cassette-1985": CASSETTE_1985,
        "digital-2020": DIGITAL_2020,
        "phone": PHONE,
    },
)

RECORDER_SETS: Registry[tuple[str, ...]] = Registry(
    "recorder set",
    {
        "field-1": ("reel-tape-1966", "cassette-1985", "digital-2020", "phone"),
    },
)
"""Names and their order, which draws depend on; a set never changes, a new one gets a new name."""


def recorder_set(name: str) -> tuple[Recorder, ...]:
    """The recorders of a set, in its order.

    Raises:
        InputError: if there is no such set.
    """
    return tuple(RECORDERS[recorder] for recorder in RECORDER_SETS.named(name))
