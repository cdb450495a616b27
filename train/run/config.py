"""RUN/config.json: what a run is trained with and on, so that it is resumed with the same."""

import dataclasses
import json
from pathlib import Path
from typing import Any

from chingolo.synth.tables.bounds import option
from chingolo.synth.tables.files import InputError, atomic_path, make_folder
from chingolo.train.parallel import wait_for_hosts
from chingolo.train.settings.change import from_dict

SETTINGS = ("preset", "detector")
"""Keys under which settings stand, of an encoder's training and of a detector's."""

FREE = ("checkpoint_every", "checkpoint_minutes")
"""Settings that change nothing of what is trained, and may be others when a run goes on."""

CONTENT = {"songs": "song_tables", "synthetic": "repertoire"}
"""Inputs that are names, and those that tell what stands behind the name: files may move, what
stands in them may not change."""


EARLIER = {"heard_through": 0}
"""Inputs that runs of before them do not tell, with what they were then."""


def begin_run(run: Path, config: dict[str, Any], settings: Any, *, resume: bool) -> None:
    """Makes the folder of a new run, or sees that an old one may go on.

    Args:
        run: its folder.
        config: what its config.json will hold: `settings` under one of `SETTINGS`, `inputs`, and
            whatever else must be the same.
        settings: of the training.
        resume: whether an old run goes on.

    Raises:
        InputError: if `run` already holds a run or files of such names or, to resume, none, or one
            of other settings.
    """
    refuse_folder(run, resume=resume)
    if resume:
        same_settings(run, config, settings)
    make_folder(run)
    # else the first host's config.json would look to a slower one like an earlier run's
    wait_for_hosts("checked")


def refuse_folder(run: Path, *, resume: bool) -> None:
    """Refuses the folder of a run for what it holds or lacks, before the songs are read.

    Args:
        run: the folder.
        resume: whether an old run goes on.

    Raises:
        InputError: if `run` already holds a run or files of such names or, to resume, none.
    """
    if resume:
        read_config(run)
        return
    if (run / "config.json").exists():
        raise InputError(f"{run}: already holds a run; add --resume, or give another --out")
    for name in ("metrics.jsonl", "checkpoints", "encoder", "detector.npz"):
        if (run / name).exists():
            raise InputError(f"{run}: holds a '{name}' of no run; give another --out")
    if run.exists() and not run.is_dir():
        raise InputError(f"{run}: is a file; expected a folder, or the name of a new one")


def same_settings(run: Path, config: dict[str, Any], settings: Any) -> None:
    """Refuses to resume a run of other settings, or on other songs.

    What an older version did not write down is not compared.

    Args:
        run: folder of the run.
        config: what its config.json would be now.
        settings: of the training now, which `config` holds as a dictionary.

    Raises:
        InputError: naming the first setting that differs.
    """
    old = read_config(run)
    key = next(name for name in SETTINGS if name in config)
    others = [name for name in config if name not in (key, "inputs", "jax")]
    try:
        before, inputs = from_dict(type(settings), old[key]), dict(old["inputs"])
        known = {name: old[name] for name in others}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{run / 'config.json'}: damaged, or of another version") from error
    free = {name: getattr(settings, name) for name in FREE}
    if (other := _first_other(dataclasses.replace(before, **free), settings)) is not None:
        raise InputError(f"{run}: was trained with other settings ({other}); resume with the same")
    now = json.loads(json.dumps(config))
    for name, value in known.items():
        if value != now[name]:
            raise InputError(f"{run}: was trained with another {name}: {value}")
    for name, value in EARLIER.items():
        if name not in inputs and now["inputs"].get(name, value) != value:
            raise InputError(f"{run}: is of before {option(name)}; give {option(name)} {value}")
    for name, value in now["inputs"].items():
        if CONTENT.get(name) in inputs or name == "preset":
            continue
        if inputs.get(name, value) != value:
            raise InputError(
                f"{run}: was trained with another {name.replace('_', ' ')}; "
                "resume with the same songs and settings, or give another --out"
            )


def _first_other(before: Any, now: Any) -> str | None:
    """The first setting of `before` that is another now, as `--set` takes it; None without any."""
    for name, value in vars(before).items():
        new = getattr(now, name, None)
        if value == new:
            continue
        if dataclasses.is_dataclass(value):
            return f"{name}.{_first_other(value, new)}"
        parts = value if isinstance(value, tuple) else (value,)
        return f"{name}={','.join(map(str, parts))}"
    return None


def write_config(run: Path, config: dict[str, Any]) -> None:
    """Writes RUN/config.json."""
    with atomic_path(run / "config.json") as temporary:
        temporary.write_text(json.dumps(config, indent=2) + "\n")


def read_config(run: Path) -> dict[str, Any]:
    """Reads RUN/config.json.

    Raises:
        InputError: if it is missing or not JSON.
    """
    return read_json(run / "config.json", "not a training run; make one with `chingolo train`")


def read_json(path: Path, advice: str) -> dict[str, Any]:
    """Reads a JSON object.

    Raises:
        InputError: if the file is missing, telling the advice, or holds none.
    """
    if not path.is_file():
        raise InputError(f"{path.parent}: holds no {path.name}: {advice}")
    try:
        read = json.loads(path.read_text())
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not JSON ({error})") from error
    if not isinstance(read, dict):
        raise InputError(f"{path}: damaged, or of another version")
    return read
