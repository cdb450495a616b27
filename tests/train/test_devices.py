"""Many devices and hosts against one, in processes of their own: their number is fixed at start."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]

PREPARE = """
import sys
from functools import partial
import jax, numpy as np
from tests.small_training import PLAIN, chirp_pairs
from chingolo.train.parallel import join_hosts, own_rows, parallel_step, replicate, shard
from chingolo.train.step.state import make_recipe, make_state
from chingolo.train.step.step import step

def batch():
    first, second, theme = chirp_pairs(1, PLAIN.batch)
    return {"first": first, "second": second, "label": theme}

def same(a, b):
    parts = lambda state: (state.params, state.teacher, state.centre, state.mean, state.variance)
    jax.tree.map(
        lambda x, y: np.testing.assert_allclose(x, y, rtol=2e-3, atol=2e-4), parts(a), parts(b)
    )
"""

DEVICES = (
    PREPARE
    + """
assert jax.local_device_count() == 8, jax.devices()
recipe = make_recipe(PLAIN, 4)
one = jax.jit(partial(step, recipe))
many = parallel_step(recipe)
alone, joint = make_state(recipe, 0), replicate(make_state(recipe, 0))
for _ in range(3):
    alone, _ = one(alone, batch())
    joint, _ = many(joint, shard(batch()))
start = make_state(recipe, 0)
moved = jax.tree.map(lambda a, b: float(abs(a - b).max()), start.params, alone.params)
assert max(jax.tree.leaves(moved)) > 1e-2
same(alone, joint)
"""
)

HOSTS = (
    PREPARE
    + """
hosts, host, port, out = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
if hosts > 1:
    join_hosts(f"127.0.0.1:{port}", hosts, host)
assert jax.process_count() == hosts and jax.device_count() == 2
recipe = make_recipe(PLAIN, 4)
advance = parallel_step(recipe)
state = replicate(make_state(recipe, 0))
rows = own_rows(PLAIN.batch)
mine = {name: value[rows.start : rows.stop] for name, value in batch().items()}
for _ in range(2):
    state, _ = advance(state, shard(mine))
leaves = jax.tree.leaves(jax.device_get(state.params))
if host == 0:
    np.savez(out, *leaves)
"""
)


def environment(devices: int) -> dict[str, str]:
    return {
        **os.environ,
        "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}",
        "NPROC": "8",
        "JAX_PLATFORMS": "cpu",
    }


def test_eight_devices_equal_one():
    done = subprocess.run(
        [sys.executable, "-c", DEVICES],
        cwd=ROOT,
        env=environment(8),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.slow
def test_two_processes_equal_one(tmp_path: Path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def start(hosts: int, host: int) -> subprocess.Popen[str]:
        words = [str(hosts), str(host), str(port), str(tmp_path / f"{hosts}.npz")]
        return subprocess.Popen(
            [sys.executable, "-c", HOSTS, *words],
            cwd=ROOT,
            env=environment(2 // hosts),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    for running in ([start(1, 0)], [start(2, 0), start(2, 1)]):
        for process in running:
            output, _ = process.communicate(timeout=300)
            assert process.returncode == 0, output[-3000:]
    one, two = (np.load(tmp_path / f"{hosts}.npz") for hosts in (1, 2))
    with one, two:
        for name in one.files:
            np.testing.assert_array_equal(one[name], two[name])
