"""Files of one sound are told, whatever holds it; those that only look alike are not."""

import os

import numpy as np
import soundfile

from chingolo.scripts import find_songs
from chingolo.synth.tables.content import PROBED, copies, told_copies


def test_copies_are_files_of_equal_bytes(tmp_path):
    random = np.random.default_rng(0)
    whole = random.bytes(3 * PROBED)
    almost = bytes([whole[0] ^ 1]) + whole[1:]  # one length, one middle
    for name, data in {"a": whole, "b": almost, "c": whole, "d": whole[1:], "e": almost}.items():
        (tmp_path / name).write_bytes(data)
    os.symlink(tmp_path / "loop", tmp_path / "loop")
    files = [tmp_path / name for name in ("a", "b", "c", "d", "e", "a", "missing", "loop")]
    expected = {"c": "a", "e": "b"}
    assert copies(files) == {
        str(tmp_path / copy): str(tmp_path / first) for copy, first in expected.items()
    }
    assert told_copies(files)[0].startswith("2 recordings are a copy of another")
    assert told_copies(files[:2]) == []
    for name in "fgh":
        (tmp_path / name).write_bytes(whole)
    files += [tmp_path / name for name in "fgh"]
    named = "; ".join(f"{tmp_path / one} of {tmp_path / 'a'}" for one in "cfg")
    assert told_copies([file for file in files if file.name not in "be"]) == [
        f"4 recordings are a copy of another, sample for sample: {named}; and 1 more"
    ]


def test_copies_are_sounds_of_equal_samples(tmp_path):
    wave = np.random.default_rng(0).integers(-9999, 9999, 40_000).astype(np.int16)
    other = wave.copy()
    other[7] += 1
    soundfile.write(tmp_path / "a.wav", wave, 16_000)
    soundfile.write(tmp_path / "a.flac", wave, 16_000)
    soundfile.write(tmp_path / "a.aiff", wave, 16_000)
    soundfile.write(tmp_path / "extensible.wav", wave, 16_000, format="WAVEX")
    soundfile.write(tmp_path / "wide.wav", wave.astype(np.int32) << 16, 16_000, "PCM_24")
    with soundfile.SoundFile(tmp_path / "tagged.flac", "w", 16_000, 1) as file:
        file.title = "a dawn"
        file.write(wave)
    data = bytearray((tmp_path / "a.wav").read_bytes())
    data[40:44] = bytes(4)  # as of a recorder that lost its power
    (tmp_path / "lost.wav").write_bytes(data)
    soundfile.write(tmp_path / "other.flac", other, 16_000)  # one sample
    soundfile.write(tmp_path / "slow.wav", wave, 8_000)
    soundfile.write(tmp_path / "two.wav", wave.reshape(-1, 2), 16_000)
    names = "a.wav a.flac a.aiff extensible.wav wide.wav tagged.flac lost.wav other.flac slow.wav"
    files = [str(tmp_path / name) for name in [*names.split(), "two.wav"]]
    assert copies(files) == dict.fromkeys(files[1:7], files[0])


def test_a_copy_is_not_counted_twice(tmp_path, capsys):
    random = np.random.default_rng(0)
    for folder in ("card", "backup"):
        (tmp_path / folder).mkdir()
        soundfile.write(tmp_path / folder / "a.wav", random.normal(0, 0.01, 16_000), 16_000)
    (tmp_path / "card" / "b.wav").write_bytes((tmp_path / "backup" / "a.wav").read_bytes())
    assert find_songs.main([str(tmp_path)]) == 0
    told = capsys.readouterr().err
    assert (
        f"{tmp_path / 'card' / 'b.wav'}: sample for sample {tmp_path / 'backup' / 'a.wav'}" in told
    )
    assert "0 songs in 2 recordings (2.0 s)" in told
