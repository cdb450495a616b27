import dataclasses

import jax
import jax.numpy as jnp
import librosa
import numpy as np
import pytest

from benchmarks.front_end import librosa_log_mel
from chingolo.synth.spectra.front_end import FrontEnd
from chingolo.synth.spectra.log_mel import POWER_FLOOR, _mel_power_of_block, frames_in, log_mel
from chingolo.synth.spectra.noise_floor import above_noise, pcen, silent_frames

MSN_AUDIO = FrontEnd(
    sample_rate=16000, n_fft=1024, hop=160, n_mels=64, f_min=60.0, f_max=7800.0, noise="none"
)


@pytest.fixture
def song() -> np.ndarray:
    rng = np.random.default_rng(0)
    time = np.arange(20000) / 22050
    return (0.3 * np.sin(2 * np.pi * (3000 + 2000 * time) * time)).astype(np.float32) + rng.normal(
        0, 0.01, 20000
    ).astype(np.float32)


@pytest.mark.parametrize("front_end", [FrontEnd(), MSN_AUDIO], ids=["songbird", "msn-audio"])
def test_log_mel_equals_librosa(song: np.ndarray, front_end: FrontEnd):
    expected = librosa_log_mel(song.astype(np.float64), front_end).T
    ours = np.asarray(log_mel(jnp.asarray(song[None]), front_end)[0])
    assert ours.shape == expected.shape == (frames_in(front_end, len(song)), front_end.n_mels)
    difference = np.abs(ours - expected)
    near = expected > expected.max(axis=1, keepdims=True) + np.log(1e-5)
    assert near.mean() > 0.9
    assert difference[near].max() < 1e-4
    assert (difference < 1e-4).mean() > 0.999
    assert difference.max() < 1e-3  # single precision, below -50 dB


def test_log_mel_of_many_clips_in_blocks_is_that_of_each_alone(song: np.ndarray):
    """Also as it runs where no cache asks for blocks in turn: all blocks in one transform."""
    front_end = FrontEnd()
    clips = jnp.stack([song, song[::-1], 0.1 * song])
    together = log_mel(clips, front_end)
    for clip, expected in zip(clips, together, strict=True):
        np.testing.assert_array_equal(log_mel(clip[None], front_end)[0], expected)
    frames, hop = len(together[0]), front_end.hop
    padded = jnp.pad(jnp.asarray(song), front_end.n_fft // 2 + hop)[hop:]
    hops = padded[: len(padded) // hop * hop].reshape(-1, hop)
    power = _mel_power_of_block(hops, frames, front_end)
    one_block = jnp.log(jnp.maximum(power, POWER_FLOOR))
    np.testing.assert_allclose(one_block, together[0], atol=1e-4)
    at_once = jax.vmap(lambda clip: log_mel(clip[None], front_end)[0])(clips)
    np.testing.assert_allclose(at_once, together, atol=1e-4)


def test_pcen_equals_librosa(song: np.ndarray):
    front_end = FrontEnd()
    power = np.exp(np.asarray(log_mel(jnp.asarray(song[None]), front_end)))
    magnitude = np.sqrt(power[0].astype(np.float64)) * 2.0**31
    frames = 0.4 * front_end.sample_rate / front_end.hop
    smoothing = (np.sqrt(1 + 4 * frames**2) - 1) / (2 * frames**2)
    theirs = librosa.pcen(
        magnitude,
        sr=front_end.sample_rate,
        hop_length=front_end.hop,
        time_constant=0.4,
        axis=0,
        zi=(1 - smoothing) * magnitude[:1],  # librosa starts at 1, ours at the first frame
    )
    ours = np.asarray(pcen(jnp.asarray(power), front_end))[0]
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)


def test_log_mel_is_differentiable(song: np.ndarray):
    waveform = jnp.asarray(song[None, :4096])
    direction = jnp.cos(jnp.arange(4096.0))[None] * 1e-4
    slope = jax.grad(lambda w: log_mel(w, FrontEnd()).mean())(waveform)
    half = [log_mel(waveform + sign * direction, FrontEnd()).mean() for sign in (1, -1)]
    np.testing.assert_allclose((slope * direction).sum(), (half[0] - half[1]) / 2, rtol=2e-2)


def test_level_and_padding_change_nothing_after_the_floor_is_taken_off(song: np.ndarray):
    front_end = FrontEnd()
    alone = jnp.asarray(song[None])
    quiet = above_noise(log_mel(0.1 * alone, front_end), front_end)
    loud = above_noise(log_mel(alone, front_end), front_end)
    np.testing.assert_allclose(quiet, loud, atol=1e-3)

    padded = jnp.pad(alone, ((0, 0), (128 * 80, 128 * 80)))
    wide = above_noise(log_mel(padded, front_end), front_end)
    assert silent_frames(log_mel(padded, front_end))[0, :70].all()
    assert float(jnp.abs(wide[0, :70]).max()) == 0.0
    inside = np.asarray(wide[0, 90:-90] - loud[0, 10 : 10 + wide.shape[1] - 180])
    assert np.abs(inside).mean() < 0.2  # the median is over other frames, no more


def test_silence_stays_finite():
    for noise in ("none", "median", "pcen"):
        front_end = dataclasses.replace(FrontEnd(), noise=noise)
        out = above_noise(log_mel(jnp.zeros((1, 4096)), front_end), front_end)
        assert np.isfinite(np.asarray(out)).all()
