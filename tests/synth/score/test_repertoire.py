from dataclasses import replace

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from chingolo.synth.recorder.recorders import recorder_set
from chingolo.synth.score.population import plan_songs, sing_planned
from chingolo.synth.score.repertoire import Population
from chingolo.synth.score.repertoire_file import load_repertoire
from chingolo.synth.score.shipped_repertoires import REPERTOIRES
from chingolo.synth.score.song import song_gesture
from chingolo.synth.score.variation import Singer, as_written, vary
from chingolo.synth.score.write_repertoire import write_repertoire
from chingolo.synth.surrogates.pairs import draw_pairs
from chingolo.synth.tables.files import InputError
from chingolo.synth.voice.birds import BIRDS, Cavity
from chingolo.synth.voice.labia.integrate import CONTROL_RATE

GOOD = """\
species: Avis testata
source: invented for this test
bird: zebra_finch
notes:
  fall: {points: [[0, 5.0], [0.1, 3.0]]}
  flat: {points: [[0, 4.0], [0.2, 4.0]], loudness: -6}
themes:
  one: {song: [flat, {pause: 0.05}, {trill: fall, count: 5, rate: 8}], share: 3}
  two: {song: [fall, flat]}
"""


def write(tmp_path, text):
    file = tmp_path / "birds.yaml"
    file.write_text(text)
    return file


@pytest.mark.parametrize("name", REPERTOIRES)
def test_shipped_repertoires_are_schematic_and_sing(name):
    repertoire = load_repertoire(name)
    assert "schematic" in repertoire.source
    items = [item for theme in repertoire.themes for item in theme.items]
    sketched = [f0 for item in items for _, f0 in item.note.points]
    songs = plan_songs(repertoire, songs=3 * len(repertoire.themes), seed=1)
    for song in songs:
        gesture = sing_planned(song, repertoire, seed=1)
        voiced = gesture.amplitude > 0
        assert 0.05 < len(gesture.f0) / 2205 < 10
        assert gesture.f0[voiced].min() > 0.8 * min(sketched)
        assert gesture.f0[voiced].max() < 1.25 * max(sketched)


def test_a_sketch_is_read(tmp_path):
    repertoire = load_repertoire(write(tmp_path, GOOD))
    one = repertoire.themes[0]
    assert one.items[0].note.points == ((0.0, 4000.0), (0.2, 4000.0))
    assert (one.items[1].count, one.items[1].rate, one.items[1].gap) == (5, 8.0, 0.05)
    assert one.share == 3.0


@pytest.mark.parametrize(
    ("old", "new", "line", "expected"),
    [
        ("[0.1, 3.0]", "[0.1, high]", 5, "is not a \\[time s, kHz\\] point"),
        ("[[0, 5.0], [0.1, 3.0]]", "[[0, 5.0], [0, 3.0]]", 5, "times must start at 0 and rise"),
        ("[0.1, 3.0]", "[0.1, 3000]", 5, "frequencies in kHz"),
        ("[0.1, 3.0]", "[0.1, 0.4]", 5, "kHz from 0.48 to 12.* found 0.4"),
        ("loudness: -6", "timbre: 5", 6, "timbre 5 .* from 0.6 to 2.67"),
        ("loudness: -6", "timbre: 0.5", 6, "timbre 0.5 .* zebra_finch"),
        ("  flat: {", "  fall: {", 6, "the key 'fall' stands twice"),
        ("loudness: -6", "contour: [[0, 0], [0.1, -6]]", 6, "'contour' must last as long"),
        ("loudness: -6", "loudness: quiet", 6, "expected a number"),
        ("loudness: -6", "volume: -6", 6, "unknown key 'volume'"),
        ("trill: fall", "trill: fell", 8, "no note 'fell'"),
        ("count: 5, ", "", 8, "'count:' is missing"),
        ("[fall, flat]", "[fall, 3]", 9, "no note '3'"),
        ("[fall, flat]", "[fall, [flat]]", 9, "is not a note"),
        ("[fall, flat]", "[{repeat: [], count: 2}]", 9, "nothing in the phrase"),
        ("[fall, flat]", "[{repeat: [fall], count: 0}]", 9, "1 to 1000 times, not 0"),
        (
            "[fall, flat]",
            "[{repeat: [{repeat: [fall], count: 900}], count: 900}]",
            9,
            "more than 10000",
        ),
        (
            "[fall, flat]",
            "[{repeat: [{repeat: [{pause: 0}], count: 1000}], count: 1000}, fall]",
            9,
            "more than 10000",
        ),
        ("[fall, flat]", "[fall, {repeat: [{pause: 20}], count: 61}]", 9, "'two': lasts 12.* 1200"),
        (
            "[fall, flat]",
            "[{repeat: [{repeat: [{pause: 1}], count: 1000}], count: 1000}, fall]",
            9,
            "'two': lasts 1201 s by here",
        ),
        (
            "[fall, flat]",
            "[{repeat: [{trill: fall, count: 1000, rate: 0.1}], count: 1000}]",
            9,
            "'two': lasts 9990\\.1 s by here",
        ),
        ("[fall, flat]", "[{repeat: [fall, {pause: 3}], count: 400}]", 9, "'two': lasts 120"),
        ("rate: 8", "rate: 11", 8, "lasts 0.1 s, too long for a trill of 11 .* here 0.0864 s"),
        ("rate: 8", "rate: 8, contour: [[1, 0], [4, -6]]", 8, "rising from 1 to 5"),
        ("rate: 8", "rate: 8, contour: [[1, 0], [5, -90]]", 8, "-90 dB"),
        ("bird: zebra_finch", "bird: {like: zebra_finch}", 3, "'name:' is missing"),
        ("bird: zebra_finch", "bird: {name: owl, gamma: 5000}", 3, "'trachea_length:' is missing"),
        ("bird: zebra_finch", "bird: {name: owl, like: dodo}", 3, "no bird 'dodo'"),
        ("bird: zebra_finch", "bird: {name: yellowhammer}", 3, "choose another name"),
        ("bird: zebra_finch", "bird: {name: o, like: zebra_finch, gamma: 5}", 3, "from 200 to"),
        (
            "bird: zebra_finch",
            "bird: {name: owl, like: zebra_finch, gamma: 5000}",
            5,
            "kHz from 0.1 to 2.5, which the labia of owl sing; found 5",
        ),
        ("bird: zebra_finch", "bird: dodo", 3, "no bird 'dodo'"),
        ("share: 3", "share: many", 8, "expected a number"),
        ("species: Avis", "  species: [Avis", 2, "not YAML"),
        ("themes:", "themes: 3\nvariation:", 7, "expected a mapping"),
    ],
)
def test_errors_name_the_line(tmp_path, old, new, line, expected):
    assert old in GOOD
    with pytest.raises(InputError, match=f"line {line}: .*{expected}"):
        load_repertoire(write(tmp_path, GOOD.replace(old, new)))


def test_tags_build_no_objects(tmp_path):
    bad = GOOD.replace("Avis testata", "!!python/object/apply:os.getcwd []")
    with pytest.raises(InputError, match="line 1: not YAML"):
        load_repertoire(write(tmp_path, bad))


def test_an_unknown_repertoire_lists_those_there_are():
    with pytest.raises(InputError, match="zonotrichia_capensis"):
        load_repertoire("dodo")


def test_shares_that_add_up_to_nothing_are_refused(tmp_path):
    nothing = GOOD.replace("share: 3}", "share: 0}").replace(
        "[fall, flat]}", "[fall, flat], share: 0}"
    )
    with pytest.raises(InputError, match=r"line 8: the shares of all themes add up to nothing"):
        load_repertoire(write(tmp_path, nothing))
    own = "populations: [{era: a, site: b, individuals: 2, shares: {one: SHARE}}]\n"
    assert load_repertoire(write(tmp_path, nothing + own.replace("SHARE", "2"))).populations
    for share in ("0", "1e308", "-1"):
        with pytest.raises(InputError, match=r"line 10: .*share"):
            load_repertoire(write(tmp_path, nothing + own.replace("SHARE", share)))


def test_shares_and_rare_themes(tmp_path):
    repertoire = load_repertoire(write(tmp_path, GOOD))
    plan = plan_songs(repertoire, songs=80, seed=0, individuals=8)
    counts = [sum(song.theme == name for song in plan) for name in ("one", "two")]
    assert counts == [60, 20]
    assert len({song.individual for song in plan}) == 8
    more = plan_songs(repertoire, songs=80, seed=0, individuals=8, rare_to=50)
    assert more[:80] == plan
    assert sum(song.theme == "two" for song in more) == 50


def test_variation_is_layered():
    repertoire = load_repertoire("zonotrichia_capensis")
    theme = repertoire.themes[0]

    def pitches(individual: str) -> list[float]:
        singer = Singer(site="here", individual=individual)
        sung = [
            vary(theme, repertoire, singer=singer, rendition=number, seed=5) for number in range(30)
        ]
        return [float(np.log(song.events[-1].pitch)) for song in sung]

    birds = [pitches(str(number)) for number in range(60)]
    within = np.mean([np.std(values) for values in birds])
    between = np.std([np.mean(values) for values in birds])
    strengths = dict(repertoire.variation)
    for found, layer in ((within, strengths["rendition"]), (between, strengths["individual"])):
        assert found == pytest.approx(np.hypot(layer.pitch, layer.note_pitch), rel=0.3)


def test_two_voiced_notes(tmp_path):
    both = GOOD.replace("[0.1, 3.0]]", "[0.1, 3.0]], second: [[0, 6.0], [0.1, 7.0]]")
    repertoire = load_repertoire(write(tmp_path, both))
    song = plan_songs(repertoire, songs=1, seed=0, individuals=1)[0]
    gesture = sing_planned(song, repertoire, seed=0)
    assert gesture.second is not None
    assert gesture.second.f0[gesture.second.amplitude > 0].min() > 5000
    uneven = both.replace("[0.1, 7.0]", "[0.2, 7.0]")
    with pytest.raises(InputError, match=r"line 5: .*'second' must last as long"):
        load_repertoire(write(tmp_path, uneven))


@pytest.mark.parametrize("name", REPERTOIRES)
def test_what_is_written_is_read_again_whole(name, tmp_path):
    repertoire = load_repertoire(name)
    write_repertoire(repertoire, tmp_path / "again.yaml")
    assert load_repertoire(tmp_path / "again.yaml") == repertoire


RICH = """\
species: Avis testata
source: invented
bird: {name: owl, like: zebra_finch, gamma: 5000, trachea_length: 0.08, cavity: none}
gap: 0.1
notes:
  no: {points: [[0, 0.5], [0.1, 0.3]], second: [[0, 0.6], [0.1, 0.7]], timbre: 1.5}
  1966: {points: [[0, 0.4], [0.2, 0.4]], contour: [[0, -6], [0.2, 0]]}
  007: {points: [[0, 0.4], [0.05, 0.6]]}
themes:
  on: {song: [no, {pause: 60}, {pause: 15}, 1966], share: 3, habitat: yes}
  1.10: {song: [{repeat: [007, {repeat: [no], count: 2}, {pause: 0.3}], count: 2}, 1966]}
  2001-02-03: {song: [{trill: 007, count: 5, rate: 8, contour: [[1, -8], [5, 0]]}]}
variation:
  rendition: {pitch: 0.1, drop: 0}
populations:
  - {era: 1966, site: no, individuals: 3, shares: {on: 2, 1.10: 1}, latitude: -34.5}
  - {era: 2001-02-03, site: 007, individuals: 2, repertoire_size: 2, longitude: 3}
"""


def test_names_are_text_as_they_are_written(tmp_path):
    """Numbers, dates and what YAML 1.1 takes for truth are names as good as others."""
    repertoire = load_repertoire(write(tmp_path, RICH))
    assert repertoire.theme_names == ("on", "1.10", "2001-02-03")
    assert repertoire.themes[0].habitat == "yes"
    assert [each.era for each in repertoire.populations] == ["1966", "2001-02-03"]
    assert [each.site for each in repertoire.populations] == ["no", "007"]
    assert repertoire.populations[0].shares == (("on", 2.0), ("1.10", 1.0))
    write_repertoire(repertoire, tmp_path / "again.yaml")
    assert load_repertoire(tmp_path / "again.yaml") == repertoire


def test_phrases_are_repeated_and_nested_and_pauses_add_up(tmp_path):
    repertoire = load_repertoire(write(tmp_path, RICH))
    on, phrases, _ = repertoire.themes
    assert [item.gap for item in on.items] == [0.0, 75.0]
    seven, no, many = (phrases.items[index].note for index in (0, 1, -1))
    assert [item.note for item in phrases.items] == [seven, no, no, seven, no, no, many]
    np.testing.assert_allclose([i.gap for i in phrases.items], [0, 0.1, 0.1, 0.3, 0.1, 0.1, 0.3])


def test_a_bird_of_the_files_own(tmp_path):
    bird = load_repertoire(write(tmp_path, RICH)).singer
    finch = BIRDS["zebra_finch"]
    assert bird == replace(
        finch,
        name="owl",
        gamma=5000.0,
        trachea_length=0.08,
        cavity=None,
        source="given in the repertoire",
    )
    text = RICH.replace("cavity: none", "cavity: {inverse_compliance: 1.0e+9}")
    own = load_repertoire(write(tmp_path, text))
    assert own.singer.cavity == Cavity(inverse_compliance=1e9)
    write_repertoire(own, tmp_path / "again.yaml")
    assert load_repertoire(tmp_path / "again.yaml") == own


def test_a_file_is_built_on_another_file(tmp_path):
    (tmp_path / "below").mkdir()
    own = write(tmp_path / "below", RICH)
    more = write(
        tmp_path, "base: below/birds.yaml\npopulations: [{era: a, site: b, individuals: 1}]"
    )
    found, base = load_repertoire(more), load_repertoire(own)
    assert found == replace(base, populations=(Population("a", "b", 1, ()),))
    round_about = write(tmp_path / "below", "base: ../birds.yaml")
    with pytest.raises(InputError, match=r"birds.yaml: its 'base' leads back to"):
        load_repertoire(round_about)


def test_birds_of_several_themes(tmp_path):
    """Each sings its themes in turn, each once before the first comes again."""
    text = GOOD + "  three: {song: [flat]}\n  never: {song: [fall], share: 0}\n"
    text += "populations: [{era: a, site: b, individuals: 40, repertoire_size: 2}]\n"
    repertoire = load_repertoire(write(tmp_path, text))
    plan = plan_songs(repertoire, songs=160, seed=0)
    sung = {}
    for song in plan:
        sung.setdefault(song.individual, []).append(song.theme)
    assert len(sung) == 40
    for themes in sung.values():
        assert themes[:2] == themes[2:]
        assert len(set(themes)) == 2
    assert not any(song.theme == "never" for song in plan)
    firsts = [themes[0] for themes in sung.values()]
    assert [firsts.count(name) for name in ("one", "two", "three")] == [24, 8, 8]
    one = replace(repertoire.populations[0], repertoire_size=1)
    alone = plan_songs(replace(repertoire, populations=(one,)), songs=160, seed=0)
    assert [song.theme for song in alone[:40]] == firsts


def test_a_contour_lies_over_a_trill(tmp_path):
    repertoire = load_repertoire(write(tmp_path, RICH))
    events = as_written(repertoire.themes[2]).events
    np.testing.assert_allclose([event.loudness for event in events], [-8, -6, -4, -2, 0])


names = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1)


@settings(max_examples=60, deadline=None)
@given(names=st.lists(names.map(str.strip).filter(bool), min_size=2, max_size=2, unique=True))
def test_any_name_survives_writing(names, tmp_path_factory):
    base = load_repertoire("zonotrichia_two_eras")
    themes = tuple(
        replace(theme, name=name) for theme, name in zip(base.themes, names, strict=False)
    )
    populations = (Population(names[0], names[1], 2, ((names[0], 1.0),)),)
    own = replace(base, themes=themes, populations=populations, species=names[1])
    file = tmp_path_factory.mktemp("written") / "one.yaml"
    write_repertoire(own, file)
    assert load_repertoire(file) == own
    assert yaml.safe_load(file.read_text(encoding="utf-8"))["species"] == names[1]


def test_themes_are_sung_by_their_own_shares_else_by_those_of_the_birds(tmp_path):
    """9 birds of one site sing both alike, 3 of another `two` alone: 4.5 and 7.5 of 12."""
    repertoire = load_repertoire(write(tmp_path, GOOD))
    assert repertoire.theme_shares == pytest.approx((0.75, 0.25))
    unshared = replace(
        repertoire,
        themes=tuple(replace(theme, share=0.0) for theme in repertoire.themes),
        populations=(
            Population("old", "north", 9, (("one", 2.0), ("two", 2.0))),
            Population("old", "south", 3, (("two", 0.1),)),
        ),
    )
    assert unshared.theme_shares == pytest.approx((4.5 / 12, 7.5 / 12))


def test_a_bird_whose_sources_hear_each_other(tmp_path):
    """It sings by `ode`, is written as it was read, and needs a trachea that sends echoes."""
    own = "bird: {name: duet, like: zebra_finch, coupling: 0.02}"
    repertoire = load_repertoire(write(tmp_path, GOOD.replace("bird: zebra_finch", own)))
    assert repertoire.singer.coupling == 0.02
    write_repertoire(repertoire, tmp_path / "again.yaml")
    assert load_repertoire(tmp_path / "again.yaml").singer == repertoire.singer
    pairs = draw_pairs(
        repertoire,
        seed=0,
        count=1,
        sample_rate=22_050,
        clip_s=1.0,
        recorders=recorder_set("field-1"),
    )
    assert np.abs(pairs.first).max() > 0
    short = own.replace("coupling", "trachea_length: 0.002, coupling")
    with pytest.raises(InputError, match=r"line 3: .*trachea_length"):
        load_repertoire(write(tmp_path, GOOD.replace("bird: zebra_finch", short)))


NOISY = GOOD.replace(
    "  flat:",
    "  breathy: {points: [[0, 3.0], [0.2, 3.0]], noise: [[0, -3], [0.2, -40]]}\n"
    "  buzz: {points: [[0, 1.0], [0.2, 1.0]], noise: -6}\n"
    "  burst: {noise: [[0, 0], [0.12, -12]], attack: 0.002}\n"
    "  flat:",
).replace(
    "song: [fall, flat]", "song: [breathy, buzz, burst, fall, {trill: burst, count: 3, rate: 5}]"
)


def test_noise_is_read_written_and_sung(tmp_path):
    repertoire = load_repertoire(write(tmp_path, NOISY))
    breathy, buzz, burst = (item.note for item in repertoire.themes[1].items[:3])
    assert breathy.noise == ((0.0, -3.0), (0.2, -40.0))
    assert buzz.noise == ((0.0, -6.0), (0.2, -6.0))
    assert burst.points == ()
    assert burst.duration == 0.12
    write_repertoire(repertoire, tmp_path / "again.yaml")
    assert load_repertoire(tmp_path / "again.yaml").themes == repertoire.themes
    song = as_written(repertoire.themes[1])
    gesture = song_gesture(song, repertoire.singer)
    assert gesture.noise is not None
    start = song.events[2].start + 0.02
    frame = round((start + 0.05) * CONTROL_RATE)
    assert gesture.amplitude[frame] == 0
    assert gesture.noise[frame] == pytest.approx(10 ** (-5 / 20), rel=0.05)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("[0.12, -12]]", "[0.12, -99]]", "-99 dB; expected from -60 to 20"),
        ("[0.2, -40]]", "[0.1, -40]]", "'noise' must last as long as 'points'"),
        ("burst: {noise: [[0, 0], [0.12, -12]]", "burst: {noise: -6", "noise"),
        ("burst: {", "burst: {second: [[0, 3], [0.12, 3]], ", "'second' needs 'points'"),
        ("burst: {", "burst: {contour: [[0, 3], [0.12, 3]], ", "'contour' needs 'points'"),
        ("burst: {noise: [[0, 0], [0.12, -12]], ", "burst: {", "points"),
    ],
)
def test_wrong_noise_is_told(tmp_path, old, new, told):
    assert old in NOISY
    with pytest.raises(InputError, match=told):
        load_repertoire(write(tmp_path, NOISY.replace(old, new)))


EXPONENTS = """
species: Avis ficta
source: invented
bird: {name: ficta, like: zebra_finch, reflection: 1e-1}
notes:
  1e3: {points: [[0, 4e0], [1E-1, 45e-1]], loudness: -6e0}
themes:
  2e3: {song: [1e3, {pause: 5e-2}, {trill: 1e3, count: 3, rate: .5e1}], share: 1e6}
  other: {song: [1e3], share: 4.5e2}
"""


def test_numbers_with_exponents_are_numbers_and_names_stay_names(tmp_path):
    (tmp_path / "a.yaml").write_text(EXPONENTS)
    repertoire = load_repertoire(str(tmp_path / "a.yaml"))
    assert repertoire.theme_names == ("2e3", "other")
    theme = repertoire.themes[0]
    assert theme.share == 1e6
    assert repertoire.themes[1].share == 450.0
    assert theme.items[0].note.points == ((0.0, 4000.0), (0.1, 4500.0))
    assert theme.items[0].note.loudness == -6.0
    assert theme.items[1].rate == 5.0
    assert repertoire.singer.reflection == 0.1


@pytest.mark.parametrize(
    "written", ["{pause: 1}, {pause: 0.5}", "{repeat: [{pause: 0.5}], count: 3}"]
)
def test_a_pause_before_the_first_note_is_sung(tmp_path, written):
    text = GOOD.replace("[fall, flat]", f"[{written}, fall, flat, {{pause: 7}}]")
    (plain, waiting) = (load_repertoire(write(tmp_path, each)) for each in (GOOD, text))
    assert plain.themes[0] == waiting.themes[0]
    assert as_written(waiting.themes[0]).events[0].start == 0
    before, after = (as_written(each.themes[1]) for each in (plain, waiting))
    for ours, theirs in zip(after.events, before.events, strict=True):
        assert ours.start == pytest.approx(theirs.start + 1.5)
    assert after.duration == pytest.approx(before.duration + 1.5)
    write_repertoire(waiting, tmp_path / "again.yaml")
    assert load_repertoire(tmp_path / "again.yaml").themes == waiting.themes
