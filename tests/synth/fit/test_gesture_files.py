"""Gestures files: written, read, and read as version 0.1 wrote them."""

from pathlib import Path

import numpy as np

from chingolo.synth.fit.acoustics import Acoustics
from chingolo.synth.fit.fitted_song import Fit
from chingolo.synth.fit.gesture_files import load_acoustics, load_fit, write_gestures
from chingolo.synth.voice.birds import ZEBRA_FINCH
from chingolo.synth.voice.gestures import Gesture


def test_the_amplitude_is_read_under_its_old_name_too(tmp_path: Path):
    amplitude = np.sin(np.linspace(0, np.pi, 400)).astype(np.float32)
    gesture = Gesture(np.full(400, 4000.0), amplitude, np.full(400, ZEBRA_FINCH.alpha))
    band = np.arange(5, dtype=np.float32)
    around = Acoustics(*(band + number for number in range(5)))
    fit = Fit(gesture, (), 0.5, band, band)
    write_gestures(fit, ZEBRA_FINCH, around, tmp_path / "new.npz")
    np.testing.assert_array_equal(load_acoustics(tmp_path / "new.npz").decay, band + 3)
    with np.load(tmp_path / "new.npz", allow_pickle=False) as arrays:
        now = dict(arrays)
    assert "loudness" not in now
    now["loudness"] = now.pop("amplitude")
    np.savez(tmp_path / "old.npz", allow_pickle=False, **now)
    for name in ("new", "old"):
        read = load_fit(tmp_path / f"{name}.npz", ZEBRA_FINCH).gesture.amplitude
        np.testing.assert_allclose(read, amplitude, atol=1e-6)
