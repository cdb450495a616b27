"""YAML that remembers its lines, so that an error can say where a wrong value stands."""

import math
import re
import unicodedata
from pathlib import Path
from typing import Any, ClassVar

import yaml

from chingolo.synth.tables.files import InputError

OF_YAML_1_1 = (":bool", ":timestamp", ":int", ":float")
"""Kinds of plain words that YAML 1.1 takes for another thing than people mean."""

WHOLE = re.compile(r"[-+]?\d+$", re.ASCII)
FRACTION = re.compile(r"[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?$", re.ASCII)


class LineMap(dict):
    """A mapping that knows the line of each key; its keys are text as it is written."""

    lines: dict[str, int]
    nodes: dict[str, yaml.Node]
    """What stands at each key before YAML makes a number of it."""


def brief(value: Any) -> str:
    """A value for a message; of a large one (aliases can make it endless) only its size."""
    if isinstance(value, dict):
        return f"a mapping of {len(value)} keys"
    if isinstance(value, list):
        plain = len(value) <= 6 and not any(isinstance(item, list | dict) for item in value)
        return f"[{', '.join(map(brief, value))}]" if plain else f"a list of {len(value)} items"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def finite(value: Any) -> bool:
    """Whether a value is a number that float holds."""
    try:
        return type(value) in (int, float) and math.isfinite(value)
    except OverflowError:
        return False


class LineLoader(yaml.SafeLoader):
    """Safe loading that keeps the lines; no tag can build an object.

    YAML 1.1's truth values and dates are text: `no` and `on` are names as good as others. Numbers
    are decimal as in YAML 1.2: `010` is ten and `1e6` a million; what YAML 1.1 takes for eight
    (`010`), a minute (`1:00`), a hundred (`1_00`) or two (`0b10`) in silence is no number.
    """

    yaml_implicit_resolvers: ClassVar[dict] = {
        letter: [pair for pair in pairs if not pair[0].endswith(OF_YAML_1_1)]
        for letter, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _number(loader: LineLoader, node: yaml.ScalarNode) -> int | float:
    if WHOLE.fullmatch(node.value):
        return int(node.value)
    if FRACTION.fullmatch(node.value):
        return float(node.value)
    raise yaml.constructor.ConstructorError(
        None, None, f"'{node.value[:60]}' is no decimal number", node.start_mark
    )


for _tag, _form in (("int", WHOLE), ("float", FRACTION)):
    LineLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", _form, list("-+.0123456789"))
    LineLoader.add_constructor(f"tag:yaml.org,2002:{_tag}", _number)


def text_of(node: yaml.Node) -> str | None:
    """What is written where text or a number stands: `007`, `1.10`; None for anything else."""
    plain = isinstance(node, yaml.ScalarNode) and node.tag.rpartition(":")[2]
    return node.value if plain in ("str", "int", "float") else None


def _construct_mapping(loader: LineLoader, node: yaml.MappingNode) -> LineMap:
    written: set[str] = set()
    for key, _ in node.value:
        # compared as written, before merged mappings (`<<`) bring in keys that may be overridden
        if isinstance(key, yaml.ScalarNode):
            if key.value in written:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key '{key.value[:60]}' stands twice", key.start_mark
                )
            written.add(key.value)
    loader.flatten_mapping(node)
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise yaml.constructor.ConstructorError(
                None, None, "a key is a list or mapping", key.start_mark
            )
    nodes = {key.value: value for key, value in node.value}
    result = LineMap(
        (key, loader.construct_object(value, deep=True)) for key, value in nodes.items()
    )
    result.lines = {key: value.start_mark.line + 1 for key, value in nodes.items()}
    result.nodes = nodes
    return result


LineLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _construct_mapping)


class MarkedReader:
    """Reads values of a parsed file and says where a wrong one stands."""

    def __init__(self, path: Path):
        self.path = path

    def fail(self, line: int, message: str) -> InputError:
        """The error to raise for something wrong at a line."""
        return InputError(f"{self.path}: line {line}: {message}")

    def value(
        self, mapping: Any, key: str, kind: type, default: Any = None, *, line: int = 1
    ) -> Any:
        """The value of a key, checked.

        Args:
            mapping: the parsed mapping that should hold the key.
            key: its name.
            kind: float, int, str, list or dict; a whole number serves as float, a number as str
                as it is written.
            default: for a missing key; None makes the key required.
            line: where to point if `mapping` is no mapping.

        Raises:
            InputError: if the key is missing or its value of another kind.
        """
        if not isinstance(mapping, LineMap):
            raise self.fail(line, f"expected a mapping with '{key}:', found {brief(mapping)}")
        if key not in mapping:
            if default is not None:
                return default
            raise self.fail(min(mapping.lines.values(), default=line), f"'{key}:' is missing")
        found = mapping[key]
        if kind is float and finite(found):
            found = float(found)
        if kind is str and (written := text_of(mapping.nodes[key])) is not None:
            found = written
        wrong = not isinstance(found, kind) or isinstance(found, bool)
        if wrong or (kind is float and not finite(found)):
            names = {float: "a number", int: "a whole number", str: "text", list: "a list"}
            wanted = names.get(kind, "a mapping")
            raise self.fail(mapping.lines[key], f"'{key}' is {brief(found)}; expected {wanted}")
        return found

    def number(
        self, mapping: Any, key: str, default: float | None, *, low: float, high: float
    ) -> float:
        """The number of a key, from `low` to `high`; see `value`.

        Raises:
            InputError: if it is none, or out of the range.
        """
        found = self.value(mapping, key, float, default)
        if not low <= found <= high:
            raise self.fail(
                mapping.lines[key], f"'{key}' is {found:g}; expected from {low:g} to {high:g}"
            )
        return found

    def known_keys(self, mapping: LineMap, allowed: tuple[str, ...]) -> None:
        """Raises InputError if the mapping holds another key than these."""
        for key, line in mapping.lines.items():
            if key not in allowed:
                raise self.fail(
                    line, f"unknown key {brief(key)}; expected one of {', '.join(allowed)}"
                )


def read_marked_yaml(path: Path) -> LineMap:
    """Reads a YAML file whose top level is a mapping.

    Raises:
        InputError: if it cannot be read, is no YAML, or is something else (names the line).
    """
    try:
        # accents of one letter or two are one name
        text = unicodedata.normalize("NFC", path.read_text(encoding="utf-8"))
        parsed = yaml.load(text, Loader=LineLoader)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}: line {line}: not a text in UTF-8; save it so") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        reason = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise InputError(f"{path}: {where}not YAML ({reason})") from error
    except RecursionError as error:
        raise InputError(f"{path}: not YAML for a repertoire (nested too deeply)") from error
    except (ValueError, IndexError, TypeError, OverflowError) as error:
        # PyYAML's constructors of dates and tagged numbers let these out
        raise InputError(f"{path}: not YAML (a date or number that is none)") from error
    if not isinstance(parsed, LineMap):
        raise InputError(f"{path}: line 1: expected keys and values, such as 'species: ...'")
    return parsed
