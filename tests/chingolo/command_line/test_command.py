"""Every command that is entered: named as it is entered, told by --help, quick to answer."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from chingolo.__main__ import COMMANDS
from chingolo.command_line.command import Command, first_paragraph, one_line
from chingolo.synth.tables.files import InputError

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_tells_its_options(name: str, capsys: pytest.CaptureFixture[str]):
    command = COMMANDS[name]
    assert command.name == name
    with pytest.raises(SystemExit) as end:
        command.parse(["--help"])
    assert end.value.code == 0
    assert f"usage: chingolo {name}" in capsys.readouterr().out


def test_help_imports_nothing_heavy():
    code = (
        "import sys\n"
        "from chingolo.__main__ import COMMANDS\n"
        "[command.about for command in COMMANDS.values()]\n"
        "print({'jax', 'numpy', 'pandas', 'librosa', 'hdbscan', 'matplotlib'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_every_script_is_entered():
    entered = {command.work.__module__ for command in COMMANDS.values()}
    scripts = ROOT / "scripts"
    files = {
        "chingolo." + ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in scripts.rglob("*.py")
        if "COMMAND = Command(" in path.read_text() or path.parent == scripts
    } - {"chingolo.scripts.__init__"}
    assert entered == files


@dataclass(frozen=True)
class Config:
    """A config of nothing."""


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (
            InputError("songs.csv: row 3:\nno such\x1b file"),
            2,
            "songs.csv: row 3: no such\\x1b file",
        ),
        (OSError(28, "No space left on device"), 2, "is the disk full?"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_what_goes_wrong_is_one_line(
    error: BaseException, status: int, told: str, capsys: pytest.CaptureFixture[str]
):
    def work(config: Config) -> None:
        raise error

    assert Command("try", "fails", Config, work).main([]) == status
    said = capsys.readouterr().err
    assert said.startswith("chingolo try: ")
    assert told in said
    assert said.count("\n") == 1


CONVERT = ["convert", "songs.csv", "songs.selections.txt"]


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("words", [["--help"], ["convert", "--help"], CONVERT])
def test_it_ends_quietly_when_nobody_reads_on(words: list[str], unbuffered: str, tmp_path: Path):
    (tmp_path / "songs.csv").write_text("path\na.wav\n")
    (tmp_path / "a.wav").touch()
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "chingolo", *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": unbuffered},
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writer)
    assert done.returncode == 141
    assert done.stderr == ""


def test_what_a_terminal_without_line_letters_says_is_the_reason():
    framed = " Value error \n -----------\n  Error parsing --seed: 'x'\n  ------\n  Argument:\n"
    assert first_paragraph(framed) == "Error parsing --seed: 'x'"
    lines = (
        "╭─ Value error ─╮\n│ Error parsing │\n│ --seed: 'x'.  │\n│ ───────────── │\n│ For │\n╰─╯"
    )
    assert first_paragraph(lines) == "Error parsing --seed: 'x'"
    assert first_paragraph("plain words") == "plain words"


def test_letters_that_steer_a_terminal_are_spelled_out():
    assert one_line("a\tb\u202e") == "a\\tb\\u202e"
