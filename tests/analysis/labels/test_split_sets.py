"""Sets that come parted, as BEANS lays out its own: ROOT/data/NAME/..., paths from ROOT."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from chingolo.analysis.labels.agreement import linear_probe, nearest_neighbour_agreement
from chingolo.analysis.labels.labelled_sets import read_labelled_set
from chingolo.scripts import probe_labels
from chingolo.synth.tables.files import InputError

RATE = 22_050


def sing(path: Path, hertz: float, seed: int) -> None:
    """Two tones of 0.2 s with half a second between them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    time = np.arange(RATE) / RATE
    loud = ((time > 0.1) & (time < 0.3)) | ((time > 0.8) & (time < 0.99))
    tone = 0.3 * loud * np.sin(2 * np.pi * hertz * time)
    soundfile.write(path, tone + 1e-3 * random.standard_normal(RATE), RATE)


def classification(root: Path) -> Path:
    """Ten files of two classes; a table of few of them, and the original one, stand beside."""
    folder = root / "data" / "dogs"
    rows = [("Freid" if row % 2 else "Zoe", f"data/dogs/wav/{row}.wav") for row in range(10)]
    for row, (label, path) in enumerate(rows):
        sing(root / path, 5000 if label == "Zoe" else 2500, row)
    for name, part in {
        "train": [*range(6)],
        "train-low": [0],
        "valid": [6],
        "test": [7, 8, 9],
    }.items():
        lines = [f"{row},{rows[row][1]},{rows[row][0]}" for row in part]
        (folder / f"annotations.{name}.csv").write_text("\n".join([",path,label", *lines]) + "\n")
    (folder / "annotations.csv").write_text("filename,name\n0.mp3,Zoe\n")
    return folder


def test_what_is_learnt_from_and_what_is_asked_are_kept_apart(tmp_path: Path):
    table = read_labelled_set(classification(tmp_path))
    assert table.groupby("part").size().to_dict() == {"asked": 3, "known": 7}
    asked = table[table["part"] == "asked"]
    assert [Path(path).name for path in asked["path"]] == ["7.wav", "8.wav", "9.wav"]
    assert asked["label"].tolist() == ["Freid", "Zoe", "Freid"]


def test_events_of_recordings(tmp_path: Path):
    folder = tmp_path / "data" / "enabirds"
    for name, count in (("train", 4), ("valid", 1), ("test", 2)):
        lines = []
        for row in range(count):
            sing(tmp_path / f"data/enabirds/wav/{name}{row}.wav", 3000, row)
            events = [{"st": 0.1, "ed": 0.3, "label": "AMRE"}, {"st": 0.8, "ed": 0.99, "label": 7}]
            events += [{"st": 0.5, "ed": 0.5, "label": "AMRE"}] if name == "train" else []
            lines.append(
                json.dumps(
                    {
                        "path": f"data/enabirds/wav/{name}{row}.wav",
                        "length": 1,
                        "annotations": events,
                    }
                )
            )
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n\n")
    told: list[str] = []
    table = read_labelled_set(folder, tell=told.append)
    assert table.groupby("part").size().to_dict() == {"asked": 4, "known": 10}
    assert table["label"].value_counts().to_dict() == {"AMRE": 7, "7": 7}
    assert any("4 of 12 events have no length" in line for line in told)
    assert table["end_s"].iloc[0] == pytest.approx(0.3)


def test_a_line_that_is_no_recording_and_two_sets_in_a_folder_are_told(tmp_path: Path):
    for name in ("train", "test"):
        (tmp_path / f"{name}.jsonl").write_text('{"path": "a.wav"}\n')
    with pytest.raises(InputError, match=r"line 1 is no recording"):
        read_labelled_set(tmp_path)
    (tmp_path / "other.train.csv").write_text("path,label\n")
    with pytest.raises(InputError, match="of two sets"):
        read_labelled_set(tmp_path)


def test_only_what_is_asked_is_scored(tmp_path: Path):
    """Class b of what is asked lies where a was learnt: right in one of four, 1/4."""
    labels = np.array(["a"] * 5 + ["b"] * 5 + ["a", "b", "b", "b"], object)
    x = np.array([0.0] * 5 + [1.0] * 5 + [0.0] * 4)[:, None] + np.array([[0.0, 1.0]])
    asked = np.arange(14) >= 10
    group = np.array([str(row) for row in range(14)], object)
    probe = linear_probe(x, labels, group, asked=asked)
    assert probe is not None
    assert (probe["accuracy"], probe["songs"], probe["folds"]) == (0.25, 4, 1)
    near = nearest_neighbour_agreement(x, labels, group, asked=asked)
    assert (near["accuracy"], near["songs"]) == (0.25, 4)


def test_the_command_takes_the_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    folder = classification(tmp_path)
    assert probe_labels.main(["songbird", str(folder)]) == 0
    out, told = capsys.readouterr()
    assert json.loads(out)["linear_probe"]["songs"] == 3
    assert json.loads(out)["linear_probe"]["accuracy"] == 1.0
    assert "learnt from" not in told
