import dataclasses
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from chingolo.synth.tables.registry import Registry
from chingolo.train.data.batches import batches
from chingolo.train.encoders.registry import ENCODERS
from chingolo.train.methods.registry import METHODS
from chingolo.train.objective.method import (
    BatchOutputs,
    Head,
    Method,
    MethodSettings,
    Shapes,
    Terms,
)
from chingolo.train.run.train_encoder import vectors
from chingolo.train.run.trained_encoder import trained_encoder
from chingolo.train.settings.change import change
from chingolo.train.settings.training import TrainingSettings
from chingolo.train.step.state import Recipe, make_recipe, make_state
from chingolo.train.step.step import step
from tests.small_training import SMALL, UNOPTIMISED, chirp_pairs


def recipe_of(settings: TrainingSettings, classes: int) -> Recipe:
    """With an encoder as it starts to learn from, for methods that learn from one."""
    if not METHODS[settings.method.name].learns_from_encoder:
        return make_recipe(settings, classes)
    other = trained_encoder(make_state(make_recipe(SMALL, 0), 1), SMALL, ())
    return make_recipe(
        settings,
        classes,
        other_encoder=partial(vectors, other),
        vector_length=SMALL.encoder.dimensions,
    )


PARTS = {
    "dino": {"projector", "prototypes"},
    "msn": {"projector", "prototypes"},
    "byol": {"projector", "predictor"},
    "simclr": {"projector"},
    "vicreg": {"projector"},
    "autoencoder": {"decoder"},
    "distill": {"regressor"},
}
"""Names of the heads in checkpoints, which must stay; a method added since need not stand here."""


PAIRS = [
    (name, kind)
    if kind == "cnn" or name == "dino"
    else pytest.param(name, kind, marks=pytest.mark.slow)
    for name in METHODS
    for kind in ENCODERS
]


@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_every_entry_fits_the_step(name: str, kind: str):
    settings = change(SMALL, (f"method.name={name}", f"encoder.kind={kind}"))
    recipe = recipe_of(settings, 4)
    state = jax.eval_shape(partial(make_state, recipe, 0))
    if name in PARTS:
        assert set(state.params) == {"encoder", "classifier", *PARTS[name]}
    assert {"encoder", "classifier"} <= set(state.params)
    first, second, theme = chirp_pairs(0, 16)
    batch = {"first": first, "second": second, "label": theme}
    after, metrics = jax.eval_shape(partial(step, recipe), state, batch)
    jax.tree.map(lambda a, b: None if a.shape == b.shape else pytest.fail("shape"), state, after)
    assert {"loss", "labels", "label_accuracy", "gradient_norm"} <= set(metrics)
    method = METHODS[name]
    assert method.learns_from_labels or set(metrics) - {
        "loss", "labels", "label_accuracy", "gradient_norm", "learning_rate", "effective_rank"
    }  # fmt: skip
    assert method.title
    assert method.source


QUICK = [
    ("method.name=dino", "method.assignment=centre", "views.local_views=2", "views.local_s=0.2"),
]
OTHERS = [
    ("method.name=msn", "encoder.kind=vit", "views.crop_frames=48"),
    ("method.name=msn",),
    ("method.name=byol", "accumulate=2"),
    ("method.name=simclr", "compute=bfloat16", "encoder.dropout=0.1"),
    ("method.name=vicreg", "schedule=multi_step", "encoder.initialisation=kaiming"),
    ("method.name=supervised", "method.multilabel=true"),
    ("method.name=autoencoder", "encoder.dimensions=3"),
    ("method.name=distill", "front_end.noise=pcen"),
    ("method.name=dino", "encoder.kind=vit", "encoder.patch=overlapping"),
    ("method.name=simclr", "encoder.kind=vit", "encoder.patch=band"),
    ("method.name=dino", "encoder.kind=windows", "front_end.noise=subtract"),
]


@pytest.mark.parametrize(
    "changes",
    # each compiles a step of its own, which is what takes the time
    [*QUICK, *(pytest.param(one, marks=pytest.mark.slow) for one in OTHERS)],
    ids=" ".join,
)
def test_every_method_and_encoder_takes_steps(changes: tuple[str, ...]):
    settings = change(SMALL, (*changes, "steps=5"))
    classes = 4 if settings.method.name in ("supervised", "dino") else 0
    recipe = recipe_of(settings, classes)
    before = make_state(recipe, 0)
    advance = jax.jit(partial(step, recipe), compiler_options=UNOPTIMISED)
    state, metrics = before, {}
    for batch in batches(settings, None, chirp_pairs, seed=1, start=0, classes=classes):
        state, metrics = advance(state, batch)
        assert np.isfinite(float(metrics["loss"]))
    assert float(metrics["gradient_norm"]) > 0
    for old, new in ((before.params, state.params), (before.teacher, state.teacher)):
        moved = jax.tree.map(lambda a, b: float(abs(a - b).max()), old, new)
        assert all(value > 0 for value in jax.tree.leaves(moved["encoder"]))


@pytest.mark.parametrize(
    ("name", "shared"), [("msn", True), pytest.param("dino", False, marks=pytest.mark.slow)]
)
def test_msn_has_one_set_of_prototypes_and_dino_a_running_mean_of_them(name: str, shared: bool):
    recipe = recipe_of(change(SMALL, (f"method.name={name}", "batch=4")), 0)
    state = make_state(recipe, 0)
    nothing = jax.tree.map(lambda x: x * jnp.nan, state.teacher["prototypes"])
    lost = {**state.teacher, "prototypes": nothing}
    first, second, theme = chirp_pairs(0, 4)
    batch = {"first": first, "second": second, "label": theme}
    advance = jax.jit(partial(step, recipe), compiler_options=UNOPTIMISED)
    _, metrics = advance(replace(state, teacher=lost), batch)
    assert np.isfinite(float(metrics["loss"])) == shared


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"terms": lambda settings, outputs: {"labels": (1.0, jnp.zeros(()))}}, "labels"),
        ({"terms": lambda settings, outputs: {"loss": (1.0, jnp.zeros(()))}}, "loss"),
        ({"heads": lambda settings, shapes: [Head(jnp.tanh, reads="z", gives="z")]}, "z"),
        ({"heads": lambda settings, shapes: [Head(jnp.tanh, "z", "logits")]}, "logits"),
    ],
)
def test_no_part_of_a_method_overwrites_another(
    changed: dict, told: str, monkeypatch: pytest.MonkeyPatch
):
    """A term `labels` was once lost from the loss, without a word."""
    toy = dataclasses.replace(METHODS["simclr"], **changed)
    monkeypatch.setattr(METHODS, "_entries", {**METHODS, "simclr": toy})
    settings = change(SMALL, ("method.name=simclr", "learning_rate=0.003"))
    first, second, theme = chirp_pairs(0, 16)
    batch = {"first": first, "second": second, "label": theme}

    def take_step() -> None:
        recipe = make_recipe(settings, 4)
        jax.eval_shape(partial(step, recipe), make_state(recipe, 0), batch)

    make_recipe.cache_clear()
    with pytest.raises(ValueError, match=f"called {told}"):
        take_step()
    make_recipe.cache_clear()


def test_a_method_may_have_prototypes_of_its_own(monkeypatch: pytest.MonkeyPatch):
    """Seven of them, by another name than dino's, that rest in the first half of four steps."""

    @dataclass(frozen=True)
    class SevenSettings(MethodSettings):
        """Settings of a toy."""

        name: str = "seven"

    def assign(settings, cosines, centre, step, steps):
        assert centre.shape == (7,)
        return jax.nn.softmax(cosines), 0.5 * centre + 0.5 * cosines.mean(axis=(0, 1))

    def terms(settings: SevenSettings, outputs: BatchOutputs) -> Terms:
        assert outputs.assignment is not None
        return {"apart": (1.0, jnp.mean((outputs.student["cosines"] - outputs.assignment) ** 2))}

    toy = Method(
        title="seven prototypes",
        source="none",
        settings=SevenSettings,
        heads=lambda settings, shapes: [Head(nn.Dense(7, name="sevens"), "z", "cosines")],
        terms=terms,
        assign=assign,
        rests=lambda settings: {"sevens": 0.5},
    )
    monkeypatch.setattr(METHODS, "_entries", {**METHODS, "seven": toy})
    recipe = make_recipe(change(SMALL, ("method.name=seven", "steps=4", "batch=4")), 0)
    states = [make_state(recipe, 0)]
    assert states[0].centre.shape == (7,)
    first, second, _ = chirp_pairs(0, 4)
    batch = {"first": first, "second": second, "label": np.full(4, -1, np.int32)}
    advance = jax.jit(partial(step, recipe), compiler_options=UNOPTIMISED)
    for _ in range(3):
        states.append(advance(states[-1], batch)[0])
    kernels = [state.params["sevens"]["kernel"] for state in states]
    moved = [bool((a != b).any()) for a, b in pairwise(kernels)]
    assert moved == [False, False, True]


@pytest.mark.slow
def test_a_method_entered_on_one_line_trains(monkeypatch: pytest.MonkeyPatch):
    @dataclass(frozen=True)
    class ShrinkSettings(MethodSettings):
        """Settings of a toy."""

        name: str = "shrink"
        size: float = 2.0

    def heads(settings: ShrinkSettings, shapes: Shapes) -> list[Head]:
        assert shapes.dimensions == 16
        return [Head(lambda z: z * settings.size, reads="z", gives="embedding")]

    def terms(settings: ShrinkSettings, outputs: BatchOutputs) -> Terms:
        return {"length": (1.0, jnp.mean(outputs.student["embedding"] ** 2))}

    toy = Method(
        title="vectors made small", source="none", settings=ShrinkSettings, heads=heads, terms=terms
    )
    entries: dict = {**METHODS, "shrink": toy}
    monkeypatch.setattr(METHODS, "_entries", entries)
    settings = change(SMALL, ("method.size=3", "method.name=shrink", "steps=4"))
    assert settings.method == ShrinkSettings(momentum=(0.8, 0.9), size=3.0)
    recipe = make_recipe(settings, 0)
    state, lengths = make_state(recipe, 0), []
    advance = jax.jit(partial(step, recipe), compiler_options=UNOPTIMISED)
    for batch in batches(settings, None, chirp_pairs, seed=1, start=0):
        state, metrics = advance(state, batch)
        lengths.append(float(metrics["length"]))
    assert lengths[-1] < lengths[0]
    assert Registry("training method", entries).names().endswith("distill, shrink")
