"""Calibration of the verdict by simulation, and real songs; the full table is a benchmark."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.statistics import SCENARIOS, Scenario, calibrate
from chingolo.analysis.compare import compare
from chingolo.analysis.report.elements.pictures import load_or_reason, shade
from chingolo.analysis.settings import CompareSettings
from chingolo.analysis.space.latent_table import LatentTable
from chingolo.synth.spectra.front_end import FrontEnd
from chingolo.synth.tables.song_table import read_song_table


@pytest.mark.slow
def test_rates_of_the_verdict_on_fewer_runs():
    """40 runs; bounds are three standard errors beyond the level."""
    rates = {
        scenario.name: calibrate(scenario, runs=40, permutations=199) for scenario in SCENARIOS
    }
    for name in ("no change", "no change, sites sampled unevenly"):
        assert rates[name]["combined"] <= 0.17
        assert rates[name]["naive"] >= 0.5
    for name in ("recorder changed (0.7)", "recorder changed (1.4)"):
        assert rates[name]["changed"] == 0
    assert rates["songs changed (0.7)"]["changed"] >= 0.6


def test_a_large_change_is_found_and_a_large_recorder_refused():
    changed = calibrate(Scenario("songs", shift=2.0), runs=2, permutations=99, naive=False)
    refused = calibrate(Scenario("recorder", recorder=2.0), runs=2, permutations=99, naive=False)
    assert changed["changed"] == 1.0
    assert refused["refused"] == 1.0
    assert refused["placebo"] == 1.0


EAR = FrontEnd(f_min=500.0)


def pictures(songs: pd.DataFrame) -> LatentTable:
    """Songs as the principal components of their small spectrograms: an encoder of no training."""
    shades = []
    for row in range(len(songs)):
        wave, reason = load_or_reason(songs.iloc[row], sample_rate=EAR.sample_rate)
        assert wave is not None, reason
        shades.append(shade(wave, EAR, width=16, height=16).reshape(-1) / 255)
    flat = np.array(shades)
    flat = flat - flat.mean(axis=0)
    u, s, _ = np.linalg.svd(flat, full_matrices=False)
    return LatentTable(songs, (u * s)[:, :8].astype(np.float32))


def test_songs_of_two_great_tits_are_found_different(recordings):
    songs = read_song_table(recordings / "recordings.csv")
    songs = songs[songs["species"] == "Parus major"].reset_index(drop=True)
    settings = CompareSettings(
        era_column="individual", historical="B32", modern="SW83", same_recorder=True
    )
    results = compare(pictures(songs), settings).results
    assert results["verdict"] == "changed"
    assert results["energy"]["p"] <= 0.005
    assert any("speaks of these birds alone" in note for note in results["notes"])


def test_one_finch_split_at_random_by_recording_is_not_found_different(recordings):
    """Three recordings against three: 10 arrangements, so p <= 0.1 in a tenth of the splits."""
    songs = read_song_table(recordings / "bengalese_syllables.csv")
    songs = songs[(songs["individual"] == "gy6or6") & (songs["end_s"] - songs["start_s"] > 0.03)]
    table = pictures(songs.iloc[::3].reset_index(drop=True))
    paths = sorted(set(table.songs["path"]))
    p = []
    for split in range(40):
        half = set(np.random.default_rng(split).permutation(paths)[:3])
        era = np.where(table.songs["path"].isin(half), "1966", "2020")
        settings = CompareSettings(permutations=199, bootstraps=10, same_recorder=True, seed=split)
        again = LatentTable(table.songs.assign(era=era), table.z, {})
        results = compare(again, settings).results
        assert results["verdict"] == "refused"
        assert "Too few units" in results["reasons"][0]
        p.append(results["energy"]["p"])
    assert np.mean(np.array(p) <= 0.05) == 0
    assert np.mean(np.array(p) <= 0.13) <= 0.25
    assert 0.25 <= np.mean(np.array(p) <= 0.5) <= 0.75
