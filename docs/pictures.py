"""Draws the pictures of physics.md and voices.md from the code: `python -m docs.pictures`."""

from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image

from chingolo.synth.score.population import plan_songs, sing_planned
from chingolo.synth.score.repertoire_file import load_repertoire
from chingolo.synth.sheets.contact_sheet import draw_spectrogram, write_wave_sheet
from chingolo.synth.surrogates.sing_as_written import sing_as_written
from chingolo.synth.voice.birds import BIRDS
from chingolo.synth.voice.calibration import beta_of_pitch, load_calibration
from chingolo.synth.voice.gestures import Gesture
from chingolo.synth.voice.labia.integrate import CONTROL_RATE
from chingolo.synth.voice.render import render
from chingolo.synth.voice.tract import tract_response

FOLDER = Path(__file__).parent
RATE = 22_050


def draw_syrinx(path: Path) -> None:
    """Pitch over tension, one cycle at three pitches, and the tract's response."""
    from matplotlib import pyplot

    figure, (tension, cycle, tract) = pyplot.subplots(1, 3, figsize=(10, 3), layout="constrained")
    gamma = BIRDS["rufous_collared_sparrow"].gamma
    for alpha in (0.1, 0.15, 0.3):
        f0 = np.geomspace(600, 10_000, 200)
        beta = beta_of_pitch(np.full_like(f0, alpha), f0, gamma)
        tension.plot(beta, f0 / 1000, label=f"alpha {alpha}")
    tension.set(xlabel="tension beta", ylabel="f0 (kHz)", title="pitch rises with tension")
    tension.legend(frameon=False)

    table = load_calibration()
    alpha = int(np.abs(table.alpha - 0.15).argmin())
    time = np.linspace(0, 2, 400)
    for offset, f0 in enumerate((1000, 2000, 5000)):
        pitch = int(np.abs(table.pitch - f0 / gamma).argmin())
        orders = np.arange(1, table.harmonics.shape[-1] + 1)
        waves = table.harmonics[alpha, pitch] * np.exp(2j * np.pi * np.outer(time, orders))
        wave = waves.sum(axis=1).real
        cycle.plot(time, wave / np.abs(wave).max() - 2.3 * offset, label=f"{f0 / 1000:g} kHz")
    cycle.set(xlabel="periods", yticks=[], title="y over two periods, alpha 0.15")
    cycle.set_ylim(-5.9, 2.9)
    cycle.legend(frameon=False, loc="upper center", ncols=3, columnspacing=1)

    frequency = np.linspace(200, 10_000, 500)
    for bird in BIRDS.values():
        gain = np.abs(tract_response(frequency, bird))
        tract.plot(frequency / 1000, 20 * np.log10(gain / gain.max()), label=bird.name)
    tract.set(xlabel="frequency (kHz)", ylabel="dB", ylim=(-45, 3), title="trachea and cavity")
    tract.legend(frameon=False, fontsize=7, loc="lower left")
    figure.savefig(path, dpi=80)
    pyplot.close(figure)


def draw_song(path: Path) -> None:
    """One song: its controls above its spectrogram."""
    from matplotlib import pyplot

    repertoire = load_repertoire("zonotrichia_capensis")
    bird = repertoire.singer
    plan = plan_songs(repertoire, songs=1, seed=0, individuals=1)
    gesture = sing_planned(plan[0], repertoire, seed=0)
    wave = render([gesture], bird, sample_rate=RATE)[0]
    figure, axes = pyplot.subplots(3, 1, figsize=(8, 5), sharex=True, layout="constrained")
    beta = beta_of_pitch(gesture.alpha, gesture.f0, bird.gamma)
    time = np.linspace(0, len(wave) / RATE, len(gesture.f0))
    silent = gesture.amplitude <= 0
    axes[0].plot(time, np.where(silent, np.nan, beta))
    axes[0].set(ylabel="tension beta", title=f"{plan[0].theme}: gesture, and the song it gives")
    axes[1].plot(time, gesture.amplitude)
    axes[1].set(ylabel="amplitude")
    draw_spectrogram(axes[2], wave, RATE)
    axes[2].set(xlabel="s", ylabel="Hz")
    figure.savefig(path, dpi=80)
    pyplot.close(figure)


DUETS = (
    ("two notes", (3.0, 3.0), (4.7, 4.7), 0.0),
    ("beats", (3.0, 3.0), (3.06, 3.06), 0.0),
    ("1:1 locked in passing", (3.0, 3.0), (2.7, 3.3), 0.02),
    ("2:1 locked in passing", (1.5, 1.5), (2.7, 3.3), 0.01),
    ("combination tones", (2.0, 2.0), (2.9, 3.1), 0.02),
    ("period doubled, then chaos", (2.0, 2.0), (2.9, 3.1), 0.07),
)
"""Regimes: name, left and right f0 at begin and end (kHz), coupling."""


def duet(left: tuple[float, float], right: tuple[float, float], seconds: float = 0.6) -> Gesture:
    """Two whistles side by side, their pitches moving evenly, kHz."""
    frames = round(seconds * CONTROL_RATE)
    edge = np.clip(np.minimum(np.arange(frames), np.arange(frames)[::-1]) / 40, 0, 1)
    pitches = [1000 * np.linspace(*ends, frames) for ends in (left, right)]
    alpha = np.full(frames, BIRDS["zebra_finch"].alpha)
    other = Gesture(pitches[1], edge, alpha)
    return Gesture(pitches[0], edge, alpha, second=other)


def draw_duets(path: Path) -> None:
    """Regimes of two sources that hear each other."""
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2, 3, figsize=(10, 5), layout="constrained", sharey=True)
    for axis, (name, left, right, coupling) in zip(axes.flat, DUETS, strict=True):
        bird = replace(BIRDS["zebra_finch"], coupling=coupling)
        wave = render(duet(left, right), bird, sample_rate=RATE, tract=False)[0]
        axis.specgram(wave, NFFT=768, noverlap=700, Fs=RATE, vmin=-110, vmax=-40, cmap="magma")
        axis.set(title=f"{name}: coupling {coupling:g}", ylim=(0, 8000))
        for ends in (left, right):
            axis.plot([0, len(wave) / RATE], [1000 * f0 for f0 in ends], "c:", lw=0.8)
    for axis in axes[1]:
        axis.set_xlabel("s")
    for axis in axes[:, 0]:
        axis.set_ylabel("Hz")
    figure.savefig(path, dpi=80)
    pyplot.close(figure)


def draw_voices(path: Path) -> None:
    """One sound of each kind, from `voices.yaml`."""
    repertoire = load_repertoire(str(FOLDER / "voices.yaml"))
    waves = sing_as_written(repertoire, repertoire.themes, sample_rate=RATE)
    named = [(theme.name, wave) for theme, wave in zip(repertoire.themes, waves, strict=True)]
    write_wave_sheet(named, RATE, path, title=f"synthetic: {repertoire.source}")


def in_few_colours(path: Path) -> None:
    """Makes a PNG a third as large."""
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(96).save(path, optimize=True)


def main() -> None:
    """Draws all pictures."""
    matplotlib.use("Agg")
    draw_syrinx(FOLDER / "syrinx.png")
    draw_song(FOLDER / "song.png")
    draw_duets(FOLDER / "duets.png")
    draw_voices(FOLDER / "voices.png")
    for name in ("duets.png", "voices.png"):
        in_few_colours(FOLDER / name)


if __name__ == "__main__":
    main()
