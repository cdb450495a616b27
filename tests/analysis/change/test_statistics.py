"""Calibration of the claims by simulation, and real songs; the full table is a benchmark."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.statistics import SCENARIOS, calibrate, judge
from chingolo.analysis.compare import compare
from chingolo.analysis.report.elements.pictures import load_or_reason, shade
from chingolo.analysis.settings import CompareSettings
from chingolo.analysis.space.latent_table import LatentTable
from chingolo.synth.spectra.front_end import FrontEnd
from chingolo.synth.tables.song_table import read_song_table


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_rates_of_the_claims_on_fewer_runs(scenario):
    """40 runs; the bound is three standard errors beyond the level."""
    rates = calibrate(scenario, simulations=40)
    if scenario.changed:
        assert rates["claim"] >= 0.6 or "8 % of 48" in scenario.name
    else:
        assert rates["claim"] <= 0.16
    assert rates["refused"] == 0


def test_a_theme_that_is_lost_and_a_trill_that_slowed_are_claimed():
    by_name = {scenario.name: scenario for scenario in SCENARIOS}
    for name in ("vectors, a theme lost of 48 birds", "sung, a trill 15 % slower"):
        assert judge(by_name[name], 0) == {"claim": True, "theme": True, "refused": False}


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
    assert results["tests"]["energy"]["p"] <= 0.005
    remarks = results["table_check"]["remarks"]
    assert any("speaks of these birds alone" in remark for remark in remarks)


@pytest.mark.slow
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
        p.append(results["tests"]["energy"]["p"])
    assert np.mean(np.array(p) <= 0.05) == 0
    assert np.mean(np.array(p) <= 0.13) <= 0.25
    assert 0.25 <= np.mean(np.array(p) <= 0.5) <= 0.75
