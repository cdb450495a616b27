"""Names of columns as people write them: in one spelling, and none that only looks known."""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from chingolo.synth.tables.words import composed

NUMERIC_COLUMNS = (
    "start_s",
    "end_s",
    "channel",
    "low_hz",
    "high_hz",
    "date_error_days",
    "latitude",
    "longitude",
)

TEXT_COLUMNS = (
    "species",
    "label",
    "era",
    "individual",
    "site",
    "date",
    "device",
    "origin",
)
PLAIN_COLUMNS = ("source", "licence")
"""Known columns of text that names nothing, and is kept as it is written."""

KNOWN = frozenset({"path", *NUMERIC_COLUMNS, *TEXT_COLUMNS, *PLAIN_COLUMNS})


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


BEGINS = _set(
    "start starts begin begins beg onset onsets starttime begintime tstart tbegin timestart "
    "timebegin tmin xmin mint t0 inicio comienzo beginn anfang debut début"
)
ENDS = _set(
    "end ends stop finish offset offsets endtime stoptime tend tstop timeend timestop tmax xmax "
    "maxt t1 t2 fin ende"
)
LENGTHS = _set("duration durations dur length len delta duración dauer durée")
"""Words for the times of a song, as other programs and hands write them."""

PAIRS = {"from": "to", "to": "from", "on": "off", "off": "on", "first": "last", "last": "first"}
"""Words for them that mean much else: they count beside each other, or with a time or unit."""

POINTS = _set("time times t x at clock position pos tiempo zeit temps")
SECONDS = _set("s sec secs second seconds ms msec msecs segundos sekunden secondes")
UNITS = SECONDS | _set(
    "millisecond milliseconds sample samples samp frame frames min mins minute minutes hh mm ss "
    "hms hhmmss"
)
PARTS = _set(
    "song songs segment seg selection sel syllable syll phrase element note unit call event sound "
    "annotation detection vocalization vocalisation clip chunk window interval box region roi "
    "signal label rel relative"
)
"""What a song or a stretch is called; the `start` of anything else is left alone."""

WHOLES = _set("file recording audio wav tape")

ASIDE = "Columns of the table that results would write over are kept"

WORD = re.compile(r"[^\W\d_]+\d?|\d+")
CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def one_spelling(names: Iterable[Any], known: Collection[str]) -> list[Any]:
    """Names of columns composed and without outer blanks; known ones in the case they are known in.

    `Start s` and `START_S` are `start_s`, unless that stands there as well.

    Args:
        names: as they stand; what is no text stays.
        known: names that mean something here, in lower case with `_` for blanks.
    """
    spelled = [composed(name) if isinstance(name, str) else name for name in names]
    folded = [
        name.casefold().replace(" ", "_") if isinstance(name, str) else name for name in spelled
    ]
    return [
        fold if fold in known and folded.count(fold) == 1 else name
        for name, fold in zip(spelled, folded, strict=True)
    ]


OTHER_NAMES = {
    "individual": _set(
        "bird birds birdid birdname individualid individuals indiv ind ring ringnumber band "
        "bandnumber male maleid animal animalid subject singer individuo ave anillo oiseau vogel"
    ),
    "site": _set(
        "sites siteid sitename location locality place population locationid locationname "
        "localidad lugar sitio ort lieu"
    ),
}
"""Names, without blanks and marks, that other hands give to columns that a comparison rests on."""


def other_names(names: Collection[Any]) -> list[str]:
    """Sentences on columns that may be a known one under another name, where that lacks.

    They are not read as it: a `location` may be the shelf of a tape.
    """
    told = []
    for known, others in OTHER_NAMES.items():
        found = [
            name
            for name in names
            if isinstance(name, str) and "".join(WORD.findall(name.casefold())) in others
        ]
        if known not in names and found:
            told.append(f"No column '{known}', but '{found[0]}', which is not read: is it that?")
    return told


def set_aside(names: Iterable[Any], own: Collection[str]) -> dict[str, str]:
    """New names for the columns that a result would write over, so that nothing is lost.

    `theme` becomes `theme_before`, or `theme_before_2` where that stands there already.

    Args:
        names: columns of the table.
        own: those that the result writes.
    """
    names = list(names)
    taken, renamed = {*names, *own}, {}
    for name in own:
        if name in names:
            free = (f"{name}_before{number}" for number in ("", *(f"_{n}" for n in range(2, 1000))))
            renamed[name] = next(each for each in free if each not in taken)
            taken.add(renamed[name])
    return renamed


def told_aside(renamed: Mapping[str, str]) -> list[str]:
    """One sentence on columns that were set aside; none where there are none."""
    told = ", ".join(f"'{name}' as '{kept}'" for name, kept in renamed.items())
    return [f"{ASIDE}: {told}."] if told else []


def times_of_others(names: Collection[Any]) -> list[str]:
    """The columns that another program's times seem to stand in, where `start_s` or `end_s` lack.

    Read as something else, each of their rows would be the whole recording. A name is one of a time
    if all its words are of times, units and songs (`Begin Time (s)`, `tmin`, `segment.start`): a
    `start_year` or a `from_site` is none. A duration alone is none either: a table of whole
    recordings may tell theirs.
    """
    if {"start_s", "end_s"} <= set(names):
        return []
    texts = [name for name in names if isinstance(name, str) and name not in ("start_s", "end_s")]
    words = {name: WORD.findall(CAMEL.sub(" ", name).casefold()) for name in texts}
    alone = {found[0] for found in words.values() if len(found) == 1}
    kinds = {name: _kind_of_time(words[name], alone) for name in texts}
    begins, ends, lengths = (
        [name for name in texts if kinds[name] == kind] for kind in ("begin", "end", "length")
    )
    if "start_s" in names:
        return ends + lengths
    if "end_s" in names:
        return begins
    return begins + ends + lengths if begins or ends else []


def _kind_of_time(words: list[str], alone: Collection[str]) -> str:
    """Whether the words of a name tell a `begin`, an `end` or a `length`; "" for another thing.

    Args:
        words: in lower case.
        alone: names of one word in the same table.
    """
    own = [word for word in words if word not in PARTS | POINTS | UNITS]
    timed = [word for word in words if word in POINTS | UNITS]
    if POINTS & set(words) and set(own) <= {"max"} and {"min", "max"} & set(words):
        return "end" if own else "begin"
    if not own:
        return "begin" if POINTS & set(words) and SECONDS & set(words) else ""
    of_song = [word for word in own if word not in WHOLES]
    if len(of_song) < len(own):
        # without a unit, the begin of a whole recording is a time of day
        within = "offset" in own or (UNITS & set(words) and not LENGTHS & set(own))
        return _kind_of_time(of_song[:1] + timed, ()) if within else ""
    if len(own) > 1 and not set(own) <= BEGINS | ENDS:
        return ""
    word = own[0]
    if word in PAIRS:
        counted = word in ("first", "last")
        if len(words) == 1:
            told = not counted and PAIRS[word] in alone
        else:
            at_edge = word in (words[0], words[-1]) and len(timed) == len(words) - 1
            told = at_edge and (not counted or UNITS & set(words))
        return ("begin" if word in ("from", "on", "first") else "end") if told else ""
    if words[-1] != word and not timed:  # `note_start` is a time, `start_note` a kind of note
        return ""
    kinds = {"begin": BEGINS, "end": ENDS, "length": LENGTHS}
    return next((kind for kind, names in kinds.items() if word in names), "")
