"""Repertoires as YAML files that a field worker can type from a sketch.

The shipped files under `synth/score/repertoires/` show it; every error names the file, the line and
what was expected.
"""

from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from chingolo.synth.score.marked_yaml import (
    LineMap,
    MarkedReader,
    brief,
    finite,
    read_marked_yaml,
    text_of,
)
from chingolo.synth.score.notes import LONGEST_NOTE, read_item, read_notes
from chingolo.synth.score.own_bird import read_bird
from chingolo.synth.score.repertoire import (
    DEFAULT_VARIATION,
    LAYERS,
    MOST_NOTES,
    Item,
    Note,
    Population,
    Repertoire,
    Strengths,
    Theme,
)
from chingolo.synth.score.shipped_repertoires import REPERTOIRE_SETS, REPERTOIRES
from chingolo.synth.tables.files import InputError
from chingolo.synth.voice.birds import BIRDS, Bird

MOST_ITEMS = 10_000
"""Notes and trills of a song; more are a slip in the counts of nested phrases."""

LONGEST_SONG = 1200
"""s, twice what a row of a song table may last; longer ones are such a slip, and cost memory."""

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
    return _load(str(name), ())


def load_notes(name: str) -> dict[str, Note]:
    """The notes that the themes of a repertoire are made of, by name.

    Args:
        name: see `load_repertoire`, also for what is raised; of a file with a `base`, the base's.
    """
    bird, path = load_repertoire(name).singer, _path(name)
    parsed = read_marked_yaml(path)
    while "base" in parsed:
        path = _path(_beside(parsed["base"], path))
        parsed = read_marked_yaml(path)
    return read_notes(parsed, MarkedReader(path), bird)


def _beside(name: str, file: Path) -> str:
    """A repertoire as a file names it: what is no shipped one lies beside it."""
    return str(file.parent / name) if Path(name).suffix in (".yaml", ".yml") else name


def _path(name: str) -> Path:
    if Path(name).suffix in (".yaml", ".yml"):
        return Path(name)
    if name not in REPERTOIRES:
        raise InputError(
            f"{name}: no such repertoire; shipped are {REPERTOIRES.names()}, or give a .yaml file"
        )
    return REPERTOIRES[name]


def _load(name: str, above: tuple[Path, ...]) -> Repertoire:
    """Loads a repertoire that the files `above` are built on, the first one first."""
    path = _path(name)
    if path.resolve() in above:
        raise InputError(f"{above[-1]}: its 'base' leads back to {path}")
    return _read_repertoire(read_marked_yaml(path), MarkedReader(path), (*above, path.resolve()))


def load_bird(name: str) -> Bird:
    """Loads a bird.

    Args:
        name: of a bird or a repertoire that ships, or a YAML file: a repertoire, or `bird:` alone.

    Raises:
        InputError: if there is none, or the file is wrong (names the line).
    """
    if name in BIRDS:
        return BIRDS[name]
    if Path(name).suffix in (".yaml", ".yml"):
        parsed = read_marked_yaml(Path(name))
        if set(parsed) <= {"bird"}:
            known, own = read_bird(parsed, MarkedReader(Path(name)))
            return own or BIRDS[known]
    elif name not in REPERTOIRES:
        raise InputError(
            f"--bird {name}: expected one of auto, {BIRDS.names()}, a repertoire, a .yaml file"
        )
    return load_repertoire(name).singer


def repertoire_set(name: str) -> tuple[Repertoire, ...]:
    """The repertoires of a set of shipped ones, in its order.

    Raises:
        InputError: if there is no such set.
    """
    return tuple(load_repertoire(repertoire) for repertoire in REPERTOIRE_SETS.named(name))


def _read_repertoire(parsed: LineMap, reader: MarkedReader, files: tuple[Path, ...]) -> Repertoire:
    reader.known_keys(
        parsed,
        ("species", "source", "bird", "base", "gap", "notes", "themes", "variation", "populations"),
    )
    if "base" in parsed:
        base = _load(_beside(reader.value(parsed, "base", str), reader.path), files)
        reader.known_keys(parsed, ("base", "source", "variation", "populations"))
        species, themes, variation = base.species, base.themes, base.variation
        bird, own_bird = base.bird, base.own_bird
        source = reader.value(parsed, "source", str, base.source)
    else:
        species = reader.value(parsed, "species", str)
        source = reader.value(parsed, "source", str)
        bird, own_bird = read_bird(parsed, reader)
        notes = read_notes(parsed, reader, own_bird or BIRDS[bird])
        gap = reader.number(parsed, "gap", 0.0, low=0, high=LONGEST_NOTE)
        themes_section = reader.value(parsed, "themes", dict)
        themes = tuple(
            _read_theme(name, body, notes, gap, reader, themes_section.lines[name])
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
    return Repertoire(species, source, bird, themes, variation, populations, own_bird)


def _read_theme(
    name: str, body: Any, notes: dict[str, Note], gap: float, reader: MarkedReader, line: int
) -> Theme:
    reader.value(body, "song", list, line=line)
    reader.known_keys(body, ("song", "share", "habitat"))
    items: list[Item] = []
    first, length = 0.0, 0.0
    pause: float | None = None  # None where none was written: then `gap` counts, but for the first
    for number, (entry, at) in enumerate(_in_order(body, "song", reader, name)):
        if isinstance(entry, LineMap) and "pause" in entry:
            reader.known_keys(entry, ("pause",))
            more = reader.number(entry, "pause", None, low=0, high=LONGEST_NOTE)
            pause = more if pause is None else pause + more
            length += more
        else:
            item = read_item(entry, notes, reader, name, at)
            before = (gap if items else 0.0) if pause is None else pause
            length += item.duration + (before if pause is None else 0.0)
            if not items:
                first, before = before, 0.0
            items.append(replace(item, gap=before))
            pause = None
        if length > LONGEST_SONG:
            raise reader.fail(
                at,
                f"theme '{name}': lasts {length:g} s by here; a song lasts {LONGEST_SONG} s at "
                "most: look at its counts and pauses",
            )
        if len(items) > MOST_ITEMS or number > 10 * MOST_ITEMS:
            raise reader.fail(at, f"theme '{name}': more than {MOST_ITEMS} notes and trills")
    if not items:
        raise reader.fail(body.lines["song"], f"theme '{name}': no note in its song")
    share = reader.number(body, "share", 1.0, low=0, high=MOST_SHARE)
    habitat = reader.value(body, "habitat", str, "")
    return Theme(name, tuple(items), share, habitat, first)


def _in_order(
    body: LineMap, key: str, reader: MarkedReader, name: str
) -> Iterator[tuple[Any, int]]:
    """The entries of a song with their lines, phrases sung as often as they say."""
    entries = reader.value(body, key, list)
    for entry, node in zip(entries, body.nodes[key].value, strict=True):
        at = node.start_mark.line + 1
        if not (isinstance(entry, LineMap) and "repeat" in entry):
            written = text_of(node)
            yield (entry if written is None else written), at
            continue
        reader.known_keys(entry, ("repeat", "count"))
        count = reader.value(entry, "count", int)
        if not 1 <= count <= MOST_NOTES:
            raise reader.fail(
                at, f"theme '{name}': a phrase is sung 1 to {MOST_NOTES} times, not {count}"
            )
        if not reader.value(entry, "repeat", list):
            raise reader.fail(at, f"theme '{name}': nothing in the phrase to repeat")
        for _ in range(count):
            yield from _in_order(entry, "repeat", reader, name)


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
    keys = ("era", "site", "individuals", "shares", "latitude", "longitude", "repertoire_size")
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

    size = reader.value(body, "repertoire_size", int, 1)
    if not 1 <= size <= len(names):
        raise reader.fail(
            body.lines["repertoire_size"],
            f"a bird sings from 1 to {len(names)} themes, all there are; not {size}",
        )

    def place(key: str, most: float) -> float:
        return reader.number(body, key, None, low=-most, high=most)

    return Population(
        era=era,
        site=reader.value(body, "site", str),
        individuals=individuals,
        shares=tuple((theme, float(share)) for theme, share in shares.items()),
        latitude=place("latitude", 90) if "latitude" in body else None,
        longitude=place("longitude", 180) if "longitude" in body else None,
        repertoire_size=size,
    )
