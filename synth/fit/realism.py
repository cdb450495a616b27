"""How well a classifier tells recordings from their re-synthesis: 0.5 is indistinguishable."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from chingolo.synth.fit.acoustics import heard_in
from chingolo.synth.fit.fitted_song import analysis_rate, resynthesise
from chingolo.synth.fit.gesture_files import load_acoustics, load_fit
from chingolo.synth.fit.quality import FRONT_END
from chingolo.synth.spectra.log_mel import song_mel_power
from chingolo.synth.tables.audio import load_song
from chingolo.synth.voice.birds import Bird

PIECE = 0.25
"""s, length of the pieces that are told apart."""

MOST_SONGS = 40


@dataclass(frozen=True)
class Realism:
    """The result; `auc` and `accuracy` are None where there are too few recordings."""

    auc: float | None
    """Area under the ROC curve over held-out recordings."""

    accuracy: float | None
    """Balanced accuracy over held-out recordings."""

    pieces: int
    recordings: int
    method: str


def realism(table: pd.DataFrame, gestures: Mapping[int, Path], bird: Bird) -> Realism:
    """Tells pieces of recordings from the same pieces re-synthesised in the same surroundings.

    Random forest on mean, deviation and upper quantile of log-mel bands; recordings that are
    tested were never trained on (grouped by file).

    Args:
        table: song table that was fitted.
        gestures: files of the rows that could be fitted.
        bird: whose constants were fitted.
    """
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.metrics import balanced_accuracy_score, roc_auc_score
    from sklearn.model_selection import GroupKFold, cross_val_predict

    chosen = sorted(gestures)
    chosen = [
        chosen[k] for k in np.linspace(0, len(chosen) - 1, min(MOST_SONGS, len(chosen))).astype(int)
    ]
    features, real, groups = [], [], []
    rate = analysis_rate(bird)
    for number in chosen:
        song, file = table.iloc[number], gestures[number]
        wave = load_song(song, sample_rate=rate)
        sung = resynthesise([load_fit(file, bird)], bird, sample_rate=rate)[0]
        random = np.random.default_rng([31, number])
        made = heard_in(sung, load_acoustics(file), random, sample_rate=rate)
        count = min(len(wave), len(made))
        for label, heard in ((1, wave[:count]), (0, made[:count])):
            for piece in _pieces(heard):
                features.append(piece)
                real.append(label)
                groups.append(song["path"])
    method = "random forest on log-mel statistics of 0.25 s pieces, grouped by recording"
    recordings = len(set(groups))
    if recordings < 3:
        return Realism(None, None, len(real), recordings, f"needs 3 recordings; {method}")
    truth = np.array(real)
    probability = cross_val_predict(
        RandomForestClassifier(100, random_state=0, min_samples_leaf=2),
        np.array(features),
        truth,
        groups=np.array(groups),
        cv=GroupKFold(min(5, recordings)),
        method="predict_proba",
    )
    score = np.asarray(probability)[:, 1]
    return Realism(
        auc=float(roc_auc_score(truth, score)),
        accuracy=float(balanced_accuracy_score(truth, score > 0.5)),
        pieces=len(truth),
        recordings=recordings,
        method=method,
    )


def _pieces(wave: np.ndarray) -> list[np.ndarray]:
    size = round(PIECE * FRONT_END.sample_rate)
    wave = wave / max(float(np.sqrt(np.mean(wave**2))), 1e-9)
    found = []
    for begin in range(0, max(1, len(wave) - size + 1), size):
        level = np.log(song_mel_power(wave[begin : begin + size], FRONT_END) + 1e-3)
        parts = (level.mean(axis=0), level.std(axis=0), np.quantile(level, 0.9, axis=0))
        found.append(np.concatenate(parts))
    return found
