"""From trial to trial, in a folder that a search can go on from."""

import csv
import io
import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chingolo.synth.tables.files import InputError, atomic_path, make_folder
from chingolo.train.encoders.windows import WindowsSettings
from chingolo.train.run.config import read_json
from chingolo.train.run.teach_songbird import SONGBIRD as TAUGHT
from chingolo.train.run.teach_songbird import Lessons
from chingolo.train.run.trained_encoder import TrainedEncoder, write_encoder
from chingolo.train.search.choices import SONGBIRD, as_changes, choose
from chingolo.train.search.settings import (
    BEST,
    ENCODER,
    FILES,
    JOURNAL,
    SETTINGS,
    TRIALS,
    SearchSettings,
)

if TYPE_CHECKING:
    import optuna

REFUSED = "refused"
"""Attribute of a trial whose settings cannot be trained: why."""

FIRST = 5
"""Trials that are drawn at random, and that none is ended before."""


def search(
    folder: Path,
    settings: SearchSettings,
    *,
    trials: int,
    resume: bool = False,
    tell: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Tries encoders until a number of trials is there.

    Trials are chosen by the tree-structured Parzen estimator (Bergstra et al. 2011, NeurIPS 24);
    what the encoder that comes along has is the first.

    Args:
        folder: of the search: `search.json`, `study.journal`, `trials.csv`, `best.json`, and
            `encoder` of the best, which `embed` takes.
        settings: see there.
        trials: how many there are in the end.
        resume: go on with the search of the folder.
        tell: takes lines of progress.

    Returns:
        What `best.json` holds.

    Raises:
        InputError: if Optuna is not installed, the folder holds a search and `resume` is not set,
            or one with other settings, or no trial could be made.
    """
    try:
        import optuna
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend
        from optuna.trial import TrialState
    except ImportError as error:
        raise InputError("search needs Optuna: `pip install optuna`") from error
    from chingolo.train.search.trial import judge, make_material

    _begin(folder, settings, resume=resume)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        storage=JournalStorage(JournalFileBackend(str(folder / JOURNAL))),
        study_name="chingolo",
        direction="maximize",
        load_if_exists=True,
        pruner=optuna.pruners.MedianPruner(n_startup_trials=FIRST),
    )
    for trial in study.get_trials(states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)  # was interrupted
    done = len(_finished(study))
    if done < trials:
        tell(f"singing {settings.units} units, and {settings.held_out} to be asked for ...")
        material = make_material(
            Lessons(settings.units, settings.renditions, seed=settings.seed),
            held_out=settings.held_out,
        )

        if not done:
            study.enqueue_trial(SONGBIRD)
        while (done := len(_finished(study))) < trials:
            # each has a sampler of its own, so that a search that was interrupted goes on as it
            # would have
            study.sampler = optuna.samplers.TPESampler(
                seed=settings.seed + done, n_startup_trials=FIRST
            )
            began, trial = time.monotonic(), study.ask()

            def look(step: int, right: float, trial: "optuna.Trial" = trial) -> None:
                trial.report(right, step)
                if trial.should_prune():
                    raise optuna.TrialPruned

            try:
                choice = choose(trial, steps=settings.steps)
                right, encoder = judge(choice, material, seed=settings.seed, tell=look)
            except optuna.TrialPruned:
                study.tell(trial, state=TrialState.PRUNED)
            except InputError as error:
                trial.set_user_attr(REFUSED, str(error))
                study.tell(trial, state=TrialState.FAIL)
            else:
                if right > max((each.value or 0.0 for each in _judged(study)), default=-1.0):
                    write_encoder(folder / ENCODER, for_songs(encoder), step=settings.steps)
                study.tell(trial, right)
            _write_trials(folder, study)
            tell(_line(study, trials, time.monotonic() - began))
    _write_trials(folder, study)
    return _write_best(folder, study, settings)


def _begin(folder: Path, settings: SearchSettings, *, resume: bool) -> None:
    file = folder / SETTINGS
    if not resume and any((folder / name).exists() for name in FILES):
        raise InputError(f"{folder}: holds a search; --resume goes on with it")
    if resume:
        before = read_json(file, "no search; leave --resume out")
        other = [name for name, value in asdict(settings).items() if before.get(name) != value]
        if other:
            told = ", ".join(f"{name}={before.get(name)}" for name in other)
            raise InputError(f"{folder}: its search has {told}; go on with the same")
        return
    make_folder(folder)
    with atomic_path(file) as temporary:
        temporary.write_text(json.dumps(asdict(settings), indent=2) + "\n")


def _finished(study: "optuna.Study") -> list["optuna.trial.FrozenTrial"]:
    """Trials that count: not those that were interrupted, which are made again."""
    return [
        trial
        for trial in study.get_trials()
        if trial.state.name in ("COMPLETE", "PRUNED") or REFUSED in trial.user_attrs
    ]


def _judged(study: "optuna.Study") -> list["optuna.trial.FrozenTrial"]:
    return [trial for trial in study.get_trials() if trial.state.name == "COMPLETE"]


def for_songs(encoder: TrainedEncoder) -> TrainedEncoder:
    """An encoder of windows hears what is longer than the units that it was taught with, too."""
    if not isinstance(encoder.settings.encoder, WindowsSettings):
        return encoder
    front_end = replace(encoder.settings.front_end, clip_s=TAUGHT.front_end.clip_s)
    return replace(encoder, settings=replace(encoder.settings, front_end=front_end))


def _outcome(trial: "optuna.trial.FrozenTrial") -> str:
    return {"COMPLETE": "judged", "PRUNED": "ended early"}.get(trial.state.name, "refused")


def _line(study: "optuna.Study", trials: int, seconds: float) -> str:
    finished = _finished(study)
    last = finished[-1]
    what = [str(last.params[name]) for name in ("encoder", "size", "method") if name in last.params]
    found = _outcome(last)
    if found == "refused":
        found += f": {last.user_attrs[REFUSED]}"
    elif found == "judged":
        found = f"right {last.value:.3f}"
    return f"trial {len(finished)}/{trials}: {' '.join(what)}, {found}, {seconds:.0f} s"


def _write_trials(folder: Path, study: "optuna.Study") -> None:
    finished = _finished(study)
    names = sorted({name for trial in finished for name in trial.params})
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["trial", "outcome", "right", *names])
    for number, trial in enumerate(finished):
        outcome = _outcome(trial)
        right = trial.value if outcome == "judged" else None
        table.writerow([number, outcome, right, *(trial.params.get(name) for name in names)])
    with atomic_path(folder / TRIALS) as temporary:
        temporary.write_text(text.getvalue())


def _write_best(folder: Path, study: "optuna.Study", settings: SearchSettings) -> dict[str, Any]:
    from optuna.trial import FixedTrial

    finished, judged = _finished(study), _judged(study)
    if not judged:
        told = next(iter(finished)).user_attrs.get(REFUSED, "all ended early")
        raise InputError(f"{folder}: no trial was judged ({told})")
    best = max(judged, key=lambda trial: trial.value or 0.0)
    choice = choose(FixedTrial(best.params), steps=settings.steps)
    asked, right = 2 * settings.held_out, best.value or 0.0
    found = {
        "right": right,
        "standard_error": math.sqrt(right * (1 - right) / asked),
        "songbird": next((t.value for t in judged if t.params == SONGBIRD), None),
        "sounds_asked": asked,
        "trials": len(finished),
        "chosen": best.params,
        "shrink": choice.shrink,
        "set": list(as_changes(choice.settings)),
    }
    with atomic_path(folder / BEST) as temporary:
        temporary.write_text(json.dumps(found, indent=2) + "\n")
    return found
