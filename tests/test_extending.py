"""What is added as docs/architecture.md says is everywhere it should be: one of each kind.

The checkout is copied; each kind gets one object in one file and one line in its registry, and
nothing else is touched.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from tests.checkout import call_python, copy_checkout

BIRD = """
TOY_BIRD = Bird(
    name="toy_bird",
    gamma=20_000.0,
    trachea_length=0.03,
    reflection=0.1,
    cavity=None,
    alpha=0.12,
    source="chosen: a toy",
)

"""

RECORDER = """
TOY_RECORDER = Recorder("toy-recorder", low=300.0, high=7000.0, hiss=40.0, source="chosen: a toy")

"""

PART = '''"""A part that turns a recording down."""

from dataclasses import dataclass

import numpy as np

from chingolo.synth.recorder.parts.part import Part


@dataclass(frozen=True)
class Toy:
    """A toy."""

    late: float
    """s that are not heard."""


def _hear(
    settings: Toy, wave: np.ndarray, sample_rate: int, random: np.random.Generator
) -> np.ndarray:
    return wave * (np.arange(len(wave)) >= settings.late * sample_rate).astype(np.float32)


TOY = Part("toy", Toy, _hear, source="nobody")
'''

FAMILY = """
TOY = Family("toy-1", Uniform(0, 0), (_chance("toy", 1.0, late=Uniform(0.5, 0.6)),))


"""

REPERTOIRE = """species: Avis ludicra
source: schematic, a toy
bird: toy_bird
notes:
  up: {points: [[0, 3.0], [0.2, 5.0]]}
  down: {points: [[0, 5.0], [0.2, 3.0]]}
themes:
  rising: {song: [up, down, up]}
  falling: {song: [down, {trill: up, count: 4, rate: 4}]}
"""

METHOD = '''"""toy: two views of a song are given one vector."""

from dataclasses import dataclass

import jax.numpy as jnp

from chingolo.train.objective.method import BatchOutputs, Head, Method, MethodSettings, Shapes
from chingolo.train.objective.method import Terms


@dataclass(frozen=True)
class ToySettings(MethodSettings):
    """Settings of toy."""

    name: str = "toy"
    """The method's name."""

    strength: float = 2.0
    """Weight of the term."""


def _heads(settings: ToySettings, shapes: Shapes) -> list[Head]:
    return []


def _terms(settings: ToySettings, outputs: BatchOutputs) -> Terms:
    first, second = outputs.student["z"]
    return {"toy_term": (settings.strength, jnp.mean((first - second) ** 2))}


METHOD = Method(
    title="views made alike, as a toy does",
    source="nobody",
    settings=ToySettings,
    heads=_heads,
    terms=_terms,
)
'''

ENCODER = '''"""toy_encoder: the mean over time, and one matrix."""

from dataclasses import dataclass
from typing import Any

import flax.linen as nn
from jax import Array

from chingolo.train.encoders.encoder import Encoder, EncoderSettings, Told


@dataclass(frozen=True)
class ToySettings(EncoderSettings):
    """Settings of toy_encoder."""

    kind: str = "toy_encoder"
    """The encoder's name."""

    bands_kept: int = 16
    """Bands that are looked at."""


class Toy(nn.Module):
    """[batch, frames, n_mels] -> [batch, dimensions]."""

    dimensions: int
    bands: int

    @nn.compact
    def __call__(self, spectrogram: Array, train: bool = False) -> Array:
        """Vectors."""
        return nn.Dense(self.dimensions)(spectrogram.mean(axis=1)[:, : self.bands])


def _network(settings: ToySettings, dtype: Any) -> Toy:
    return Toy(settings.dimensions, settings.bands_kept)


def _hide(settings: ToySettings, keys: Array, clips: Array, share: float) -> tuple[Array, Told]:
    return clips, {}


ENCODER = Encoder(
    title="the mean over time, as a toy hears it",
    source="nobody",
    settings=ToySettings,
    network=_network,
    hide=_hide,
)
'''

STATISTIC = '''"""toy: how far the numbers of themes that birds sing lie apart."""

import numpy as np

from chingolo.analysis.change.design.evidence import Evidence
from chingolo.analysis.change.design.theme_counts import theme_counts
from chingolo.analysis.change.design.unit_means import contrasts
from chingolo.analysis.change.design.units import Design
from chingolo.analysis.change.statistics.statistic import Statistic


def toy_values(evidence: Evidence, design: Design, eras: np.ndarray) -> np.ndarray:
    """Squared difference of the eras' mean numbers of themes, [draws]."""
    assert evidence.theme is not None
    themes = (theme_counts(evidence.theme, design).counts[design.testable] > 0).sum(axis=1)
    return (contrasts(eras, design.block[design.testable]) @ themes.astype(np.float64)) ** 2


TOY = Statistic(
    name="toy",
    title="Themes of a bird, by a toy",
    values=toy_values,
    needs=("themes",),
    claim="repertoire",
    source="nobody",
    words="a toy's count of themes",
    remark="A toy counts themes.",
)
'''

PRESET = """
# Chosen: a toy.
TOY = TrainingSettings(encoder=CNNSettings(size="nano"), batch=8, pool=1)
"""

SECTION = '''"""A section that counts the songs."""

from chingolo.analysis.report.elements.media import Media
from chingolo.analysis.report.elements.section import Section
from chingolo.analysis.results import Comparison


def toy(comparison: Comparison, media: Media | None) -> str:
    """How many songs there are."""
    return f"<p>A toy counts {len(comparison.songs)} songs.</p>"


TOY = Section("What a toy sees", toy)
'''

FORM = '''"""Files of a toy: two numbers a line."""

from pathlib import Path

from chingolo.analysis.space.outside.forms.form import Form, OutsideVectors, as_vectors
from chingolo.analysis.space.outside.forms.form import windows_table


def _takes(path: Path) -> bool:
    return path.suffix == ".toy"


def _read(path: Path) -> OutsideVectors:
    z = as_vectors([list(map(float, line.split())) for line in path.read_text().splitlines()], "")
    times = list(range(len(z) + 1))
    return OutsideVectors(z, "a toy", windows_table(["a.wav"] * len(z), times[:-1], times[1:]))


TOY = Form("a toy's numbers", _takes, _read)
'''

COMMAND = '''"""`chingolo toy`: says what it is told."""

from dataclasses import dataclass

from chingolo.command_line.command import Command


@dataclass(frozen=True)
class ToyConfig:
    """Says a word."""

    word: str = "tweet"
    """What to say (default tweet)."""


def say(config: ToyConfig) -> None:
    """Says it."""
    print(f"the toy says {config.word}")


COMMAND = Command("toy", "says a word, as a toy does", ToyConfig, say)
main = COMMAND.main

if __name__ == "__main__":
    raise SystemExit(main())
'''

COMPARE = """
import json, sys
import numpy as np, pandas as pd
from pathlib import Path
from chingolo.analysis.compare import compare
from chingolo.analysis.report.report import write_report
from chingolo.analysis.settings import CompareSettings
from chingolo.analysis.space.copies.embed_copies import with_copies
from chingolo.analysis.space.latent_table import LatentTable

random = np.random.default_rng(0)
rows = [
    {"era": era, "individual": f"{era}-{bird}", "site": "marsh"}
    for era in ("1966", "2020") for bird in range(8) for _ in range(6)
]
theme = np.arange(len(rows)) % 3
z = (5 * np.eye(3)[theme] + 0.2 * random.standard_normal((len(rows), 3))).astype(np.float32)
again = (z + 0.01 * random.standard_normal(z.shape)).astype(np.float32)[:, None]
settings = CompareSettings(permutations=99, bootstraps=20)
found = compare(with_copies(LatentTable(pd.DataFrame(rows), z, {}), again), settings)
write_report(found, Path(sys.argv[1]))
"""


def enter(file: Path, registry: str, line: str, thing: str = "") -> None:
    """Puts a line at the end of a registry, and a thing before it."""
    text = file.read_text()
    begin = text.index(f"\n{registry}: ") + 1
    end = text.index("    },\n", begin)
    file.write_text(text[:begin] + thing.lstrip("\n") + text[begin:end] + line + text[end:])


def add(file: Path, text: str) -> None:
    assert not file.exists()
    file.write_text(text)


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with one more of each kind."""
    copy = copy_checkout(tmp_path_factory.mktemp("extended"))
    synth, train, analysis = (copy / name for name in ("synth", "train", "analysis"))
    enter(synth / "voice/birds.py", "BIRDS", '        "toy_bird": TOY_BIRD,\n', BIRD)
    enter(
        synth / "recorder/recorders.py",
        "RECORDERS",
        '        "toy-recorder": TOY_RECORDER,\n',
        RECORDER,
    )
    add(synth / "recorder/parts/toy.py", PART)
    enter(
        synth / "recorder/parts/registry.py",
        "PARTS",
        '        "toy": "chingolo.synth.recorder.parts.toy:TOY",\n',
    )
    enter(synth / "recorder/families.py", "WIDE_FAMILIES", '        "toy-1": TOY,\n', FAMILY)
    add(synth / "score/repertoires/avis_ludicra.yaml", REPERTOIRE)
    enter(
        synth / "score/shipped_repertoires.py",
        "REPERTOIRES",
        '        "avis_ludicra": FOLDER / "avis_ludicra.yaml",\n',
    )
    presets = train / "settings/presets.py"
    presets.write_text(presets.read_text() + PRESET)
    enter(
        train / "settings/registry.py",
        "PRESETS",
        '        "toy-preset": "chingolo.train.settings.presets:TOY",\n',
    )
    for folder, registry, name, attribute, text in (
        (train / "methods", "METHODS", "toy", "METHOD", METHOD),
        (train / "encoders", "ENCODERS", "toy_encoder", "ENCODER", ENCODER),
        (analysis / "change/statistics", "STATISTICS", "toy", "TOY", STATISTIC),
        (analysis / "report/sections/findings", "SECTIONS", "toy", "TOY", SECTION),
    ):
        add(folder / f"{name}.py", text)
        module = "chingolo." + ".".join((folder / name).relative_to(copy).parts)
        line = f'        "{name}": "{module}:{attribute}",\n'
        above = folder if (folder / "registry.py").exists() else folder.parent
        enter(above / "registry.py", registry, line)
    add(analysis / "space/outside/forms/toy.py", FORM)
    enter(
        analysis / "space/outside/forms/registry.py",
        "FORMS",
        '        "toy": "chingolo.analysis.space.outside.forms.toy:TOY",\n',
    )
    add(copy / "scripts/toy_words.py", COMMAND)
    enter(
        copy / "chingolo/__main__.py",
        "COMMANDS",
        '        "toy": "chingolo.scripts.toy_words:COMMAND",\n',
    )
    return copy


def chingolo(copy: Path, folder: Path, *words: object) -> str:
    return call_python(["-m", "chingolo", *map(str, words)], folder, PYTHONPATH=str(copy))


def help_of(copy: Path, folder: Path, command: str) -> str:
    return " ".join(chingolo(copy, folder, command, "--help").split())


def test_a_command_is_listed_and_runs(extended: Path, tmp_path: Path):
    assert "says a word, as a toy does" in chingolo(extended, tmp_path, "--help")
    assert chingolo(extended, tmp_path, "toy", "--word", "tic") == "the toy says tic\n"
    assert call_python([str(extended / "scripts/toy_words.py")], tmp_path, PYTHONPATH=str(extended))


def test_bird_recorder_and_repertoire_are_named_and_sing(extended: Path, tmp_path: Path):
    told = help_of(extended, tmp_path, "generate")
    assert "toy-recorder" in told
    assert "avis_ludicra" in told
    assert "toy_bird" in help_of(extended, tmp_path, "fit")
    words = ["--songs", 2, "--engine", "wavetable", "--channel", "toy-recorder"]
    chingolo(extended, tmp_path, "generate", "avis_ludicra", *words, "--out", "toys")
    songs = pd.read_csv(tmp_path / "toys" / "songs.csv")
    assert set(songs["device"]) == {"toy-recorder"}
    assert set(songs["species"]) == {"Avis ludicra"}


def test_a_part_and_a_family_of_recorders_are_drawn(extended: Path, tmp_path: Path):
    assert "toy-1" in help_of(extended, tmp_path, "generate")
    words = ["--songs", 2, "--engine", "wavetable", "--channel", "wide", "--recorders", "toy-1"]
    chingolo(extended, tmp_path, "generate", "avis_ludicra", *words, "--out", "toys")
    songs = pd.read_csv(tmp_path / "toys" / "songs.csv")
    assert set(songs["device"]) == {"toy-1"}
    for path in songs["path"]:
        wave, rate = soundfile.read(tmp_path / "toys" / path)
        assert not np.abs(wave[: rate // 2]).any()
        assert np.abs(wave).max() > 0.4


def test_what_is_added_changes_no_other_seed(extended: Path, tmp_path: Path):
    words = ["zonotrichia_capensis", "--songs", "4", "--engine", "wavetable", "--channel", "random"]
    chingolo(extended, tmp_path, "generate", *words, "--out", "with")
    call_python(["-m", "chingolo", "generate", *words, "--out", "without"], tmp_path)
    for file in sorted((tmp_path / "without" / "audio").iterdir()):
        assert file.read_bytes() == (tmp_path / "with" / "audio" / file.name).read_bytes()


def test_a_method_an_encoder_and_a_preset_train(extended: Path, tmp_path: Path):
    told = help_of(extended, tmp_path, "train")
    assert "toy" in told
    assert "toy_encoder" in told
    assert "toy-preset" in told
    settings = ["method.strength=3", "method.name=toy", "encoder.kind=toy_encoder"]
    chingolo(
        extended, tmp_path, "train", "--synthetic", "avis_ludicra", "--steps", 2, "--out", "run",
        "--preset", "toy-preset", "--set", *settings, "encoder.bands_kept=8",
    )  # fmt: skip
    lines = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    assert "toy_term" in json.loads(lines[0])
    exported = json.loads((tmp_path / "run" / "encoder" / "encoder.json").read_text())["preset"]
    assert (exported["method"]["name"], exported["method"]["strength"]) == ("toy", 3.0)
    assert (exported["encoder"]["kind"], exported["encoder"]["bands_kept"]) == ("toy_encoder", 8)
    assert "size" not in exported["encoder"]  # which a toy has no use of
    assert exported["batch"] == 8
    code = (
        "from chingolo.train.settings.change import change\n"
        "from chingolo.train.settings.presets import CPU\n"
        "try:\n    change(CPU, ('encoder.kind=toy_encoder', 'encoder.dropout=0.5'))\n"
        "except Exception as error:\n    print(error)"
    )
    said = call_python(["-c", code], tmp_path, PYTHONPATH=str(extended))
    assert said.startswith("--set encoder.dropout=0.5: toy_encoder has no 'dropout'")


def test_a_statistic_and_a_section_are_told(extended: Path, tmp_path: Path):
    call_python(["-c", COMPARE, "report"], tmp_path, PYTHONPATH=str(extended))
    results = json.loads((tmp_path / "report" / "results.json").read_text())
    assert 0 < results["tests"]["toy"]["p"] <= 1
    assert "toy" in results["claims"]["repertoire"]["tests"]
    page = (tmp_path / "report" / "report.html").read_text()
    assert "Themes of a bird, by a toy" in page
    assert "a toy&#x27;s count of themes" in page
    assert "A toy counts themes." in page
    assert "<h2>What a toy sees</h2><p>A toy counts 96 songs.</p>" in page


def test_a_form_of_vectors_is_read(extended: Path, tmp_path: Path):
    (tmp_path / "vectors.toy").write_text("1 2\n3 4\n")
    chingolo(extended, tmp_path, "convert", "vectors.toy", "latent.parquet")
    table = pd.read_parquet(tmp_path / "latent.parquet")
    assert table["end_s"].tolist() == [1.0, 2.0]
    assert np.stack(table["z"].tolist()).tolist() == [[1.0, 2.0], [3.0, 4.0]]


OVER_ALL = (
    "synth/voice/test_birds.py::test_a_bird_sings_at_pitch[wavetable-toy_bird]",
    "synth/recorder/test_channel.py::test_recorders_limit_the_band[toy-recorder]",
    "synth/score/test_repertoire.py::test_shipped_repertoires_are_schematic_and_sing[avis_ludicra]",
    "train/methods/test_methods.py::test_every_entry_fits_the_step[toy-toy_encoder]",
    "train/encoders/test_encoders.py::test_clips_of_any_length_become_vectors[toy_encoder]",
    "train/encoders/test_encoders.py::test_an_encoder_has_no_setting_that_it_ignores[toy_encoder]",
    "train/encoders/test_encoders.py::test_a_setting_of_another_encoder_is_refused[toy_encoder]",
    "train/settings/test_settings.py::test_registries_name_what_they_hold",
    "analysis/change/statistics/test_registry.py::test_a_statistic_holds_its_level[toy]",
    "analysis/change/statistics/test_registry.py::test_of_themes_alone_the_tests_are_those_that_need_no_more",
    "analysis/change/statistics/test_registry.py::test_what_is_possible_is_made_and_told_with_its_claim",
    "analysis/report/test_sections.py::test_a_section_is_told_where_it_applies[toy]",
    "chingolo/command_line/test_command.py::test_a_command_tells_its_options[toy]",
    "chingolo/command_line/test_command.py::test_every_script_is_entered",
    "test_design.py::test_a_folder_can_be_taken_in_at_a_glance",
    "test_design.py::test_files_import_each_other_in_no_circle",
)
"""Tests that run over all of a kind, and some that an addition could upset."""


@pytest.mark.slow
def test_tests_that_run_over_all_take_it_in_and_pass(extended: Path):
    words = ["-m", "pytest", "-o", "addopts=", "-q", *(f"tests/{name}" for name in OVER_ALL)]
    call_python(words, extended, PYTHONPATH=str(extended))
