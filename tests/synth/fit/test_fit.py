from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import soundfile
from scipy.signal import butter, hilbert, iirpeak, lfilter, sosfiltfilt, stft

import chingolo.synth.fit.fit_table
import chingolo.synth.fit.fitted_theme
from chingolo.scripts.fit_songs import main
from chingolo.synth.fit.fit_song import UnfittableError, fit, track_song
from chingolo.synth.fit.fit_table import fit_songs
from chingolo.synth.fit.fitted_song import Fit, note_alpha, resynthesise
from chingolo.synth.fit.fitted_theme import (
    CopySettings,
    fitted_theme,
    sing_copies,
    spread_repertoire,
    sung_from_notation,
)
from chingolo.synth.fit.quality import Quality, judge
from chingolo.synth.fit.refine import refine
from chingolo.synth.fit.track.chirp_plane import RATE, expected_echo
from chingolo.synth.recorder.channel import (
    PEAK,
    channel_preset,
    recorders_of_channel,
    through_channel,
)
from chingolo.synth.recorder.recorders import RECORDERS
from chingolo.synth.score.repertoire import Note
from chingolo.synth.score.repertoire_file import load_repertoire
from chingolo.synth.score.song import Event, Song, song_gesture
from chingolo.synth.score.variation import as_written
from chingolo.synth.surrogates.generate_songs import generate_songs
from chingolo.synth.surrogates.sing_songs import SongRequest
from chingolo.synth.tables.audio import load_song
from chingolo.synth.tables.song_table import read_song_table, song_reference
from chingolo.synth.voice.birds import BIRDS
from chingolo.synth.voice.gestures import Gesture
from chingolo.synth.voice.labia.integrate import CONTROL_RATE
from chingolo.synth.voice.render import render

BIRD = BIRDS["rufous_collared_sparrow"]
LEAD = 0.2

SWEEP = Note(points=((0.0, 7600.0), (0.014, 5600.0), (0.04, 3500.0)), attack=0.003, release=0.008)
WHISTLE = Note(points=((0.0, 4200.0), (0.15, 4400.0), (0.3, 4300.0)), attack=0.03, release=0.04)


def song() -> Song:
    whistle = Event(WHISTLE, 0.0, WHISTLE.duration)
    trill = [Event(SWEEP, 0.36 + number / 18, SWEEP.duration) for number in range(8)]
    return Song((whistle, *trill))


def heard(gesture: Gesture, *, snr: float, seed: int = 0) -> np.ndarray:
    wave = render([gesture], BIRD, engine="wavetable", sample_rate=RATE)[0]
    margin = np.zeros(round((LEAD - 0.02) * RATE), np.float32)
    channel = replace(channel_preset("digital-2020"), snr=snr)
    return through_channel(
        np.concatenate([margin, wave, margin]),
        channel,
        sample_rate=RATE,
        random=np.random.default_rng(seed),
    )


def judged(wave: np.ndarray, fit: Fit) -> Quality:
    theme = fitted_theme(fit.notes, BIRD, name="one")
    written = sung_from_notation(fit, theme, BIRD)
    return judge(wave, resynthesise([fit, written], BIRD), fit, written)


@pytest.mark.parametrize(("snr", "error", "boundary"), [(20.0, 0.003, 0.003), (5.0, 0.005, 0.005)])
def test_a_generated_song_is_found_again_blind(snr, error, boundary):
    truth = song()
    gesture = song_gesture(truth, BIRD)
    fit = track_song(heard(gesture, snr=snr), BIRD)
    assert len(fit.notes) == len(truth.events)
    starts = np.array([LEAD + event.start for event in truth.events])
    ends = starts + [event.duration for event in truth.events]
    assert np.median(np.abs([note.start for note in fit.notes] - starts)) < boundary
    assert np.median(np.abs([note.end for note in fit.notes] - ends)) < boundary
    time = np.arange(len(gesture.f0)) / CONTROL_RATE + LEAD - 0.02
    deviations = []
    for note in fit.notes:
        at = (note.first + np.arange(len(note.f0))) / CONTROL_RATE
        sounding = np.interp(at, time, gesture.amplitude) > 0
        deviations.append(np.abs(note.f0 / np.interp(at, time, gesture.f0) - 1)[sounding])
    assert np.median(np.concatenate(deviations)) < error
    assert np.quantile(np.concatenate(deviations), 0.95) < 0.02


@pytest.mark.parametrize("margin_s", [0.0, 0.05, 0.1, 0.3])
@pytest.mark.parametrize("f0", [1500.0, 4000.0, 7000.0])
def test_a_whistle_cut_at_its_edges_is_no_noise(f0: float, margin_s: float):
    """0.5 s, 47 dB above the noise of the whole band."""
    random = np.random.default_rng(0)
    samples, margin = round(0.5 * RATE), round(margin_s * RATE)
    wave = 1e-3 * random.normal(size=samples + 2 * margin)
    edges = np.minimum(np.arange(samples), np.arange(samples)[::-1]) / (0.01 * RATE)
    tone = np.sin(2 * np.pi * f0 * np.arange(samples) / RATE) * np.minimum(edges, 1.0)
    wave[margin : margin + samples] += 1e-3 * 2**0.5 * 10 ** (47 / 20) * tone
    note = max(track_song(wave.astype(np.float32), BIRD).notes, key=lambda note: len(note.f0))
    assert len(note.f0) / CONTROL_RATE > 0.44
    np.testing.assert_allclose(np.median(note.f0), f0, rtol=2e-3)


def test_a_sweep_is_followed_through_its_own_echo():
    note = Note(points=((0.0, 5100.0), (0.05, 4900.0), (0.13, 3000.0)), attack=0.01, release=0.01)
    gesture = song_gesture(Song(tuple(Event(note, 0.2 * k, 0.13) for k in range(5))), BIRD)
    lead = np.zeros(round((LEAD - 0.02) * RATE), np.float32)
    dry = render([gesture], BIRD, engine="wavetable", sample_rate=RATE)[0]
    dry = np.concatenate([lead, dry, lead])
    random = np.random.default_rng(1)
    time = np.arange(round(0.6 * RATE)) / RATE
    tail = random.normal(size=len(time)) * 10 ** (-3 * time / 0.6)
    response = tail / np.sqrt((tail**2).sum())  # echoes as strong as the sound itself
    response[0] = 1.0
    wave = np.convolve(dry, response)[: len(dry)]
    wave += 2e-3 * np.abs(wave).max() * random.normal(size=len(dry))
    fit = track_song(wave.astype(np.float32), BIRD)

    control = np.arange(len(gesture.f0)) / CONTROL_RATE + LEAD - 0.02
    found = np.zeros(len(control), bool)
    right, total = 0, 0
    for heard_note in fit.notes:
        at = (heard_note.first + np.arange(len(heard_note.f0))) / CONTROL_RATE
        near = np.abs(heard_note.f0 / np.interp(at, control, gesture.f0) - 1) < 0.03
        near &= np.interp(at, control, gesture.amplitude) > 0
        found[np.round((at[near] - control[0]) * CONTROL_RATE).astype(int)] = True
        right, total = right + int(near.sum()), total + len(near)
    assert found[gesture.amplitude > 0.05].mean() > 0.985
    assert right / total > 0.75  # without the expected echo: 0.70


def test_echo_is_measured_and_a_dry_recording_has_none():
    frames, bins = 600, 40
    power = np.full((frames, bins), 1e-6)
    for number in range(bins):  # a sweep through the bins, each fading by 10 dB in 30 frames
        after = np.arange(frames - 2 * number)
        power[2 * number :, number] += 10 ** (-after / 30)
    floor = np.full(bins, 1e-6)
    echo = expected_echo(power, floor)
    later = 2 * 20 + 60  # bin 20, 60 frames after its sound
    assert 0.5 < echo[later, 20] / power[later, 20] < 5.0
    assert echo[2 * 20 + 10, 20] < 1e-3  # too soon for an echo

    dry = np.full((frames, bins), 1e-6)
    for number in range(bins):
        dry[2 * number : 2 * number + 8, number] = 1.0
    assert expected_echo(dry, floor).max() < 1e-5

    whistle = np.full((frames, bins), 1e-6)
    whistle[:, 20] = 1.0
    assert expected_echo(whistle, floor)[:, 20].max() < 0.51


def test_a_trill_is_recognised_and_written_as_one():
    fit = track_song(heard(song_gesture(song(), BIRD), snr=20.0), BIRD)
    theme = fitted_theme(fit.notes, BIRD, name="one")
    assert [item.count for item in theme.items] == [1, 8]
    assert theme.items[1].rate == pytest.approx(18, rel=0.01)
    assert theme.items[0].note.duration == pytest.approx(0.3, abs=0.004)
    assert len(theme.items[0].note.points) <= 14


def tone(f0: np.ndarray, level: np.ndarray | float = 1.0) -> np.ndarray:
    """A pure tone at RATE of a pitch at every sample, with edges of 20 ms and 0.2 s around."""
    time = np.arange(len(f0)) / RATE
    edge = np.sin(0.5 * np.pi * np.clip(np.minimum(time, time[-1] - time) / 0.02, 0, 1)) ** 2
    wave = 0.5 * level * edge * np.sin(2 * np.pi * np.cumsum(f0) / RATE)
    wave = np.pad(wave, round(LEAD * RATE))
    return (wave + 2e-4 * np.random.default_rng(0).standard_normal(len(wave))).astype(np.float32)


def heard_pitch(wave: np.ndarray, low: float, high: float) -> np.ndarray:
    """Instantaneous frequency, Hz, of the analytic signal in a band (scipy)."""
    band = sosfiltfilt(butter(4, [low, high], "bandpass", fs=RATE, output="sos"), wave)
    return np.diff(np.unwrap(np.angle(np.asarray(hilbert(band))))) * RATE / (2 * np.pi)


@pytest.mark.parametrize("depth", [40.0, 300.0])
@pytest.mark.parametrize("rate", [8, 15, 30])
def test_vibrato_and_swell_survive_notation(tmp_path, rate, depth):
    """From a recording to `repertoire.yaml`, and what is sung from that file."""
    time = np.arange(round(0.8 * RATE)) / RATE
    f0 = 4000 + depth * np.sin(2 * np.pi * rate * time)
    swell = 10 ** (-8 / 20 * (1 + np.cos(2 * np.pi * 5 * time)) / 2)
    wave = tone(f0, swell)
    (tmp_path / "songs.csv").write_text("path\none.wav\n")
    soundfile.write(tmp_path / "one.wav", wave, RATE)
    fitted = fit_songs(tmp_path / "songs.csv", tmp_path / "fit", refine_steps=20)
    assert fitted.quality["verdict"][0] == "good"
    (theme,) = load_repertoire(tmp_path / "fit" / "repertoire.yaml").themes
    assert len(theme.items) == 1
    assert len(theme.items[0].note.points) < 280
    with np.load(tmp_path / "fit" / "gestures" / "000000.npz") as found:
        gesture = song_gesture(as_written(theme), BIRD, lead=float(found["note_start"][0]))
    sung = render(gesture, BIRD, engine="wavetable", sample_rate=RATE)[0]
    middle = round((LEAD + 0.1) * RATE) + np.arange(round(0.6 * RATE))
    pitch = heard_pitch(sung, 3000, 5000)[middle]
    wanted = f0[middle - round(LEAD * RATE)]
    error = np.sqrt(np.mean((pitch - wanted) ** 2))
    assert error < 0.15 * depth  # of a note without its vibrato: 0.71
    level = np.abs(np.asarray(hilbert(sung)))[middle] / swell[middle - round(LEAD * RATE)]
    assert np.std(20 * np.log10(level)) < 1.0  # without a contour: 2.8


@pytest.mark.parametrize("f0", [4000.0, 3000.0])
def test_a_long_vibrato_is_not_followed_at_its_octave(f0):
    """A tone that fills its recording is taken for noise in part; its octave stands out then."""
    time = np.arange(RATE) / RATE
    wave = tone(f0 + 80 * np.sin(2 * np.pi * 15 * time))
    wave += 0.1 * tone(2 * f0 + 160 * np.sin(2 * np.pi * 15 * time))
    found = track_song(wave, BIRD)
    pitch = np.median(np.concatenate([note.f0 for note in found.notes]))
    assert pitch == pytest.approx(f0, rel=5e-3)
    assert len(found.notes) == 1


def test_a_crescendo_within_a_trill_survives_notation():
    """Ten notes that grow by 1.5 dB each, at 12 a second."""
    time = np.arange(round(0.05 * RATE)) / RATE
    edge = np.sin(np.pi * time / time[-1]) ** 2
    sweep = edge * np.sin(2 * np.pi * np.cumsum(6000 - 30_000 * time) / RATE)
    wave = np.zeros(round(1.4 * RATE))
    starts = [round((LEAD + number / 12) * RATE) for number in range(10)]
    for number, start in enumerate(starts):
        wave[start : start + len(sweep)] += 0.4 * 10 ** (1.5 * (number - 9) / 20) * sweep
    wave += 1e-4 * np.random.default_rng(0).standard_normal(len(wave))
    found = track_song(wave.astype(np.float32), BIRD)
    theme = fitted_theme(found.notes, BIRD, name="one")
    assert [item.count for item in theme.items] == [10]
    sung = resynthesise([sung_from_notation(found, theme, BIRD)], BIRD)[0]
    for start in starts:
        at = slice(start, start + len(sweep))
        ratio = np.abs(sung[at]).max() / np.abs(wave[at]).max()
        assert abs(20 * np.log10(ratio)) < 2.0  # at one level for all: up to 7 dB


def test_the_verdict_is_of_what_the_notation_sings(monkeypatch):
    """A notation of two points a note loses the vibrato, and is told."""
    time = np.arange(round(0.8 * RATE)) / RATE
    wave = tone(4000 + 300 * np.sin(2 * np.pi * 15 * time))
    found = track_song(wave, BIRD)
    assert judged(wave, found).verdict == "good"
    monkeypatch.setattr(chingolo.synth.fit.fitted_theme, "MOST_POINTS", 2)
    monkeypatch.setattr(chingolo.synth.fit.fitted_theme, "POINTS_PER_S", 0.0)
    quality = judged(wave, found)
    assert quality.verdict != "good"
    assert quality.notation_f0_error == pytest.approx(0.074, abs=0.02)  # 7.5 % of sin(81 deg)
    assert "f0 of the notation" in quality.reason


def test_a_sketched_vibrato_is_evaluated_at_every_frame():
    times = np.arange(481) / 480
    f0 = 4000 + 300 * np.sin(2 * np.pi * 30 * times)
    points = tuple(zip(times.tolist(), f0.tolist(), strict=True))
    gesture = song_gesture(Song((Event(Note(points=points), 0.0, 1.0),)), BIRD, lead=0.0)
    at = np.arange(2200) / CONTROL_RATE
    wanted = 4000 + 300 * np.sin(2 * np.pi * 30 * at)
    assert np.sqrt(np.mean((gesture.f0[:2200] - wanted) ** 2)) < 10


def test_the_timbre_comes_back_from_the_second_harmonic():
    note = Note(points=((0.0, 3000.0), (0.3, 3000.0)), timbre=2.5)
    gesture = song_gesture(Song((Event(note, 0.0, 0.3),)), BIRD)
    wave = render([gesture], BIRD, engine="wavetable", sample_rate=RATE)[0]
    fit = track_song(np.pad(wave, RATE // 4), BIRD)
    assert note_alpha(fit.notes[0], BIRD) == pytest.approx(2.5 * BIRD.alpha, rel=0.1)


def test_noise_silence_and_nothing_have_reasons():
    noise = 0.1 * np.random.default_rng(0).standard_normal(RATE).astype(np.float32)
    with pytest.raises(UnfittableError, match="no tonal note"):
        track_song(noise, BIRD)
    with pytest.raises(UnfittableError, match="silence"):
        track_song(np.zeros(RATE, np.float32), BIRD)
    with pytest.raises(UnfittableError, match="shorter than"):
        track_song(noise[:100], BIRD)


def test_two_voices_are_told_not_hidden():
    wave = heard(song_gesture(song(), BIRD), snr=25.0)
    fit = track_song(wave, BIRD)
    assert judged(wave, fit).verdict == "good"
    time = np.arange(len(wave)) / RATE
    other = 0.5 * np.sin(2 * np.pi * 6500 * time) * (wave**2 > 0) + wave
    other = other.astype(np.float32)
    fit = track_song(other, BIRD)
    quality = judged(other, fit)
    assert quality.verdict != "good"
    assert quality.reason


def test_wave_to_fit_to_wave_in_memory():
    truth = song()
    wave = render(song_gesture(truth, BIRD, lead=LEAD), BIRD, engine="wavetable")[0]
    found = fit(wave, sample_rate=44_100, bird=BIRD)
    assert len(found.notes) == len(truth.events)
    sung = resynthesise([found], BIRD, sample_rate=44_100)[0]
    assert len(sung) == pytest.approx(len(wave), abs=44_100 / CONTROL_RATE)
    samples = min(len(wave), len(sung))
    spectra = [np.abs(stft(each[:samples], 44_100, nperseg=1024)[2]) for each in (wave, sung)]
    assert np.corrcoef(spectra[0].ravel(), spectra[1].ravel())[0, 1] > 0.97
    assert np.abs(sung).max() == pytest.approx(np.abs(wave).max(), rel=0.15)


def test_steps_of_refinement_are_those_of_the_song():
    wave = heard(song_gesture(song(), BIRD), snr=20.0)
    tracked = track_song(wave, BIRD)
    plain = fit(wave, sample_rate=RATE, bird=BIRD, refine_steps=0)
    np.testing.assert_array_equal(plain.gesture.amplitude, tracked.gesture.amplitude)
    (refined,) = refine([wave], [tracked], BIRD, steps=20)
    found = fit(wave, sample_rate=RATE, bird=BIRD, refine_steps=20)
    np.testing.assert_array_equal(found.gesture.amplitude, refined.gesture.amplitude)
    assert (found.gesture.amplitude != tracked.gesture.amplitude).any()


@pytest.mark.parametrize("kind", ["random", "wide"])
def test_copies_in_memory_vary_around_the_fit(kind):
    _, machines = recorders_of_channel(kind, None)
    found = track_song(heard(song_gesture(song(), BIRD), snr=20.0), BIRD)
    theme = fitted_theme(found.notes, BIRD, name="one")
    settings = CopySettings(2, "individual", kind, machines, RATE, seed=3)
    sung = sing_copies(found, theme, BIRD, settings, number=0)
    assert len(sung) == 3
    assert sung[0][1] == "none"
    assert {device for _, device in sung[1:]} <= ({"wide-1"} if kind == "wide" else set(RECORDERS))
    for wave, _ in sung:
        assert np.abs(wave).max() == pytest.approx(PEAK, rel=1e-5)
    assert len({len(wave) for wave, _ in sung}) == 3
    again = sing_copies(found, theme, BIRD, settings, number=0)
    for (wave, _), (same, _) in zip(sung, again, strict=True):
        np.testing.assert_array_equal(wave, same)


def test_narrow_spreads_vary_less():
    repertoire = load_repertoire("zonotrichia_capensis")
    rendition = dict(spread_repertoire(repertoire, "rendition").variation)
    dialect = dict(spread_repertoire(repertoire, "dialect").variation)
    assert rendition["individual"].pitch == rendition["population"].pitch == 0
    assert rendition["rendition"].pitch > 0
    assert dialect == dict(repertoire.variation)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    folder = tmp_path_factory.mktemp("songs")
    generate_songs(
        "zonotrichia_capensis",
        folder,
        SongRequest(songs=3, seed=1, engine="wavetable", sample_rate=RATE),
    )
    soundfile.write(folder / "noise.wav", 0.1 * np.random.default_rng(1).random(RATE), RATE)
    made = read_song_table(folder / "songs.csv")
    rows = pd.DataFrame(made[["path", "species", "label", "individual"]])
    rows.loc[3] = [str(folder / "noise.wav"), "Zonotrichia capensis", "?", "x"]
    rows.loc[4] = [str(folder / "missing.wav"), "Zonotrichia capensis", "?", "x"]
    rows.to_csv(folder / "table.csv", index=False)
    return folder / "table.csv"


def test_fit_command(table, tmp_path, capsys):
    out = tmp_path / "fit"
    assert main([str(table), "--out", str(out), "--copies", "2", "--spread", "individual"]) == 0
    said = capsys.readouterr().out
    assert "row 4 failed: no tonal note" in said
    assert f"row 5 failed: {table.parent / 'missing.wav'}: no such audio file" in said
    quality = pd.read_csv(out / "fit.csv")
    assert list(quality["verdict"][3:]) == ["failed", "failed"]
    assert (quality["verdict"][:3] != "failed").all()
    songs = read_song_table(out / "songs.csv")
    assert len(songs) == 9
    assert set(songs["origin"]) == {"resynthesised"}
    assert list(songs["fit_copy"][:3].astype(int)) == [0, 1, 2]
    fitted = read_song_table(table).head(3)
    known = [song_reference(song) for _, song in fitted.iterrows()]
    assert list(songs["fitted_from"].unique()) == known
    with np.load(out / "gestures" / "000000.npz", allow_pickle=False) as gesture:
        described = {name for name, _, _ in gesture["description"]}
        assert described == set(gesture.files) - {"description"}
        assert gesture["f0"].shape == gesture["beta"].shape == gesture["envelope"].shape
    assert (out / "contact_sheet.png").stat().st_size > 10_000
    repertoire = load_repertoire(out / "repertoire.yaml")
    assert repertoire.theme_names == ("song-0001", "song-0002", "song-0003")
    again = generate_songs(
        str(out / "repertoire.yaml"), tmp_path / "g", SongRequest(songs=3, engine="wavetable")
    )
    assert again.total() == 3


def test_an_interrupted_fit_continues_to_the_same_audio(table, tmp_path, monkeypatch):
    whole = fit_songs(table, tmp_path / "whole", copies=1)
    monkeypatch.setattr(chingolo.synth.fit.fit_table, "BATCH", 2)
    fitted = []
    real = chingolo.synth.fit.fit_table.track_song

    def counted(*arguments):
        fitted.append(1)
        return real(*arguments)

    def stop(done, total):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit_songs(table, tmp_path / "part", copies=1, progress=stop)
    assert not (tmp_path / "part" / "songs.csv").exists()
    monkeypatch.setattr(chingolo.synth.fit.fit_table, "track_song", counted)
    again = fit_songs(table, tmp_path / "part", copies=1)
    assert len(fitted) == 2  # the third song and the noise; the missing file never gets there
    pd.testing.assert_frame_equal(again.quality, whole.quality)
    for first, second in zip(
        sorted((tmp_path / "whole" / "audio").iterdir()),
        sorted((tmp_path / "part" / "audio").iterdir()),
        strict=True,
    ):
        audio = [soundfile.read(file, dtype="int16")[0].astype(int) for file in (first, second)]
        # songs of a batch are padded to its longest: sums may round to the next of 65,536 levels
        np.testing.assert_allclose(*audio, rtol=0, atol=1)


def test_a_harmonic_stack_is_sung_at_its_fundamental():
    finch = BIRDS["zebra_finch"]
    stack = Note(points=((0.0, 1100.0), (0.12, 1000.0)), attack=0.01, release=0.02, timbre=2.0)
    wave = render(
        [song_gesture(Song((Event(stack, 0.05, 0.12),)), finch, lead=0.1)],
        finch,
        engine="wavetable",
        sample_rate=RATE,
    )[0]
    wave = wave + 1e-3 * np.random.default_rng(0).standard_normal(len(wave)).astype(np.float32)
    # A strong third harmonic, as the tract of a finch can make it.
    wave = wave + 3 * np.asarray(lfilter(*iirpeak(3150.0, 8, fs=RATE), wave), np.float32)
    fit = track_song(wave, finch)
    f0 = np.concatenate([note.f0 for note in fit.notes])
    assert np.median(np.abs(f0 / 1050 - 1)) < 0.05


def test_refinement_finds_what_was_taken_away():
    wave = heard(song_gesture(song(), BIRD), snr=25.0)
    fit = track_song(wave, BIRD)
    swell = np.exp(0.5 * np.sin(np.arange(len(fit.gesture.f0)) / 40))
    spoilt = replace(
        fit,
        gesture=replace(
            fit.gesture, amplitude=fit.gesture.amplitude * swell, alpha=fit.gesture.alpha * 1.3
        ),
    )
    (refined,) = refine([wave], [spoilt], BIRD, steps=20)
    loud = fit.gesture.amplitude > 0.3

    def error(found: Fit) -> float:
        ratio = np.log(found.gesture.amplitude[loud] / fit.gesture.amplitude[loud])
        return float(np.std(ratio))

    assert error(refined) < 0.6 * error(spoilt)
    assert len(refined.notes) == len(fit.notes)
    assert refine([wave], [fit], BIRD, steps=0) == [fit]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--copies", "-1"], "expected 0 to 10000"),
        (["--bird", "dodo"], "expected one of"),
        (["--channel", "wax", "--copies", "1"], "no channel 'wax'"),
    ],
)
def test_bad_requests_end_in_one_line(table, tmp_path, capsys, arguments, message):
    assert main([str(table), "--out", str(tmp_path / "out"), *arguments]) == 2
    error = capsys.readouterr().err.strip()
    assert message in error
    assert "\n" not in error


def test_recorded_songs_are_met(recordings):
    table = read_song_table(recordings / "zonotrichia_songs.csv").iloc[9:13]
    for _, row in table.iterrows():
        wave = load_song(row, sample_rate=RATE)
        fit = track_song(wave, BIRD)
        quality = judged(wave, fit)
        assert quality.f0_error < 0.01
        assert quality.log_mel_correlation > 0.9


@pytest.mark.parametrize("f0", [600.0, 900.0])
def test_the_pitch_of_a_low_song_is_found(f0):
    time = np.arange(round(0.8 * RATE)) / RATE
    wave = tone(f0 * (1 + 0.03 * np.sin(2 * np.pi * 4 * time)))
    found = track_song(wave, BIRD)
    pitch = np.median(found.gesture.f0[found.gesture.amplitude > 0.1])
    assert pitch == pytest.approx(f0, rel=0.01)
