"""What a recording adds to a song is found again, and given to its re-synthesis."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from scipy import signal

from chingolo.synth.fit.acoustics import heard_in, measure_acoustics
from chingolo.synth.fit.fit_table import fit_songs

RATE = 22_050


def sweeps(rate: int = RATE) -> np.ndarray:
    """Eight falling sweeps from 8 to 2 kHz in 0.08 s each, every 0.25 s, amplitude 0.1."""
    time = np.arange(round(2.2 * rate)) / rate
    place = np.clip(((time - 0.1) % 0.25) / 0.08, 0, 1)
    f0 = 8000 - 6000 * place
    edge = np.clip(np.minimum(place, 1 - place) / 0.1, 0, 1)
    sounding = (time > 0.1) & (time < 2.0)
    return 0.1 * edge * sounding * np.sin(2 * np.pi * np.cumsum(f0) / rate)


def in_room(dry: np.ndarray, decay: float, echo_db: float, seed: int) -> np.ndarray:
    """A diffuse room by its definition: white noise that loses 60 dB in `decay` s."""
    random = np.random.default_rng(seed)
    time = np.arange(round(decay * RATE)) / RATE
    ring = random.standard_normal(len(time)) * 10 ** (-3 * time / decay)
    ring *= np.sqrt(10 ** (echo_db / 10) / (ring**2).sum())
    return dry + signal.fftconvolve(dry, ring)[: len(dry)]


@pytest.mark.parametrize(("decay", "echo_db"), [(0.2, -6.0), (0.6, 0.0), (1.2, 3.0)])
def test_a_room_and_its_noise_are_found_again(decay: float, echo_db: float):
    density = 1e-9  # (full scale)^2 / Hz, one-sided: a variance of density * RATE / 2
    noise = np.random.default_rng(5).standard_normal(len(sweeps())) * np.sqrt(density * RATE / 2)
    recording = 2.0 * in_room(sweeps(), decay, echo_db, seed=3) + noise
    found = measure_acoustics(recording, sweeps(), RATE)
    inside = (found.frequency > 2500) & (found.frequency < 7500)
    assert np.median(found.decay[inside]) == pytest.approx(decay, rel=0.35)
    echo = 10 * np.log10(np.median(found.echo[inside] / found.gain[inside]))
    late_db = -60 * 0.012 / decay  # what comes within half a window counts as the direct sound
    assert echo == pytest.approx(echo_db + late_db, abs=2.5)
    assert 10 * np.log10(np.median(found.gain[inside])) == pytest.approx(20 * np.log10(2), abs=1.5)
    outside = (found.frequency > 9000) & (found.frequency < 10_500)
    assert 10 * np.log10(np.median(found.noise[outside]) / density) == pytest.approx(0, abs=1.5)


def test_a_dry_recording_has_no_echo():
    noise = 1e-4 * np.random.default_rng(0).standard_normal(len(sweeps()))
    found = measure_acoustics(sweeps() + noise, sweeps(), RATE)
    inside = (found.frequency > 2500) & (found.frequency < 7500)
    assert 10 * np.log10(np.median(found.echo[inside])) < -25
    assert np.abs(10 * np.log10(found.gain[inside])).max() < 1.0


@pytest.mark.parametrize("rate", [RATE, 44_100])
def test_a_song_is_heard_with_the_energy_that_was_recorded(rate: int):
    recording = in_room(sweeps(), 0.6, 3.0, seed=1)
    recording += 1e-4 * np.random.default_rng(0).standard_normal(len(recording))
    found = measure_acoustics(recording, sweeps(), RATE)
    heard = heard_in(sweeps(rate), found, np.random.default_rng(2), sample_rate=rate)
    assert len(heard) == len(sweeps(rate))
    for begin, end in ((0.0, 1.0), (1.0, 2.0), (2.05, 2.2)):  # the last holds the ringing alone
        powers = [
            np.mean(np.square(wave[round(begin * each) : round(end * each)]))
            for wave, each in ((recording, RATE), (heard, rate))
        ]
        assert 10 * np.log10(powers[1] / powers[0]) == pytest.approx(0, abs=2.5)


def test_the_shortest_song_and_silence_have_acoustics_too():
    short = sweeps()[round(0.12 * RATE) :][: round(0.031 * RATE)]
    for dry in (short, np.zeros(700)):
        found = measure_acoustics(short, dry, RATE)
        heard = heard_in(dry, found, np.random.default_rng(0), sample_rate=RATE)
        assert len(heard) == len(dry)
        assert np.isfinite(heard).all()


def test_fit_writes_each_song_as_heard_and_copies_ring_with_the_own_channel(tmp_path: Path):
    recording = in_room(sweeps(), 0.8, 3.0, seed=1)
    recording += 2e-4 * np.random.default_rng(0).standard_normal(len(recording))
    soundfile.write(tmp_path / "song.wav", recording, RATE)
    (tmp_path / "songs.csv").write_text("path\nsong.wav\n")
    made = fit_songs(
        tmp_path / "songs.csv", tmp_path / "out", copies=1, channel="own", refine_steps=0
    )
    row = pd.read_csv(tmp_path / "out" / "fit.csv").iloc[0]
    heard, rate = soundfile.read(tmp_path / "out" / row["heard"])
    assert rate == RATE
    assert len(heard) == pytest.approx(len(recording), abs=RATE // 100)
    assert row["heard_correlation"] > row["log_mel_correlation"] - 0.05

    def ringing(wave: np.ndarray) -> float:
        """dB between the pauses and all: 30 to 150 ms after each sweep's end."""
        time = np.arange(len(wave)) / RATE
        pause = ((time - 0.1) % 0.25 > 0.11) & (time > 0.1) & (time < 1.9)
        return 10 * np.log10(np.mean(wave[pause] ** 2) / np.mean(wave**2))

    dry, own = (soundfile.read(path)[0] for path in made.songs["path"])
    assert ringing(heard) == pytest.approx(ringing(recording), abs=3)
    assert ringing(dry) < ringing(recording) - 10
    assert 10 * np.log10(np.mean(own[-RATE // 20 :] ** 2) / np.mean(own**2)) > -40
