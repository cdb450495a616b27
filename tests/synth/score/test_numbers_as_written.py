"""Numbers in a repertoire are decimal: what YAML 1.1 would make of them in silence is refused."""

from pathlib import Path

import pytest

from chingolo.synth.score.repertoire_file import load_repertoire
from chingolo.synth.tables.files import InputError

GOOD = """\
species: Testa testa
source: made for a test
bird: rufous_collared_sparrow
gap: 0.05
notes:
  tick: {points: [[0, 4.0], [0.02, 3.0]], loudness: -6}
themes:
  one: {song: [tick, {pause: 0.1}, {trill: tick, count: 12, rate: 9}]}
"""


def load(folder: Path, text: str):
    (folder / "own.yaml").write_text(text, encoding="utf-8")
    return load_repertoire(str(folder / "own.yaml"))


@pytest.mark.parametrize(
    ("as_plain", "as_written"),
    [
        ("gap: 0.05", "gap: 00.05"),
        ("0.02, 3.0", "00.02, 03.0"),
        ("count: 12", "count: 012"),
        ("rate: 9", "rate: 09"),
        ("loudness: -6", "loudness: -06."),
    ],
)
def test_leading_zeros_change_no_number(tmp_path, as_plain, as_written):
    assert as_plain in GOOD
    assert load(tmp_path, GOOD.replace(as_plain, as_written)) == load(tmp_path, GOOD)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("gap: 0.05", "gap: 0:02", "line 4: 'gap' is '0:02'; expected a number"),
        ("pause: 0.1", "pause: 0:01.5", "line 8: 'pause' is '0:01.5'; expected a number"),
        ("count: 12", "count: 1:00", "line 8: 'count' is '1:00'; expected a whole number"),
        ("count: 12", "count: 1_2", "line 8: 'count' is '1_2'"),
        ("count: 12", "count: 0x0c", "line 8: 'count' is '0x0c'"),
        ("count: 12", "count: 0b11", "line 8: 'count' is '0b11'"),
        ("count: 12", "count: 0o14", "line 8: 'count' is '0o14'"),
        ("[0.02, 3.0]", "[0.02, 3_0]", "line 6: note 'tick'"),
        ("[0.02, 3.0]", "[0:02, 3.0]", "line 6: note 'tick'"),
        ("rate: 9", "rate: .inf", "line 8: 'rate' is '.inf'"),
        ("rate: 9", "rate: !!float 1:30", "line 8: not YAML .*'1:30' is no decimal number"),
    ],
)
def test_what_is_no_decimal_number_is_refused(tmp_path, old, new, told):
    assert old in GOOD
    with pytest.raises(InputError, match=told):
        load(tmp_path, GOOD.replace(old, new))


def test_such_words_are_names_as_they_are_written(tmp_path):
    repertoire = load(tmp_path, GOOD.replace("tick", "0:30").replace("one:", "010:"))
    assert repertoire.theme_names == ("010",)


def test_another_coding_is_told_with_its_line(tmp_path):
    (tmp_path / "own.yaml").write_bytes(GOOD.replace("made", "hech\u00f3").encode("latin-1"))
    with pytest.raises(InputError, match="line 2: not a text in UTF-8"):
        load_repertoire(str(tmp_path / "own.yaml"))
