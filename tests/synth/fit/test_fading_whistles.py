"""Whistles that fade or tremble are followed to their quiet parts, and a lost part is told."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from chingolo.synth.fit.fit_song import track_song
from chingolo.synth.fit.fitted_song import Fit, resynthesise
from chingolo.synth.fit.fitted_theme import fitted_theme, sung_from_notation
from chingolo.synth.fit.quality import Quality, judge
from chingolo.synth.fit.track.chirp_plane import RATE
from chingolo.synth.spectra.bin_noise import bin_noise
from chingolo.synth.voice.birds import RUFOUS_COLLARED_SPARROW as BIRD
from chingolo.synth.voice.labia.integrate import CONTROL_RATE

F0 = 4000.0
TIME = np.arange(RATE) / RATE
HALF = TIME[: RATE // 2]


def edged(level: np.ndarray) -> np.ndarray:
    """A course of levels with sin^2 edges of 20 ms."""
    place = np.arange(len(level)) / RATE
    edge = np.clip(np.minimum(place, place[-1] - place) / 0.02, 0, 1)
    return level * np.sin(0.5 * np.pi * edge) ** 2


COURSES = {
    "falls by 14 dB": edged(10 ** (-14 * TIME / 20)),
    "falls by 20 dB": edged(10 ** (-20 * TIME / 20)),
    "falls by 30 dB": edged(10 ** (-30 * TIME / 20)),
    "rises by 20 dB": edged(10 ** (20 * (TIME - 1) / 20)),
    "two that fall": np.concatenate(
        [edged(10 ** (-2 * HALF)), np.zeros(RATE // 10), edged(10 ** (-2 * HALF))]
    ),
    "swells and dies": np.sin(np.pi * TIME) ** 2,
    "swells": edged(TIME),
    "dies": edged(1 - TIME),
    "trembles at 12 Hz": edged(0.6 + 0.4 * np.sin(2 * np.pi * 12 * TIME)),
    "trembles at 4 Hz": edged(0.6 + 0.4 * np.sin(2 * np.pi * 4 * TIME)),
}


def whistle(course: np.ndarray, margin_s: float) -> tuple[np.ndarray, np.ndarray]:
    """4 kHz of a level in white noise of sd 0.001, and the level; [samples] each."""
    level = np.pad(0.3 * course, round(margin_s * RATE))
    time = np.arange(len(level)) / RATE
    noise = 1e-3 * np.random.default_rng(1).standard_normal(len(level))
    return (level * np.sin(2 * np.pi * F0 * time) + noise).astype(np.float32), level


def judged(wave: np.ndarray, fit: Fit) -> Quality:
    written = sung_from_notation(fit, fitted_theme(fit.notes, BIRD, name="one"), BIRD)
    return judge(wave, resynthesise([fit, written], BIRD), fit, written)


@pytest.mark.parametrize("margin_s", [0.0, 0.1, 0.2, 0.5])
@pytest.mark.parametrize("course", COURSES)
def test_a_loud_whistle_is_followed_while_it_is_loud(course: str, margin_s: float):
    """Once 7 % of the first were left, and nothing of those that tremble."""
    wave, level = whistle(COURSES[course], margin_s)
    fit = track_song(wave, BIRD)
    frames = np.arange(round(len(level) / RATE * CONTROL_RATE))
    loud = level[(frames * RATE / CONTROL_RATE).astype(int)] > 10 ** (-13 / 20) * level.max()
    found = np.zeros(len(frames), bool)
    for note in fit.notes:
        at = note.first + np.flatnonzero(np.abs(note.f0 / F0 - 1) < 0.01)
        found[at[at < len(frames)]] = True
    assert found[loud].mean() > 0.93
    assert judged(wave, fit).sung_share > 0.93


def test_a_fit_that_sings_a_part_alone_is_not_good():
    wave, _ = whistle(COURSES["falls by 14 dB"], 0.1)
    whole = track_song(wave, BIRD)
    assert judged(wave, whole).verdict == "good"
    amplitude = whole.gesture.amplitude.copy()
    amplitude[round(0.2 * CONTROL_RATE) :] = 0.0
    part = judged(wave, replace(whole, gesture=replace(whole.gesture, amplitude=amplitude)))
    assert part.sung_share == pytest.approx(0.1, abs=0.05)
    assert part.verdict == "poor"
    assert "of the loud sound is sung" in part.reason


def test_echoes_stay_in_the_noise_and_a_fading_whistle_does_not():
    """Noise of power 1; in bin 30 what sounds, 50 dB above it."""
    frame_s, bins = 1 / 1000, 100
    time = np.arange(1000) * frame_s
    random = np.random.default_rng(0)
    noise = random.exponential(size=(len(time), bins))
    room = 60 / 0.6  # dB/s
    pauses = np.where(time % 0.25 < 0.05, 0.0, -5 - room * (time % 0.25 - 0.05))
    scatter = np.where(time % 0.25 < 0.05, 1.0, random.exponential(size=len(time)))
    for course, least, most in ((-20 * time, 0.0, 20.0), (pauses, 1e3, 1e5)):
        power = noise.copy()
        sound = 10 ** (5 + course / 10) * (1.0 if course is not pauses else scatter)
        power[:, 26:35] += sound[:, None]
        assert least <= bin_noise(power, frame_s=frame_s)[30] < most


@pytest.mark.parametrize("phase", np.arange(8) / 8)
@pytest.mark.parametrize(("depth", "rate"), [(0.8, 5), (0.85, 2), (0.9, 2), (0.9, 5)])
def test_a_whistle_that_sinks_and_swells_keeps_its_ends(depth: float, rate: float, phase: float):
    """Up to 120 ms were lost before the first swell and behind the last one."""
    course = edged(1 - depth * (0.5 - 0.5 * np.cos(2 * np.pi * (rate * TIME + phase))))
    wave, _ = whistle(course, 0.3)
    notes = track_song(wave, BIRD).notes
    assert notes[0].start == pytest.approx(0.3, abs=0.026)
    assert notes[-1].end == pytest.approx(1.3, abs=0.026)
    gaps = sum(after.start - before.end for before, after in pairwise(notes))
    assert gaps < 0.05


def test_what_a_room_leaves_of_a_whistle_is_no_quiet_end_of_it():
    """White noise that dies by 60 dB in 0.4 s, 7 dB below the whistle, as the room."""
    random = np.random.default_rng(3)
    time = np.arange(round(0.4 * RATE)) / RATE
    room = random.standard_normal(len(time)) * 10 ** (-3 * time / 0.4)
    room *= 10 ** (-7 / 20) / np.sqrt(np.square(room).sum())
    room[0] = 1.0
    dry, _ = whistle(edged(np.ones(RATE // 2)), 0.4)
    wave = np.convolve(dry, room)[: len(dry)].astype(np.float32)
    ends = [track_song(each, BIRD).notes[-1].end for each in (dry, wave)]
    assert ends[0] == pytest.approx(0.9, abs=0.005)
    assert ends[1] == pytest.approx(0.9, abs=0.05)


@pytest.mark.parametrize("rate", [5, 15, 30, 60])
@pytest.mark.parametrize("depth", [0.9, 0.95, 1.0])
def test_a_note_that_sinks_deep_is_one(depth: float, rate: float):
    """Modulated by more than 0.9 it was as many notes as it has swells.

    Where it sinks to nothing, a first and a last swell that are cut off at half their height may be
    notes of their own.
    """
    course = edged((1 + depth * np.cos(2 * np.pi * rate * TIME)) / (1 + depth))
    wave, _ = whistle(course, 0.3)
    assert len(track_song(wave, BIRD).notes) <= (3 if depth == 1.0 else 1)


@pytest.mark.parametrize("room", [0.0, 0.1])
@pytest.mark.parametrize(("rate", "filled"), [(6, 0.95), (17, 0.7), (17, 0.95), (30, 0.9)])
def test_notes_that_silence_parts_stay_apart(rate: float, filled: float, room: float):
    """Ten of one pitch, dry and in an echo that fades by 60 dB in 0.3 s."""
    place = np.arange(round(10 / rate * RATE)) / RATE * rate % 1
    edge = np.clip(np.minimum(place, filled - place) / rate / 0.006, 0, 1)
    course = np.sin(0.5 * np.pi * edge) ** 2
    fading = np.exp(-6.9 * TIME[: RATE // 2] / 0.3)
    echo = np.convolve(course, fading)[: len(course)] / fading.sum()
    wave, _ = whistle(np.maximum(course, room * echo), 0.3)
    assert len(track_song(wave, BIRD).notes) == 10
