"""What every command shares: parse, run, and tell bad input in one line with exit status 2."""

import errno
import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

import tyro

from chingolo.synth.tables.files import InputError

Config = TypeVar("Config")


def run(
    config_class: type[Config],
    command: Callable[[Config], None],
    *,
    name: str,
    arguments: Sequence[str] | None = None,
) -> int:
    """Parses the arguments into a config and runs the command.

    Args:
        config_class: frozen dataclass whose fields are the command's arguments.
        command: the work.
        name: the command as the user types it, for help and messages.
        arguments: words after the command's name; None means those of this process.

    Returns:
        Exit status: 0, 2 for bad input, 130 when interrupted.
    """
    config = tyro.cli(config_class, prog=name, args=arguments, config=(tyro.conf.OmitArgPrefixes,))
    try:
        command(config)
    except InputError as error:
        print(f"{name}: {one_line(str(error))}", file=sys.stderr)
        return 2
    except OSError as error:
        # no command expects the disk or the network to fail: a full disk, a folder taken away
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        told = f"a file could not be written, is the disk full? ({error})" if full else str(error)
        print(f"{name}: {one_line(told)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"{name}: interrupted", file=sys.stderr)
        return 130
    return 0


def one_line(message: str) -> str:
    """A message as one line; letters of a table that would steer the terminal are spelled out."""
    return "".join(
        letter if letter.isprintable() else repr(letter)[1:-1]
        for letter in " ".join(message.split("\n"))
    )
