"""Steps of a long way, each done again only where what it rests on has changed."""

import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chingolo.synth.tables.files import InputError


class Steps:
    """What was made of what, in a file."""

    def __init__(self, file: Path, *, again: bool) -> None:
        self.file, self.again = file, again
        try:
            self.known: dict[str, Any] = json.loads(file.read_text())
        except (OSError, ValueError):
            self.known = {}

    def key(self, step: str) -> str:
        """What tells a step's input from others."""
        return self.known.get(step, {}).get("of", "")

    def do(
        self,
        step: str,
        of: list[Any],
        makes: tuple[Path, ...],
        work: Callable[[], None],
        *,
        edited: bool = False,
    ) -> bool:
        """Works, unless what it makes is there and was made of the same.

        Args:
            step: name.
            of: all that its outcome depends on.
            makes: files.
            work: makes them.
            edited: whether an edited file stays as long as the input is the same, and is not
                written over when it changes.

        Returns:
            Whether it worked.

        Raises:
            InputError: if an edited file would be written over.
        """
        told = _digest(json.dumps(of, default=str))
        there = all(path.is_file() for path in makes)
        known = self.known.get(step, {})
        if there and known.get("of") == told and not self.again:
            print(f"{makes[0]}: as it was", file=sys.stderr)
            return False
        if there and edited and not self.again:
            made = known.get("made")
            if made != [_digest(path.read_bytes()) for path in makes]:
                raise InputError(
                    f"{makes[0]}: was edited, or not written here, and what it is made of has "
                    "changed; --force writes it anew, or name "
                    f"{makes[0].with_name('songs.csv')} in place of the recordings to go on with it"
                )
        work()
        made = [_digest(path.read_bytes()) for path in makes]
        self.known[step] = {"of": told, "made": made}
        self.file.write_text(json.dumps(self.known, indent=1) + "\n")
        return True


def _digest(content: str | bytes) -> str:
    content = content.encode() if isinstance(content, str) else content
    return hashlib.sha256(content).hexdigest()[:16]
