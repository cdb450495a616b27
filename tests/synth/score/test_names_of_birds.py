"""Birds of populations that share a place are told apart by name."""

import pytest

from chingolo.synth.score.population import plan_songs
from chingolo.synth.score.repertoire_file import load_repertoire

HEAD = """species: Testa testa
source: made for a test
bird: rufous_collared_sparrow
notes: {whistle: {points: [[0, 4.0], [0.2, 4.0]]}}
themes:
  one: {song: [whistle]}
  two: {song: [whistle]}
populations:
"""
FIRST = "  - {era: a, site: p, individuals: 3, shares: {one: 1}}\n"
SECOND = "  - {era: a, site: p, individuals: 3, shares: {two: 1}}\n"
OTHER = "  - {era: b, site: p, individuals: 3, shares: {two: 1}}\n"


def planned(tmp_path, *populations: str, **options):
    (tmp_path / "own.yaml").write_text(HEAD + "".join(populations))
    return plan_songs(load_repertoire(str(tmp_path / "own.yaml")), seed=0, **options)


@pytest.mark.parametrize("rare_to", [0, 40])
def test_each_bird_of_one_place_has_a_name_of_its_own(tmp_path, rare_to):
    plan = planned(tmp_path, FIRST, SECOND, songs=12, rare_to=rare_to)
    sung = [{song.individual for song in plan[:12] if song.theme == one} for one in ("one", "two")]
    assert sung[0] == {"a-p-001", "a-p-002", "a-p-003"}
    assert sung[1] == {"a-p-004", "a-p-005", "a-p-006"}
    twice = planned(tmp_path, FIRST, FIRST, songs=12, rare_to=rare_to)
    assert len({(song.individual, song.rendition) for song in twice}) == len(twice)


def test_places_of_one_population_keep_their_names(tmp_path):
    plan = planned(tmp_path, FIRST, OTHER, songs=6, rare_to=9)
    assert [song.individual for song in plan[:6]] == [
        f"{era}-p-00{number}" for era in "ab" for number in (1, 2, 3)
    ]
    assert {song.individual for song in plan[6:]} == {"a-p-10001", "b-p-10001"}


def test_accents_of_one_letter_or_two_are_one_name(tmp_path):
    """The note is written as `e` and an accent, the theme names it by the one letter."""
    file = tmp_path / "accents.yaml"
    notes = "notes: {caf%s: {points: [[0, 4.0], [0.2, 4.0]]}}\n"
    head = "species: Testa testa\nsource: made for a test\nbird: rufous_collared_sparrow\n"
    file.write_text(head + notes % "e\u0301" + "themes:\n  one: {song: [caf\u00e9]}\n")
    assert load_repertoire(file).theme_names == ("one",)
