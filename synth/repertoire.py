"""Repertoires: what a species sings, written as YAML that a field worker can type from a sketch.

`docs` of the notation stand in the shipped files under `synth/repertoires/`; every error names the
file, the line and what was expected.
"""

from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from synth.files import InputError
from synth.gestures import Note
from synth.syrinx import BIRDS

FOLDER = Path(__file__).with_name("repertoires")
LAYERS = ("population", "individual", "rendition")


@dataclass(frozen=True)
class Strengths:
    """How much one layer of variation moves a song; standard deviations, 0 for none."""

    pitch: float = 0.0
    """Of the natural logarithm of all frequencies of a song."""

    note_pitch: float = 0.0
    """The same for each note alone."""

    tempo: float = 0.0
    """Of the logarithm of the song's speed."""

    note_duration: float = 0.0
    """Of the logarithm of each note's duration."""

    trill_rate: float = 0.0
    """Of the logarithm of the trill rate."""

    trill_count: float = 0.0
    """Of the logarithm of the number of trill notes."""

    loudness: float = 0.0
    """dB, of each note."""

    timbre: float = 0.0
    """Of the logarithm of alpha."""

    drop: float = 0.0
    """Probability that a note (not a trill) is left out."""

    repeat: float = 0.0
    """Probability that a note (not a trill) is sung twice."""


# Individuals differ more than renditions of one bird: in chingolos pitch varies between males by a
# few percent and within a male by under one (Nottebohm 1969, Condor 71:299-315, describes single
# songs repeated with little change; the exact figures are chosen in that spirit).
DEFAULT_VARIATION = {
    "population": Strengths(pitch=0.01, tempo=0.01, trill_rate=0.02),
    "individual": Strengths(
        pitch=0.03,
        note_pitch=0.02,
        tempo=0.04,
        note_duration=0.06,
        trill_rate=0.05,
        trill_count=0.12,
        loudness=1.5,
        timbre=0.1,
    ),
    "rendition": Strengths(
        pitch=0.006,
        note_pitch=0.006,
        tempo=0.015,
        note_duration=0.02,
        trill_rate=0.01,
        trill_count=0.1,
        loudness=1.0,
        timbre=0.03,
        drop=0.01,
        repeat=0.01,
    ),
}


@dataclass(frozen=True)
class Item:
    """One place in a song: a note, or a trill of one."""

    note: Note
    count: int = 1
    """How often the note is sung; 1 unless a trill."""

    rate: float = 0.0
    """Notes per second of a trill, Hz."""

    gap: float = 0.0
    """Silence before it, s."""


@dataclass(frozen=True)
class Theme:
    """A song type or dialect."""

    name: str
    items: tuple[Item, ...]
    share: float = 1.0
    """Relative frequency where a population gives no shares of its own."""

    habitat: str = ""


@dataclass(frozen=True)
class Population:
    """The birds of one site in one era."""

    era: str
    site: str
    individuals: int
    shares: tuple[tuple[str, float], ...]
    """(theme, relative frequency) of each theme sung there."""

    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True)
class Repertoire:
    """Themes of a species, how they vary, and who sings them."""

    species: str
    source: str
    """Where the songs come from; shipped ones are schematic."""

    bird: str
    """Key in `synth.syrinx.BIRDS`."""

    themes: tuple[Theme, ...]
    variation: tuple[tuple[str, Strengths], ...]
    populations: tuple[Population, ...]

    @property
    def theme_names(self) -> tuple[str, ...]:
        """Names of the themes, in the file's order."""
        return tuple(theme.name for theme in self.themes)


class _LineMap(dict):
    """A mapping that knows the line of each key."""

    lines: dict[Any, int]


class _LineLoader(yaml.SafeLoader):
    """Safe loading that keeps the lines; no tag can build an object."""


def _construct_mapping(loader: _LineLoader, node: yaml.MappingNode) -> _LineMap:
    loader.flatten_mapping(node)
    pairs = [(loader.construct_object(key), value) for key, value in node.value]
    result = _LineMap((key, loader.construct_object(value, deep=True)) for key, value in pairs)
    result.lines = {key: value.start_mark.line + 1 for (key, value) in pairs}
    return result


_LineLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _construct_mapping)


class _Reader:
    """Reads values of a parsed file and says where a wrong one stands."""

    def __init__(self, path: Path):
        self.path = path

    def fail(self, line: int, message: str) -> InputError:
        return InputError(f"{self.path}: line {line}: {message}")

    def value(
        self, mapping: Any, key: str, kind: type, default: Any = None, *, line: int = 1
    ) -> Any:
        if not isinstance(mapping, _LineMap):
            raise self.fail(line, f"expected a mapping with '{key}:', found {mapping!r}")
        if key not in mapping:
            if default is not None:
                return default
            raise self.fail(min(mapping.lines.values(), default=line), f"'{key}:' is missing")
        found = mapping[key]
        if kind is float and isinstance(found, int) and not isinstance(found, bool):
            found = float(found)
        if kind is str and isinstance(found, int | float):
            found = str(found)
        if not isinstance(found, kind) or isinstance(found, bool):
            names = {float: "a number", int: "a whole number", str: "text", list: "a list"}
            wanted = names.get(kind, "a mapping")
            raise self.fail(mapping.lines[key], f"'{key}' is {found!r}; expected {wanted}")
        return found

    def known_keys(self, mapping: _LineMap, allowed: tuple[str, ...]) -> None:
        for key, line in mapping.lines.items():
            if key not in allowed:
                raise self.fail(line, f"unknown key '{key}'; expected one of {', '.join(allowed)}")


def load_repertoire(name: str | Path) -> Repertoire:
    """Loads a repertoire.

    Args:
        name: the name of a shipped repertoire (`zonotrichia_capensis`), or a YAML file.

    Raises:
        InputError: if there is no such repertoire, or the file is wrong (names the line).
    """
    path = Path(name)
    shipped = FOLDER / f"{name}.yaml"
    if path.suffix not in (".yaml", ".yml"):
        if not shipped.is_file():
            names = ", ".join(sorted(file.stem for file in FOLDER.glob("*.yaml")))
            raise InputError(
                f"{name}: no such repertoire; shipped are {names}, or give a .yaml file"
            )
        path = shipped
    try:
        parsed = yaml.load(path.read_text(encoding="utf-8"), Loader=_LineLoader)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not a text file") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        reason = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise InputError(f"{path}: {where}not YAML ({reason})") from error
    if not isinstance(parsed, _LineMap):
        raise InputError(f"{path}: line 1: expected 'species:', 'notes:' and 'themes:'")
    return _read_repertoire(parsed, _Reader(path))


def _read_repertoire(parsed: _LineMap, reader: _Reader) -> Repertoire:
    reader.known_keys(
        parsed,
        ("species", "source", "bird", "base", "gap", "notes", "themes", "variation", "populations"),
    )
    if "base" in parsed:
        base = load_repertoire(reader.value(parsed, "base", str))
        reader.known_keys(parsed, ("base", "source", "variation", "populations"))
        species, bird, themes, variation = base.species, base.bird, base.themes, base.variation
        source = reader.value(parsed, "source", str, base.source)
    else:
        species = reader.value(parsed, "species", str)
        source = reader.value(parsed, "source", str)
        bird = reader.value(parsed, "bird", str)
        if bird not in BIRDS:
            line = parsed.lines["bird"]
            raise reader.fail(line, f"no bird '{bird}'; expected one of {', '.join(BIRDS)}")
        notes_section = reader.value(parsed, "notes", dict)
        notes = {
            str(name): _read_note(body, reader, notes_section.lines[name], str(name))
            for name, body in notes_section.items()
        }
        gap = reader.value(parsed, "gap", float, 0.0)
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
    return Repertoire(species, source, bird, themes, variation, populations)


def _read_note(body: Any, reader: _Reader, line: int, name: str) -> Note:
    points = reader.value(body, "points", list, line=line)
    reader.known_keys(body, ("points", "loudness", "attack", "release", "timbre"))
    where = body.lines["points"]
    if len(points) < 2:
        raise reader.fail(where, f"note '{name}': expected at least two [time s, kHz] points")
    for point in points:
        good = isinstance(point, list) and len(point) == 2
        if not good or not all(type(number) in (int, float) for number in point):
            raise reader.fail(where, f"note '{name}': {point!r} is not a [time s, kHz] point")
    times, pitches = zip(*points, strict=True)
    if times[0] != 0 or any(b <= a for a, b in pairwise(times)):
        raise reader.fail(where, f"note '{name}': times must start at 0 and rise, found {times}")
    if min(pitches) < 0.5 or max(pitches) > 12:
        raise reader.fail(
            where, f"note '{name}': frequencies in kHz from 0.5 to 12, found {pitches}"
        )
    note = Note(
        points=tuple((float(time), 1000.0 * pitch) for time, pitch in points),
        loudness=reader.value(body, "loudness", float, 0.0),
        attack=reader.value(body, "attack", float, Note.attack),
        release=reader.value(body, "release", float, Note.release),
        timbre=reader.value(body, "timbre", float, 1.0),
    )
    for key in ("attack", "release", "timbre"):
        if getattr(note, key) <= 0:
            raise reader.fail(body.lines[key], f"note '{name}': '{key}' must be above 0")
    return note


def _read_theme(
    name: str, body: Any, notes: dict[str, Note], gap: float, reader: _Reader, line: int
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
        elif isinstance(entry, _LineMap) and "pause" in entry:
            reader.known_keys(entry, ("pause",))
            pause = reader.value(entry, "pause", float)
        elif isinstance(entry, _LineMap) and "trill" in entry:
            reader.known_keys(entry, ("trill", "count", "rate"))
            at = entry.lines["trill"]
            note = note_named(reader.value(entry, "trill", str), at)
            count, rate = reader.value(entry, "count", int), reader.value(entry, "rate", float)
            if count < 1 or rate <= 0:
                raise reader.fail(at, f"theme '{name}': a trill's count and rate must be above 0")
            items.append(Item(note, count=count, rate=rate, gap=pause))
            pause = gap
        else:
            raise reader.fail(
                line, f"theme '{name}': {entry!r} is not a note, 'pause: s' or 'trill: note'"
            )
    if not items:
        raise reader.fail(line, f"theme '{name}': no note in its song")
    share = reader.value(body, "share", float, 1.0)
    return Theme(name, tuple(items), share, reader.value(body, "habitat", str, ""))


def _read_strengths(body: Any, defaults: Strengths, reader: _Reader, line: int) -> Strengths:
    names = tuple(field.name for field in fields(Strengths))
    if not isinstance(body, _LineMap):
        raise reader.fail(line, f"expected strengths such as 'pitch: 0.03', found {body!r}")
    reader.known_keys(body, names)
    values = {name: reader.value(body, name, float, getattr(defaults, name)) for name in names}
    for name, value in values.items():
        if value < 0:
            raise reader.fail(body.lines[name], f"'{name}' is a strength and cannot be negative")
    return Strengths(**values)


def _read_population(body: Any, names: tuple[str, ...], reader: _Reader, line: int) -> Population:
    era = reader.value(body, "era", str, line=line)
    keys = ("era", "site", "individuals", "shares", "latitude", "longitude")
    reader.known_keys(body, keys)
    shares = reader.value(body, "shares", dict, _LineMap())
    for theme, share in shares.items():
        if theme not in names:
            at = shares.lines[theme]
            raise reader.fail(at, f"no theme '{theme}'; themes are {', '.join(names)}")
        if type(share) not in (int, float) or share < 0:
            raise reader.fail(shares.lines[theme], f"'{theme}': a share is a number from 0 on")
    if shares and not sum(shares.values()) > 0:
        raise reader.fail(body.lines["shares"], "the shares add up to nothing")
    return Population(
        era=era,
        site=reader.value(body, "site", str),
        individuals=reader.value(body, "individuals", int),
        shares=tuple((str(theme), float(share)) for theme, share in shares.items()),
        latitude=float(body["latitude"]) if "latitude" in body else None,
        longitude=float(body["longitude"]) if "longitude" in body else None,
    )
