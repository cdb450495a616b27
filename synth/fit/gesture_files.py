"""Files of fitted songs: gestures as an npz without pickle, their themes, what wants another bird.

The array `description` [fields, 3] of the npz names each other array, its unit and meaning.
"""

import json
import shlex
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

import numpy as np
import pandas as pd
import yaml

from chingolo.synth.fit.acoustics import Acoustics
from chingolo.synth.fit.fitted_song import Fit
from chingolo.synth.score.own_bird import bird_as_mapping
from chingolo.synth.score.repertoire import Item, Note, Theme
from chingolo.synth.tables.audio import is_whole
from chingolo.synth.tables.files import atomic_path, make_folder
from chingolo.synth.tables.song_table import write_song_table
from chingolo.synth.voice.birds import BIRDS, Bird
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
    ("around_frequency", "Hz", "[bands] middles of the bands of what follows"),
    ("around_gain", "1", "[bands] power of the direct sound in the recording over the dry one"),
    ("around_echo", "1", "[bands] power of the room's ringing over that of the dry song"),
    ("around_decay", "s", "[bands] reverberation time, 60 dB"),
    ("around_noise", "(full scale)^2 / Hz", "[bands] power density of the background"),
)


def write_gestures(fit: Fit, bird: Bird, around: Acoustics, path: Path) -> None:
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
        **{f"around_{field.name}": getattr(around, field.name) for field in fields(around)},
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


def load_acoustics(path: Path) -> Acoustics:
    """What a recording added to its song, as a gestures file tells it."""
    with np.load(path, allow_pickle=False) as arrays:
        return Acoustics(
            **{field.name: arrays[f"around_{field.name}"] for field in fields(Acoustics)}
        )


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


def is_kept(folder: Path, number: int) -> bool:
    """Whether a song was fitted before, and all of its files are whole."""
    try:
        record = json.loads((folder / "songs" / f"{number:06d}.json").read_text())
        audio = record.get("audio", ())
        sung = [is_whole(folder / each["path"], each["end_s"]) for each in audio]
        if sung:
            sung.append(is_whole(folder / record["heard"], audio[0]["end_s"]))
        return not sung or (all(sung) and is_zipfile(folder / "gestures" / f"{number:06d}.npz"))
    except (OSError, KeyError, ValueError):
        return False


def write_other_bird(songs: pd.DataFrame, numbers: Sequence[int], bird: Bird, folder: Path) -> str:
    """Writes songs that want another bird, and the bird, below the folder of their fit.

    Args:
        songs: rows of the table.
        numbers: of these rows, from 0.
        bird: that they want.
        folder: of the fit.

    Returns:
        A line that tells the songs and the command.
    """
    make_folder(folder / "other_birds")
    table = folder / "other_birds" / f"{bird.name}.csv"
    write_song_table(songs, table)
    singer = bird.name
    if bird.name not in BIRDS:
        singer = str(table.with_suffix(".yaml"))
        with atomic_path(table.with_suffix(".yaml")) as temporary:
            temporary.write_text(yaml.safe_dump({"bird": bird_as_mapping(bird)}, sort_keys=False))
    out = folder.with_name(f"{folder.resolve().name}_{bird.name}")
    command = shlex.join(["chingolo", "fit", str(table), "--bird", singer, "--out", str(out)])
    rows = ", ".join(str(number + 1) for number in numbers)
    return f"row{'s' * (len(numbers) > 1)} {rows}: better fitted by {bird.name}: {command}"
