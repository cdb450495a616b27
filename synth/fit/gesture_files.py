"""What a folder of fits keeps of one song: its gestures, an npz without pickle, and its theme.

The array `description` of the npz [fields, 3] names each other array, its unit and meaning.
"""

from pathlib import Path
from typing import Any

import numpy as np

from chingolo.synth.fit.fitted_song import Fit
from chingolo.synth.score.repertoire import Item, Note, Theme
from chingolo.synth.tables.files import atomic_path
from chingolo.synth.voice.birds import Bird
from chingolo.synth.voice.calibration import beta_of_pitch
from chingolo.synth.voice.gestures import Gesture, held, source_envelope
from chingolo.synth.voice.labia.integrate import CONTROL_RATE

ARRAYS = (
    ("f0", "Hz", "[frames] pitch; held in silence"),
    ("amplitude", "1", "[frames] amplitude of the fundamental; 1 for the loudest note"),
    ("alpha", "1", "[frames] air-sac pressure parameter"),
    ("beta", "1", "[frames] labial tension parameter"),
    ("envelope", "1", "[frames] factor on the labia's normalised velocity"),
    ("control_rate", "Hz", "[] frames per second; frame 0 is the song's start_s"),
    ("gain", "full scale", "[] amplitude in the recording of amplitude 1 here"),
    ("note_start", "s", "[notes] from the song's start_s"),
    ("note_end", "s", "[notes]"),
    ("note_attack", "s", "[notes] rise time of the sin^2 edge"),
    ("note_release", "s", "[notes] fall time"),
    ("note_snr", "dB", "[notes] over the noise of one 129 Hz bin"),
    ("floor", "(full scale)^2 / Hz", "[bins] power density of the recording's background"),
    ("floor_frequency", "Hz", "[bins] where it was measured"),
)


def write_gestures(fit: Fit, bird: Bird, path: Path) -> None:
    """Writes a fit as a gestures file; the array `description` tells names, units, meaning."""
    gesture = fit.gesture
    values = {
        "f0": gesture.f0,
        "amplitude": gesture.amplitude,
        "alpha": gesture.alpha,
        "beta": beta_of_pitch(gesture.alpha, gesture.f0, bird.gamma),
        "envelope": source_envelope(gesture, bird),
        "control_rate": float(CONTROL_RATE),
        "gain": fit.gain,
        "note_start": [note.start for note in fit.notes],
        "note_end": [note.end for note in fit.notes],
        "note_attack": [note.attack for note in fit.notes],
        "note_release": [note.release for note in fit.notes],
        "note_snr": [note.snr for note in fit.notes],
        "floor": fit.floor,
        "floor_frequency": fit.floor_frequency,
    }
    arrays = {name: np.asarray(value, np.float32) for name, value in values.items()}
    with atomic_path(path) as temporary:
        np.savez_compressed(temporary, allow_pickle=False, description=np.array(ARRAYS), **arrays)


def load_fit(path: Path, bird: Bird) -> Fit:
    """What a gestures file holds, without the notes; held to what the bird sings."""
    with np.load(path, allow_pickle=False) as arrays:
        # files of version 0.1 call it loudness, which in a note is dB
        amplitude = arrays["amplitude" if "amplitude" in arrays else "loudness"]
        gesture = Gesture(arrays["f0"], amplitude, arrays["alpha"])
        floor, frequency = arrays["floor"], arrays["floor_frequency"]
        return Fit(held(gesture, bird), (), float(arrays["gain"]), floor, frequency)


def theme_from(record: dict[str, Any]) -> Theme:
    """A theme from its JSON."""
    items = []
    for item in record["items"]:
        curves = {
            name: tuple((float(time), float(value)) for time, value in item["note"].get(name, ()))
            for name in ("points", "second", "contour", "noise")
        }
        note = Note(**{**item["note"], **curves})
        contour = tuple((float(place), float(level)) for place, level in item.get("contour", ()))
        items.append(Item(**{**item, "note": note, "contour": contour}))
    return Theme(record["name"], tuple(items))
