"""A repertoire as the YAML that `repertoire_file.load_repertoire` reads."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from chingolo.synth.score.notes import LONGEST_NOTE
from chingolo.synth.score.own_bird import bird_as_mapping
from chingolo.synth.score.repertoire import Item, Note, Population, Repertoire, Theme
from chingolo.synth.tables.files import atomic_path


def write_repertoire(repertoire: Repertoire, path: Path) -> None:
    """Writes a repertoire as the YAML that `repertoire_file.load_repertoire` reads.

    Read again it is the same, but for the last of sixteen digits of a frequency. Notes are named
    after their first place.

    Args:
        repertoire: with all that it holds.
        path: `.yaml` file.
    """
    names: dict[Note, str] = {}
    themes = {theme.name: _theme(theme, names) for theme in repertoire.themes}
    own = repertoire.own_bird
    content = {
        "species": repertoire.species,
        "source": repertoire.source,
        "bird": repertoire.bird if own is None else bird_as_mapping(own),
        "notes": {name: _note(note) for note, name in names.items()},
        "themes": themes,
        "variation": {layer: asdict(strengths) for layer, strengths in repertoire.variation},
    }
    if repertoire.populations:
        content["populations"] = [_population(each) for each in repertoire.populations]
    with atomic_path(path) as temporary:
        text = yaml.dump(content, Dumper=_WithoutAliases, sort_keys=False, **_LAYOUT)
        temporary.write_text(
            "# Sing with `chingolo generate`. notes: points are [time in s, frequency in kHz], \n"
            "# contour and noise [time in s, dB]; loudness in dB; attack, release in s.\n" + text,
            encoding="utf-8",
        )


_LAYOUT: dict[str, Any] = {"default_flow_style": None, "width": 100, "allow_unicode": True}


class _WithoutAliases(yaml.SafeDumper):
    """Writes what occurs twice twice: a field worker edits one of them."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _theme(theme: Theme, names: dict[Note, str]) -> dict[str, Any]:
    song: list = []
    for number, item in enumerate(theme.items):
        name = names.setdefault(item.note, f"{theme.name}-{number + 1:02d}")
        left = item.gap if number else theme.pause
        while left > LONGEST_NOTE:
            song.append({"pause": LONGEST_NOTE})
            left -= LONGEST_NOTE
        if number or left:
            song.append({"pause": left})
        song.append(_trill(item, name) if item.count > 1 else name)
    return {"song": song, "share": theme.share} | (
        {"habitat": theme.habitat} if theme.habitat else {}
    )


def _trill(item: Item, name: str) -> dict[str, Any]:
    trill = {"trill": name, "count": item.count, "rate": item.rate}
    return trill | ({"contour": [list(point) for point in item.contour]} if item.contour else {})


def _note(note: Note) -> dict[str, Any]:
    def in_khz(points: tuple[tuple[float, float], ...]) -> list[list[float]]:
        return [[time, float(f"{pitch / 1000:.15g}")] for time, pitch in points]

    told: dict[str, Any] = {"points": in_khz(note.points)} if note.points else {}
    if note.second:
        told["second"] = in_khz(note.second)
    told["loudness"] = note.loudness
    if note.contour:
        told["contour"] = [list(point) for point in note.contour]
    if note.noise:
        told["noise"] = [list(point) for point in note.noise]
    return told | {"attack": note.attack, "release": note.release, "timbre": note.timbre}


def _population(population: Population) -> dict[str, Any]:
    told = asdict(population)
    told["shares"] = dict(population.shares)
    return {key: value for key, value in told.items() if value is not None}
