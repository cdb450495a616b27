"""Generated songs fitted blind: how far pitch and note boundaries come back from the truth.

`python -m benchmarks.round_trip [SONGS]` sings songs of the shipped chingolo repertoire through the
recorder `digital-2020` at 20 and at 5 dB and fits what is heard, with refinement as `chingolo fit`
has it. The signal-to-noise ratio is the channel's, over the whole band.
"""

import sys
from dataclasses import replace

import numpy as np
import pandas as pd

from chingolo.synth.fit.fit_song import track_song
from chingolo.synth.fit.refine import refine
from chingolo.synth.fit.track.chirp_plane import RATE
from chingolo.synth.recorder.channel import channel_preset, through_channel
from chingolo.synth.score.population import plan_songs, sing_planned
from chingolo.synth.score.repertoire_file import load_repertoire
from chingolo.synth.voice.gestures import voiced_stretches
from chingolo.synth.voice.labia.integrate import CONTROL_RATE
from chingolo.synth.voice.render import render

MARGIN = 0.18
"""s of silence around each song."""

AUDIBLE = 0.1
"""Of the amplitude of the loudest note: what counts as sung."""


def measure(songs: int, snr: float, *, refine_steps: int = 20, seed: int = 0) -> dict[str, float]:
    """Errors of f0 (%) over audible frames, and of note boundaries (ms), over all songs."""
    repertoire = load_repertoire("zonotrichia_capensis")
    bird = repertoire.singer
    plan = plan_songs(repertoire, songs=songs, seed=seed, individuals=min(songs, 40))
    gestures = [sing_planned(song, repertoire, seed=seed) for song in plan]
    channel = replace(channel_preset("digital-2020"), snr=snr)
    silence = np.zeros(round(MARGIN * RATE), np.float32)
    waves = [
        through_channel(
            np.concatenate([silence, wave, silence]),
            channel,
            sample_rate=RATE,
            random=np.random.default_rng([seed, 37, number]),
        )
        for number, wave in enumerate(render(gestures, bird, engine="wavetable", sample_rate=RATE))
    ]
    fits = refine(waves, [track_song(wave, bird) for wave in waves], bird, steps=refine_steps)
    pitch, boundary, missed = [], [], []
    for gesture, fit in zip(gestures, fits, strict=True):
        offset = round(MARGIN * CONTROL_RATE)
        frames = min(len(gesture.f0), len(fit.gesture.f0) - offset)
        found = slice(offset, offset + frames)
        sung = gesture.amplitude[:frames] > AUDIBLE * gesture.amplitude.max()
        heard = fit.gesture.amplitude[found] > 0
        both = sung & heard
        pitch.append(np.abs(fit.gesture.f0[found][both] / gesture.f0[:frames][both] - 1))
        missed.append(float((sung & ~heard).sum() / sung.sum()))
        start, stop = voiced_stretches(gesture.amplitude)
        for truth, told in (
            (start + 1, [note.start for note in fit.notes]),
            (stop - 2, [note.end for note in fit.notes]),
        ):
            away = np.abs(MARGIN + truth[:, None] / CONTROL_RATE - np.array(told)[None])
            boundary.append(away.min(axis=1))
    error, edges = 100 * np.concatenate(pitch), 1000 * np.concatenate(boundary)
    return {
        "songs": songs,
        "snr, dB": snr,
        "f0 median, %": float(np.median(error)),
        "f0 95th pct, %": float(np.quantile(error, 0.95)),
        "boundaries median, ms": float(np.median(edges)),
        "sung but unheard, %": 100 * float(np.mean(missed)),
    }


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    rows = [
        {"refine steps": steps} | measure(count, snr, refine_steps=steps)
        for snr in (20.0, 5.0)
        for steps in (0, 20)
    ]
    print(pd.DataFrame(rows).to_string(index=False, float_format=lambda value: f"{value:.3f}"))
