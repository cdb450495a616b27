"""A repertoire as the YAML that `repertoire_file.load_repertoire` reads."""

from pathlib import Path

import yaml

from chingolo.synth.score.repertoire import Repertoire
from chingolo.synth.tables.files import atomic_path


def write_repertoire(repertoire: Repertoire, path: Path) -> None:
    """Writes a repertoire as the YAML that `repertoire_file.load_repertoire` reads.

    Args:
        repertoire: without populations.
        path: `.yaml` file.
    """
    notes: dict[str, dict] = {}
    themes: dict[str, dict] = {}
    for theme in repertoire.themes:
        song: list = []
        for number, item in enumerate(theme.items):
            name = f"{theme.name}-{number + 1:02d}"
            notes[name] = {
                "points": [[time, round(pitch / 1000, 4)] for time, pitch in item.note.points],
                "loudness": item.note.loudness,
                **(
                    {"contour": [list(point) for point in item.note.contour]}
                    if item.note.contour
                    else {}
                ),
                "attack": item.note.attack,
                "release": item.note.release,
                "timbre": item.note.timbre,
            }
            if song or item.gap:
                song.append({"pause": item.gap})
            trill = {"trill": name, "count": item.count, "rate": item.rate}
            song.append(trill if item.count > 1 else name)
        themes[theme.name] = {"song": song}
    content = {
        "species": repertoire.species,
        "source": repertoire.source,
        "bird": repertoire.bird,
        "notes": notes,
        "themes": themes,
    }
    with atomic_path(path) as temporary:
        text = yaml.safe_dump(content, sort_keys=False, default_flow_style=None, width=100)
        temporary.write_text(
            "# Fitted to recordings by `chingolo fit`; edit and sing with `chingolo generate`.\n"
            "# notes: points are [time in s, frequency in kHz]; loudness in dB; attack, release in "
            "s.\n" + text,
            encoding="utf-8",
        )
