"""Files of equal bytes are told; those that only look alike are not."""

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


def test_a_copy_is_not_counted_twice(tmp_path, capsys):
    random = np.random.default_rng(0)
    for folder in ("card", "backup"):
        (tmp_path / folder).mkdir()
        soundfile.write(tmp_path / folder / "a.wav", random.normal(0, 0.01, 16_000), 16_000)
    (tmp_path / "card" / "b.wav").write_bytes((tmp_path / "backup" / "a.wav").read_bytes())
    assert find_songs.main([str(tmp_path)]) == 0
    told = capsys.readouterr().err
    assert f"{tmp_path / 'card' / 'b.wav'}: byte for byte {tmp_path / 'backup' / 'a.wav'}" in told
    assert "0 songs in 2 recordings (2.0 s)" in told
