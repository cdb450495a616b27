"""Repertoires as YAML files that a field worker can type from a sketch.

The shipped files under `synth/score/repertoires/` show it; every error names the file, the line and
what was expected.
"""

from dataclasses import fields
from pathlib import Path
from typing import Any

from chingolo.synth.score.marked_yaml import LineMap, MarkedReader, brief, finite, read_marked_yaml
from chingolo.synth.score.notes import LONGEST_NOTE, read_note
from chingolo.synth.score.repertoire import (
    DEFAULT_VARIATION,
    LAYERS,
    Item,
    Note,
    Population,
    Repertoire,
    Strengths,
    Theme,
)
from chingolo.synth.score.shipped_repertoires import REPERTOIRE_SETS, REPERTOIRES
from chingolo.synth.tables.files import InputError
from chingolo.synth.voice.birds import BIRDS

MOST_NOTES = 1000
"""Of a trill."""

MOST_BIRDS = 100_000
"""Of a population."""

MOST_SHARE = 1e6
"""Of a theme; shares are relative to each other."""


def load_repertoire(name: str | Path) -> Repertoire:
    """Loads a repertoire.

    Args:
        name: the name of a shipped repertoire (`zonotrichia_capensis`), or a YAML file.

    Raises:
        InputError: if there is no such repertoire, or the file is wrong (names the line).
    """
    path = Path(name)
    if path.suffix not in (".yaml", ".yml"):
        if str(name) not in REPERTOIRES:
            raise InputError(
                f"{name}: no such repertoire; shipped are {REPERTOIRES.names()}, "
                "or give a .yaml file"
            )
        path = REPERTOIRES[str(name)]
    return _read_repertoire(read_marked_yaml(path), MarkedReader(path))


def repertoire_set(name: str) -> tuple[Repertoire, ...]:
    """The repertoires of a set of shipped ones, in its order.

    Raises:
        InputError: if there is no such set.
    """
    return tuple(load_repertoire(repertoire) for repertoire in REPERTOIRE_SETS.named(name))


def _read_repertoire(parsed: LineMap, reader: MarkedReader) -> Repertoire:
    reader.known_keys(
        parsed,
        ("species", "source", "bird", "base", "gap", "notes", "themes", "variation", "populations"),
    )
    if "base" in parsed:
        name = reader.value(parsed, "base", str)
        if Path(name).suffix in (".yaml", ".yml"):
            raise reader.fail(parsed.lines["base"], "'base' is the name of a shipped repertoire")
        base = load_repertoire(name)
        reader.known_keys(parsed, ("base", "source", "variation", "populations"))
        species, bird, themes, variation = base.species, base.bird, base.themes, base.variation
        source = reader.value(parsed, "source", str, base.source)
    else:
        species = reader.value(parsed, "species", str)
        source = reader.value(parsed, "source", str)
        bird = reader.value(parsed, "bird", str)
        if bird not in BIRDS:
            line = parsed.lines["bird"]
            raise reader.fail(line, f"no bird '{bird}'; expected one of {BIRDS.names()}")
        notes_section = reader.value(parsed, "notes", dict)
        notes = {
            str(name): read_note(body, reader, notes_section.lines[name], str(name), BIRDS[bird])
            for name, body in notes_section.items()
        }
        gap = reader.number(parsed, "gap", 0.0, low=0, high=LONGEST_NOTE)
        themes_section = reader.value(parsed, "themes", dict)
        themes = tuple(
            _read_theme(str(name), body, notes, gap, reader, themes_section.lines[name])
            for name, body in themes_section.items()
        )
        if not themes:
            raise reader.fail(parsed.lines["themes"], "no theme; expected at least one")
        variation = tuple(DEFAULT_VARIATION.items())
    if "variation" in parsed:
        section = reader.value(parsed, "variation", dict)
        reader.known_keys(section, LAYERS)
        variation = tuple(
            (layer, _read_strengths(section[layer], strengths, reader, section.lines[layer]))
            if layer in section
            else (layer, strengths)
            for layer, strengths in variation
        )
    names = tuple(theme.name for theme in themes)
    populations = tuple(
        _read_population(body, names, reader, parsed.lines["populations"])
        for body in reader.value(parsed, "populations", list, [])
    )
    own_shares = bool(populations) and all(population.shares for population in populations)
    if not own_shares and not sum(theme.share for theme in themes) > 0:
        raise reader.fail(parsed.lines["themes"], "the shares of all themes add up to nothing")
    return Repertoire(species, source, bird, themes, variation, populations)


def _read_theme(
    name: str, body: Any, notes: dict[str, Note], gap: float, reader: MarkedReader, line: int
) -> Theme:
    entries = reader.value(body, "song", list, line=line)
    reader.known_keys(body, ("song", "share", "habitat"))
    line = body.lines["song"]
    items, pause = [], 0.0

    def note_named(key: str, line: int) -> Note:
        if key not in notes:
            raise reader.fail(
                line, f"theme '{name}': no note '{key}'; notes are {', '.join(notes)}"
            )
        return notes[key]

    for entry in entries:
        if isinstance(entry, str):
            items.append(Item(note_named(entry, line), gap=pause))
            pause = gap
        elif isinstance(entry, LineMap) and "pause" in entry:
            reader.known_keys(entry, ("pause",))
            pause = reader.number(entry, "pause", None, low=0, high=LONGEST_NOTE)
        elif isinstance(entry, LineMap) and "trill" in entry:
            reader.known_keys(entry, ("trill", "count", "rate"))
            at = entry.lines["trill"]
            note = note_named(reader.value(entry, "trill", str), at)
            count = reader.value(entry, "count", int)
            rate = reader.number(entry, "rate", None, low=0.1, high=500)
            if not 1 <= count <= MOST_NOTES:
                raise reader.fail(
                    at, f"theme '{name}': a trill has from 1 to {MOST_NOTES} notes, not {count}"
                )
            items.append(Item(note, count=count, rate=rate, gap=pause))
            pause = gap
        else:
            raise reader.fail(
                line, f"theme '{name}': {brief(entry)} is not a note, 'pause: s' or 'trill: note'"
            )
    if not items:
        raise reader.fail(line, f"theme '{name}': no note in its song")
    share = reader.number(body, "share", 1.0, low=0, high=MOST_SHARE)
    return Theme(name, tuple(items), share, reader.value(body, "habitat", str, ""))


def _read_strengths(body: Any, defaults: Strengths, reader: MarkedReader, line: int) -> Strengths:
    names = tuple(field.name for field in fields(Strengths))
    if not isinstance(body, LineMap):
        raise reader.fail(line, f"expected strengths such as 'pitch: 0.03', found {brief(body)}")
    reader.known_keys(body, names)
    return Strengths(
        **{
            name: reader.number(
                body, name, getattr(defaults, name), low=0, high=20 if name == "loudness" else 1
            )
            for name in names
        }
    )


def _read_population(
    body: Any, names: tuple[str, ...], reader: MarkedReader, line: int
) -> Population:
    era = reader.value(body, "era", str, line=line)
    keys = ("era", "site", "individuals", "shares", "latitude", "longitude")
    reader.known_keys(body, keys)
    shares = reader.value(body, "shares", dict, LineMap())
    for theme, share in shares.items():
        if theme not in names:
            at = shares.lines[theme]
            raise reader.fail(at, f"no theme '{theme}'; themes are {', '.join(names)}")
        if not finite(share) or not 0 <= share <= MOST_SHARE:
            at = shares.lines[theme]
            raise reader.fail(at, f"'{theme}': a share is a number from 0 to {MOST_SHARE:g}")
    if shares and not sum(shares.values()) > 0:
        raise reader.fail(body.lines["shares"], "the shares add up to nothing")
    individuals = reader.value(body, "individuals", int)
    if not 1 <= individuals <= MOST_BIRDS:
        raise reader.fail(
            body.lines["individuals"], f"from 1 to {MOST_BIRDS} individuals, not {individuals}"
        )

    def place(key: str, most: float) -> float:
        return reader.number(body, key, None, low=-most, high=most)

    return Population(
        era=era,
        site=reader.value(body, "site", str),
        individuals=individuals,
        shares=tuple((str(theme), float(share)) for theme, share in shares.items()),
        latitude=place("latitude", 90) if "latitude" in body else None,
        longitude=place("longitude", 180) if "longitude" in body else None,
    )
