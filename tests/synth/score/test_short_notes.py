"""Notes too short to sound are refused with their line."""

import numpy as np
import pytest

from chingolo.synth.score.repertoire import Note
from chingolo.synth.score.repertoire_file import load_repertoire
from chingolo.synth.score.song import Event, Song, song_gesture
from chingolo.synth.tables.files import InputError
from chingolo.synth.voice.birds import RUFOUS_COLLARED_SPARROW as BIRD

TEXT = """species: Testa testa
source: made for a test
bird: rufous_collared_sparrow
notes:
  click:
    CURVE
themes:
  one: {song: [click]}
"""


@pytest.mark.parametrize(
    "curve", ["points: [[0, 4.0], [0.0002, 4.0]]", "noise: [[0, 0], [0.0002, 0]]"]
)
def test_a_note_that_none_hears_is_refused(tmp_path, curve):
    file = tmp_path / "own.yaml"
    file.write_text(TEXT.replace("CURVE", curve))
    with pytest.raises(InputError, match=r"line 6: note 'click': lasts 0.0002 s; at least 0.001 s"):
        load_repertoire(str(file))


def test_the_shortest_note_sounds_wherever_it_begins():
    for start in np.linspace(0, 1e-3, 23):
        note = Note(points=((0.0, 4000.0), (0.001, 4000.0)))
        sung = song_gesture(Song((Event(note, float(start), 0.001),)), BIRD)
        assert sung.amplitude.max() > 0.1
