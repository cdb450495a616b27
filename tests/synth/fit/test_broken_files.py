"""Files of a fit that broke off after they were written are made anew."""

import numpy as np
import soundfile

from chingolo.synth.fit.fit_table import fit_songs
from chingolo.synth.fit.track.chirp_plane import RATE


def test_files_that_broke_off_since_are_made_anew(tmp_path):
    time = np.arange(RATE // 2) / RATE
    edge = np.sin(np.pi * time / time[-1]) ** 2
    for number, f0 in enumerate((3000.0, 4000.0, 5000.0)):
        tone = np.pad(0.3 * edge * np.sin(2 * np.pi * f0 * time), RATE // 5)
        noise = 1e-3 * np.random.default_rng(number).standard_normal(len(tone))
        soundfile.write(tmp_path / f"{number}.wav", tone + noise, RATE)
    (tmp_path / "songs.csv").write_text("path\n0.wav\n1.wav\n2.wav\n")

    def fitted():
        return fit_songs(tmp_path / "songs.csv", tmp_path / "fit", copies=1, refine_steps=2)

    before = fitted().quality
    audio = sorted((tmp_path / "fit" / "audio").iterdir())
    whole = [file.read_bytes() for file in audio]
    audio[1].write_bytes(whole[1][: len(whole[1]) // 2])
    record, gestures = (
        tmp_path / "fit" / name for name in ("songs/000001.json", "gestures/000002.npz")
    )
    record.write_text(record.read_text()[:50])
    gestures.write_bytes(gestures.read_bytes()[:500])
    assert fitted().quality.equals(before)
    assert [file.read_bytes() for file in audio] == whole
