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
    other = songs.assign(
        individual="z" + songs["individual"].str[::-1], site=songs["site"].str.upper().str[::-1]
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
