"""Every encoder that is entered: clips of any length to vectors, with patches hidden or not."""

import contextlib
import dataclasses
from functools import cache, partial
from typing import Any, Literal, get_args, get_origin, get_type_hints

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from chingolo.synth.spectra.clip import clip_samples
from chingolo.synth.spectra.front_end import FrontEnd
from chingolo.synth.spectra.log_mel import frames_in
from chingolo.synth.tables.files import InputError
from chingolo.train.encoders.registry import ENCODERS
from chingolo.train.run.check import refuse_too_small
from chingolo.train.settings.change import change
from chingolo.train.settings.training import TrainingSettings, Views
from tests.small_training import SMALL, UNOPTIMISED

FRAMES, BANDS, DIMENSIONS = 96, 64, 8


def smallest(name: str) -> Any:
    """An entry's settings, of its smallest size where it has sizes."""
    settings = ENCODERS[name].settings(dimensions=DIMENSIONS)
    return dataclasses.replace(settings, size="nano") if hasattr(settings, "size") else settings


compiled = partial(jax.jit, compiler_options=UNOPTIMISED)


@cache
def built(name: str) -> tuple[Any, nn.Module, Any]:
    """An entry's settings, network and parameters."""
    encoder = ENCODERS[name]
    settings = smallest(name)
    assert settings.kind == name == encoder.name
    network = encoder.network(settings, jnp.float32)
    start = compiled(lambda key, clips: network.init(key, clips, False))
    params = start(jax.random.key(0), jnp.zeros((2, FRAMES, BANDS)))["params"]
    return settings, network, params


def clips(frames: int = FRAMES) -> jax.Array:
    return jnp.asarray(np.random.default_rng(0).standard_normal((3, frames, BANDS)), jnp.float32)


@pytest.mark.parametrize("name", ENCODERS)
def test_clips_of_any_length_become_vectors(name: str):
    _, network, params = built(name)
    apply = compiled(lambda params, clips: network.apply({"params": params}, clips, False))
    for frames in (32, 150):
        z: Any = apply(params, clips(frames))
        assert z.shape == (3, DIMENSIONS)
        assert np.isfinite(z).all()


@pytest.mark.parametrize("name", ENCODERS)
def test_a_clip_has_one_vector_whatever_stands_beside_it(name: str):
    _, network, params = built(name)
    apply = compiled(lambda params, clips: network.apply({"params": params}, clips, False))
    together: Any = apply(params, clips())
    alone: Any = apply(params, clips()[1:2])
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
    network = ENCODERS["vit"].network(smallest("vit"), jnp.bfloat16)
    params = network.init(jax.random.key(0), clips())["params"]
    program = str(jax.make_jaxpr(lambda x: network.apply({"params": params}, x))(clips()))
    softmax = [line for line in program.splitlines() if " = exp " in line]
    assert len(softmax) == 2  # one a layer
    assert all(":f32[" in line for line in softmax)
    assert ":bf16[" in program


def another(settings: Any, name: str) -> Any:
    """The settings with another value of one of them."""
    old = getattr(settings, name)
    hint = get_type_hints(type(settings))[name]
    if get_origin(hint) is Literal:
        new = next(choice for choice in get_args(hint) if choice != old)
    elif isinstance(old, bool):
        new = not old
    else:
        new = type(old)(old + 1) if isinstance(old, int) else old / 2 + 0.2
    return dataclasses.replace(settings, **{name: new})


def program(settings: Any) -> str:
    """All that an encoder computes: its weights at the start, what it hides and is told of
    padding, and vectors while training."""
    encoder = ENCODERS[settings.kind]
    network: Any = encoder.network(settings, jnp.float32)

    def work(key: jax.Array, silent: jax.Array) -> tuple[Any, ...]:
        params = network.init(key, clips(), False)["params"]
        hidden, told = encoder.hide(settings, jax.random.split(key, 3), clips(), 0.5)
        told = {**told, **encoder.padding(settings, silent)}
        z = network.apply({"params": params}, hidden, True, **told, rngs={"dropout": key})
        return params, hidden, told, z

    return str(jax.make_jaxpr(work)(jax.random.key(0), jnp.zeros((3, FRAMES), bool)))


@pytest.mark.parametrize("name", ENCODERS)
def test_an_encoder_has_no_setting_that_it_ignores(name: str):
    settings = smallest(name)
    before = program(settings)
    assert before == program(settings)
    for field in dataclasses.fields(settings):
        if field.name != "kind":
            assert before != program(another(settings, field.name)), field.name


@pytest.mark.parametrize("name", ENCODERS)
def test_a_setting_of_another_encoder_is_refused(name: str):
    known = {field.name for field in dataclasses.fields(smallest(name))}
    others = {
        field.name for entry in ENCODERS.values() for field in dataclasses.fields(entry.settings)
    }
    for other in sorted({*others, "nonsense"} - known):
        with pytest.raises(InputError, match=f"{name} has no '{other}'"):
            change(SMALL, (f"encoder.kind={name}", f"encoder.{other}=1"))


def is_heard(settings: Any, frames: int, bands: int) -> bool:
    """Whether vectors depend on clips of that size at all."""
    network: Any = ENCODERS[settings.kind].network(settings, jnp.float32)
    clip = jax.random.normal(jax.random.key(1), (1, frames, bands))

    def square(clip: jax.Array) -> jax.Array:
        params = network.init(jax.random.key(0), clip)
        return (network.apply(params, clip) ** 2).sum()

    try:
        slope = compiled(jax.grad(square))(clip)
    except (TypeError, ValueError, ZeroDivisionError):
        return False
    return bool(jnp.isfinite(slope).all() and jnp.abs(slope).max() > 0)


@pytest.mark.parametrize(
    "changes",
    [
        {"size": "nano"},
        {"size": "micro"},
        {"kind": "vit", "size": "nano", "patch": "square"},
        {"kind": "vit", "size": "nano", "patch": "overlapping"},
        {"kind": "vit", "size": "nano", "patch": "band"},
    ],
)
def test_the_fewest_frames_and_bands_are_heard_and_fewer_are_refused(changes):
    settings = ENCODERS[changes.get("kind", "cnn")].settings()
    settings = dataclasses.replace(settings, **changes)
    frames, bands = ENCODERS[settings.kind].least(settings)
    for shape in ((frames, bands), (frames - 1, bands), (frames, bands - 1)):
        if not min(shape):
            continue
        enough = shape == (frames, bands)
        assert is_heard(settings, *shape) == enough
        front_end = FrontEnd(n_mels=shape[1], hop=128, clip_s=(shape[0] - 0.5) * 128 / 22050)
        assert frames_in(front_end, clip_samples(front_end)) == shape[0]
        with contextlib.nullcontext() if enough else pytest.raises(InputError):
            refuse_too_small(TrainingSettings(front_end=front_end, encoder=settings))


@pytest.mark.parametrize(
    ("views", "told"),
    [
        (Views(crop_frames=3), "views.crop_frames=3: this cnn hears 16 frames"),
        (Views(local_views=1, local_s=0.01), "views.local_s=0.01: 2 frames"),
        (Views(local_views=1, local_s=9.0), "views.local_s=9: "),
    ],
)
def test_views_that_leave_nothing_to_hear_are_refused(views, told):
    with pytest.raises(InputError, match=told):
        refuse_too_small(TrainingSettings(views=views))
