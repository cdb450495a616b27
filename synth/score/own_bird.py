"""A bird that a repertoire brings itself: `bird:` as a mapping of its constants."""

from dataclasses import asdict, fields
from typing import Any

from chingolo.synth.score.marked_yaml import LineMap, MarkedReader
from chingolo.synth.voice.birds import BIRDS, SHORTEST_TRACHEA, Bird, Cavity, larger
from chingolo.synth.voice.gestures import ALPHA_RANGE

RANGES = {
    "gamma": (200.0, 40_000.0),
    "trachea_length": (0.001, 1.0),
    "reflection": (0.0, 0.95),
    "alpha": ALPHA_RANGE,
    "coupling": (0.0, 0.2),
}
"""Of the constants, in the units of `Bird`: 1/s, m and plain numbers. Above 40,000 1/s the labia
would sing beyond 20 kHz, where the audio ends."""


MOST_TIMES = 100.0
"""How much larger than another a bird may be."""


def read_bird(parsed: LineMap, reader: MarkedReader) -> tuple[str, Bird | None]:
    """The `bird:` of a file: a name in `BIRDS`, or a mapping of constants.

    Args:
        parsed: the file.
        reader: of the file.

    Returns:
        The bird's name, and its constants where they are the file's own. `like:` names a bird of
        `BIRDS` whose constants hold where none is given, of an organ `larger:` times as large;
        `cavity: none` leaves the cavity out.

    Raises:
        InputError: for an unknown name, or a constant that is missing or out of its range.
    """
    body = parsed.get("bird")
    if not isinstance(body, LineMap):
        name = reader.value(parsed, "bird", str)
        if name not in BIRDS:
            line = parsed.lines["bird"]
            raise reader.fail(line, f"no bird '{name}'; expected one of {BIRDS.names()}")
        return name, None
    line = parsed.lines["bird"]
    reader.known_keys(body, ("name", "like", "larger", *RANGES, "cavity", "source"))
    name = reader.value(body, "name", str, line=line)
    if name in BIRDS:
        raise reader.fail(body.lines["name"], f"'{name}' is a bird that ships; choose another name")
    like = None
    if "like" in body:
        known = reader.value(body, "like", str)
        if known not in BIRDS:
            raise reader.fail(
                body.lines["like"], f"no bird '{known}'; expected one of {BIRDS.names()}"
            )
        like = larger(
            BIRDS[known], reader.number(body, "larger", 1.0, low=1 / MOST_TIMES, high=MOST_TIMES)
        )
    elif "larger" in body:
        raise reader.fail(body.lines["larger"], "'larger' needs the bird that it is 'like:'")
    constants = {
        key: reader.number(body, key, getattr(like or Bird, key, None), low=low, high=high)
        for key, (low, high) in RANGES.items()
    }
    if constants["coupling"] and constants["trachea_length"] < SHORTEST_TRACHEA:
        raise reader.fail(
            body.lines.get("coupling", line),
            f"sources that hear each other need a 'trachea_length' of at least "
            f"{SHORTEST_TRACHEA:g} m",
        )
    cavity = like.cavity if like else Cavity()
    if "cavity" in body:
        cavity = None if body["cavity"] == "none" else _read_cavity(body, cavity, reader)
    source = reader.value(body, "source", str, "given in the repertoire")
    return name, Bird(name=name, cavity=cavity, source=source, **constants)


def _read_cavity(body: LineMap, like: Cavity | None, reader: MarkedReader) -> Cavity:
    cavity = reader.value(body, "cavity", dict)
    names = tuple(field.name for field in fields(Cavity))
    reader.known_keys(cavity, names)
    default = like or Cavity()
    return Cavity(
        **{
            name: reader.number(cavity, name, getattr(default, name), low=1e-12, high=1e15)
            for name in names
        }
    )


def bird_as_mapping(bird: Bird) -> dict[str, Any]:
    """The mapping that `read_bird` reads as this bird."""
    constants = asdict(bird)
    return constants | {"cavity": constants["cavity"] or "none"}
