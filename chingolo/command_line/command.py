"""A command: its name, what it does, its options and its work; bad input is told in one line."""

import contextlib
import errno
import inspect
import io
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import tyro

from chingolo.command_line.repeated import gathered
from chingolo.synth.tables.bounds import check_bounds, told_bounds
from chingolo.synth.tables.files import InputError, counted


@dataclass(frozen=True)
class Command:
    """One verb of `chingolo`, as its script defines it."""

    name: str
    """As the user types it."""

    about: str
    """What it does, for the list that `chingolo --help` prints."""

    config: type
    """Frozen dataclass whose fields are the options; their docstrings are the help."""

    work: Callable[[Any], None]
    """Takes such a config."""

    large_pages: bool = False
    """Whether it trains, and gains by large pages of memory; see `large_pages`."""

    def parse(self, words: Sequence[str] | None = None) -> Any:
        """The config that the words after the command's name ask for.

        Args:
            words: None takes those of this process.

        Raises:
            SystemExit: 0 after `--help`; 2 for words that are no options, told in one line.
        """
        told = io.StringIO()
        try:
            words = gathered(sys.argv[1:] if words is None else words, self.config)
        except InputError as error:
            self._refuse(str(error))
            raise SystemExit(2) from error
        try:
            with contextlib.redirect_stderr(told):
                return tyro.cli(
                    self.config,
                    prog=f"chingolo {self.name}",
                    args=words,
                    description=self._description(),
                    config=(tyro.conf.OmitArgPrefixes,),
                )
        except SystemExit as end:
            if end.code:
                reason = first_paragraph(told.getvalue())
                self._refuse(f"{reason} (chingolo {self.name} --help tells the options)")
            raise

    def main(self, words: Sequence[str] | None = None) -> int:
        """Parses and works.

        Args:
            words: after the command's name; None takes those of this process.

        Returns:
            Exit status: 0, 2 for bad input, 130 when interrupted, 141 when whoever read the output
            has gone.
        """
        if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
            sys.stdout.reconfigure(errors="surrogateescape")  # names of files that are no UTF-8
        with reader_may_leave():
            return self._main(words)

    def _main(self, words: Sequence[str] | None) -> int:
        config = self.parse(words)
        try:
            check_bounds(config)
            self.work(config)
        except InputError as error:
            return self._refuse(str(error))
        except UnicodeEncodeError as error:  # of a name that no text can hold
            part = error.object[max(0, error.start - 60) : error.end + 20]
            return self._refuse(f"'{part}' cannot be written as {error.encoding}; rename it")
        except BrokenPipeError:
            raise
        except OSError as error:
            # no command expects the disk or the network to fail: a full disk, a folder taken away
            full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
            told = f"a file could not be written, is the disk full? ({error})"
            return self._refuse(told if full else str(error))
        except MemoryError as error:
            return self._refuse(f"not enough memory for this ({error})")
        except KeyboardInterrupt:
            self._refuse("interrupted")
            return 130
        return 0

    def _description(self) -> str:
        bounds = told_bounds(self.config)
        about = inspect.getdoc(self.config) or ""
        return f"{about}\n\nBounds: {bounds}." if bounds else about

    def _refuse(self, message: str) -> int:
        print(f"chingolo {self.name}: {one_line(message)}", file=sys.stderr)
        return 2


@contextlib.contextmanager
def reader_may_leave() -> Iterator[None]:
    """Ends without a word, as programs do, where the reader of the output leaves (`| head`)."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # else Python tells of it once more when it flushes at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(141) from None


def told_progress(done: int, total: int) -> None:
    """Shows how many songs are done, on one line of the terminal that ends with the last."""
    end = "\n" if done == total else ""
    print(f"\r{done}/{counted(total, 'song')}", end=end, flush=True)


def one_line(message: str) -> str:
    """A message as one line; letters of a table that would steer the terminal are spelled out."""
    return "".join(
        letter if letter.isprintable() else repr(letter)[1:-1]
        for letter in " ".join(message.split("\n"))
    )


def first_paragraph(framed: str) -> str:
    """What a frame of text says before its first rule or empty line, as one line."""
    lines = [line.strip("│ ") for line in framed.splitlines() if not line.startswith(("╭", "╰"))]
    rules = [at for at, line in enumerate(lines) if not line.strip("─- ")]
    # a terminal without those letters gets the title on a line, and a rule below it
    first = 0 if "╭" in framed or not rules else rules[0] + 1
    stop = next((at for at in rules if at >= first), len(lines))
    return " ".join(lines[first:stop]).removesuffix(".")
