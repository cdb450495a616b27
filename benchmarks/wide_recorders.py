"""What each part of the wide family does to one song: a contact sheet.

`python -m benchmarks.wide_recorders SHEET.png` sings a song of the shipped chingolo repertoire in
a place with a little noise, and draws it clean, through each part alone near the strong end of what
is drawn, and through eight recorders as the family draws them.
"""

import sys
from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np

from chingolo.synth.recorder.families import WIDE_2, OneOf, Range, Seed
from chingolo.synth.recorder.parts.registry import PARTS
from chingolo.synth.recorder.wide import WideRecorder, through, told, wide_recorder
from chingolo.synth.score.repertoire_file import load_repertoire
from chingolo.synth.sheets.contact_sheet import write_wave_sheet
from chingolo.synth.surrogates.sing_songs import SongRequest, sing_songs

SAMPLE_RATE = 44_100

STRONG: dict[str, dict[str, Any]] = {
    "speed": {"factor": 1.04},
    "wow": {"wow": 0.01, "wow_rate": 3.0, "flutter": 0.005, "flutter_rate": 12.0, "phase": 0.0},
    "second-bird": {"level": -6.0, "every": 1.5, "notes": 6, "pitch": 3500.0, "seed": 1},
    "room": {
        "decay": 1.2, "damping": 0.6, "direct": -6.0, "first": 0.02, "early": 0.3, "seed": 1,
    },
    "comb": {"delay": 0.001, "gain": 0.9},
    "rain": {"snr": 0.0, "drops": 60.0, "ring": 0.01, "pitch": 2500.0, "seed": 1},
    "noise": {"snr": 3.0, "slope": -3.0},
    "rumble": {"snr": -15.0, "corner": 300.0, "fall": 10.0, "gusts": 6.0},
    "response": {"tilt": -2.0, "spread": 8.0, "octaves": 0.3, "seed": 1},
    "gain": {"threshold": -36.0, "ratio": 20.0, "attack": 0.03, "release": 0.1, "headroom": 6.0},
    "soft-clipping": {"drive": 20.0, "bias": 0.3},
    "hum": {"snr": -5.0, "mains": 50.0, "harmonics": 40, "fall": 2.0},
    "hiss": {"snr": 10.0, "slope": 6.0},
    "hard-clipping": {"limit": -20.0, "skew": 0.2},
    "band": {"low": 1500.0, "high": 5000.0, "low_order": 4, "high_order": 8},
    "rate": {"rate": 11_025, "filtered": False, "held": True},
    "modulated-noise": {"ratio": 3.0},
    "rebuilt-highs": {"above": 2500.0, "bands": 2.0, "copied": False, "window": 0.012},
    "speech-codec": {"rate": 12_800, "order": 10, "pulses": 0.05, "frame": 0.02},
    "codec": {"cutoff": 7000.0, "offset": 2.0, "floor": -45.0, "window": 0.046},
    "noise-reduction": {
        "quantile": 0.5, "excess": 3.0, "floor": -40.0, "gate": True, "window": 0.012,
    },
}  # fmt: skip
"""Settings of each part near the end of its range that is heard most."""


def within(range_: Range, value: float) -> bool:
    """Whether a family could draw a value."""
    if isinstance(range_, OneOf):
        return value in range_.values
    return isinstance(range_, Seed) or range_.low <= value <= range_.high


def strong_recorders() -> dict[str, WideRecorder]:
    """A recorder of each part alone, near the strong end of what `wide-2` draws, by its name.

    Raises:
        ValueError: for settings that the family cannot draw.
    """
    made = {}
    for chance in WIDE_2.chances:
        settings = STRONG[chance.part]
        for name, range_ in chance.settings:
            if not within(range_, settings[name]):
                raise ValueError(f"{chance.part}: {name} {settings[name]} is never drawn")
        part = (chance.part, PARTS[chance.part].settings(**settings))
        made[chance.part] = WideRecorder(WIDE_2.name, (part,), 0.0, 1)
    return made


def write_sheet(path: Path) -> None:
    """Draws the sheet."""
    repertoire = load_repertoire("zonotrichia_capensis")
    request = SongRequest(1, engine="wavetable", channel="none", sample_rate=SAMPLE_RATE, seed=3)
    song = np.pad(sing_songs(repertoire, request)[0][0], (0, SAMPLE_RATE // 2))
    song = song + 0.02 * np.random.default_rng(0).standard_normal(len(song), dtype=np.float32)
    waves = [("clean", song)]
    for name, recorder in strong_recorders().items():
        waves.append((fill(told(recorder), 60), through(recorder, song, SAMPLE_RATE)))
        print(f"{name}: {PARTS[name].title}; {PARTS[name].source}")
    for seed in range(8):
        recorder = wide_recorder(seed, WIDE_2.name)
        names = ", ".join(name for name, _ in recorder.parts)
        waves.append((fill(f"seed {seed}: {names}", 60), through(recorder, song, SAMPLE_RATE)))
    title = "one song through each part of the wide family, and through eight of its recorders"
    write_wave_sheet(waves, SAMPLE_RATE, path, title=title, columns=5)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python -m benchmarks.wide_recorders SHEET.png")
    write_sheet(Path(sys.argv[1]))
