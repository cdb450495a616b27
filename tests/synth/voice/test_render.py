from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chingolo.synth.score.repertoire import Note
from chingolo.synth.score.song import Event, Song, song_gesture
from chingolo.synth.tables.files import InputError
from chingolo.synth.voice.birds import BIRDS
from chingolo.synth.voice.calibration import beta_of_pitch, turning_point_of_pitch
from chingolo.synth.voice.gestures import Gesture, source_envelope
from chingolo.synth.voice.labia.integrate import CONTROL_RATE
from chingolo.synth.voice.labia.syrinx import runge_kutta_step
from chingolo.synth.voice.render import render
from chingolo.synth.voice.wavetable import sing, sing_stretches

BIRD = BIRDS["zebra_finch"]
SPARROW = BIRDS["rufous_collared_sparrow"]


def tone(f0: float, duration: float = 0.4, alpha: float = 0.15) -> Gesture:
    frames = round(duration * CONTROL_RATE)
    time = np.arange(frames) / CONTROL_RATE
    edge = np.clip(np.minimum(time, time[-1] - time) / 0.02, 0, 1)
    return Gesture(np.full(frames, f0), edge, np.full(frames, alpha))


def instantaneous_pitch(wave: np.ndarray, sample_rate: int, f0: np.ndarray) -> np.ndarray:
    """[samples] Hz by demodulation with the asked f0, smoothed over about 2.5 ms."""
    phase = 2 * np.pi * np.cumsum(f0) / sample_rate
    window = np.hanning(max(3, int(0.005 * sample_rate)))
    slow = np.convolve(wave * np.exp(-1j * phase), window / window.sum(), "same")
    return f0 + np.gradient(np.unwrap(np.angle(slow))) * sample_rate / (2 * np.pi)


def song() -> Song:
    whistle = Note(points=((0, 6000), (0.1, 5000), (0.3, 3200)))
    fall = Note(points=((0, 7000), (0.015, 5200), (0.035, 3500)), attack=0.003, release=0.008)
    trill = tuple(Event(fall, 0.4 + 0.055 * number, 0.04) for number in range(8))
    return Song((Event(whistle, 0.0, 0.3), *trill))


@pytest.mark.parametrize("engine", ["ode", "wavetable"])
@pytest.mark.parametrize("sample_rate", [22_050, 32_000, 44_100, 48_000])
def test_constant_gestures_sound_at_their_pitch(engine, sample_rate):
    pitches = [1000.0, 2000.0, 3000.0, 4500.0, 6000.0, 8000.0, 9000.0]
    waves = render([tone(f0) for f0 in pitches], BIRD, engine=engine, sample_rate=sample_rate)
    for f0, wave in zip(pitches, waves, strict=True):
        middle = slice(len(wave) // 4, 3 * len(wave) // 4)
        found = instantaneous_pitch(wave, sample_rate, np.full(len(wave), f0))[middle]
        assert np.median(found) == pytest.approx(f0, rel=0.0005)


@pytest.mark.parametrize("engine", ["ode", "wavetable"])
@pytest.mark.parametrize(("rate", "depth"), [(20, 0.15), (50, 0.08), (100, 0.04)])
@pytest.mark.parametrize(("tract", "tolerance"), [(False, 0.001), (True, 0.01)])
def test_fast_modulation_is_followed(engine, rate, depth, tract, tolerance):
    """Slopes to 100 kHz/s; the tract delays what it passes by up to 0.2 ms."""
    gesture = tone(4000.0)
    time = np.arange(len(gesture.f0)) / CONTROL_RATE
    f0 = 4000.0 * (1 + depth * np.sin(2 * np.pi * rate * time))
    moving = Gesture(f0, gesture.amplitude, gesture.alpha)
    wave = render([moving], BIRD, engine=engine, tract=tract)[0]
    at = np.arange(len(wave)) / 44_100
    wanted = np.interp(at, time, f0)
    found = instantaneous_pitch(wave, 44_100, wanted)
    middle = slice(4000, -4000)
    assert np.percentile(np.abs(found / wanted - 1)[middle], 95) < tolerance


def crossing_pitch(wave: np.ndarray, sample_rate: int = 44_100) -> float:
    """Hz, from the first to the last upward zero of the low-passed middle half of a wave."""
    from scipy.signal import butter, sosfiltfilt

    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
    strong = np.flatnonzero(spectrum > 0.1 * spectrum.max())[0] * sample_rate / len(wave)
    band = butter(4, [0.7 * strong, 1.4 * strong], "band", fs=sample_rate, output="sos")
    middle = sosfiltfilt(band, wave)[len(wave) // 4 : 3 * len(wave) // 4]
    up = np.flatnonzero((middle[:-1] < 0) & (middle[1:] >= 0))
    at = up - middle[up] / (middle[up + 1] - middle[up])
    return (len(at) - 1) * sample_rate / (at[-1] - at[0])


@pytest.mark.parametrize("engine", ["ode", "wavetable"])
@pytest.mark.parametrize("timbre", [0.9, 1.0, 2.0, 4.0])
def test_every_timbre_sounds_at_its_pitch(engine, timbre):
    pitches = [490.0, 700.0, 1500.0, 2500.0, 5000.0, 8000.0, 11_500.0]
    gestures = [tone(f0, alpha=timbre * SPARROW.alpha) for f0 in pitches]
    for f0, wave in zip(pitches, render(gestures, SPARROW, engine=engine), strict=True):
        assert crossing_pitch(wave) == pytest.approx(f0, rel=0.002)


@pytest.mark.parametrize("engine", ["ode", "wavetable"])
@pytest.mark.parametrize("deviation", [0.5, 0.7, 1.5])
def test_varied_timbres_are_held_to_what_sounds(engine, deviation):
    for f0 in (1500.0, 2500.0, 11_900.0):
        note = Note(points=((0, f0), (0.3, f0)), timbre=0.9 if deviation < 1 else 4.0)
        varied = song_gesture(Song((Event(note, 0, 0.3, timbre=deviation),)), SPARROW)
        (wave,) = render(varied, SPARROW, engine=engine)
        assert crossing_pitch(wave) == pytest.approx(f0, rel=0.002)
        assert np.abs(wave).max() > 0.5


@pytest.mark.parametrize("engine", ["ode", "wavetable"])
@pytest.mark.parametrize(
    ("f0", "alpha", "message"),
    [(300.0, 0.1, "from 480 to 12000 Hz"), (15_000.0, 0.1, "f0 is 15000"), (3000.0, 0.5, "alpha")],
)
def test_what_no_labia_do_is_refused_by_every_engine(engine, f0, alpha, message):
    with pytest.raises(InputError, match=message):
        render([tone(2000.0), tone(f0, alpha=alpha)], SPARROW, engine=engine)


def test_engines_agree():
    gesture = song_gesture(song(), SPARROW)
    first = np.abs(spectrum(render([gesture], SPARROW, engine="ode")[0]))
    second = np.abs(spectrum(render([gesture], SPARROW, engine="wavetable")[0]))
    heard = (first > 0.03 * first.max(0)) & (first.max(0) > 0.05 * first.max())
    assert np.median(np.abs(20 * np.log10(first[heard] / second[heard]))) < 0.3


def spectrum(wave: np.ndarray, sample_rate: int = 44_100) -> np.ndarray:
    from scipy.signal import stft

    return np.asarray(stft(wave, sample_rate, nperseg=round(0.0232 * sample_rate) // 2 * 2)[2])


def mel_levels(wave: np.ndarray, sample_rate: int) -> np.ndarray:
    import librosa

    power = librosa.feature.melspectrogram(
        y=np.pad(wave, (0, 4096)),
        sr=sample_rate,
        n_fft=sample_rate // 25,
        hop_length=sample_rate // 50,
        n_mels=40,
        fmin=1000,
        fmax=9500,
    )
    return 10 * np.log10(power * (44_100 / sample_rate) ** 2 + 1e-12)


@pytest.mark.parametrize("engine", ["ode", "wavetable"])
def test_sound_does_not_depend_on_the_rate(engine):
    gesture = song_gesture(song(), SPARROW)
    reference = mel_levels(render([gesture], SPARROW, engine=engine)[0], 44_100)
    for rate in (22_050, 32_000, 48_000):
        levels = mel_levels(render([gesture], SPARROW, engine=engine, sample_rate=rate)[0], rate)
        frames = min(levels.shape[1], reference.shape[1])
        a, b = reference[:, :frames], levels[:, :frames]
        heard = (a > a.max(0) - 40) & (a.max(0) > a.max() - 40)
        assert np.percentile(np.abs(a - b)[heard], 99) < 0.5


@pytest.mark.parametrize("engine", ["ode", "wavetable"])
def test_nothing_folds_at_a_low_rate(engine):
    wave = render([tone(9000.0, alpha=0.3)], BIRD, engine=engine, sample_rate=22_050)[0]
    middle = wave[2048 : 2048 + 4096] * np.blackman(4096)
    power = np.abs(np.fft.rfft(middle)) ** 2
    frequency = np.fft.rfftfreq(4096, 1 / 22_050)
    away = np.abs(frequency - 9000) > 60
    assert 10 * np.log10(power[away].sum() / power.sum()) < -60


def test_a_song_sounds_the_same_alone_or_in_company():
    gestures = [song_gesture(song(), SPARROW)] + [tone(2000.0 + 100 * n) for n in range(20)]
    tolerances: tuple[tuple[str, float], ...] = (("ode", 1e-5), ("wavetable", 1e-5))
    for engine, tolerance in tolerances:
        together = render(gestures, SPARROW, engine=engine)
        alone = render(gestures[:1], SPARROW, engine=engine)
        assert np.abs(together[0] - alone[0]).max() < tolerance


def test_against_a_fine_float64_reference():
    """200 Runge-Kutta steps a sample in double precision: pitch and harmonics of the oscillator."""
    for f0 in (2000.0, 5000.0, 8500.0):
        gesture = tone(f0, duration=0.12)
        beta = float(beta_of_pitch(np.array(0.15), np.array(f0), BIRD.gamma))
        x, y = float(turning_point_of_pitch(np.array(0.15), np.array(f0), BIRD.gamma)), 0.0
        sub = 200
        step = BIRD.gamma / (44_100 * sub)
        fine = []
        for _ in range(2500):
            fine.append(y)
            for _ in range(sub):
                x, y = runge_kutta_step(x, y, 0.15, beta, step)
        wave = render([gesture], BIRD, tract=False)[0]
        envelope = source_envelope(gesture, BIRD, with_tract=False)
        level = envelope[len(envelope) // 2]
        start = round(0.03 * 44_100)
        ours, reference = wave[start : start + 2400], level * np.array(fine[:2400])
        window = np.blackman(2400)
        for harmonic in range(1, min(4, int(18_000 / f0)) + 1):
            kernel = np.exp(-2j * np.pi * harmonic * f0 * np.arange(2400) / 44_100) * window
            gain = np.abs(ours @ kernel) / np.abs(reference @ kernel)
            assert abs(20 * np.log10(gain)) < 0.2
        pitch = [
            np.median(instantaneous_pitch(part, 44_100, np.full(2400, f0))[600:1800])
            for part in (ours, reference)
        ]
        assert pitch[0] == pytest.approx(pitch[1], rel=2e-4)


def test_the_amplitude_is_what_is_heard_of_the_fundamental():
    waves = render([tone(f0) for f0 in (2000.0, 4000.0, 8000.0)], BIRD)
    for wave, f0 in zip(waves, (2000.0, 4000.0, 8000.0), strict=True):
        middle = wave[6000:10_000] * np.hanning(4000)
        kernel = np.exp(-2j * np.pi * f0 * np.arange(4000) / 44_100)
        assert np.abs(middle @ kernel) / np.hanning(4000).sum() * 2 == pytest.approx(1.0, rel=0.03)


def test_two_voices_add_up():
    one, other = tone(3000.0), tone(4700.0)
    both = Gesture(one.f0, one.amplitude, one.alpha, second=other)
    together = render([both], BIRD)[0]
    apart = render([one, other], BIRD)
    np.testing.assert_allclose(together, apart[0] + apart[1], atol=2e-3)


@pytest.mark.parametrize("engine", ["ode", "wavetable"])
def test_noise_on_the_tension_is_bounded(engine):
    highest = [tone(0.499 * BIRD.gamma, alpha=0.4), tone(0.021 * BIRD.gamma, alpha=0.4)]
    for wave in render(highest, BIRD, engine=engine, beta_noise=0.5, seed=3):
        assert np.isfinite(wave).all()
        assert np.abs(wave).max() > 0.01
    for wrong in (0.51, 3.0, -0.1, np.nan, np.inf):
        with pytest.raises(InputError, match=r"beta_noise .* from 0 to 0\.5"):
            render(highest, BIRD, engine=engine, beta_noise=wrong)


@pytest.mark.parametrize("engine", ["ode", "wavetable"])
def test_noise_on_the_tension_is_heard_and_repeats_with_the_seed(engine):
    def sung(seed: int) -> np.ndarray:
        return render([tone(3000.0)], BIRD, engine=engine, seed=seed, beta_noise=0.1)[0]

    clean = render([tone(3000.0)], BIRD, engine=engine)[0]
    np.testing.assert_array_equal(sung(3), sung(3))
    assert np.abs(sung(3) - clean).max() > 0.02
    assert np.abs(sung(3) - sung(4)).max() > 0.01


@given(f0=st.floats(1000, 9500), alpha=st.floats(0.09, 0.4), factor=st.floats(0.01, 2))
@settings(max_examples=15, deadline=None)
def test_every_gesture_stays_finite(f0, alpha, factor):
    gesture = tone(f0, duration=0.05, alpha=alpha)
    loud = Gesture(gesture.f0, gesture.amplitude * factor, gesture.alpha)
    wave = render([loud], BIRD)[0]
    assert np.isfinite(wave).all()
    assert np.abs(wave).max() < 20 * factor


@pytest.mark.parametrize("engine", ["ode", "wavetable"])
def test_noise_is_the_same_alone_or_in_company(engine):
    songs = [tone(2000.0), tone(3000.0), tone(4000.0, duration=0.2)]
    together = render(songs, BIRD, engine=engine, seed=5, beta_noise=0.05)
    (alone,) = render(songs[2], BIRD, engine=engine, seed=5, beta_noise=0.05)
    assert np.abs(together[2] - alone).max() < 1e-5
    assert np.abs(alone - render(songs[2], BIRD, engine=engine)[0]).max() > 0.01


@pytest.mark.parametrize("engine", ["ode", "wavetable"])
def test_noise_on_a_tension_below_zero_keeps_the_pitch(engine):
    f0 = 900.0
    assert beta_of_pitch(np.array(0.35), np.array(f0), BIRD.gamma) < 0
    (wave,) = render(tone(f0, alpha=0.35), BIRD, engine=engine, beta_noise=0.005)
    assert crossing_pitch(wave) == pytest.approx(f0, rel=0.01)


def test_a_silent_gesture_is_silence():
    quiet = Gesture(np.full(100, 3000.0), np.zeros(100), np.full(100, 0.15))
    for engine in ("ode", "wavetable"):
        assert not render([quiet], BIRD, engine=engine)[0].any()


def test_unknown_engine():
    with pytest.raises(ValueError, match="no engine"):
        render([tone(3000.0)], BIRD, engine="table")  # type: ignore[arg-type]


def test_the_wavetable_engine_is_differentiable():
    import jax
    import jax.numpy as jnp

    def heard(f0: jax.Array, alpha: jax.Array, envelope: jax.Array) -> jax.Array:
        waves = sing(f0, alpha, envelope, gamma=BIRD.gamma, samples_per_frame=20, harmonics=6)
        return jnp.mean((waves[:, :200] - 0.1) ** 2)

    frames = (33, 1)
    point = (jnp.full(frames, 4000.0), jnp.full(frames, 0.15), jnp.ones(frames))
    slopes = jax.grad(heard, argnums=(0, 1, 2))(*point)
    for index, step in enumerate((2.0, 2e-3, 1e-2)):
        moved = [
            heard(*(part + sign * step * (index == k) for k, part in enumerate(point)))
            for sign in (1.0, -1.0)
        ]
        expected = float(moved[0] - moved[1]) / (2 * step)
        assert float(slopes[index].sum()) == pytest.approx(expected, rel=0.02)


def test_segments_join_without_a_seam():
    frames = 50 * 32 + 1
    f0 = 4000 + 1500 * np.sin(np.arange(frames) / 60)
    curves = np.stack([f0, np.full(frames, 0.15), np.sin(np.linspace(0, np.pi, frames))])
    options = {"gamma": BIRD.gamma, "samples_per_frame": 20}
    start, stop = np.array([0]), np.array([frames])
    (cut,) = sing_stretches(curves, start, stop, **options)
    whole = np.asarray(sing(*curves.astype(np.float32)[..., None], **options))[0]
    assert np.abs(cut - whole).max() < 1e-3 * np.abs(whole).max()


@pytest.mark.parametrize(("f0", "lost"), [(3700.0, False), (3900.0, True), (5000.0, True)])
def test_a_sample_rate_that_loses_notes_is_refused(f0: float, lost: bool):
    """8000 Hz carry 4000 Hz at the most, and whole only what lies below the filter's edge."""
    frames = 1000
    gesture = Gesture(np.full(frames, f0), np.hanning(frames), np.full(frames, BIRD.alpha))
    if lost:
        with pytest.raises(InputError, match=f"gesture 0: notes of up to {f0:.0f} Hz are lost"):
            render(gesture, BIRD, engine="wavetable", sample_rate=8000)
        return
    wave = render(gesture, BIRD, engine="wavetable", sample_rate=8000)[0]
    assert np.abs(wave).max() == pytest.approx(1.0, rel=0.1)


def test_a_slow_singer_is_as_loud_at_its_lowest_notes():
    """A bittern's 150 Hz: the filter's lower edge goes with gamma, as the labia's pitch does."""
    slow = replace(BIRD, name="slow", gamma=6000.0)
    frames = 2000
    gesture = Gesture(np.full(frames, 150.0), np.hanning(frames), np.full(frames, 0.1))
    wave = render(gesture, slow, engine="wavetable", sample_rate=8000)[0]
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
    frequency = np.fft.rfftfreq(len(wave), 1 / 8000)
    near = np.abs(frequency - 150) < 20
    assert frequency[near][spectrum[near].argmax()] == pytest.approx(150, abs=2)
    # amplitude of the fundamental: the transform of hanning^2 has the sum 3 N / 8
    level = 2 * spectrum[near].max() / (3 * len(wave) / 8)
    assert level == pytest.approx(1.0, rel=0.1)
