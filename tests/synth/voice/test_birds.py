"""Every bird that is entered sings at the pitch it is asked for."""

import numpy as np
import pytest

from chingolo.synth.voice.birds import BIRDS
from chingolo.synth.voice.gestures import Gesture
from chingolo.synth.voice.labia.integrate import CONTROL_RATE
from chingolo.synth.voice.render import render

RATE, PITCH = 44_100, 4000.0


@pytest.mark.parametrize("name", BIRDS)
@pytest.mark.parametrize("engine", ["ode", "wavetable"])
def test_a_bird_sings_at_pitch(name: str, engine: str):
    bird = BIRDS[name]
    assert bird.name == name
    assert bird.source
    frames = CONTROL_RATE // 2
    amplitude = np.where((np.arange(frames) > 50) & (np.arange(frames) < frames - 50), 1.0, 0.0)
    whistle = Gesture(np.full(frames, PITCH), amplitude, np.full(frames, bird.alpha))
    (wave,) = render(whistle, bird, engine=engine, sample_rate=RATE)
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
    assert spectrum.argmax() * RATE / len(wave) == pytest.approx(PITCH, rel=0.005)
