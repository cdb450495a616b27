"""The files of one fitted song.

Under its number N: `songs/N.json` (what is told of it, written last), `gestures/N.npz`,
`audio/N_C.flac`, copy C, of which 0 is the faithful re-synthesis, and `audio/N_heard.flac`, that
one as the recording would hold it.
"""

import dataclasses
from pathlib import Path

import numpy as np

from chingolo.synth.fit.acoustics import heard_in, measure_acoustics
from chingolo.synth.fit.fitted_song import Fit, analysis_rate, resynthesise
from chingolo.synth.fit.fitted_theme import (
    CopySettings,
    fitted_theme,
    sing_copies,
    sung_from_notation,
)
from chingolo.synth.fit.gesture_files import write_gestures
from chingolo.synth.fit.quality import alike, judge
from chingolo.synth.tables.audio import write_audio
from chingolo.synth.tables.files import InputError
from chingolo.synth.voice.birds import Bird
from chingolo.synth.voice.gestures import refuse_beyond_band


def keep(
    wave: np.ndarray, fit: Fit, number: int, folder: Path, bird: Bird, settings: CopySettings
) -> dict:
    """Writes the files of a fitted song but `songs/N.json`, whose content it returns.

    Args:
        wave: [samples] recording at `analysis_rate`.
        fit: of it.
        number: of the song in its table.
        folder: of the fit.
        bird: whose constants were fitted.
        settings: of the copies. Where their sample rate would lose notes, nothing is written.
    """
    sample_rate, rate = settings.sample_rate, analysis_rate(bird)
    try:
        if sample_rate < rate:  # the fit itself hears no more
            refuse_beyond_band(fit.gesture, sample_rate, "--sample-rate")
    except InputError as error:
        return {"verdict": "failed", "reason": str(error)}
    theme = fitted_theme(fit.notes, bird, name=f"song-{number + 1:04d}")
    written = sung_from_notation(fit, theme, bird)
    sung = resynthesise([fit, written], bird, sample_rate=rate)
    around = measure_acoustics(wave, sung[0], rate)
    random = np.random.default_rng([settings.seed, 31, number])
    heard = heard_in(sung[0], around, random, sample_rate=rate)
    quality = dataclasses.replace(
        judge(wave, sung, fit, written, rate=rate),
        heard_correlation=alike(wave, heard, fit, rate=rate),
    )
    write_gestures(fit, bird, around, folder / "gestures" / f"{number:06d}.npz")
    if sample_rate != rate:
        dry = resynthesise([fit], bird, sample_rate=sample_rate)[0]
        heard = heard_in(dry, around, random, sample_rate=sample_rate)
    name = f"audio/{number:06d}_heard.flac"
    write_audio(folder / name, np.clip(heard, -1, 1), sample_rate)
    audio = []
    copies = sing_copies(fit, theme, bird, settings, number=number, around=around)
    for copy, (made, device) in enumerate(copies):
        path = f"audio/{number:06d}_{copy:04d}.flac"
        write_audio(folder / path, made, sample_rate)
        audio.append({"path": path, "end_s": round(len(made) / sample_rate, 6), "device": device})
    return {
        **dataclasses.asdict(quality),
        "notes": len(fit.notes),
        "audio": audio,
        "heard": name,
        "theme": dataclasses.asdict(theme),
    }
