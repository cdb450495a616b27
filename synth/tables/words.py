"""Names, numbers and dates as people write them: one spelling, one value, the days they mean."""

import datetime
import re
import unicodedata
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

MISSING = frozenset(
    (
        *("na", "n/a", "n.a.", "#n/a", "#na", "nan", "nat", "null", "<na>", "none", "no data"),
        *("unknown", "unk", "unk.", "not known", "not recorded", "missing"),
        *("unidentified", "undetermined", "desconocido", "desconocida", "sin dato", "s/d"),
        *("unbekannt", "inconnu", "inconnue"),
        *("unclassified", "not classified", "unclassifiable", "unassigned", "unlabelled"),
        *("unlabeled", "unspecified", "undefined", "unidentifiable", "not identified", "unid"),
        *("unid.", "indet", "indet.", "indeterminate", "unsure", "not sure", "uncertain"),
        *("not determined", "sin identificar", "sin clasificar", "indeterminado", "unbestimmt"),
    )
)
"""Words, in any case, that say that a name or a date is not known."""

WHAT = re.compile(
    r"\s+(song|song type|type|syllable|bird|individual|male|singer|site|location|device|recorder)",
    re.IGNORECASE,
)
"""What may follow such a word: an `unknown bird` is no bird."""

MARKS_FOR_MISSING = re.compile(r"[-?.\u2010-\u2015\u2026\u2212]*")
"""So do cells of these marks alone, such as `?`, `--` or `...`."""

DATE_FORMS = "1966, 1966-05 or 1966-05-12"
"""How a date may be written, for messages."""

CONTROLS = (*range(9), *range(14, 28), *range(127, 133), *range(134, 160))
"""Characters that steer machines, but for those that end a line or are blanks."""

INVISIBLE = dict.fromkeys(
    [
        *map(ord, "\u00ad\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff"),
        *CONTROLS,
    ]
)
"""Letters that nobody sees: hyphens that are not set, blanks of no width, marks of direction, NUL
(which numpy drops at the end of a text, so that it would be two names) and other controls."""

PARTS = re.compile(r"^-(?=\d)|[^\W\d_]+|\d+|[^\w\s.,:;/|?()\[\]\u2010-\u2015-]")
"""Letters, numbers, and the marks that part one name from another."""

DECIMAL_COMMA = re.compile(r"[-+]?\d*,\d+", re.ASCII)
THOUSANDS = re.compile(r"[-+]?\d{1,3},\d{3}", re.ASCII).fullmatch
WHOLE = re.compile(r"(-?\d+)\.0+", re.ASCII)
DATE = re.compile(
    r"(?P<year>\d{4})"
    r"(?:(?P<mark>[-/]?)(?P<month>\d{1,2})"
    r"(?:(?P=mark)(?P<day>\d{1,2})(?:[T ]\d\d?[\d:.,]*\s?(?:Z|[+-]\d\d[\d:]*)?)?)?)?",
    re.ASCII | re.IGNORECASE,
)


def word(value: Any) -> str:
    """A name in its one spelling, "" where it is missing.

    Accents are composed (Unicode's form NFC), blanks around it are dropped and those within it are
    one space; a whole number that a spreadsheet gave decimals (`1966.0`) loses them.
    """
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return ""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    text = composed(str(value))
    if is_missing(text):
        return ""
    whole = WHOLE.fullmatch(text)
    return whole[1] if whole else text


def is_missing(text: str) -> bool:
    """Whether a text without outer blanks says that a value is not known."""
    if MARKS_FOR_MISSING.fullmatch(text) is not None:
        return True
    folded = text.casefold()
    head = folded.partition(" ")[0]
    told = len(head) > len("n/a") and WHAT.fullmatch(folded, len(head)) is not None
    return folded in MISSING or (told and head in MISSING)


def composed(text: str) -> str:
    """A text with composed accents, without outer blanks and letters that nobody sees."""
    return " ".join(unicodedata.normalize("NFC", text).translate(INVISIBLE).split())


def likeness(name: str) -> str:
    """What a name keeps however people write it: `M-01`, `m 1` and `M1?` are alike.

    Accents, case, blanks, marks that part words (hyphens, points, commas, strokes, underscores,
    brackets), marks of doubt and zeros that lead a number are left aside; letters, digits and all
    other marks count, in their order.
    """
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    parts = PARTS.findall(plain.casefold())
    return " ".join(part.lstrip("0") or "0" if part.isdigit() else part for part in parts) or name


def alike(names: Iterable[str]) -> list[list[str]]:
    """Groups of two or more different names that are alike (`likeness`), each sorted."""
    groups: dict[str, list[str]] = {}
    for name in sorted(set(names) - {""}):
        groups.setdefault(likeness(name), []).append(name)
    return [group for group in groups.values() if len(group) > 1]


def words(values: Iterable[Any]) -> np.ndarray:
    """[rows] object, the `word` of each value of a column."""
    column = pd.Series(list(values), dtype=object)
    try:
        code, different = pd.factorize(column)
    except TypeError:  # a value of its own kind, such as a list
        return np.array([word(value) for value in column], dtype=object)
    # the last place is where `factorize` sends what is missing
    spelled = np.array([*map(word, different), ""], dtype=object)
    return spelled[code]


def numbers(column: pd.Series) -> pd.Series:
    """[rows] float64 of a column of numbers, NaN where a cell is empty or a word of `MISSING`.

    A comma is a decimal point where the column holds no point, and one comma at least that cannot
    part thousands (`2,5`, not `2,500`). Durations are in seconds.

    Raises:
        ValueError: with the number of the first row that holds something else, and what.
    """
    if pd.api.types.is_timedelta64_dtype(column):
        return column.dt.total_seconds()
    if pd.api.types.is_datetime64_any_dtype(column):
        column = column.astype(str)
    cells = column.astype(object).where(column.notna().to_numpy(), "")
    cells = cells.map(lambda cell: cell.strip() if isinstance(cell, str) else cell)
    texts = [cell if isinstance(cell, str) else "" for cell in cells]
    commas = [text for text in texts if DECIMAL_COMMA.fullmatch(text)]
    if commas and not any("." in text for text in texts) and not all(map(THOUSANDS, commas)):
        cells = cells.map(lambda cell: cell.replace(",", ".") if isinstance(cell, str) else cell)
    known = np.array([not is_missing(str(cell).strip()) for cell in cells], dtype=bool)
    values = pd.to_numeric(cells.where(known), errors="coerce").astype(np.float64)
    truths = np.array([isinstance(cell, bool | np.bool_) for cell in cells], dtype=bool)
    wrong = np.flatnonzero(known & (truths | ~np.isfinite(values)))
    if len(wrong):
        raise ValueError(int(wrong[0]), str(column.iloc[wrong[0]]))
    return values


def days(text: str) -> tuple[np.datetime64, np.datetime64]:
    """The first and the last day that a date may mean: a year means each of its days.

    A time of day and a zone behind the day are not looked at: a song is of the day that its
    recordist wrote down.

    Raises:
        ValueError: if it is written in none of `DATE_FORMS`, or there is no such day.
    """
    found = DATE.fullmatch(text)
    if found is None or (found["mark"] == "" and re.match(r"\d{8}", text) is None):
        raise ValueError(f"'{text}' is no date; expected {DATE_FORMS}")
    try:
        year, month = int(found["year"]), int(found["month"] or 1)
        first = np.datetime64(datetime.date(year, month, int(found["day"] or 1)), "D")
    except ValueError as error:
        raise ValueError(f"'{text}' is no day of the calendar") from error
    unit = "D" if found["day"] else "M" if found["month"] else "Y"
    after = first.astype(f"datetime64[{unit}]") + np.timedelta64(1, unit)
    return first, after.astype("datetime64[D]") - np.timedelta64(1, "D")


def day_spans(dates: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What a column of dates may mean.

    Args:
        dates: [rows] text, "" where a date is missing.

    Returns:
        [rows] datetime64 of the first and of the last day, NaT where it is missing or unreadable,
        and [rows] bool, which of them are unreadable.
    """
    code, different = pd.factorize(dates)
    spans = np.full((len(different) + 1, 2), np.datetime64("NaT"), "datetime64[D]")
    unreadable = np.zeros(len(spans), dtype=bool)
    for place, text in enumerate(different):
        try:
            spans[place] = days(text) if text else np.datetime64("NaT")
        except ValueError:
            unreadable[place] = True
    return spans[code, 0], spans[code, 1], unreadable[code]
