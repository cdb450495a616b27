"""Each outside chain changes a recording, on time, and the same way twice."""

import ast
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from scipy import signal

from benchmarks import outside_recorders
from benchmarks.outside_recorders import (
    CHAINS,
    KEPT,
    NAMED,
    TUNING,
    UNSEEN,
    Chain,
    ToolError,
    missing,
)

RATE = 22_050
SONG_STARTS = (0.5, 1.1, 1.9, 2.6)
by_chain = pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: chain.name)


def recording() -> np.ndarray:
    """[samples] four songs, each a whistle and six quick sweeps, in faint noise; 4 s."""
    wave = 0.002 * np.random.default_rng(3).standard_normal(4 * RATE)
    for number, start in enumerate(SONG_STARTS):
        notes = [(0.0, 0.12, 3000 + 200 * number, 3100 + 200 * number)]
        notes += [(0.16 + 0.05 * k, 0.03, 7200, 2400) for k in range(6)]
        for late, length, first, last in notes:
            time = np.arange(int(length * RATE)) / RATE
            note = signal.chirp(time, first, length, last) * np.hanning(len(time))
            begin = int((start + late) * RATE)
            wave[begin : begin + len(note)] += 0.3 * note
    return wave.astype(np.float32)


def heard(chain: Chain, seed: int = 1) -> np.ndarray:
    if lacking := missing(chain):
        pytest.skip(f"{chain.name}: {lacking}")
    return chain.apply(recording(), RATE, seed)


def spectrogram(wave: np.ndarray) -> np.ndarray:
    """[bands, frames] dB of 1 to 8 kHz below the loudest, floor -70."""
    frequency, _, lines = signal.stft(wave, RATE, nperseg=512)
    power = np.abs(lines[(frequency > 1000) & (frequency < 8000)]) ** 2
    return np.maximum(10 * np.log10(power / power.max() + 1e-12), -70)


@by_chain
def test_a_chain_keeps_the_length_and_makes_sound(chain: Chain):
    wave = heard(chain)
    assert wave.dtype == np.float32
    assert len(wave) == round(4 * RATE / chain.speed)
    assert 0.05 < np.abs(wave).max() <= 1


def at_clean_speed(wave: np.ndarray, chain: Chain) -> np.ndarray:
    """[samples] what was heard, slowed down to the song's own time."""
    moments = np.arange(4 * RATE) / chain.speed
    return np.interp(moments, np.arange(len(wave)), wave)


@by_chain
def test_songs_stand_where_they_stood(chain: Chain):
    # each song alone against the clean one, by their spectrograms, a frame a millisecond
    def frames(wave: np.ndarray, start: float) -> np.ndarray:
        place = wave[int((start - 0.06) * RATE) : int((start + 0.52) * RATE)]
        _, _, lines = signal.stft(place, 22_000, nperseg=220, noverlap=198)
        power = 20 * np.log10(np.abs(lines[20:75]) + 1e-9)
        return np.maximum(power - power.max(), -30) + 30

    clean, through = recording(), at_clean_speed(heard(chain), chain)
    for start in SONG_STARTS:
        one, other = frames(through, start), frames(clean, start)
        match = sum(np.correlate(a, b, "full") for a, b in zip(one, other, strict=True))
        late_ms = int(np.argmax(match)) - (one.shape[1] - 1)
        assert abs(late_ms) <= 5, f"{late_ms} ms at {start} s"


@by_chain
def test_a_chain_does_something_to_the_songs(chain: Chain):
    clean = spectrogram(recording())
    through = spectrogram(at_clean_speed(heard(chain), chain))
    told = (clean > -70) | (through > -70)
    assert np.abs(clean - through)[told].mean() > 1.0


@by_chain
def test_a_chain_is_its_seed_alone(chain: Chain):
    assert np.array_equal(heard(chain), heard(chain))


@pytest.mark.parametrize("name", ["reverberant room", "wind", "a cheap microphone's response"])
def test_another_seed_is_another_machine(name: str):
    chain = next(chain for chain in CHAINS if chain.name == name)
    assert not np.allclose(heard(chain, seed=1), heard(chain, seed=2), atol=1e-3)


@pytest.mark.parametrize("name", ["reverberant room", "hall", "tiled bathroom", "garage"])
def test_notes_die_slowly_in_a_room(name: str):
    # 50 ms after the last note of a song: far below it in the clean one, not in a room
    chain = next(chain for chain in CHAINS if chain.name == name)

    def after(wave: np.ndarray) -> float:
        sung, late = (
            np.mean(wave[int(a * RATE) : int(b * RATE)] ** 2) for a, b in ((2.6, 3.0), (3.09, 3.14))
        )
        return float(10 * np.log10(late / sung))

    assert after(heard(chain)) > after(recording()) + 6


def test_a_speed_moves_the_pitch():
    chain = next(chain for chain in CHAINS if chain.speed == 1.02)
    tone = np.sin(2 * np.pi * 3000 * np.arange(4 * RATE) / RATE).astype(np.float32)
    if lacking := missing(chain):
        pytest.skip(lacking)
    wave = chain.apply(tone, RATE, 0)[RATE : 2 * RATE]
    top = np.argmax(np.abs(np.fft.rfft(wave * np.hanning(len(wave)))))
    assert top * RATE / len(wave) == pytest.approx(3060, abs=1.5)


def test_the_groups_are_written_down():
    counts = Counter(chain.group for chain in CHAINS)
    assert counts == {NAMED: 10, TUNING: 10, UNSEEN: 10, KEPT: 10}
    assert len({chain.name for chain in CHAINS}) == len(CHAINS)


def test_silence_is_told():
    with pytest.raises(ToolError, match="silent recording"):
        CHAINS[0].apply(np.zeros(RATE, np.float32), RATE, 0)


def test_a_tool_that_is_not_there_is_named():
    lacking = Chain("x", NAMED, CHAINS[0].process, ("no-such-program",))
    assert missing(lacking) == "no-such-program is not installed"


def test_nothing_of_the_package_is_imported():
    tree = ast.parse(Path(outside_recorders.__file__).read_text())
    modules = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    modules += [
        a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names
    ]
    assert not [name for name in modules if name.split(".")[0] in ("chingolo", "benchmarks")]
