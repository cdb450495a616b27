"""Fits beside recordings, as an eye compares spectrograms: `python -m benchmarks.fits FOLDER`.

Of the shared recordings, by librosa's log-mel (64 bands of 2-10 kHz, finch syllables 0.5-10 kHz;
n_fft 512, hop 128 at 22.05 kHz):

- followed: share of the frames within 25 dB of the loudest, whose peak stands 12 dB above its
  band's floor, in which the re-synthesis has its peak within two bands of it;
- right: the same share of those frames in which the re-synthesis sounds;
- r: correlation within 60 dB of the top over frames within 25 dB of the loudest, at the best shift
  within 10 frames.

Each dry and as the recording would hold it. What was looked at while the fit was changed (tuned) is
told apart from what was not (reported).
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import librosa
import numpy as np
import pandas as pd

from chingolo.synth.fit.acoustics import heard_in, measure_acoustics
from chingolo.synth.fit.fit_song import UnfittableError, fit
from chingolo.synth.fit.fitted_song import resynthesise
from chingolo.synth.fit.track.chirp_plane import RATE
from chingolo.synth.tables.audio import load_song
from chingolo.synth.voice.birds import BIRDS

TUNED = ("XC11293", "XC465157", "XC506362", "B32", "bl26lb16")
"""Recordings and birds that the tracking and the surroundings were tuned on."""

SYLLABLES = 20
"""Of each finch."""


@dataclass(frozen=True)
class Heard:
    """One recorded song to be fitted."""

    kind: str
    row: pd.Series
    tuned: bool
    low: float = 2000.0
    """Hz, the lowest band."""


def songs(folder: Path) -> Iterator[Heard]:
    """What is fitted, of the folder of shared recordings."""
    for kind, file in (("sparrow", "zonotrichia_songs.csv"), ("finch", "bengalese_syllables.csv")):
        table = pd.read_csv(folder / file)
        table["path"] = [str(folder / path) for path in table["path"]]
        if kind == "finch":
            birds = table.groupby("individual")
            table = pd.concat([bird.sample(SYLLABLES, random_state=0) for _, bird in birds])
        for _, row in table.iterrows():
            name = row["individual"] if kind == "finch" else Path(row["path"]).stem
            yield Heard(kind, row, name in TUNED, 500.0 if kind == "finch" else 2000.0)
    table = pd.read_csv(folder / "recordings.csv")
    for _, row in table[table["species"] == "Parus major"].iterrows():
        song = pd.Series({"path": str(folder / row["path"])})
        yield Heard("great tit", song, row["individual"] in TUNED)


def log_mel(wave: np.ndarray, low: float) -> np.ndarray:
    """[64, frames] dB."""
    power = librosa.feature.melspectrogram(
        y=np.asarray(wave, np.float32),
        sr=RATE,
        n_fft=512,
        hop_length=128,
        n_mels=64,
        fmin=low,
        fmax=10_000.0,
    )
    return 10 * np.log10(power + 1e-14)


def measures(recording: np.ndarray, made: np.ndarray, low: float) -> tuple[float, float, float]:
    """Followed, right and r of two waves of about one length."""
    theirs, ours = log_mel(recording, low), log_mel(made, low)
    frames = min(theirs.shape[1], ours.shape[1])
    theirs, ours = theirs[:, :frames], ours[:, :frames]
    level = theirs.max(axis=0)
    loud = level > level.max() - 25
    peak = theirs.argmax(axis=0)
    asked = loud & (level > np.quantile(theirs, 0.1, axis=1)[peak] + 12)
    sounding = ours.max(axis=0) > ours.max() - 45
    near = np.abs(ours.argmax(axis=0) - peak) <= 2
    theirs, ours = (np.maximum(each, each.max() - 60) for each in (theirs, ours))
    best = -1.0
    furthest = min(10, frames - 4)
    for shift in range(-furthest, furthest + 1):
        there = slice(max(0, shift), frames + min(0, shift))
        here = slice(max(0, -shift), frames + min(0, -shift))
        kept = loud[there]
        pair = theirs[:, there][:, kept].ravel(), ours[:, here][:, kept].ravel()
        best = max(best, float(np.corrcoef(*pair)[0, 1]))
    followed = float((near & sounding)[asked].mean()) if asked.any() else np.nan
    both = asked & sounding
    return followed, float(near[both].mean()) if both.any() else np.nan, best


def main() -> None:
    """Prints the medians and the worst of each kind."""
    bird = BIRDS["rufous_collared_sparrow"]
    lines = []
    for song in songs(Path(sys.argv[1])):
        wave = load_song(song.row, sample_rate=RATE)
        found: tuple[float, ...] = (0.0,) * 6  # what cannot be fitted follows nothing
        try:
            (dry,) = resynthesise([fit(wave, sample_rate=RATE, bird=bird)], bird)
            around = measure_acoustics(wave, dry, RATE)
            heard = heard_in(dry, around, np.random.default_rng(0), sample_rate=RATE)
            found = (*measures(wave, dry, song.low), *measures(wave, heard, song.low))
        except UnfittableError as error:
            print(f"{song.kind}: {song.row['path']}: {error}", file=sys.stderr)
        lines.append((song.kind, "tuned" if song.tuned else "reported", *found))
    names = [f"{name}, {how}" for how in ("dry", "as heard") for name in ("followed", "right", "r")]
    table = pd.DataFrame(lines, columns=["kind", "of", *names])
    kinds = table.groupby(["kind", "of"])[names]
    for told, figures in (("median", kinds.median()), ("worst", kinds.min())):
        print(f"{told}\n{figures.round(3).to_string()}")


if __name__ == "__main__":
    main()
