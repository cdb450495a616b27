"""Recorders of the wide family: drawn by seed alone, pure, and true to time."""

import dataclasses
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal
from scipy.signal import windows

from benchmarks.wide_recorders import strong_recorders
from chingolo.synth.recorder import channel, wide
from chingolo.synth.recorder.families import WIDE_1, WIDE_2, WIDE_FAMILIES, Family, OneOf, Seed
from chingolo.synth.recorder.parts.registry import PARTS
from chingolo.synth.recorder.wide import WideRecorder, heard_at, through, wide_recorder
from chingolo.synth.tables.content import content_hash
from chingolo.synth.tables.files import InputError
from chingolo.synth.tables.registry import Registry

RATE = 22_050
STRONG = strong_recorders()
MOVES = {"speed", "wow"}
BLURS = {"rebuilt-highs", "speech-codec"}
"""After which a note is no sweep any more, and begins within a window."""
SOUND_OF_WIDE_1 = [
    (0.1289, 3886),
    (0.1528, 1074),
    (0.1931, 2644),
    (0.1091, 5164),
    (0.0219, 4143),
    (0.2594, 3604),
    (0.1979, 558),
    (0.0413, 3739),
]
"""Standard deviation and spectral centroid, Hz, of `song` through the recorders of seeds 0 to 7."""

DRAWN = [chance.part for chance in WIDE_2.chances]


def song(seconds: float = 2.0, rate: int = RATE) -> np.ndarray:
    """Sweeps from 4.8 to 2.4 kHz, 60 ms each, every 0.25 s, over faint noise."""
    time = np.arange(round(0.06 * rate)) / rate
    note = signal.chirp(time, 4800, 0.06, 2400) * windows.tukey(len(time), 0.2)
    wave = 0.003 * np.random.default_rng(0).standard_normal(round(seconds * rate))
    for start in onsets(seconds):
        wave[round(start * rate) : round(start * rate) + len(note)] += 0.4 * note
    return wave.astype(np.float32)


def onsets(seconds: float = 2.0) -> np.ndarray:
    return np.arange(0.2, seconds - 0.3, 0.25)


def found_onsets(wave: np.ndarray, near: np.ndarray) -> np.ndarray:
    """Times at which the note of `song` begins, by a matched filter within 20 ms."""
    time = np.arange(round(0.06 * RATE)) / RATE
    note = signal.chirp(time, 4800, 0.06, 2400) * windows.tukey(len(time), 0.2)
    match = np.abs(np.asarray(signal.hilbert(signal.correlate(wave, note, "full"))))
    match = match[len(note) - 1 :]
    times = []
    for start in near:
        window = slice(round((start - 0.02) * RATE), round((start + 0.02) * RATE))
        times.append((window.start + match[window].argmax()) / RATE)
    return np.array(times)


def alone(part: str, seed: int) -> WideRecorder:
    """A recorder of one part, drawn from the family."""
    (chance,) = (chance for chance in WIDE_2.chances if chance.part == part)
    random = np.random.default_rng(seed)
    drawn = PARTS[part].settings(**{name: each.draw(random) for name, each in chance.settings})
    return WideRecorder("wide-2", ((part, drawn),), 0.0, seed)


def test_families_name_parts_and_all_their_settings():
    for name, family in WIDE_FAMILIES.items():
        assert name == family.name
        for chance in family.chances:
            fields = [field.name for field in dataclasses.fields(PARTS[chance.part].settings)]
            assert [setting for setting, _ in chance.settings] == fields


def test_wide_1_never_changes():
    """A change of what is drawn belongs into a family of another name."""
    assert content_hash(WIDE_1) == "66bdd2f908edf200"
    wave, found = song(), []
    for seed in range(8):
        heard = through(wide_recorder(seed), wave, RATE).astype(float)
        power = np.abs(np.fft.rfft(heard)) ** 2
        centre = (power @ np.fft.rfftfreq(len(heard), 1 / RATE)) / power.sum()
        found.append((round(float(np.std(heard)), 4), round(float(centre))))
    np.testing.assert_allclose(found, SOUND_OF_WIDE_1, rtol=0.01)


def test_draws_of_wide_1_never_change():
    assert WIDE_1.name == "wide-1"
    assert [", ".join(name for name, _ in wide_recorder(seed).parts) for seed in range(6)] == [
        "response, gain",
        "room, comb, rumble, response, hard-clipping",
        "wow, second-bird, room, noise",
        "noise, gain",
        "wow, room, noise, hum",
        "wow",
    ]
    room = dict(wide_recorder(1).parts)["room"]
    assert (room.decay, room.direct) == pytest.approx((0.850230, 0.844130), rel=1e-4)
    assert wide_recorder(1).level == pytest.approx(-4.779314, rel=1e-4)


def test_a_seed_and_its_generator_draw_the_same():
    assert wide_recorder(7) == wide_recorder(np.random.default_rng(7))
    assert wide_recorder(7) != wide_recorder(8)
    random = np.random.default_rng(7)
    assert wide_recorder(random) != wide_recorder(random)


def test_an_unknown_family_is_refused():
    with pytest.raises(InputError, match="no family of recorders 'wide-0'; one of wide-1"):
        wide_recorder(0, "wide-0")


def test_wide_2_never_changes_and_draws_what_wide_1_drew():
    """All its parts but `rate` draw as before; what is new stands between them."""
    assert content_hash(WIDE_2) == "0c461b439099655e"
    added = {"modulated-noise", "rebuilt-highs", "speech-codec", "rate"}
    for seed in range(40):
        one, two = wide_recorder(seed, "wide-1"), wide_recorder(seed, "wide-2")
        assert one.level == two.level
        left = [[part for part in each.parts if part[0] not in added] for each in (one, two)]
        assert left[0] == left[1]


@pytest.mark.parametrize("family", [WIDE_1, WIDE_2])
def test_two_hundred_recorders_cover_every_part(family):
    recorders = [wide_recorder(seed, family.name) for seed in range(200)]
    counts = Counter(name for recorder in recorders for name, _ in recorder.parts)
    assert set(counts) == {chance.part for chance in family.chances}
    for chance in family.chances:
        expected = 200 * chance.probability
        assert abs(counts[chance.part] - expected) < 4 * np.sqrt(expected)
    active = np.array([len(recorder.parts) for recorder in recorders])
    assert 2.5 < active.mean() < 4.2
    assert np.mean((active >= 2) & (active <= 4)) > 0.5


@given(st.integers(0, 2**63))
@settings(max_examples=60, deadline=None)
def test_draws_stay_within_what_they_are_drawn_from(seed):
    recorder = wide_recorder(seed, "wide-2")
    ranges = {chance.part: dict(chance.settings) for chance in WIDE_2.chances}
    assert -10 <= recorder.level <= 10
    for name, drawn in recorder.parts:
        assert {field.name for field in dataclasses.fields(drawn)} == set(ranges[name])
        for setting, range_ in ranges[name].items():
            value = getattr(drawn, setting)
            if isinstance(range_, OneOf):
                assert value in range_.values
            elif not isinstance(range_, Seed):
                assert range_.low <= value <= range_.high


def test_parts_are_drawn_each_on_its_own(monkeypatch):
    """A family that leaves parts out, or takes them in another order, draws the rest alike."""
    fewer = Family("fewer", WIDE_1.level, tuple(reversed(WIDE_1.chances[3:])))
    families = Registry("family", {"wide-1": WIDE_1, "fewer": fewer})
    monkeypatch.setattr(wide, "WIDE_FAMILIES", families)
    for seed in range(30):
        one, other = wide_recorder(seed), wide_recorder(seed, "fewer")
        left = [part for part in one.parts if part[0] not in ("speed", "wow", "second-bird")]
        assert list(reversed(other.parts)) == left
        assert one.level == other.level


@pytest.mark.parametrize("seed", range(12))
def test_through_is_pure(seed):
    wave, recorder = song(), wide_recorder(seed)
    before = wave.copy()
    heard = through(recorder, wave, RATE)
    np.testing.assert_array_equal(wave, before)
    np.testing.assert_array_equal(heard, through(wide_recorder(seed), wave.astype(float), RATE))
    assert heard.dtype == np.float32
    level = 20 * np.log10(np.abs(heard).max() / np.abs(wave).max())
    assert level == pytest.approx(recorder.level, abs=1e-3)


def test_every_part_is_heard():
    wave = song() + 0.02 * np.random.default_rng(5).standard_normal(2 * RATE, dtype=np.float32)
    for name, recorder in STRONG.items():
        heard = through(recorder, wave, RATE)
        least = min(
            np.sqrt(np.mean((heard * gain - wave) ** 2)) for gain in np.geomspace(0.1, 10, 200)
        )
        assert least > 0.02 * np.std(wave), name


def test_takes_differ_in_noise_and_not_in_room():
    wave = song()
    for name, recorder in STRONG.items():
        one, two = (through(recorder, wave, RATE, take=take) for take in (0, 1))
        fresh = name in {"noise", "hiss", "hum", "rumble", "rain", "second-bird"} | {
            "modulated-noise",
            "rebuilt-highs",
        }
        assert (one != two).any() == fresh, name


def test_speed_can_be_left_out():
    wave = song()
    for seed in range(40):
        recorder = wide_recorder(seed)
        kept = tuple(part for part in recorder.parts if part[0] not in MOVES)
        still = dataclasses.replace(recorder, parts=kept)
        np.testing.assert_array_equal(
            through(recorder, wave, RATE, speed=False), through(still, wave, RATE)
        )
        np.testing.assert_array_equal(heard_at(still, onsets(), 2.0), onsets())


@pytest.mark.parametrize("part", [part for part in DRAWN if part not in MOVES | BLURS])
def test_onsets_stay_within_2_ms(part):
    wave, near = song(), onsets()
    for recorder in (STRONG[part], *(alone(part, seed) for seed in range(12))):
        found = found_onsets(through(recorder, wave, RATE), near)
        assert np.median(np.abs(found - near)) < 5e-4, recorder
        assert np.abs(found - near).max() < 2e-3, recorder


@pytest.mark.parametrize("part", sorted(BLURS))
def test_what_turns_notes_to_noise_leaves_them_where_they_are(part):
    """Of the power in a note's band, more than half lies within 10 ms of the notes."""
    wave, near = song(), onsets()
    time = np.arange(len(wave)) / RATE
    notes = ((time[:, None] > near - 0.01) & (time[:, None] < near + 0.07)).any(axis=1)
    for recorder in (STRONG[part], *(alone(part, seed) for seed in range(8))):
        power = through(recorder, wave, RATE).astype(float) ** 2
        assert power[notes].sum() > 0.8 * power.sum(), recorder


def test_onsets_of_whole_recorders_are_where_they_are_said_to_be():
    wave, near, off = song(), onsets(), []
    for seed in range(60):
        recorder = wide_recorder(seed)
        said = heard_at(recorder, near, 2.0)
        off.append(np.median(np.abs(found_onsets(through(recorder, wave, RATE), said) - said)))
        still = found_onsets(through(recorder, wave, RATE, speed=False), near)
        off.append(np.median(np.abs(still - near)))
    assert np.mean(np.array(off) < 2e-3) > 0.97


@given(
    seed=st.integers(0, 10_000),
    part=st.sampled_from([None, *DRAWN]),
    samples=st.one_of(st.integers(0, 100), st.sampled_from([255, 1000, 6001])),
    rate=st.sampled_from([8000, 11_025, 22_050, 44_100, 96_000]),
    kind=st.sampled_from(["noise", "silence", "constant", "impulse", "faint", "tone"]),
)
@settings(max_examples=250, deadline=None)
def test_edge_inputs_stay_finite(seed, part, samples, rate, kind):
    time = np.arange(samples) / rate
    wave = {
        "noise": np.random.default_rng(seed).standard_normal(samples),
        "silence": np.zeros(samples),
        "constant": np.full(samples, 0.5),
        "impulse": np.eye(1, samples, samples // 2)[0] if samples else np.zeros(0),
        "faint": 1e-20 * np.random.default_rng(seed).standard_normal(samples),
        "tone": np.sin(2 * np.pi * 3000 * time),
    }[kind]
    recorder = wide_recorder(seed, "wide-2") if part is None else alone(part, seed)
    heard = through(recorder, wave, rate)
    assert heard.shape == wave.shape
    assert heard.dtype == np.float32
    assert np.isfinite(heard).all()
    peak = np.abs(wave).max(initial=0) * 10 ** (recorder.level / 20)
    assert np.abs(heard).max(initial=0) <= 1.001 * peak


@pytest.mark.parametrize("rate", [8000, 22_050, 44_100, 96_000])
def test_one_recorder_sounds_alike_at_every_rate(rate):
    """The draw knows no sample rate: a room, a response or a clip is the same at each."""
    recorder = WideRecorder(
        "wide-1",
        tuple(part for name in ("comb", "gain", "hard-clipping") for part in STRONG[name].parts),
        0.0,
        1,
    )
    time = np.arange(2 * rate) / rate
    wave = np.sin(2 * np.pi * 1200 * time) * np.sin(np.pi * time / 2) ** 2
    heard = through(recorder, wave, rate)
    fine = signal.resample(through(recorder, *_at(RATE)), len(heard))
    low = signal.butter(6, 1500, fs=rate, output="sos")
    one, two = (signal.sosfiltfilt(low, each) for each in (heard, fine))
    assert np.corrcoef(one, two)[0, 1] > 0.99


def _at(rate: int) -> tuple[np.ndarray, int]:
    time = np.arange(2 * rate) / rate
    return np.sin(2 * np.pi * 1200 * time) * np.sin(np.pi * time / 2) ** 2, rate


def test_a_room_goes_over_the_whole_recording():
    """Echoes of a note fall onto the next, which a recorder of cut units would miss."""
    wave = song()
    before_a_note = slice(round(0.4 * RATE), round(0.44 * RATE))
    whole = through(STRONG["room"], wave, RATE)[before_a_note]
    cut = through(STRONG["room"], wave[before_a_note.start :], RATE)[: len(whole)]
    assert np.std(whole) > 5 * np.std(cut)


def test_a_wide_channel_hears_through_the_family():
    name, family = channel.recorders_of_channel("wide", None)
    assert (name, family) == ("wide-1", WIDE_FAMILIES["wide-1"])
    assert channel.recorders_of_channel("wide", "wide-1") == (name, family)
    drawn = [channel.choose_channel("wide", np.random.default_rng(seed), family) for seed in (1, 2)]
    assert drawn[0] != drawn[1]
    assert {each.device for each in drawn} == {"wide-1"}
    assert all(each.recorder is None and 15 <= (each.snr or 0) <= 40 for each in drawn)
    heard = [
        channel.hear(song(), each, (), RATE, np.random.default_rng(3))
        for each in (*drawn, drawn[0])
    ]
    np.testing.assert_array_equal(heard[0], heard[2])
    assert (heard[0] != heard[1]).any()
    assert all(np.abs(wave).max() == pytest.approx(channel.PEAK, rel=1e-5) for wave in heard)
    with pytest.raises(InputError, match="no family of recorders 'field-1'"):
        channel.recorders_of_channel("wide", "field-1")
