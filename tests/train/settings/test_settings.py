import dataclasses
import json
import subprocess
import sys

import numpy as np
import pytest

from chingolo.scripts import train_encoder
from chingolo.scripts.workbench import train_detector
from chingolo.synth.spectra.log_mel import check_bands
from chingolo.synth.tables.files import InputError
from chingolo.train.detector.settings import DETECTOR_FRONT_END
from chingolo.train.encoders.registry import ENCODERS
from chingolo.train.encoders.vit import ViTSettings
from chingolo.train.methods.dino import DINOSettings
from chingolo.train.methods.registry import METHODS
from chingolo.train.methods.simclr import SimCLRSettings
from chingolo.train.run.check import check
from chingolo.train.settings.change import change, from_dict
from chingolo.train.settings.registry import PRESETS
from chingolo.train.settings.training import TrainingSettings
from chingolo.train.step.state import rate_schedule
from tests.small_training import CHIRPS, SMALL, chirp_pairs


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_presets_survive_json(name: str):
    preset = PRESETS[name]
    assert from_dict(TrainingSettings, json.loads(json.dumps(dataclasses.asdict(preset)))) == preset


def test_settings_are_changed_by_name_and_refused_by_name():
    changed = change(SMALL, ("method.name=byol", "views.crop_scale=0.3,1.0", "steps=7"))
    assert (changed.method.name, changed.views.crop_scale, changed.steps) == ("byol", (0.3, 1.0), 7)
    for wrong, expected in [
        ("method.name=nonsense", "expected one of dino"),
        ("method.colour=red", "no 'colour'"),
        ("steps=many", "expected a whole number, at least 1"),
        ("learning_rate=x", "expected a number, above 0"),
        (
            "views.crop_scale=wide",
            "expected 2 numbers with a comma between, the smaller first, each",
        ),
        ("views.crop_scale=0.5", r"expected 2 numbers .*, the smaller first, each 0.01 to 1$"),
        ("views.crop_scale=0.9,0.3", "crop_scale=0.9,0.3: expected the smaller first"),
        ("views.noise_db=0,-30", "noise_db=0,-30: expected the smaller first"),
        ("milestones=a,b", "expected numbers with a comma between, each 0 to 1"),
        ("method=dino", "expected method.NAME=VALUE"),
    ]:
        with pytest.raises(InputError, match=expected):
            change(SMALL, (wrong,))


def test_a_stepped_schedule_falls_at_its_milestones():
    preset = change(SMALL, ("schedule=multi_step", "steps=100", "warmup=0.1", "learning_rate=1"))
    rate = [np.asarray(rate_schedule(preset)(count)) for count in (0, 5, 10, 19, 21, 41, 61, 81)]
    np.testing.assert_allclose(rate, [0, 0.5, 1, 1, 0.1, 0.01, 1e-3, 1e-4], rtol=1e-5)


def test_a_chosen_method_keeps_what_it_shares_wherever_it_is_chosen():
    changes = ("method.prototypes=5", "method.hidden=7", "method.bottleneck=3")
    for place in range(3):
        words = [*changes[1:]]
        words.insert(place, "method.name=simclr")
        method = change(SMALL, tuple(words)).method
        assert method == SimCLRSettings(momentum=(0.8, 0.9), hidden=7, projection=16, bottleneck=3)
    assert change(SMALL, changes).method.prototypes == 5
    encoder = change(SMALL, ("encoder.patch=band", "encoder.kind=vit")).encoder
    assert encoder == ViTSettings(size="nano", dimensions=16, patch="band")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (("method.name=vicreg", "method.koleo=0.1"), "vicreg has no 'koleo'"),
        (("method.masked=0.5",), "dino has no 'masked'"),
        (("method.name=supervised", "method.prototypes=8"), "supervised has no 'prototypes'"),
        (("encoder.patch=band",), "cnn has no 'patch'"),
        (("encoder.kind=mlp",), "expected one of cnn, vit"),
    ],
)
def test_what_is_not_used_is_refused(changes: tuple[str, ...], expected: str):
    with pytest.raises(InputError, match=expected):
        change(SMALL, changes)


@pytest.mark.parametrize(
    ("changes", "labels", "expected"),
    [
        (("bottleneck=4",), (), "method.bottleneck: read with labels .* alone"),
        (("label_smoothing=0",), (), "method.label_smoothing: read with labels"),
        (("label_weight=2",), (), "method.label_weight: read with labels"),
        (("multilabel=true",), (), "method.multilabel: read with labels"),
        (("label_weight=0", "bottleneck=4"), CHIRPS, "read with method.label_weight above 0"),
        (("multilabel=true", "label_smoothing=0"), CHIRPS, "read with method.multilabel=false"),
    ],
)
def test_settings_of_labels_are_refused_where_nothing_reads_them(
    changes: tuple[str, ...], labels: tuple[str, ...], expected: str
):
    changed = change(SMALL, tuple(f"method.{one}" for one in changes))
    with pytest.raises(InputError, match=expected):
        check(changed, None, chirp_pairs, labels, None)
    check(SMALL, None, chirp_pairs, (), None)
    check(change(SMALL, ("method.bottleneck=4",)), None, chirp_pairs, CHIRPS, None)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (("sample_rate=16000",), "bands above 8000 Hz hear nothing .* add front_end.f_max=8000"),
        (("f_min=10000",), "front_end.f_min=10000: expected below front_end.f_max=10000"),
        # from 1 kHz on a mel is 68 Hz wide and more: bins of 172 Hz cannot fill 128 bands
        (("n_fft=128", "n_mels=128"), "bands are narrower than the bins of front_end.n_fft=128"),
    ],
)
def test_bands_that_hear_nothing_are_refused(changes: tuple[str, ...], expected: str):
    with pytest.raises(InputError, match=expected):
        check_bands(change(SMALL, tuple(f"front_end.{one}" for one in changes)).front_end)
    if "n_fft" not in changes[0]:
        for command in (train_encoder, train_detector):
            one = [f"front_end.{one}" for one in changes]
            assert command.main(["--synthetic", "zonotrichia_capensis", "--set", *one]) == 2
    for name in PRESETS:
        check_bands(PRESETS[name].front_end)
    check_bands(DETECTOR_FRONT_END)
    within = change(SMALL, ("front_end.f_max=8000", "front_end.sample_rate=16000"))
    check_bands(within.front_end)


FLAT = {
    "name": "dino", "projection": 32, "hidden": 256, "prototypes": 48, "target": "centre",
    "koleo": 0.1, "mean_entropy": 1.0, "masked": 0.3, "student_temperature": 0.1,
    "teacher_temperature": [0.02, 0.02], "momentum": [0.96, 0.99], "centre_momentum": 0.9,
    "label_weight": 1.0, "multilabel": False, "bottleneck": 16, "label_smoothing": 0.1,
}  # fmt: skip
"""The method's settings as older versions wrote them, whatever the method."""


@pytest.mark.parametrize("name", list(METHODS))
def test_settings_of_older_versions_are_read(name: str):
    old = json.loads(json.dumps(dataclasses.asdict(SMALL)))
    old["method"] = {**FLAT, "name": name}
    old["encoder"] = {**old["encoder"], "patch": "square"}
    settings = from_dict(TrainingSettings, old)
    assert settings.encoder == SMALL.encoder
    assert type(settings.method) is METHODS[name].settings
    if name == "dino":
        assert settings.method == DINOSettings(prototypes=48, assignment="centre")
    old["method"]["colour"] = "red"
    with pytest.raises(InputError, match=r"unknown settings .* colour"):
        from_dict(TrainingSettings, old)


def test_registries_name_what_they_hold():
    assert {name: method.name for name, method in METHODS.items()} == {n: n for n in METHODS}
    assert {name: encoder.name for name, encoder in ENCODERS.items()} == {n: n for n in ENCODERS}


def test_names_are_known_without_jax():
    program = (
        "import sys; from chingolo.scripts import train_encoder; "
        "from chingolo.scripts.workbench import train_detector; "
        "assert not {'jax', 'librosa', 'pandas'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
