"""Many devices against one; in a process of its own, as the number of devices is fixed at start."""

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys
import jax, numpy as np
from functools import partial
from tests.small_training import PLAIN, chirp_pairs
from train.parallel import parallel_step, shard
from train.state import make_recipe, make_state
from train.step import step

assert jax.local_device_count() == 8, jax.devices()
recipe = make_recipe(PLAIN, 4)
first, second, theme = chirp_pairs(1, PLAIN.batch)
batch = {"first": first, "second": second, "label": theme}
one = jax.jit(partial(step, recipe))
many = parallel_step(recipe)
alone, joint = make_state(recipe, 0), make_state(recipe, 0)
for _ in range(3):
    alone, single = one(alone, batch)
    joint, metrics = many(joint, shard(batch))
print({name: (float(single[name]), float(metrics[name])) for name in single})
start = make_state(recipe, 0)
moved = jax.tree.map(lambda a, b: float(abs(a - b).max()), start.params, alone.params)
assert max(jax.tree.leaves(moved)) > 1e-2
jax.tree.map(
    lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-3, atol=2e-4),
    (alone.params, alone.teacher, alone.centre, alone.mean, alone.variance),
    (joint.params, joint.teacher, joint.centre, joint.mean, joint.variance),
)
"""


def test_eight_devices_equal_one():
    environment = {
        **os.environ,
        "XLA_FLAGS": "--xla_force_host_platform_device_count=8",
        "NPROC": "8",
        "JAX_PLATFORMS": "cpu",
    }
    root = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
