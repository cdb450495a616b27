"""What a scene is drawn from besides the species that is looked for."""

from dataclasses import dataclass

from chingolo.synth.recorder.recorders import Recorder, recorder_set
from chingolo.synth.score.repertoire import Repertoire
from chingolo.synth.score.repertoire_file import repertoire_set
from chingolo.synth.tables.content import content_hash
from chingolo.synth.voice.birds import Bird, bird_set


@dataclass(frozen=True)
class Surroundings:
    """Recorders, voices and songs that scenes draw from; the order matters."""

    recorders: tuple[Recorder, ...]
    """Machines that hear the scenes."""

    birds: tuple[Bird, ...]
    """Voices of strangers, random themes of no species."""

    repertoires: tuple[Repertoire, ...]
    """Songs of other species; those of the species itself are passed over."""


def named_surroundings(*, recorders: str, birds: str, repertoires: str) -> Surroundings:
    """Surroundings of named sets.

    Args:
        recorders: key in `RECORDER_SETS`.
        birds: key in `BIRD_SETS`.
        repertoires: key in `REPERTOIRE_SETS`.

    Raises:
        InputError: if there is no such set.
    """
    return Surroundings(recorder_set(recorders), bird_set(birds), repertoire_set(repertoires))


def content_of_scenes(repertoire: Repertoire, surroundings: Surroundings) -> str:
    """A short hash of all constants that `draw_scenes` depends on, the birds' among them."""
    singers = tuple(other.singer for other in (repertoire, *surroundings.repertoires))
    return content_hash(repertoire, surroundings, singers)
