import json
from collections.abc import Iterator
from pathlib import Path

import jax.numpy as jnp
import pytest
from flax import struct
from jax import Array

from chingolo.synth.tables.files import InputError
from chingolo.train.run import checkpoint
from chingolo.train.run.loop import Task, run_in_folder, run_in_memory


@struct.dataclass
class Weight:
    step: Array
    weight: Array


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
