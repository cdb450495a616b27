import numpy as np
import pytest

from chingolo.synth.score.population import plan_songs, sing_planned
from chingolo.synth.score.repertoire_file import load_repertoire
from chingolo.synth.score.shipped_repertoires import REPERTOIRES
from chingolo.synth.score.variation import Singer, vary
from chingolo.synth.tables.files import InputError

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
    songs = plan_songs(repertoire, songs=3 * len(repertoire.themes), seed=1)
    for song in songs:
        gesture = sing_planned(song, repertoire, seed=1)
        voiced = gesture.amplitude > 0
        assert 0.3 < len(gesture.f0) / 2205 < 5
        assert gesture.f0[voiced].min() > 1500
        assert gesture.f0[voiced].max() < 10_000


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
        ("[fall, flat]", "[fall, 3]", 9, "is not a note"),
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
