"""Notes that a sample rate cannot hold: told before songs are sung without them."""

from collections.abc import Collection

from chingolo.synth.score.repertoire import Repertoire
from chingolo.synth.score.song import song_gesture
from chingolo.synth.score.variation import as_written
from chingolo.synth.voice.gestures import refuse_beyond_band


def refuse_lost_notes(
    repertoire: Repertoire, sample_rate: int, themes: Collection[str] | None = None
) -> None:
    """Refuses a sample rate at which notes of a theme, as it is written, would fade.

    Args:
        repertoire: to be sung.
        sample_rate: Hz.
        themes: names of those that are sung; by default all with a share.

    Raises:
        InputError: naming the theme, and the rate that would do.
    """
    if themes is None:
        shares = zip(repertoire.theme_names, repertoire.theme_shares, strict=True)
        themes = {name for name, share in shares if share > 0}
    for theme in repertoire.themes:
        if theme.name in themes:
            gesture = song_gesture(as_written(theme), repertoire.singer)
            refuse_beyond_band(gesture, sample_rate, f"theme '{theme.name}'")
