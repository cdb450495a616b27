"""Notes and trills of a YAML repertoire: read, and refused where no labia would sing them."""

from itertools import pairwise
from typing import Any

from chingolo.synth.score.marked_yaml import LineMap, MarkedReader, brief, finite
from chingolo.synth.score.repertoire import (
    FASTEST_TRILL,
    MOST_NOTES,
    SLOWEST_TRILL,
    Item,
    Note,
)
from chingolo.synth.score.variation import LONGEST_IN_TRILL
from chingolo.synth.voice.birds import Bird
from chingolo.synth.voice.gestures import ALPHA_RANGE, pitch_range

SHORTEST_NOTE = 0.001
"""s: two frames of control. What is shorter may fall between them and never sound."""

LONGEST_NOTE = 60
"""Of a note, a pause or a gap, s; longer ones are slips of the pen, and cost memory."""

EDGES = (1e-4, 1.0)
"""Shortest and longest attack or release, s."""

ROUNDING = 0.001
"""Share by which a rounded value may lie beyond what the labia do; it is held to that."""


def read_notes(parsed: LineMap, reader: MarkedReader, bird: Bird) -> dict[str, Note]:
    """The notes of a file by name; see `read_note`."""
    section = reader.value(parsed, "notes", dict)
    return {
        name: read_note(body, reader, section.lines[name], name, bird)
        for name, body in section.items()
    }


def read_note(body: Any, reader: MarkedReader, line: int, name: str, bird: Bird) -> Note:
    """A note of the file.

    Args:
        body: what was parsed.
        reader: of the file.
        line: of the note.
        name: of the note.
        bird: who is to sing it; what its labia cannot do is refused.

    Raises:
        InputError: if it is no note, or none of this bird's.
    """
    if not isinstance(body, LineMap) or "noise" not in body:
        reader.value(body, "points", list, line=line)
    reader.known_keys(
        body, ("points", "second", "noise", "loudness", "contour", "attack", "release", "timbre")
    )
    points = _read_points(body, "points", reader, name, bird)
    if not points and ("second" in body or "contour" in body):
        lost = "second" if "second" in body else "contour"
        raise reader.fail(body.lines[lost], f"note '{name}': '{lost}' needs 'points'")
    second = _read_points(body, "second", reader, name, bird)
    if second and second[-1][0] != points[-1][0]:
        raise reader.fail(
            body.lines["second"], f"note '{name}': 'second' must last as long as 'points'"
        )
    note = Note(
        points=points,
        second=second,
        noise=_read_noise(body, reader, name, points) if "noise" in body else (),
        contour=_read_contour(body, reader, name, points[-1][0]) if "contour" in body else (),
        loudness=reader.number(body, "loudness", 0.0, low=-60, high=20),
        attack=reader.number(body, "attack", Note.attack, low=EDGES[0], high=EDGES[1]),
        release=reader.number(body, "release", Note.release, low=EDGES[0], high=EDGES[1]),
        timbre=reader.number(body, "timbre", 1.0, low=0.01, high=100),
    )
    low, high = ALPHA_RANGE
    if not (1 - ROUNDING) * low <= note.timbre * bird.alpha <= (1 + ROUNDING) * high:
        raise reader.fail(
            body.lines.get("timbre", line),
            f"note '{name}': timbre {note.timbre:g} is no sound of the labia of {bird.name}; "
            f"expected from {low / bird.alpha:.3g} to {high / bird.alpha:.3g} "
            f"(alpha from {low:g} to {high:g})",
        )
    return note


def _read_points(
    body: LineMap, key: str, reader: MarkedReader, name: str, bird: Bird
) -> tuple[tuple[float, float], ...]:
    """Breakpoints in s and kHz, returned in s and Hz; () where there are none."""
    if key not in body:
        return ()
    points = _read_curve(body, key, reader, name, "kHz")
    where = body.lines[key]
    pitches = [pitch for _, pitch in points]
    low, high = (0.001 * edge for edge in pitch_range(bird))
    wrong = [
        pitch for pitch in pitches if not (1 - ROUNDING) * low <= pitch <= (1 + ROUNDING) * high
    ]
    if wrong:
        raise reader.fail(
            where,
            f"note '{name}': frequencies in kHz from {low:g} to {high:g}, which the labia of "
            f"{bird.name} sing; found {wrong[0]:g}",
        )
    return tuple((float(time), 1000.0 * pitch) for time, pitch in points)


def _read_contour(
    body: LineMap, reader: MarkedReader, name: str, duration: float
) -> tuple[tuple[float, float], ...]:
    """Breakpoints in s and dB."""
    points = _read_curve(body, "contour", reader, name, "dB")
    where = body.lines["contour"]
    if points[-1][0] != duration:
        raise reader.fail(where, f"note '{name}': 'contour' must last as long as 'points'")
    return _levels(points, where, reader, f"note '{name}'")


def _read_noise(
    body: LineMap, reader: MarkedReader, name: str, points: tuple[tuple[float, float], ...]
) -> tuple[tuple[float, float], ...]:
    """Breakpoints in s and dB; a number is that level all along."""
    where = body.lines["noise"]
    if points and finite(body["noise"]):
        level = reader.number(body, "noise", 0.0, low=-60, high=20)
        return ((0.0, level), (points[-1][0], level))
    levels = _read_curve(body, "noise", reader, name, "dB")
    if points and levels[-1][0] != points[-1][0]:
        raise reader.fail(where, f"note '{name}': 'noise' must last as long as 'points'")
    return _levels(levels, where, reader, f"note '{name}'")


def read_item(
    entry: Any, notes: dict[str, Note], reader: MarkedReader, name: str, line: int
) -> Item:
    """A note or a trill of a song, without the pause before it.

    Args:
        entry: what was parsed.
        notes: of the file, by name.
        reader: of the file.
        name: of the theme.
        line: of the entry.

    Raises:
        InputError: if it is neither (names the line).
    """

    def note_named(key: str) -> Note:
        if key not in notes:
            raise reader.fail(
                line, f"theme '{name}': no note '{key}'; notes are {', '.join(notes)}"
            )
        return notes[key]

    if isinstance(entry, str):
        return Item(note_named(entry))
    if not (isinstance(entry, LineMap) and "trill" in entry):
        raise reader.fail(
            line,
            f"theme '{name}': {brief(entry)} is not a note, 'pause: s', 'trill: note' or "
            "'repeat: [...]'",
        )
    reader.known_keys(entry, ("trill", "count", "rate", "contour"))
    note = note_named(reader.value(entry, "trill", str))
    count = reader.value(entry, "count", int)
    rate = reader.number(entry, "rate", None, low=SLOWEST_TRILL, high=FASTEST_TRILL)
    if not 1 <= count <= MOST_NOTES:
        raise reader.fail(
            line, f"theme '{name}': a trill has from 1 to {MOST_NOTES} notes, not {count}"
        )
    if count > 1 and note.duration * rate > LONGEST_IN_TRILL + 1e-9:
        raise reader.fail(
            line,
            f"theme '{name}': the note lasts {note.duration:g} s, too long for a trill of "
            f"{rate:g} a second: a note takes {100 * LONGEST_IN_TRILL:g} % of its interval "
            f"at most, here {LONGEST_IN_TRILL / rate:.3g} s",
        )
    contour = _read_trill_contour(entry, reader, name, count) if "contour" in entry else ()
    return Item(note, count=count, rate=rate, contour=contour)


def _read_trill_contour(
    body: LineMap, reader: MarkedReader, name: str, count: int
) -> tuple[tuple[float, float], ...]:
    """Breakpoints in numbers of a trill's notes, from 1 to the last, and dB."""
    points = reader.value(body, "contour", list)
    good = [
        isinstance(point, list) and len(point) == 2 and all(map(finite, point)) for point in points
    ]
    numbers = [point[0] for point in points] if points and all(good) else []
    rising = all(a < b for a, b in pairwise(numbers))
    if len(numbers) < 2 or not rising or numbers[0] != 1 or numbers[-1] != count:
        raise reader.fail(
            body.lines["contour"],
            f"theme '{name}': 'contour' of a trill: [number of the note, dB] points, the numbers "
            f"rising from 1 to {count}",
        )
    return _levels(points, body.lines["contour"], reader, f"theme '{name}'")


def _levels(
    points: list[list[float]], line: int, reader: MarkedReader, what: str
) -> tuple[tuple[float, float], ...]:
    for _, level in points:
        if not -60 <= level <= 20:
            raise reader.fail(line, f"{what}: {level:g} dB; expected from -60 to 20")
    return tuple((float(place), float(level)) for place, level in points)


def _read_curve(
    body: LineMap, key: str, reader: MarkedReader, name: str, unit: str
) -> list[list[float]]:
    """Pairs of a time, from 0 and rising, and a finite value."""
    points = reader.value(body, key, list)
    where = body.lines[key]
    if len(points) < 2:
        raise reader.fail(where, f"note '{name}': expected at least two [time s, {unit}] points")
    for point in points:
        good = isinstance(point, list) and len(point) == 2
        if not good or not all(map(finite, point)):
            raise reader.fail(
                where, f"note '{name}': {brief(point)} is not a [time s, {unit}] point"
            )
    times, _ = zip(*points, strict=True)
    if times[0] != 0 or any(b <= a for a, b in pairwise(times)):
        raise reader.fail(where, f"note '{name}': times must start at 0 and rise, found {times}")
    if times[-1] < SHORTEST_NOTE:
        raise reader.fail(
            where,
            f"note '{name}': lasts {times[-1]:g} s; at least {SHORTEST_NOTE} s, or none hears it",
        )
    if times[-1] > LONGEST_NOTE:
        raise reader.fail(where, f"note '{name}': lasts {times[-1]:g} s; at most {LONGEST_NOTE} s")
    return points
