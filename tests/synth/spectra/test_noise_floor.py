"""What is taken for noise: never a sound that lasts from edge to edge of its song."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt

from chingolo.synth.spectra.front_end import FrontEnd
from chingolo.synth.spectra.log_mel import log_mel
from chingolo.synth.spectra.noise_floor import (
    above_noise,
    heard_frames,
    noise_floor,
    recorded_bands,
)

EAR = FrontEnd(clip_s=1.0)
RATE = EAR.sample_rate


def tone(f0: float, *, song_s: float, margin_s: float, seed: int = 0) -> tuple[np.ndarray, list]:
    """A tone 40 dB above white noise of its whole band, within `margin_s` of noise, in a clip."""
    random = np.random.default_rng(seed)
    song, margin = round(song_s * RATE), round(margin_s * RATE)
    wave = 0.005 * random.standard_normal(song + 2 * margin)
    wave[margin : margin + song] += 0.7 * np.sin(2 * np.pi * f0 * np.arange(song) / RATE)
    clip = np.zeros(RATE, np.float32)
    first = (RATE - len(wave)) // 2
    clip[first : first + len(wave)] = wave
    return clip, [first + margin, first + margin + song]


def heard(clips: list, edges: list | None, front_end: FrontEnd = EAR) -> np.ndarray:
    power = log_mel(jnp.asarray(np.array(clips)), front_end)
    places = None if edges is None else jnp.asarray(edges)
    return np.asarray(above_noise(power, front_end, heard_frames(power, front_end, places)))


@pytest.mark.parametrize("margin_s", [0.0, 0.02, 0.2])
@pytest.mark.parametrize("f0", [1200.0, 2500.0, 5000.0, 9500.0])
def test_a_tone_that_lasts_is_heard_and_its_noise_is_not(f0: float, margin_s: float):
    clip, edges = tone(f0, song_s=0.5, margin_s=margin_s)
    out = heard([clip], [edges])[0]
    middle = out[int(0.4 * RATE / EAR.hop) : int(0.6 * RATE / EAR.hop)]
    band = middle.mean(axis=0).argmax()
    assert middle[:, band].min() > 6.0  # of 40 dB, 9.2 nat, and the gain of the window
    far = middle[:, np.abs(np.arange(EAR.n_mels) - band) > 6]
    assert far.mean() < 0.7
    frame = np.arange(out.shape[0]) * EAR.hop
    outside = (frame < edges[0] - EAR.hop) | (frame > edges[1] + EAR.hop)
    assert np.abs(out[outside]).max() == 0.0


def test_the_median_of_version_one_erases_it():
    clip, _ = tone(5000.0, song_s=0.5, margin_s=0.0)
    out = heard([clip], None, dataclasses.replace(EAR, noise="median"))[0]
    assert out[int(0.4 * RATE / EAR.hop) : int(0.6 * RATE / EAR.hop)].mean(axis=0).max() < 1.0


def test_short_whistles_cut_at_their_edges_are_told_apart():
    clips, edges, pitch = [], [], []
    for number, f0 in enumerate((2500.0, 3500.0, 4500.0, 6000.0, 8000.0)):
        for seed in range(8):
            clip, place = tone(f0, song_s=0.03, margin_s=0.0, seed=10 * number + seed)
            clips.append(clip)
            edges.append(place)
            pitch.append(number)
    flat = heard(clips, edges).reshape(len(clips), -1)
    flat = flat / np.linalg.norm(flat, axis=1, keepdims=True)
    cosine = flat @ flat.T - 2 * np.eye(len(flat))
    assert (np.array(pitch)[cosine.argmax(axis=1)] == pitch).all()


def test_the_floor_is_that_of_the_background_where_there_is_one():
    """A buzz that fills all bands and frames: only its surroundings tell that it is no noise."""
    random = np.random.default_rng(3)
    wave = 0.005 * random.standard_normal(RATE)
    song = slice(round(0.3 * RATE), round(0.7 * RATE))
    wave[song] += 0.1 * random.standard_normal(song.stop - song.start)
    out = heard([wave.astype(np.float32)], [[song.start, song.stop]])[0]
    level = out[int(0.4 * RATE / EAR.hop) : int(0.6 * RATE / EAR.hop)].mean()
    np.testing.assert_allclose(level, 2 * np.log(20), atol=0.6)


def test_numpy_and_jax_agree_and_order_of_frames_does_not_count():
    random = np.random.default_rng(0)
    power = np.log(random.exponential(size=(2, 50, 40))).astype(np.float32)
    frames = random.random((2, 50)) < 0.7
    ours = noise_floor(power, frames, reach=5)
    theirs = np.asarray(noise_floor(jnp.asarray(power), jnp.asarray(frames), reach=5))
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
    few = frames & (np.cumsum(frames, axis=1) <= 32)  # looked at one by one
    back = noise_floor(power[:, ::-1], few[:, ::-1], reach=5)
    np.testing.assert_array_equal(noise_floor(power, few, reach=5), back)
    assert (noise_floor(power, np.zeros_like(frames), reach=5) == 0).all()


def test_front_ends_of_version_one_know_no_edges():
    """Their encoders embed as they did: frames that reach over a song's edge are heard."""
    old = dataclasses.replace(EAR, noise="median")
    clip, edges = tone(5000.0, song_s=0.1, margin_s=0.0)
    np.testing.assert_array_equal(heard([clip], [edges], old), heard([clip], None, old))
    assert old.context_s == 0.0


@pytest.mark.parametrize("edge", [3000.0, 4000.0, 5500.0, 8000.0])
@pytest.mark.parametrize("f0", [None, 2000.0])
def test_noise_beside_a_filters_edge_is_none(edge: float, f0: float | None):
    """Cut at its edges, it once stood 6 to 10 nat above the nothing beyond the filter."""
    random = np.random.default_rng(1)
    wave = 0.05 * random.standard_normal(round(0.5 * RATE))
    if f0:
        wave += 0.7 * np.sin(2 * np.pi * f0 * np.arange(len(wave)) / RATE)
    clip = np.zeros(RATE, np.float32)
    clip[5000 : 5000 + len(wave)] = sosfiltfilt(butter(20, edge, fs=RATE, output="sos"), wave)
    middle = heard([clip], None)[0][int(0.4 * RATE / EAR.hop) : int(0.6 * RATE / EAR.hop)]
    level = middle.mean(axis=0)
    if f0:
        assert level.max() > 6.0
        level = level[np.abs(np.arange(EAR.n_mels) - level.argmax()) > 6]
    assert level.max() < 1.2


def test_the_bands_of_a_recording():
    def held(power: np.ndarray) -> slice:
        bands = np.flatnonzero(recorded_bands(np.log(power[None] + 1e-20), fewest=81)[0])
        assert (np.diff(bands) == 1).all()
        return slice(int(bands[0]), int(bands[-1]) + 1)

    flat, bins = np.ones(200), np.arange(200)
    assert held(flat) == slice(0, 200)
    assert held(0 * flat) == slice(0, 200)
    assert held(np.where(bins < 120, 1, 1e-6)) == slice(0, 120)
    assert held(np.where(bins < 30, 1e-6, 1)) == slice(30, 200)
    # a tilt of 20 dB is none, nor are single loud or empty bins, nor a few whistles in silence
    assert held(np.geomspace(1, 1e-2, 200)) == slice(0, 200)
    holes = flat.copy()
    holes[[50, 120]] = 1e-6, 1e6
    assert held(holes) == slice(0, 200)
    assert held(np.where(np.abs(bins - 90) < 30, 1, 1e-6)) == slice(0, 200)
