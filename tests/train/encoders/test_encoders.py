"""Every encoder that is entered: clips of any length to vectors, with patches hidden or not."""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from chingolo.train.encoders.registry import ENCODERS

FRAMES, BANDS, DIMENSIONS = 96, 64, 8


def built(name: str) -> tuple[Any, nn.Module, Any]:
    """An entry's settings, network and parameters."""
    encoder = ENCODERS[name]
    settings = encoder.settings(size="nano", dimensions=DIMENSIONS)
    assert settings.kind == name == encoder.name
    network = encoder.network(settings, nn.initializers.glorot_uniform(), jnp.float32)
    params = network.init(jax.random.key(0), jnp.zeros((2, FRAMES, BANDS)), False)["params"]
    return settings, network, params


def clips(frames: int = FRAMES) -> jax.Array:
    return jnp.asarray(np.random.default_rng(0).standard_normal((3, frames, BANDS)), jnp.float32)


@pytest.mark.parametrize("name", ENCODERS)
def test_clips_of_any_length_become_vectors(name: str):
    _, network, params = built(name)
    for frames in (32, FRAMES, 150):
        z: Any = network.apply({"params": params}, clips(frames), False)
        assert z.shape == (3, DIMENSIONS)
        assert np.isfinite(z).all()


@pytest.mark.parametrize("name", ENCODERS)
def test_a_clip_has_one_vector_whatever_stands_beside_it(name: str):
    _, network, params = built(name)
    together: Any = network.apply({"params": params}, clips(), False)
    alone: Any = network.apply({"params": params}, clips()[1:2], False)
    np.testing.assert_allclose(together[1:2], alone, atol=1e-5)


@pytest.mark.parametrize("name", ["cnn", "vit"])
def test_hidden_patches_are_not_heard(name: str):
    settings, network, params = built(name)
    keys = jax.random.split(jax.random.key(1), 3)

    def heard(share: float) -> np.ndarray:
        hidden, told = ENCODERS[name].hide(settings, keys, clips(), share)
        apply: Any = network.apply
        return np.asarray(apply({"params": params}, hidden, False, **told))

    whole: Any = network.apply({"params": params}, clips(), False)
    np.testing.assert_allclose(heard(0.0), whole, atol=1e-5)
    np.testing.assert_array_equal(heard(0.5), heard(0.5))
    assert np.abs(heard(0.5) - whole).max() > 1e-3


def test_attention_is_weighed_in_single_precision():
    settings = ENCODERS["vit"].settings(size="nano", dimensions=DIMENSIONS)
    network = ENCODERS["vit"].network(settings, nn.initializers.glorot_uniform(), jnp.bfloat16)
    params = network.init(jax.random.key(0), clips())["params"]
    program = str(jax.make_jaxpr(lambda x: network.apply({"params": params}, x))(clips()))
    softmax = [line for line in program.splitlines() if " = exp " in line]
    assert len(softmax) == 2  # one a layer
    assert all(":f32[" in line for line in softmax)
    assert ":bf16[" in program
