import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from chingolo.analysis.change.design.eras import find_eras
from chingolo.analysis.change.design.evidence import Evidence
from chingolo.analysis.change.design.permutation import permutation_p, permuted_eras
from chingolo.analysis.change.design.units import find_design
from chingolo.analysis.change.statistics.energy import energy_values
from chingolo.analysis.compare import compare
from chingolo.analysis.compare_types import compare_types, read_song_types
from chingolo.analysis.settings import CompareSettings
from chingolo.analysis.space.copies.embed_copies import with_copies
from chingolo.analysis.space.latent_table import LatentTable, write_latent_table
from chingolo.scripts import compare_eras

CENTRES = np.eye(8)[:5] * 6.0


def population(*, seed: int = 0, birds: int = 24, songs: int = 3, lost: int = 0, new: int = 4):
    """Two eras at two sites; each bird sings one theme; theme `lost` and theme `new` swap."""
    generator = np.random.default_rng(seed)
    rows, vectors = [], []
    for era, themes in (
        ("1966", [t for t in range(5) if t != new]),
        ("2020", [t for t in range(5) if t != lost]),
    ):
        for bird in range(birds * 2):
            theme = themes[bird // 2 % len(themes)]
            centre = CENTRES[theme] + 0.3 * generator.standard_normal(8)
            for song in range(songs):
                vectors.append(centre + 0.2 * generator.standard_normal(8))
                rows.append(
                    {
                        "path": f"/nowhere/{era}/{bird}_{song}.wav",
                        "era": era,
                        "individual": f"{era}-{bird}",
                        "site": ("north", "south")[bird % 2],
                        "label": f"theme {theme}",
                    }
                )
    return LatentTable(pd.DataFrame(rows), np.asarray(vectors, np.float32), {"run": "test"})


def statuses(result):
    """Status of each cluster under the known label that has its majority."""
    themes = {row["name"]: row["status"] for row in result.results["themes"]}
    labels = result.songs.groupby("theme")["label"].agg(lambda x: x.mode()[0])
    return {labels[name]: status for name, status in themes.items() if name}


def test_lost_and_new_theme_are_found():
    table = population()
    found = compare(with_copies(table, table.z[:, None]), CompareSettings())
    assert found.results["verdict"] == "changed"
    assert statuses(found) == {
        "theme 0": "lost",
        "theme 1": "persists",
        "theme 2": "persists",
        "theme 3": "persists",
        "theme 4": "new",
    }
    assert found.results["unit"] == "individual"
    assert found.results["block"] == "site"


def test_the_known_labels_reach_neither_themes_nor_verdict():
    table = population()
    shuffled = table.songs["label"].sample(frac=1, random_state=1).to_numpy()
    other = LatentTable(table.songs.assign(label=shuffled), table.z, table.made_by)
    one, two = (compare(t, CompareSettings()).results for t in (table, other))
    assert one["themes"] == two["themes"]
    assert one["tests"] == two["tests"]
    assert one["clusters"]["ari"] != two["clusters"]["ari"]


def test_predicted_labels_name_and_merge_clusters():
    table = population()
    predicted = table.songs["label"].replace({"theme 1": "A", "theme 2": "A"})
    named = LatentTable(table.songs.assign(predicted_label=predicted), table.z, table.made_by)
    found = compare(named, CompareSettings(same_recorder=True)).results
    rows = {row["name"]: row for row in found["themes"]}
    assert set(rows) == {"A", "theme 0", "theme 3", "theme 4"}
    assert rows["theme 0"]["status"] == "lost"


def test_same_repertoire_is_not_found_changed():
    found = compare(population(lost=4, new=4), CompareSettings(seed=3))
    assert found.results["verdict"] == "no change shown"
    assert set(statuses(found).values()) == {"persists"}


def energy_p(z, design, *, permutations=199):
    eras = permuted_eras(design, permutations=permutations)
    return permutation_p(energy_values(Evidence(z), design, eras))


def test_units_not_songs_carry_the_test():
    """Birds that differ and no change: with 20 songs a bird, songs as units reject; birds hold."""
    rejected = {"individual": 0, "song": 0}
    for seed in range(20):
        generator = np.random.default_rng(seed)
        birds = np.repeat(np.arange(16), 20)
        z = generator.standard_normal((16, 4))[birds] + generator.standard_normal((320, 4))
        songs = pd.DataFrame(
            {
                "path": [f"{i}.wav" for i in range(320)],
                "era": np.where(birds < 8, "1966", "2020"),
                "individual": birds.astype(str),
            }
        )
        eras = find_eras(songs, CompareSettings())
        assert eras is not None
        for unit, table in (("individual", songs), ("song", songs.drop(columns="individual"))):
            design = find_design(table, eras, seed=seed)
            assert design.unit_name == unit
            rejected[unit] += energy_p(z, design) <= 0.05
    assert rejected["individual"] <= 4
    assert rejected["song"] >= 12


def test_blocks_keep_sites_apart():
    """Sites that differ and unequal effort, no change: without blocks this is found, with not."""
    generator = np.random.default_rng(0)
    site = np.array([0] * 18 + [1] * 4 + [0] * 4 + [1] * 18)
    era = np.array(["1966"] * 22 + ["2020"] * 22)
    z = generator.standard_normal((44, 3)) + 4.0 * site[:, None]
    songs = pd.DataFrame(
        {
            "path": [f"{i}.wav" for i in range(44)],
            "era": era,
            "individual": [f"b{i}" for i in range(44)],
            "site": site.astype(str),
        }
    )
    eras = find_eras(songs, CompareSettings())
    assert eras is not None
    blocked = energy_p(z, find_design(songs, eras))
    free = energy_p(z, find_design(songs.drop(columns="site"), eras))
    assert free <= 0.01
    assert blocked > 0.05


@pytest.fixture
def latent_file(tmp_path: Path) -> Path:
    table = population(birds=6)
    audio = np.sin(2 * np.pi * 4000 * np.arange(22050) / 22050) * 0.3
    soundfile.write(tmp_path / "song.wav", audio, 22050)
    songs = table.songs.copy()
    songs.loc[::2, "path"] = str(tmp_path / "song.wav")
    songs["start_s"] = np.where(np.arange(len(songs)) % 2, np.nan, np.arange(len(songs)) * 1e-3)
    write_latent_table(LatentTable(songs, table.z, table.made_by), tmp_path / "latent.parquet")
    return tmp_path / "latent.parquet"


def test_command_writes_report_and_results(latent_file: Path, tmp_path: Path, capsys):
    out = tmp_path / "out"
    assert compare_eras.main([str(latent_file), "--out", str(out), "--permutations", "99"]) == 0
    results = json.loads((out / "results.json").read_text())
    assert results["eras"] == {"historical": "1966", "modern": "2020"}
    page = (out / "report.html").read_text()
    assert "data:image/png;base64" in page
    assert "no such audio file" in page
    assert len(pd.read_csv(out / "songs.csv")) == results["songs"]
    assert "verdict: " in capsys.readouterr().out


def test_without_eras_clusters_are_reported(latent_file: Path, tmp_path: Path):
    songs = population(birds=6).songs.drop(columns="era")
    write_latent_table(LatentTable(songs, population(birds=6).z, {}), latent_file)
    out = tmp_path / "out"
    assert compare_eras.main([str(latent_file), "--out", str(out)]) == 0
    results = json.loads((out / "results.json").read_text())
    assert "no two eras" in results["reasons"][0]
    assert results["clusters"]["ari"] > 0.5


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--historical", "1900", "--modern", "2020"], "no song of era '1900'"),
        (["--era-column", "nothing"], "no column 'nothing'"),
        (["--era-column", "site"], "which of the eras 'north', 'south' is older"),
        (["--cut-date", "soon"], "'soon' is no date"),
        (["--label-column", "nothing"], "no column 'nothing' for labels"),
    ],
)
def test_bad_requests_are_told_in_one_line(latent_file, tmp_path, capsys, arguments, expected):
    out = tmp_path / "out"
    assert compare_eras.main([str(latent_file), "--out", str(out), *arguments]) == 2
    message = capsys.readouterr().err.strip().splitlines()[-1]
    assert message.startswith("chingolo compare: ")
    assert expected in message
    assert not out.exists()


def test_missing_file_is_told(tmp_path, capsys):
    assert compare_eras.main([str(tmp_path / "none.parquet"), "--out", str(tmp_path / "o")]) == 2
    assert "no such latent table" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "told"), [("s.csv", "--type-column"), ("s.npz", "numpy.save")])
def test_a_table_in_place_of_vectors_is_told_what_to_do(name: str, told: str, tmp_path, capsys):
    (tmp_path / name).write_text("path,era\na.wav,1966\n")
    assert compare_eras.main([str(tmp_path / name), "--out", str(tmp_path / "out")]) == 2
    assert told in capsys.readouterr().err


def test_cut_date_makes_eras_and_leaves_out_uncertain_dates():
    songs = pd.DataFrame(
        {
            "path": list("abcd"),
            "date": ["1966-05-01", "2020-05-01", "1989-12-01", ""],
            "date_error_days": [1.0, 1.0, 400.0, np.nan],
        }
    )
    eras = find_eras(songs, CompareSettings(cut_date="1990-01-01"))
    assert eras is not None
    assert eras.of_song.tolist() == [0, 1, -1, -1]
    assert (eras.historical, eras.modern) == ("before 1990-01-01", "from 1990-01-01")


def test_one_individual_per_era_is_refused():
    table = population(birds=6)
    old = table.songs["era"] == "1966"
    songs = table.songs.assign(individual=table.songs["individual"].where(~old, "one"), site="")
    result = compare(LatentTable(songs, table.z, {}), CompareSettings()).results
    assert result["verdict"] == "refused"
    assert "At least two in each" in result["reasons"][0]


def test_few_units_cannot_show_anything():
    table = population(birds=1, songs=8)
    result = compare(LatentTable(table.songs, table.z, {}), CompareSettings()).results
    assert result["verdict"] == "refused"
    assert "Too few units" in result["reasons"][0]


def test_few_permutations_are_not_called_few_units():
    table = population(birds=8, songs=4)
    settings = CompareSettings(permutations=9)
    result = compare(LatentTable(table.songs, table.z, {}), settings).results
    assert result["verdict"] == "refused"
    assert "Too few permutations: 9 cannot reach p < 0.10" in result["reasons"][0]


def run_compare(table: LatentTable, tmp_path: Path, *arguments: str) -> tuple[int, dict | None]:
    write_latent_table(table, tmp_path / "latent.parquet")
    out = tmp_path / "out"
    status = compare_eras.main(
        [str(tmp_path / "latent.parquet"), "--out", str(out), "--permutations", "99", *arguments]
    )
    file = out / "results.json"
    return status, json.loads(file.read_text()) if file.exists() else None


def test_vectors_that_are_not_numbers_are_refused(tmp_path, capsys):
    table = population(birds=2)
    z = table.z.copy()
    z[4, 2] = np.nan
    assert run_compare(LatentTable(table.songs, z, {}), tmp_path) == (2, None)
    assert "row 5: 'z' holds values not finite" in capsys.readouterr().err


def test_three_songs_are_refused(tmp_path, capsys):
    table = population(birds=2)
    few = LatentTable(table.songs[:3], table.z[:3], {})
    assert run_compare(few, tmp_path) == (2, None)
    assert "3 songs: too few" in capsys.readouterr().err


def test_one_era_missing_is_said(tmp_path):
    table = population(birds=4)
    old = (table.songs["era"] == "1966").to_numpy()
    one = LatentTable(table.songs[old].reset_index(drop=True), table.z[old], {})
    status, results = run_compare(one, tmp_path)
    assert status == 0
    assert results is not None
    assert results["verdict"] == "refused"
    assert "no two eras" in results["reasons"][0]


@pytest.mark.parametrize("kind", ["noise", "identical", "one dimension"])
def test_songs_without_clusters_still_give_a_report(tmp_path, kind):
    table = population(birds=6, songs=2)
    generator = np.random.default_rng(0)
    z = {
        "noise": generator.uniform(size=(len(table.songs), 9)),
        "identical": np.ones((len(table.songs), 3)),
        "one dimension": generator.normal(size=(len(table.songs), 1)),
    }[kind].astype(np.float32)
    status, results = run_compare(LatentTable(table.songs, z, {}), tmp_path)
    assert status == 0
    assert results is not None
    claim = results["claims"]["repertoire"]
    assert claim["verdict"] == ("no change shown" if kind == "one dimension" else "refused")
    assert results["tests"]["energy"]["p"] > 0.05


def test_repeated_rows_count_once(tmp_path):
    table = population(birds=4)
    twice = LatentTable(
        pd.concat([table.songs] * 2, ignore_index=True), np.concatenate([table.z] * 2), {}
    )
    status, results = run_compare(twice, tmp_path)
    assert status == 0
    assert results is not None
    assert results["songs"] == len(table.songs)
    assert any("repeat a song" in note for note in results["notes"])
    twice.songs["channel"] = np.repeat([1, 2], len(table.songs))
    kept = compare(twice, CompareSettings(permutations=9, bootstraps=9)).results
    assert kept["songs"] == 2 * len(table.songs)


def test_eras_of_unlike_origin_are_refused():
    table = population()
    origin = np.where(table.songs["era"] == "1966", "resynthesised", "recorded")
    songs = table.songs.assign(origin=origin)
    found = compare(LatentTable(songs, table.z, {}), CompareSettings(same_recorder=True)).results
    assert found["verdict"] == "refused"
    assert "Re-synthesise both eras" in found["reasons"][0]


def split_by_recorder(table: LatentTable) -> tuple[LatentTable, np.ndarray]:
    """One theme of the older era moved to a place of its own, and copies that a recorder moves so.

    Of five recorders two do it.
    """
    songs, z = table.songs, table.z
    theme = (songs["label"] == "theme 1").to_numpy()
    old = (songs["era"] == "1966").to_numpy()
    away = (np.eye(8)[7] * 6.0).astype(np.float32)
    copies = np.stack([z, z, z, *[z + away * theme[:, None]] * 2], axis=1)
    moved = LatentTable(songs, z + away * (theme & old)[:, None], {})
    copies[theme & old, 3:] = moved.z[theme & old, None]
    return moved, copies


def test_a_theme_that_a_recorder_parts_is_one_theme():
    """No change but the recorder: heard as they are two themes are lost and new, so not claimed."""
    moved, copies = split_by_recorder(population(lost=4, new=4))
    alone = compare(moved, CompareSettings(same_recorder=True))
    assert {"lost", "new"} <= set(statuses_of(alone))
    assert alone.results["verdict"] == "changed"
    found = compare(with_copies(moved, copies), CompareSettings())
    assert found.results["claims"]["repertoire"]["verdict"] == "no change shown"
    assert set(statuses_of(found)) == {"persists"}


def test_a_change_that_a_recorder_makes_too_is_not_claimed():
    """One recorder of ten, too few to join two clusters, takes a theme away as the eras do."""
    moved, copies = split_by_recorder(population(lost=4, new=4))
    few = np.concatenate([np.repeat(moved.z[:, None], 9, axis=1), copies[:, 4:]], axis=1)
    found = compare(with_copies(moved, few), CompareSettings()).results
    claim = found["claims"]["repertoire"]
    assert claim["verdict"] == "refused"
    assert claim["p"] <= 0.05
    assert "so are they when a recorder alone differs" in claim["reasons"][0]
    assert claim["placebo"]["passed"] is False


def statuses_of(found):
    return [row["status"] for row in found.results["themes"]]


def test_without_a_placebo_only_one_recorder_lets_a_change_be_claimed():
    table = population()
    assert compare(table, CompareSettings()).results["verdict"] == "refused"
    known = LatentTable(table.songs.assign(device="A"), table.z, {})
    assert compare(known, CompareSettings()).results["verdict"] == "changed"
    word = compare(table, CompareSettings(same_recorder=True)).results
    assert word["verdict"] == "changed"
    assert "user's word" in word["claims"]["repertoire"]["reasons"][1]


def test_types_and_years_alone(tmp_path, capsys):
    generator = np.random.default_rng(0)
    rows = [
        {"year": year, "type": generator.choice(list(types)), "individual": f"{year} {bird}"}
        for year, types in ((1966, "ABC"), (1968, "ABC"), (2019, "BCD"), (2020, "BCD"))
        for bird in range(14)
        for _ in range(3)
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "types.csv", index=False)
    out = tmp_path / "out"
    arguments = [str(tmp_path / "types.csv"), "--type-column", "type", "--out", str(out)]
    assert compare_eras.main([*arguments, "--era-column", "year"]) == 2
    assert "name two" in capsys.readouterr().err
    assert compare_eras.main([*arguments, "--era-column", "year", "--cut-date", "1990-01-01"]) == 0
    results = json.loads((out / "results.json").read_text())
    assert results["verdict"] == "changed"
    assert results["claims"]["drift"]["verdict"] == "refused"
    status = {row["name"]: row["status"] for row in results["themes"]}
    assert status == {"A": "lost", "B": "persists", "C": "persists", "D": "new"}
    assert compare_eras.main([*arguments[:1], "--type-column", "no", *arguments[3:]]) == 2
    assert "no column 'no'" in capsys.readouterr().err


@pytest.mark.parametrize("column", ["theme", "cluster"])
def test_what_an_encoder_found_is_no_type_that_people_told(column, latent_file, tmp_path, capsys):
    out = tmp_path / "report"
    assert compare_eras.main([str(latent_file), "--out", str(out)]) == 0
    arguments = ["--type-column", column, "--out", str(tmp_path / "types")]
    assert compare_eras.main([str(out / "songs.csv"), *arguments]) == 2
    told = capsys.readouterr().err
    assert "what an encoder found" in told
    assert "Compare the latent table" in told


def test_songs_of_no_cluster_have_no_type():
    """HDBSCAN and DBSCAN of scikit-learn write -1 for noise."""
    songs = pd.DataFrame(
        {
            "individual": [f"{era}-{bird}" for era in (0, 1) for bird in range(20)],
            "era": ["1966"] * 20 + ["2020"] * 20,
            "cluster": [0, 1] * 10 + [-1] * 12 + [0, 1] * 4,
        }
    )
    results = compare_types(songs, "cluster", CompareSettings(permutations=99)).results
    assert [row["name"] for row in results["themes"]] == ["0", "1"]
    assert results["verdict"] == "no change shown"
    assert any("12 songs of type -1" in note for note in results["notes"])
    kinds = songs.assign(kind=songs["cluster"].map({0: "A", 1: "B", -1: "Other"}))
    results = compare_types(kinds, "kind", CompareSettings(permutations=99)).results
    assert [row["name"] for row in results["themes"]] == ["A", "B"]
    assert any("12 songs of type 'Other' are of no type" in note for note in results["notes"])
    below = songs.assign(cluster=songs["cluster"] - 1)  # -2 is no clusterer's: these are types
    results = compare_types(below, "cluster", CompareSettings(permutations=99)).results
    assert len(results["themes"]) == 3


def test_songs_in_memory_need_no_files():
    """Vectors and a table without `path`, with values missing: each song is a recording."""
    table = population()
    songs = table.songs.drop(columns=["path", "label"])
    songs.loc[songs.index[:4], "individual"] = None
    found = compare(LatentTable(songs, table.z), CompareSettings(same_recorder=True))
    assert found.results["verdict"] == "changed"
    assert found.results["songs"] == len(songs)
    assert found.results["unit"] == "individual"
    remarks = found.results["table_check"]["remarks"]
    assert any("4 songs name no individual" in remark for remark in remarks)
    assert {row["status"] for row in found.results["themes"]} == {"lost", "new", "persists"}


def test_equal_songs_are_told():
    table = population()
    still = LatentTable(table.songs, np.ones_like(table.z), table.made_by)
    settings = CompareSettings(permutations=19, bootstraps=5)
    told = f"All {len(table.songs)} songs have one and the same vector"
    found = compare(still, settings).results
    assert any(note.startswith(told) for note in found["notes"])
    assert found["verdict"] == "refused"
    assert found["claims"]["repertoire"]["reasons"][0].startswith(told)
    assert not any("vector" in note for note in compare(table, settings).results["notes"])


@pytest.mark.parametrize("era", ["1966", "2020"])
def test_an_era_of_equal_songs_is_refused(tmp_path, era: str):
    """A muted channel in one era is the greatest change there can be, and says nothing of songs."""
    table = population()
    muted = (table.songs["era"] == era).to_numpy()
    z = np.where(muted[:, None], table.z[0], table.z)
    songs = table.songs.assign(device="A")
    found = compare(LatentTable(songs, z), CompareSettings(permutations=199)).results
    assert found["tests"]["energy"]["p"] < 0.05
    assert found["verdict"] == "refused"
    told = f"All {muted.sum()} songs of {era} have one and the same vector"
    assert found["claims"]["repertoire"]["reasons"][0].startswith(told)
    # one song that differs is too little to speak of silence, and is counted in the notes
    z[np.flatnonzero(muted)[0]] += 1
    found = compare(LatentTable(songs, z), CompareSettings(permutations=199)).results
    assert found["verdict"] == "changed"
    assert any("the very vector of another" in note for note in found["notes"])


def test_no_column_of_the_table_is_written_over(tmp_path, capsys):
    """As of songs that a frozen reference told, and of a report's `songs.csv` used once more."""
    latents = population(birds=4, songs=2)
    count = len(latents.songs)
    own = {"theme": [f"mine {row}" for row in range(count)], "cluster": ["K"] * count}
    own |= {"cluster_probability": [0.125] * count, "theme_probability": [0.5] * count}
    songs = latents.songs.assign(**own, **{"map_1": ["sheet 3"] * count})
    write_latent_table(LatentTable(songs, latents.z, latents.made_by), tmp_path / "a.parquet")
    options = ["--permutations", "19", "--bootstraps", "5"]
    words = [str(tmp_path / "a.parquet"), "--out", str(tmp_path / "report"), *options]
    assert compare_eras.main(words) == 0
    assert "'theme' as 'theme_before'" in capsys.readouterr().err
    found = pd.read_csv(tmp_path / "report" / "songs.csv")
    assert found["theme_before"].tolist() == own["theme"]
    assert found["cluster_before"].tolist() == own["cluster"]
    assert found["cluster_probability_before"].tolist() == own["cluster_probability"]
    assert found["theme_probability"].tolist() == own["theme_probability"]
    assert found["map_1_before"].tolist() == ["sheet 3"] * count
    notes = json.loads((tmp_path / "report" / "results.json").read_text())["notes"]
    assert any("'cluster' as 'cluster_before'" in note for note in notes)
    again = LatentTable(found, latents.z, latents.made_by)
    twice = compare(again, CompareSettings(permutations=19, bootstraps=5)).songs
    assert twice["theme_before"].tolist() == own["theme"]
    assert twice["theme_before_2"].fillna("").tolist() == found["theme"].fillna("").tolist()


def test_types_leave_a_column_theme_alone(tmp_path):
    rows = [f"{era},{era}-{bird},{bird % 2},x{bird}" for era in (1966, 2020) for bird in range(6)]
    (tmp_path / "songs.csv").write_text("\n".join(["era,individual,kind,theme", *rows]))
    settings = CompareSettings(permutations=19, bootstraps=5)
    songs = read_song_types(tmp_path / "songs.csv", "kind")
    found = compare_types(songs, "kind", settings).songs
    assert found["theme"].tolist() == songs["kind"].tolist()
    assert found["theme_before"].tolist() == songs["theme"].tolist()
    found = compare_types(songs, "theme", settings).songs
    assert found["theme"].tolist() == songs["theme"].tolist()
    assert "theme_before" not in found
