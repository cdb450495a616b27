"""What a table alone can do: none of it makes a claim."""

import numpy as np
import pandas as pd
import pytest

from chingolo.analysis.compare_types import compare_types
from chingolo.analysis.settings import CompareSettings

SETTINGS = CompareSettings(permutations=99, bootstraps=10)


def typed(birds: int = 16, *, turned: bool = True, **columns) -> pd.DataFrame:
    """Two eras of birds that sing two types, the shares turned over between the eras or not."""
    rows = []
    for era in (0, 1):
        for bird in range(birds):
            common = bird % 8 != 0
            kind = "A" if common != bool(era and turned) else "B"
            for song in range(3):
                rows.append(
                    {
                        "path": f"{era}-{bird}-{song}.wav",
                        "era": ("1966", "2020")[era],
                        "individual": f"{era} {bird}",
                        "site": ("north", "south")[bird % 2],
                        "kind": kind,
                    }
                )
    return pd.DataFrame(rows).assign(**columns)


def claim_of(songs: pd.DataFrame, **settings) -> dict:
    told = CompareSettings(permutations=99, bootstraps=10, **settings)
    results = compare_types(songs, "kind", told).results
    return results["claims"]["repertoire"] | {"results": results}


def test_what_changed_is_claimed():
    assert claim_of(typed())["verdict"] == "changed"
    assert claim_of(typed(turned=False))["verdict"] == "no change shown"


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_rows_changes_nothing(seed: int):
    songs = typed()
    songs.loc[songs["era"] == "2020", "kind"] = songs["kind"].where(songs.index % 5 > 0, "C")
    songs = pd.concat([songs, songs[songs["era"] == "2020"].assign(path="again.wav")])
    songs["start_s"] = np.arange(len(songs), dtype=float)
    songs["end_s"] = songs["start_s"] + 1.0
    shuffled = songs.sample(frac=1, random_state=seed)
    one, two = (claim_of(table)["results"] for table in (songs, shuffled))
    assert one == two


def test_names_of_birds_and_sites_change_nothing():
    songs = typed()
    letters = str.maketrans("0123456789", "jihgfedcba")
    other = songs.assign(
        individual=songs["individual"].str.translate(letters).str[::-1],
        site=songs["site"].str.upper().str[::-1],
    )
    one, two = (claim_of(table)["results"] for table in (songs, other))
    assert one["themes"] == two["themes"]
    assert one["tests"] == two["tests"]
    assert one["turnover"] == two["turnover"]


@pytest.mark.parametrize("missing", ["NA", "n/a", "?", "-", "Unknown", "none", "nan", ""])
def test_missing_words_are_missing_everywhere(missing: str):
    results = claim_of(typed(individual=missing, site=missing))["results"]
    assert results["unit"] == "song"
    assert results["block"] == "none"
    assert results["table_check"]["missing"]["site"] == [48, 48]


def test_units_of_unknown_site_are_exchanged_with_none():
    songs = typed()
    songs.loc[songs["individual"].isin(["0 1", "0 3", "1 5"]), "site"] = "?"
    results = claim_of(songs)["results"]
    assert results["effort"]["historical"]["tested_units"] == 14
    assert results["effort"]["modern"]["tested_units"] == 15
    assert any("3 units of unknown site" in told for told in results["table_check"]["remarks"])


def test_two_named_birds_are_two_units_whatever_the_others_are():
    songs = typed(birds=20)
    old = songs["era"] == "1966"
    songs["individual"] = np.where(old, "", songs["individual"].str[-1].map(int).mod(2).astype(str))
    results = claim_of(songs.assign(site=""))["results"]
    assert results["effort"]["modern"]["units"] == 2
    assert results["effort"]["historical"]["units"] == 60


@pytest.mark.parametrize("other", ["M{}", "m {}", "m-0{}", "m{}?"])
def test_a_bird_in_two_spellings_is_one_witness(other: str):
    """Names are alike by eye; an Excel that drops the zeros of a ring makes no second bird."""
    songs = typed(birds=8)
    number = songs["individual"].str[2:]
    second = [other.format(n) for n in number]
    one = songs.assign(individual="m" + number)
    two = one.assign(individual=one["individual"].where(songs.index % 3 > 0, second))
    results = claim_of(two)["results"]
    assert results["effort"]["modern"]["units"] == 8
    assert results["tests"] == claim_of(one)["results"]["tests"]
    assert any("count as one bird" in told for told in results["table_check"]["remarks"])


def spelled(old: str, young: str) -> pd.DataFrame:
    """No bird changed, but who wrote the younger era's types wrote them otherwise."""
    songs = typed(turned=False)
    kind = songs["kind"].str[-1].map({"A": "1", "B": "2"})
    era = songs["era"] == "1966"
    return songs.assign(
        kind=[(old if is_old else young).format(k) for is_old, k in zip(era, kind, strict=True)]
    )


@pytest.mark.parametrize(
    ("old", "young"),
    [("T{}", "t{}"), ("type{}", "Type {}"), ("type_0{}", "type {}"), ("{}", "{}?"), ("({})", "{}")],
)
def test_types_written_in_two_ways_are_no_change(old: str, young: str):
    told = claim_of(spelled(old, young))
    assert told["verdict"] == "refused"
    assert told["results"]["verdict"] != "changed"
    assert {row["status"] for row in told["results"]["themes"]} == {"unclear"}
    assert "Write one type in one way" in told["reasons"][1]


@pytest.mark.parametrize(("old", "young"), [("{}+", "{}-"), ("1.{}", "2.{}"), ("{}", "-{}")])
def test_types_that_differ_in_more_are_several(old: str, young: str):
    assert claim_of(spelled(old, young))["verdict"] == "changed"


def test_the_effect_is_of_a_theme_that_is_claimed():
    """D falls from a quarter to nothing; by lot, C moves more and is not claimed."""
    for seed in range(12):
        random = np.random.default_rng(seed)
        songs = typed(birds=40)
        old = np.where(random.random(40) < 0.2, "D", random.choice(["A", "B", "C"], 40))
        young = random.choice(["A", "B", "C"], 40)
        claim = claim_of(songs.assign(kind=np.repeat([*old, *young], 3)))
        moved = [
            row["name"]
            for row in claim["results"]["themes"]
            if row["status"] in ("lost", "new", "increased", "declined")
        ]
        assert not moved or claim["effect"]["name"] in moved


def test_a_change_beside_types_written_in_two_ways_is_claimed():
    songs = typed(birds=24)
    clerk = (songs["era"] == "2020") & (songs.index % 9 == 0)
    extra = songs[songs.index % 3 == 0].assign(kind=np.where(clerk, "c", "C")[::3])
    extra["path"] += "c"
    told = claim_of(pd.concat([songs, extra], ignore_index=True))
    assert told["verdict"] == "changed"
    status = {row["name"]: row["status"] for row in told["results"]["themes"]}
    assert status["A"] == "declined"
    assert not {status["c"], status["C"]} & {"lost", "new", "increased", "declined"}


def test_recordings_without_a_bird_beside_birds_recorded_again_enter_no_test():
    """Each bird has six recordings, of which every second lacks its name."""
    songs = pd.concat([typed(), typed().assign(path=lambda t: "b" + t["path"])], ignore_index=True)
    blank = songs.assign(individual=songs["individual"].where(songs.index % 2 > 0, ""))
    results = claim_of(blank)["results"]
    named = claim_of(blank[blank["individual"] != ""])["results"]
    assert results["effort"]["historical"]["tested_units"] == 16
    assert results["themes"] == named["themes"]
    assert any("may be of these" in told for told in results["table_check"]["remarks"])


def test_a_recording_a_bird_stands_for_a_bird_that_is_not_named():
    songs = typed().assign(path=lambda t: t["path"].str.rpartition("-")[0])
    songs.loc[songs["individual"].str[-1].isin(["1", "2"]), "individual"] = ""
    told = claim_of(songs)
    assert told["results"]["effort"]["historical"]["units"] == 16
    assert told["verdict"] == "changed"
    assert "p values may be too small" in told["reasons"][-1]


@pytest.mark.parametrize(("known", "other"), [("individual", "Bird ID"), ("site", "locality")])
def test_a_column_under_another_name_is_told_with_the_claim(known: str, other: str):
    told = claim_of(typed().rename(columns={known: other}))
    assert told["verdict"] == "changed"
    assert f"No column '{known}', but '{other}'" in told["reasons"][-1]
    assert any(f"'{other}'" in line for line in told["results"]["table_check"]["remarks"])
    kept = claim_of(typed().assign(**{other: "x"}))
    assert "No column" not in str(kept["reasons"])
    eras = claim_of(typed().rename(columns={"era": "place"}), era_column="place")
    assert "No column" not in str(eras["reasons"])
    alone = typed().drop(columns="site").rename(columns={"era": "place"})
    assert "No column" not in str(claim_of(alone, era_column="place")["reasons"])


def test_where_no_bird_is_known_a_claim_says_so():
    told = claim_of(typed(individual=""))
    assert told["verdict"] == "changed"
    assert "No individuals are known" in told["reasons"][-1]


def test_rows_that_name_neither_bird_nor_recording_carry_no_claim():
    songs = typed().drop(columns=["path", "individual"])
    told = claim_of(songs)
    assert told["verdict"] == "refused"
    assert "column 'individual'" in told["reasons"][0]
    numbered = songs.assign(individual=[str(row) for row in range(len(songs))])
    assert claim_of(numbered)["verdict"] == "changed"


def test_one_bird_in_an_era_is_refused():
    songs = typed()
    songs.loc[songs["era"] == "1966", "individual"] = "one"
    told = claim_of(songs.assign(site=""))
    assert told["verdict"] == "refused"
    assert "At least two in each" in told["reasons"][0]


@pytest.mark.parametrize(
    ("old", "young"), [("", "synthetic"), ("recorded", ""), ("recorded", "synthetic")]
)
def test_origins_that_differ_are_refused(old: str, young: str):
    songs = typed()
    told = claim_of(songs.assign(origin=np.where(songs["era"] == "1966", old, young)))
    assert told["verdict"] == "refused"
    assert "one of making" in told["reasons"][0]


def test_an_era_nearly_all_synthetic_against_a_recorded_one_is_refused():
    songs = typed()
    synthetic = (songs["era"] == "2020") & (np.arange(len(songs)) % 20 > 0)
    told = claim_of(songs.assign(origin=np.where(synthetic, "synthetic", "recorded")))
    assert told["verdict"] == "refused"


def test_ids_that_start_anew_at_each_site_are_several_birds():
    songs = typed()
    number = songs["individual"].str.split().str[1].astype(int) // 2
    results = claim_of(songs.assign(individual=number.astype(str)))["results"]
    assert results["effort"]["historical"]["units"] == 16
    told = results["table_check"]["remarks"]
    assert any("cannot be one bird" in remark and "'0', '1'" in remark for remark in told)


def test_an_id_heard_at_two_sites_on_one_day_is_two_birds_and_one_that_moved_is_one():
    songs = typed().assign(date="1966-10-01")
    songs.loc[songs["individual"] == "0 1", "individual"] = "0 2"
    assert claim_of(songs)["results"]["effort"]["historical"]["units"] == 16
    songs.loc[songs["site"] == "south", "date"] = "1966-11-01"
    results = claim_of(songs)["results"]
    assert results["effort"]["historical"]["units"] == 15
    assert any("taken for birds that moved" in told for told in results["table_check"]["remarks"])


def test_intervals_of_two_birds_leave_room():
    results = claim_of(typed(birds=2).assign(site="", kind="A"))["results"]
    low, high = results["themes"][0]["historical"]["interval"]
    assert low < 0.5
    assert high == pytest.approx(1.0)


def test_a_lopsided_table_without_a_change_claims_nothing():
    """6 birds of 2 songs against 30 of 15, 20 histories: version 0.1 claimed in 15 of them."""
    claimed = 0
    for seed in range(20):
        random = np.random.default_rng(seed)
        shares = random.dirichlet(np.ones(8))
        rows = [
            {"era": era, "individual": f"{era} {bird}", "kind": f"T{kind}"}
            for era, birds, songs in (("1966", 6, 2), ("2020", 30, 15))
            for bird in range(birds)
            for kind in random.choice(8, songs, p=random.dirichlet(8 * shares + 1e-3))
        ]
        told = claim_of(pd.DataFrame(rows), seed=seed)
        claimed += told["verdict"] == "changed"
        status = {row["status"] for row in told["results"]["themes"]}
        assert told["verdict"] == "changed" or status <= {"persists", "unclear"}
    assert claimed <= 4
