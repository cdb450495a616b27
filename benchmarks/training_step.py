"""One optimiser step of self-distillation beside the same network in PyTorch, CPU seconds.

Both get spectrograms: two views to the student with gradient, two to the teacher, balanced
assignment to prototypes, cross-entropy, AdamW, moving average. The torch network below has the same
layers and, checked, the same number of parameters. The whole step of Chingolo, with log-mel and
views, stands beside it. Both run with large pages of memory, as `chingolo train` does on Linux.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pandas as pd

from benchmarks.synthesis import cpu_seconds
from chingolo.command_line.large_pages import restart_with_large_pages
from chingolo.synth.spectra.log_mel import frames_in
from chingolo.train.encoders.cnn import SIZES
from chingolo.train.objective import losses
from chingolo.train.settings.registry import PRESETS
from chingolo.train.settings.training import TrainingSettings
from chingolo.train.step.state import make_recipe, make_state
from chingolo.train.step.step import step

CLIPS = 64


def clips(settings: TrainingSettings) -> tuple[np.ndarray, np.ndarray]:
    """Waveforms [clips, samples] and spectrograms [2, clips, frames, bands] of noise."""
    random = np.random.default_rng(0)
    samples = round(settings.front_end.clip_s * settings.front_end.sample_rate)
    frames = frames_in(settings.front_end, samples)
    shape = (2, CLIPS, frames, settings.front_end.n_mels)
    waves = random.normal(0, 0.1, (CLIPS, samples)).astype(np.float32)
    return waves, random.normal(size=shape).astype(np.float32)


def jax_seconds(settings: TrainingSettings) -> tuple[float, float, int]:
    """CPU s of the network's step and of the whole step; number of parameters."""
    waves, spectrograms = clips(settings)
    recipe = make_recipe(settings, 0)
    state = make_state(recipe, 0)
    count = sum(leaf.size for leaf in jax.tree.leaves(state.params))

    @jax.jit
    def network(params: dict, teacher: dict, optimiser: optax.OptState, views: jax.Array):
        flat = views.reshape(-1, *views.shape[2:])
        known = recipe.model.apply({"params": teacher}, flat)["cosines"]
        assigned = jax.lax.stop_gradient(losses.sinkhorn(known, 0.05)).reshape(2, CLIPS, -1)

        def loss(params: dict) -> jax.Array:
            cosines = recipe.model.apply({"params": params}, flat, train=True)["cosines"]
            return losses.cross_entropy(assigned[::-1].reshape(2 * CLIPS, -1), cosines, 0.1)

        value, gradient = jax.value_and_grad(loss)(params)
        update, optimiser = recipe.optimiser.update(gradient, optimiser, params)
        params = optax.apply_updates(params, update)
        return params, optax.incremental_update(params, teacher, 0.01), optimiser, value

    views = jnp.asarray(spectrograms)
    alone = partial(network, state.params, state.teacher, state.optimiser, views)
    batch = {"first": waves, "second": waves, "label": np.full(CLIPS, -1, np.int32)}
    whole = jax.jit(partial(step, recipe))
    return (
        cpu_seconds(lambda: jax.block_until_ready(alone()[3])),
        cpu_seconds(lambda: jax.block_until_ready(whole(state, batch)[1]["loss"])),
        count,
    )


def torch_seconds(settings: TrainingSettings) -> tuple[float, int]:
    """CPU s of the same step in PyTorch; number of parameters."""
    import copy

    import torch
    from torch import nn
    from torch.nn import functional as F

    _, spectrograms = clips(settings)
    widths, blocks = SIZES[settings.encoder.size]
    method, bands = settings.method, settings.front_end.n_mels

    class Block(nn.Module):
        def __init__(self, width: int):
            super().__init__()
            groups = min(8, width)
            self.layers = nn.Sequential(
                nn.GroupNorm(groups, width), nn.ReLU(), nn.Conv2d(width, width, 3, padding=1),
                nn.GroupNorm(groups, width), nn.ReLU(), nn.Conv2d(width, width, 3, padding=1),
            )  # fmt: skip

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + self.layers(x)

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            layers: list[nn.Module] = []
            before, rows = 1, bands
            for stage, width in enumerate(widths):
                size = 4 if stage == 0 else 2
                layers.append(nn.Conv2d(before, width, size, stride=size))
                layers += [Block(width) for _ in range(blocks)]
                before, rows = width, rows // size
            layers += [nn.GroupNorm(min(8, before), before), nn.ReLU()]
            self.body = nn.Sequential(*layers)
            self.encoded = nn.Linear(2 * before * rows, settings.encoder.dimensions)
            sizes = (settings.encoder.dimensions, method.hidden, method.hidden)
            self.projector = nn.Sequential(
                nn.Linear(sizes[0], sizes[1], bias=False), nn.BatchNorm1d(sizes[1]), nn.GELU(),
                nn.Linear(sizes[1], sizes[2], bias=False), nn.BatchNorm1d(sizes[2]), nn.GELU(),
                nn.Linear(sizes[2], method.projection),
            )  # fmt: skip
            self.prototypes = nn.Parameter(torch.randn(method.projection, method.prototypes))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.body(x[:, None])
            pooled = torch.cat([x.mean(dim=2), x.amax(dim=2)], dim=1).flatten(1)
            projection = F.normalize(self.projector(self.encoded(pooled)), dim=1)
            return projection @ F.normalize(self.prototypes, dim=0)

    student = Network()
    teacher = copy.deepcopy(student)
    optimiser = torch.optim.AdamW(student.parameters(), lr=1e-3)
    flat = torch.from_numpy(spectrograms).flatten(0, 1)

    def work() -> None:
        with torch.no_grad():
            plan = teacher(flat) / 0.05
            for _ in range(3):
                plan = plan - plan.logsumexp(0, keepdim=True)
                plan = plan - plan.logsumexp(1, keepdim=True)
            assigned = plan.exp().reshape(2, CLIPS, -1).flip(0).flatten(0, 1)
        loss = -(assigned * F.log_softmax(student(flat) / 0.1, dim=1)).sum(1).mean()
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(student.parameters(), settings.clip_norm)
        optimiser.step()
        with torch.no_grad():
            for ours, theirs in zip(student.parameters(), teacher.parameters(), strict=True):
                theirs.lerp_(ours, 0.01)

    return cpu_seconds(work), sum(value.numel() for value in student.parameters())


def measure() -> pd.DataFrame:
    """The table: what, ours and PyTorch's cost."""
    settings = PRESETS["cpu"]
    network, whole, count = jax_seconds(settings)
    peer, peer_count = torch_seconds(settings)
    assert count == peer_count, f"{count} parameters here, {peer_count} in PyTorch"
    size = f"batch {CLIPS}, {count} parameters, CPU s"
    rows = [
        (f"training step, network alone, {size}", network, peer, "PyTorch"),
        (f"training step with log-mel and views, {size}", whole, peer, "PyTorch, network alone"),
    ]
    return pd.DataFrame(rows, columns=["what", "Chingolo", "peer", "named"])


if __name__ == "__main__":
    restart_with_large_pages()
    print(measure().to_string(index=False))
