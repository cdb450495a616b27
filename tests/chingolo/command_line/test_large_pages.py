"""The restart that asks for large pages of memory."""

import os
import subprocess
import sys

import pytest

from chingolo.command_line.large_pages import LARGE_PAGES, TUNABLE

PROGRAM = f"""
import os, sys
from chingolo.command_line.large_pages import restart_with_large_pages
print("started", os.getpid(), flush=True)
restart_with_large_pages()
print("runs", os.getpid(), sys.argv[1:], os.environ["{TUNABLE}"])
"""


def lines(**environment: str) -> list[str]:
    others = {name: value for name, value in os.environ.items() if name != TUNABLE}
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM, "a b", "--c"],
        env={**others, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return result.stdout.splitlines()


@pytest.mark.skipif(sys.platform != "linux", reason="a setting of glibc")
def test_restart_keeps_process_and_words():
    first, second, last = lines()
    assert first == second, "the same process, started once more"
    number = first.split()[1]
    assert last == f"runs {number} ['a b', '--c'] {LARGE_PAGES}"


def test_a_setting_of_the_user_stays():
    started, last = lines(**{TUNABLE: "glibc.malloc.arena_max=4"})
    assert started.startswith("started")
    assert last.endswith("glibc.malloc.arena_max=4")
