"""Things of one kind by name: the one place where each is entered, and all choices derive from."""

import dataclasses
import importlib
from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

from chingolo.synth.tables.files import InputError

T = TypeVar("T")


class Registry(Mapping[str, T], Generic[T]):
    """A mapping from name to thing, in the order of entry; it never changes.

    An entry is the thing itself or, so that names can be told without importing what is heavy, the
    text `module:NAME` of where it stands; it is imported when it is first asked for. A thing that
    has a name of its own has the one that it is entered by.
    """

    def __init__(self, kind: str, entries: Mapping[str, T | str]):
        """Enters the things.

        Args:
            kind: what they are, for messages: "recorder", "training method".
            entries: thing, or `module:NAME` of it, by name.
        """
        self.kind = kind
        self._entries = dict(entries)

    def __getitem__(self, name: str) -> T:
        entry = self._entries[name]
        if isinstance(entry, str):
            module, _, attribute = entry.partition(":")
            entry = getattr(importlib.import_module(module), attribute)
        own = getattr(entry, "name", name) if dataclasses.is_dataclass(entry) else name
        if own != name:  # a copy that kept its name would pass for what it was copied from
            raise InputError(f"{self.kind} '{name}': calls itself '{own}'; expected one name")
        return entry  # type: ignore[return-value]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def named(self, name: str) -> T:
        """The thing of this name.

        Raises:
            InputError: if there is none; the message lists what there is.
        """
        if name not in self._entries:
            raise InputError(f"no {self.kind} '{name}'; one of {self.names()}")
        return self[name]

    def names(self) -> str:
        """All names in one line, for messages and `--help`."""
        return ", ".join(self._entries)
