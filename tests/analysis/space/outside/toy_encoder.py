"""A package that brings encoders, as others write it: a module and its `.dist-info`, no more.

`toy` hears where in a window of a second the samples lie: (sum of |x|, sum of |x| times t), with t
from 0 to 1. `bands` hears loudness in bands; most others do something wrong.
"""

from pathlib import Path

RATE = 8000

MODULE = '''
import numpy as np


class Toy:
    name = "toy"
    sample_rate = 8000
    window_s = 1.0
    licence = "MIT"

    def embed(self, windows):
        print("a chatty toy")
        size = np.abs(windows)
        return np.stack([size.sum(axis=1), size @ (np.arange(8000) / 8000)], axis=1)


class Bands(Toy):
    """A toy of some use: loudness in bands."""

    name = "bands"

    def embed(self, windows):
        power = np.abs(np.fft.rfft(windows, axis=1)) ** 2
        bands = np.array_split(power[:, 500:], 24, axis=1)
        return np.sqrt(np.stack([band.sum(axis=1) for band in bands], axis=1))


class Renamed(Toy):
    name = "another"


class Flat(Toy):
    name = "flat"

    def embed(self, windows):
        return np.ones(len(windows))


class Few(Toy):
    name = "few"

    def embed(self, windows):
        return np.ones((1, 2))


class Words(Toy):
    name = "words"

    def embed(self, windows):
        return np.array([["tweet"]] * len(windows))


class Failing(Toy):
    name = "failing"

    def embed(self, windows):
        raise RuntimeError("out of\\nmemory")


class Growing(Toy):
    name = "growing"
    calls = 1

    def embed(self, windows):
        self.calls += 1
        return np.ones((len(windows), self.calls))


class Infinite(Toy):
    """Of loud sounds alone, so that a trial does not tell it."""

    name = "infinite"

    def embed(self, windows):
        z = super().embed(windows)
        return np.where(np.abs(windows).max(axis=1, keepdims=True) > 0.9, np.nan, z)


class Deaf(Toy):
    name = "deaf"
    sample_rate = 0


class Endless(Toy):
    name = "endless"
    window_s = float("inf")


def nothing():
    return object()
'''

KINDS = "toy bands flat few words failing growing infinite deaf endless renamed"
ENTRIES = {name: f"toy_ears:{name.capitalize()}" for name in KINDS.split()}
ENTRIES |= {"nothing": "toy_ears:nothing", "broken": "toy_ears_lost:Toy"}


def write_package(
    folder: Path, entries: dict[str, str], *, name: str = "toy-ears", version: str = "1.2"
) -> Path:
    """Writes what an installer would leave: an entry for each name."""
    (folder / "toy_ears.py").write_text(MODULE)
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    lines = [f"{entry} = {where}" for entry, where in entries.items()]
    (info / "entry_points.txt").write_text("\n".join(["[chingolo.encoders]", *lines, ""]))
    return folder
