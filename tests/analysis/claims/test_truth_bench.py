"""The bench of truth: its histories hold what they say, and its tables count what is false."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile
import yaml

from benchmarks.histories import OLD, RATE, YOUNG, Truth, drifted_repertoire, losses, make, record
from benchmarks.outside_recorders import NAMED, NO_CHAIN, Chain
from benchmarks.truth import hear, outcome, read_lines
from benchmarks.truth_tables import chain_table, false_claims, falsely_called, heard_drift, power
from chingolo.synth.score.repertoire_file import load_repertoire

HALVED = Chain("halved", NAMED, lambda wave, rate, seed: 0.5 * wave)
FASTER = Chain("faster", NAMED, lambda wave, rate, seed: wave[::2], speed=2.0)


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """Two birds an era, two songs a bird: tones of 3 kHz, 0.5 s, as `record` writes them."""
    tone = 0.4 * np.sin(2 * np.pi * 3000 * np.arange(RATE // 2) / RATE)
    soundfile.write(tmp_path / "song.wav", np.pad(tone, 2000), RATE)
    rows = [
        {
            "path": str(tmp_path / "song.wav"),
            "label": "t",
            "era": era,
            "site": "north",
            "individual": bird,
        }
        for era in (OLD, YOUNG)
        for bird in (f"{era}-1", f"{era}-2")
        for _ in range(2)
    ]
    record(pd.DataFrame(rows), 5, tmp_path)
    return tmp_path / "songs.csv"


def test_songs_stand_in_one_recording_of_their_bird(recorded: Path):
    songs = pd.read_csv(recorded)
    assert songs.groupby("individual")["path"].nunique().tolist() == [1, 1, 1, 1]
    assert "label" not in songs.columns
    for path, own in songs.groupby("path"):
        wave, rate = soundfile.read(recorded.parent / str(path))
        inside = np.zeros(len(wave), bool)
        for start, end in zip(own["start_s"], own["end_s"], strict=True):
            assert end - start == pytest.approx(0.7, abs=0.01)
            inside[int((start + 0.1) * rate) : int((end - 0.1) * rate)] = True
        apart = 20 * np.log10(wave[inside].std() / wave[~inside].std())
        assert 14 < apart < 31
        assert wave[~inside].std() > 1e-4


@pytest.mark.parametrize(("seed", "moved"), [(0, YOUNG), (1, OLD)])
def test_one_era_goes_through_the_chain(recorded: Path, tmp_path: Path, seed: int, moved: str):
    heard = hear(recorded, HALVED, seed, tmp_path / "heard")
    before, after = (pd.read_csv(file, dtype={"era": str}) for file in (recorded, heard))
    for old, new in zip(before.itertuples(), after.itertuples(), strict=True):
        sound = soundfile.read(heard.parent / str(new.path))[0]
        clean = soundfile.read(recorded.parent / str(old.path))[0]
        through = np.abs(sound).max() == pytest.approx(0.25, abs=1e-3)
        assert through == (new.era == moved)
        assert np.array_equal(sound, clean) == (new.era != moved)
    assert after.groupby("era")["device"].nunique().tolist() == [1, 1]
    assert after["device"].nunique() == 2


def test_times_move_with_the_speed(recorded: Path, tmp_path: Path):
    heard = hear(recorded, FASTER, 0, tmp_path / "heard")
    before, after = pd.read_csv(recorded), pd.read_csv(heard)
    young = (after["era"].astype(str) == YOUNG).to_numpy()
    for column in ("start_s", "end_s"):
        ratio = (before[column] / after[column]).to_numpy()
        assert ratio[young] == pytest.approx(2.0, rel=1e-3)
        assert ratio[~young] == pytest.approx(1.0)
    row = after[young].iloc[0]
    wave, rate = soundfile.read(heard.parent / str(row["path"]))
    song = wave[int(row["start_s"] * rate) : int(row["end_s"] * rate)]
    top = np.argmax(np.abs(np.fft.rfft(song))) * rate / len(song)
    assert top == pytest.approx(6000, rel=0.01)


def test_no_chain_leaves_both_eras_to_one_device(recorded: Path, tmp_path: Path):
    after = pd.read_csv(hear(recorded, NO_CHAIN, 0, tmp_path / "heard"))
    assert after["device"].nunique() == 1


def test_a_drift_is_what_it_says_and_no_more(tmp_path: Path):
    file = tmp_path / "drifted.yaml"
    file.write_text(yaml.safe_dump(drifted_repertoire("high-dip-slow", "arch-fall-quick")))
    before = {theme.name: theme for theme in load_repertoire("zonotrichia_capensis").themes}
    after = {theme.name: theme for theme in load_repertoire(file).themes}
    for name in before:
        for old, new in zip(before[name].items, after[name].items, strict=True):
            pitch = np.array(new.note.points)[:, 1] / np.array(old.note.points)[:, 1]
            assert pitch == pytest.approx(0.92 if name == "high-dip-slow" else 1.0, abs=1e-4)
            slower = name == "arch-fall-quick" and old.count > 1
            assert new.rate == pytest.approx(old.rate * (0.85 if slower else 1.0))
            assert (new.count, new.gap) == (old.count, old.gap)
    assert before.keys() == after.keys()


def test_a_loss_drops_one_type_from_one_half(recordings: Path, tmp_path: Path):
    every = losses(recordings)
    assert len(every) == 17  # types with 15 or more examples in bengalese_syllables.csv: 6 and 11
    truth = make(every[0], 0, tmp_path / "loss", recordings)
    songs = pd.read_csv(tmp_path / "loss" / "songs.csv", dtype=str)
    sung = {era: set(own["truth"]) for era, own in songs.groupby("era")}
    assert truth.lost == ("a",)
    assert sung[OLD] - sung[YOUNG] == {"a"}
    assert not set(songs["path"][songs["era"] == OLD]) & set(songs["path"][songs["era"] == YOUNG])


SONGS = pd.DataFrame({"theme": ["A", "A", "A", "B", ""], "truth": ["x", "x", "y", "z", "z"]})


def test_results_without_claims_are_read():
    results = {
        "verdict": "changed",
        "reasons": ["The songs differ."],
        "composition": {"value": 0.2, "expected": 0.1, "p": 0.04},
        "map": {"kind": "pca"},
        "placebo": {"p": 1.0},
        "themes": [{"name": "A", "status": "lost"}, {"name": "", "status": "unclear"}],
    }
    line = outcome(results, SONGS)
    assert line["tests"] == {"composition": 0.04}
    assert line["themes"] == [
        {"name": "A", "status": "lost", "truth": "x", "share": 0.667, "songs": 3}
    ]
    assert line["claims"] == {}


def test_results_with_claims_are_read():
    results = {
        "verdict": "changed",
        "claims": {"drift": {"verdict": "changed", "p": 0.01, "effect": 0.3, "reasons": ["why"]}},
        "tests": {"intervals": {"value": 1, "expected": 0, "p": 0.01, "claim": "drift"}},
        "themes": [],
    }
    line = outcome(results, SONGS)
    assert line["claims"]["drift"]["verdict"] == "changed"
    assert line["tests"] == {"intervals": 0.01}


NOTHING = Truth()


def told(verdict: str, *statuses: tuple[str, str], truth: Truth = NOTHING, **claims: str) -> Any:
    return {
        **{"history": "h", "seed": 0, "chain": "c", "encoder": "demo", "group": NAMED},
        **{"real": False, "verdict": verdict, "reasons": ["Too few units (3)."], "tests": {}},
        "truth": {key: list(names) for key, names in vars(truth).items()},
        "claims": {name: {"verdict": each} for name, each in claims.items()},
        "themes": [{"name": t, "status": status, "truth": t} for status, t in statuses],
    }


def test_false_claims_are_counted():
    lines = [
        told("no change shown", ("persists", "a")),
        told("changed", ("lost", "a"), ("new", "b")),
        told("no change shown", ("new", "b")),
        told("no change shown", repertoire="no change shown", drift="changed"),
        told("refused"),
    ]
    (row,) = false_claims(lines).to_dict("records")
    assert (row["runs"], row["say changed"], row["refused"]) == (5, 2, 1)
    assert row["call a theme lost or new"] == 2
    assert chain_table(lines)["falsely lost, new"].tolist() == [3]


def test_a_change_must_be_named_to_count():
    truth = Truth(lost=("a",), new=("b",))
    lines = [
        told("changed", ("lost", "a"), ("new", "b"), truth=truth),
        told("changed", ("lost", "a"), truth=truth),
        told("changed", ("lost", "b"), ("new", "a"), truth=truth),
        told("no change shown", ("lost", "a"), ("new", "b"), truth=truth),
    ]
    assert falsely_called(lines[2]) == ["lost b", "new a"]
    (row,) = power(lines).to_dict("records")
    assert (row["say changed"], row["as it was"]) == ("3 of 4", "1 of 4")
    assert row["falsely lost, new"] == 2


def test_drift_counts_where_the_repertoire_is_silent():
    truth = Truth(drifted=("a", "b"))
    silent = told("changed", truth=truth, repertoire="no change shown", drift="changed")
    both = told("changed", truth=truth, repertoire="changed", drift="changed")
    assert heard_drift(silent)
    assert not heard_drift(both)
    assert not heard_drift(told("changed", truth=truth))


def test_an_unfinished_line_is_left_out(tmp_path: Path):
    file = tmp_path / "runs.jsonl"
    file.write_text('{"seed": 1}\n{"seed": 2, "ch')
    assert read_lines(file) == [{"seed": 1}]
    assert read_lines(tmp_path / "none") == []
