"""Named sets: what a draw depends on is told, and what is entered beside it changes nothing."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

import chingolo.synth.recorder.channel as channel
import chingolo.synth.recorder.recorders as recorders
import chingolo.synth.score.own_bird as own_bird
import chingolo.synth.score.repertoire as repertoire
import chingolo.synth.score.repertoire_file as repertoire_file
import chingolo.synth.surrogates.generate_songs as generate_songs
import chingolo.synth.voice.birds as birds
from chingolo.synth.recorder.recorders import PHONE, RECORDER_SETS, RECORDERS, recorder_set
from chingolo.synth.score.repertoire_file import load_repertoire, repertoire_set
from chingolo.synth.score.shipped_repertoires import FOLDER, REPERTOIRE_SETS, REPERTOIRES
from chingolo.synth.surrogates.pairs import content_of_pairs, draw_pairs
from chingolo.synth.surrogates.scenes import draw_scenes
from chingolo.synth.surrogates.sing_songs import SongRequest
from chingolo.synth.surrogates.surroundings import content_of_scenes, named_surroundings
from chingolo.synth.tables.files import InputError
from chingolo.synth.tables.registry import Registry
from chingolo.synth.voice.birds import BIRD_SETS, BIRDS, YELLOWHAMMER, Bird, bird_set

RATE = 22_050


def usual():
    return named_surroundings(recorders="field-1", birds="songbirds-1", repertoires="shipped-1")


def draws(folder: Path) -> list[bytes]:
    """Bytes of whatever draws recorders, birds or repertoires."""
    sung = load_repertoire("zonotrichia_capensis")
    generate_songs.generate_songs(
        "zonotrichia_capensis",
        folder,
        SongRequest(songs=3, seed=4, engine="wavetable", channel="random", sample_rate=RATE),
    )
    twice = draw_pairs(
        sung,
        seed=5,
        count=3,
        sample_rate=RATE,
        clip_s=2.0,
        recorders=recorder_set("field-1"),
    )
    heard = draw_scenes(sung, seed=6, count=3, sample_rate=RATE, scene_s=4.0, surroundings=usual())
    files = [file.read_bytes() for file in sorted((folder / "audio").glob("*.flac"))]
    return [
        *files,
        twice.first.tobytes(),
        twice.second.tobytes(),
        *(s.wave.tobytes() for s in heard),
    ]


def test_what_is_entered_beside_a_set_changes_no_draw(tmp_path, monkeypatch):
    before = draws(tmp_path / "before")
    mute = replace(PHONE, name="answering-machine", hiss=20.0)
    wren = replace(YELLOWHAMMER, name="a_wren", gamma=30_000.0)
    song = tmp_path / "a_wren.yaml"
    song.write_text(
        REPERTOIRES["emberiza_citrinella"]
        .read_text()
        .replace("Emberiza citrinella", "Troglodytes troglodytes")
    )
    # first in their registries, where a draw from the registry would meet them
    more_recorders = Registry("recorder", {"answering-machine": mute, **RECORDERS})
    more_birds = Registry("bird", {"a_wren": wren, **BIRDS})
    for module in (channel, recorders):
        monkeypatch.setattr(module, "RECORDERS", more_recorders)
    for module in (birds, own_bird, repertoire, repertoire_file):
        monkeypatch.setattr(module, "BIRDS", more_birds)
    monkeypatch.setattr(
        repertoire_file, "REPERTOIRES", Registry("repertoire", {"a_wren": song, **REPERTOIRES})
    )
    assert load_repertoire("a_wren").species == "Troglodytes troglodytes"
    assert channel.channel_preset("answering-machine").recorder == mute
    assert draws(tmp_path / "after") == before


def test_sets_name_what_there_is():
    assert all(recorder_set(name) for name in RECORDER_SETS)
    assert all(bird_set(name) for name in BIRD_SETS)
    assert all(repertoire_set(name) for name in REPERTOIRE_SETS)
    for make in (recorder_set, bird_set, repertoire_set):
        with pytest.raises(InputError, match=r"set 'lost'; one of .*-1"):
            make("lost")


def test_sets_stay_as_they_were_published():
    assert [machine.name for machine in recorder_set("field-1")] == [
        "reel-tape-1966",
        "cassette-1985",
        "digital-2020",
        "phone",
    ]
    assert [bird.name for bird in bird_set("songbirds-1")] == [
        "rufous_collared_sparrow",
        "yellowhammer",
        "zebra_finch",
    ]
    assert REPERTOIRE_SETS["shipped-1"] == (
        "emberiza_citrinella",
        "zonotrichia_capensis",
        "zonotrichia_two_eras",
    )


def test_every_thing_is_entered_under_its_name():
    assert {name: bird.name for name, bird in BIRDS.items()} == {name: name for name in BIRDS}
    assert all(machine.name == name for name, machine in RECORDERS.items())
    assert {file.stem: file for file in FOLDER.iterdir()} == dict(REPERTOIRES)


def gamma_changed(bird: Bird) -> Bird:
    return replace(bird, gamma=1.01 * bird.gamma)


def test_content_tells_any_constant_that_a_draw_depends_on(monkeypatch):
    sung, machines = load_repertoire("zonotrichia_capensis"), recorder_set("field-1")
    told = content_of_pairs(sung, machines)
    around = usual()
    told_of_scenes = content_of_scenes(sung, around)
    assert content_of_pairs(load_repertoire("zonotrichia_capensis"), machines) == told
    assert content_of_scenes(sung, usual()) == told_of_scenes
    assert len(told) == len(told_of_scenes) == 16
    assert told_of_scenes != told
    louder = (replace(machines[0], hiss=41.0), *machines[1:])
    assert content_of_pairs(sung, louder) != told
    assert content_of_pairs(sung, machines[::-1]) != told
    assert content_of_pairs(load_repertoire("emberiza_citrinella"), machines) != told
    resourced = (replace(machines[0], source="measured"), *machines[1:])
    assert content_of_pairs(sung, resourced) == told
    for changed in (
        replace(around, recorders=louder),
        replace(around, birds=tuple(map(gamma_changed, around.birds))),
        replace(around, repertoires=around.repertoires[:1]),
    ):
        assert content_of_scenes(sung, changed) != told_of_scenes
    birds_now = {name: gamma_changed(bird) for name, bird in BIRDS.items()}
    monkeypatch.setattr(repertoire, "BIRDS", Registry("bird", birds_now))
    assert content_of_pairs(sung, machines) != told
    assert content_of_scenes(sung, around) != told_of_scenes


def generate(folder: Path, **changes) -> None:
    request = SongRequest(songs=2, seed=1, engine="wavetable", sample_rate=RATE)
    generate_songs.generate_songs("zonotrichia_capensis", folder, replace(request, **changes))


def test_a_changed_voice_does_not_continue_a_folder(tmp_path, monkeypatch):
    generate(tmp_path / "g")
    birds_now = {name: gamma_changed(bird) for name, bird in BIRDS.items()}
    monkeypatch.setattr(repertoire, "BIRDS", Registry("bird", birds_now))
    with pytest.raises(InputError, match="differs in instrument"):
        generate(tmp_path / "g")


@pytest.mark.parametrize("kind", ["random", "phone"])
def test_a_folder_without_a_set_in_its_note_continues(tmp_path, kind):
    generate(tmp_path / "g", channel=kind)
    note = tmp_path / "g" / "generate.json"
    request = json.loads(note.read_text())
    assert request["recorders"] == ("field-1" if kind == "random" else None)
    del request["recorders"], request["instrument"]
    note.write_text(json.dumps(request))
    audio = (tmp_path / "g" / "audio" / "000001.flac").read_bytes()
    generate(tmp_path / "g", channel=kind, **({"recorders": "field-1"} if kind == "random" else {}))
    assert (tmp_path / "g" / "audio" / "000001.flac").read_bytes() == audio


def test_a_set_is_refused_where_nothing_is_drawn(tmp_path):
    with pytest.raises(InputError, match="only --channel random and wide draw"):
        generate(tmp_path / "g", channel="phone", recorders="field-1")
    with pytest.raises(InputError, match="no recorder set 'lost'"):
        generate(tmp_path / "g", channel="random", recorders="lost")
    assert not (tmp_path / "g").exists()
