import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import struct
from jax import Array

from chingolo.synth.tables.files import InputError
from chingolo.train.run import checkpoint
from chingolo.train.run.checkpoint import Checkpoints
from chingolo.train.run.loop import Task, run_in_folder, run_in_memory
from chingolo.train.run.metrics import open_metrics


@struct.dataclass
class Weight:
    step: Array
    weight: Array


@struct.dataclass
class Learning:
    step: Array
    weights: dict[str, Array]
    optimiser: optax.OptState


def export(run: Path, state: Weight) -> None:
    (run / "encoder").write_text(json.dumps(int(state.step)))


def growing(factor: float, steps: int = 6) -> Task[Weight]:
    """A weight that grows by a factor a step while the loss stays 0: float32 ends at 3.4e38."""

    def advance(state: Weight, batch: dict) -> tuple[Weight, dict[str, Array]]:
        del batch
        return Weight(state.step + 1, state.weight * factor), {"loss": jnp.zeros(())}

    def batches(start: int) -> Iterator[dict]:
        return iter([{}] * (steps - start))

    return Task(
        steps=steps,
        log_every=2,
        checkpoint_every=1,
        start=Weight(jnp.zeros((), jnp.int32), jnp.ones(3)),
        advance=advance,
        batches=batches,
        export=export,
    )


def quiet(line: str) -> None:
    del line


def test_a_state_that_is_not_finite_is_neither_saved_nor_exported(tmp_path: Path):
    run = tmp_path / "run"
    run.mkdir()
    # 1e10 to the third is 1e30, to the fourth infinite in float32
    with pytest.raises(InputError, match="by step 4; last good state: checkpoint of step 3"):
        run_in_folder(growing(1e10), run, {}, tell=quiet)
    assert not (run / "encoder").exists()
    with pytest.raises(InputError, match="stopped being finite by step 6"):
        run_in_memory(growing(1e10))


def test_a_checkpoint_of_before_decay_had_a_mask_is_restored(tmp_path: Path):
    """The optimiser's state had no mask around what decays; the numbers are the same."""

    def state_of(mask: dict | None, value: float) -> Learning:
        weights = {"kernel": jnp.full((2, 2), value), "bias": jnp.full(2, value)}
        optimiser = optax.adamw(0.1, mask=mask).init(weights)
        return Learning(jnp.asarray(3, jnp.int32), weights, optimiser)

    before = Checkpoints(tmp_path)
    before.save(state_of(None, 2.0))
    before.close()
    now = Checkpoints(tmp_path)
    like = state_of({"kernel": True, "bias": False}, 0.0)
    restored = now.restore(like)
    now.close()
    assert jax.tree.structure(restored) == jax.tree.structure(like)
    assert int(restored.step) == 3
    assert restored.weights["kernel"].tolist() == [[2.0, 2.0], [2.0, 2.0]]


def test_a_run_goes_on_from_the_last_finite_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    run, told = tmp_path / "run", []
    run.mkdir()
    with monkeypatch.context() as patch:  # as older versions saved whatever there was
        patch.setattr(checkpoint, "check_finite", quiet)
        run_in_folder(growing(1e10, steps=4), run, {}, tell=quiet)
    state = run_in_folder(growing(1.0), run, {}, resume=True, tell=told.append)
    assert any("checkpoint 4 is not finite; going on from 3" in line for line in told)
    assert int(state.step) == 6
    assert state.weight.tolist() == pytest.approx([1e30] * 3, rel=1e-6)

    bad = tmp_path / "bad"
    bad.mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "check_finite", quiet)
        run_in_folder(growing(float("inf"), steps=2), bad, {}, tell=quiet)
    with pytest.raises(InputError, match="no checkpoint is finite"):
        run_in_folder(growing(1.0), bad, {}, resume=True, tell=quiet)


def test_what_is_written_beside_the_training_is_the_state_as_it_was(tmp_path: Path):
    checkpoints = checkpoint.Checkpoints(tmp_path)
    weight = np.arange(1_000_000, dtype=np.float32)
    checkpoints.save(Weight(np.int32(1), weight))  # type: ignore[arg-type]
    weight[:] = -1  # as the next step writes over buffers that were given to it
    checkpoints.wait()
    blank = Weight(jnp.zeros((), jnp.int32), jnp.zeros(len(weight)))
    restored = checkpoints.restore(blank)
    checkpoints.close()
    np.testing.assert_array_equal(restored.weight, np.arange(1_000_000))
    assert int(restored.step) == 1


def test_checkpoints_by_minutes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    ticks = iter(range(0, 4000, 40))
    with monkeypatch.context() as patch:
        # 40 s pass whenever somebody looks: at steps 1, 3, 5 and 6, and at each save
        patch.setattr(checkpoint, "time", SimpleNamespace(monotonic=lambda: next(ticks)))
        task = replace(growing(1.0), checkpoint_every=0, checkpoint_minutes=1.0)
        run_in_folder(task, tmp_path, {}, tell=quiet)
    saved = [int(path.name) for path in (tmp_path / "checkpoints").iterdir() if path.is_dir()]
    assert sorted(saved) == [3, 6]


def test_a_line_of_metrics_that_lost_its_end_merges_with_none(tmp_path: Path):
    file = tmp_path / "metrics.jsonl"
    for torn in ('{"step": 1, "loss": 0.5}', '{"step": 1, "lo', "\x00\x00", "17"):
        file.write_text('{"step": 0, "loss": 1.0}\n' + torn)
        with open_metrics(file, 2) as out:
            out.write('{"step": 2, "loss": 0.2}\n')
        steps = [json.loads(line)["step"] for line in file.read_text().splitlines()]
        assert steps == ([0, 1, 2] if torn.endswith("}") else [0, 2])
