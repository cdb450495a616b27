"""`chingolo sing`: a repertoire as it is written, to the ear and the eye, again at each save."""

import re
import sys
import time
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Annotated

import tyro

from chingolo.command_line.command import Command
from chingolo.synth.score.shipped_repertoires import REPERTOIRES
from chingolo.synth.tables.bounds import SUNG_RATE
from chingolo.synth.tables.files import InputError
from chingolo.synth.voice.engines import ENGINES

LOOKED_S = 0.3
"""Between two looks at the file, s."""


SHEET = "sheet.png"


@dataclass(frozen=True)
class SingConfig:
    """Sings each theme of a repertoire once, as it is written: no variation, no recorder."""

    repertoire: Annotated[
        str,
        tyro.conf.Positional,
        tyro.conf.arg(help=f"A YAML file, or a shipped repertoire ({REPERTOIRES.names()})."),
    ]

    out: Path
    """Folder for NAME.wav of each theme and note, and for sheet.png with all of them."""

    theme: tuple[str, ...] = ()
    """Only these themes (default: all)."""

    note: tuple[str, ...] = ()
    """Single notes, each by itself."""

    watch: bool = False
    """Sing again whenever the file is saved, until interrupted; a wrong line is told, and what was
    sung before stays."""

    force: bool = False
    """Write over files of --out that were edited, or that this command did not write (default:
    they are refused)."""

    engine: Annotated[str, tyro.conf.arg(help=f"One of {ENGINES.names()}.")] = "ode"

    sample_rate: Annotated[int, SUNG_RATE] = 44_100
    """Hz (default 44100)."""


def sing(config: SingConfig) -> None:
    """Writes the themes; see `SingConfig`."""
    if not config.watch:
        _sing(config)
        return
    file = Path(config.repertoire)
    if not file.is_file():
        raise InputError(f"--watch: {file} is no file; it is for a repertoire of your own")
    seen = None
    while True:
        now = file.stat().st_mtime_ns if file.is_file() else seen
        if now != seen:
            seen = now
            try:
                _sing(config)
            except InputError as error:
                print(f"chingolo sing: {error}", file=sys.stderr, flush=True)
        time.sleep(LOOKED_S)


def _sing(config: SingConfig) -> None:
    from chingolo.synth.score.repertoire_file import load_notes, load_repertoire
    from chingolo.synth.sheets.contact_sheet import write_wave_sheet
    from chingolo.synth.surrogates.sing_as_written import chosen_themes, sing_as_written
    from chingolo.synth.tables.audio import write_audio
    from chingolo.synth.tables.content import note_written, refuse_others
    from chingolo.synth.tables.files import make_folder

    repertoire = load_repertoire(config.repertoire)
    notes = load_notes(config.repertoire)
    themes = chosen_themes(repertoire, notes, themes=config.theme, alone=config.note)
    files = _file_names([theme.name for theme in themes])
    refuse_others(config.out, [*files, SHEET], force=config.force)
    waves = sing_as_written(
        repertoire, themes, engine=config.engine, sample_rate=config.sample_rate
    )
    make_folder(config.out)
    shown = [(theme.name, wave) for theme, wave in zip(themes, waves, strict=True)]
    for name, (_, wave) in zip(files, shown, strict=True):
        write_audio(config.out / name, wave, config.sample_rate)
    write_wave_sheet(
        shown,
        config.sample_rate,
        config.out / SHEET,
        title=f"synthetic: {repertoire.source}",
    )
    note_written(config.out, [*files, SHEET])
    told = ", ".join(f"{name} {len(wave) / config.sample_rate:.2f} s" for name, wave in shown)
    print(f"{config.out}: {told}", flush=True)


def _file_names(names: list[str]) -> list[str]:
    """A file for each theme, by its name as far as files can have it; no two the same."""
    files: list[str] = []
    for name in names:
        plain = re.sub(r"[^\w.-]", "_", name)
        number = next(n for n in count(1) if _numbered(plain, n) not in files)
        files.append(_numbered(plain, number))
    return files


def _numbered(plain: str, number: int) -> str:
    return f"{plain}.wav" if number == 1 else f"{plain}-{number}.wav"


COMMAND = Command("sing", "a repertoire as it is written, again at each save", SingConfig, sing)
main = COMMAND.main


if __name__ == "__main__":
    raise SystemExit(main())
