"""Text from tables and YAML neither runs in the report nor names a file outside --out."""

from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd

from chingolo.analysis.compare import compare
from chingolo.analysis.report.report import report_page
from chingolo.analysis.settings import CompareSettings
from chingolo.analysis.space.latent_table import LatentTable
from chingolo.scripts import generate_songs
from chingolo.synth.score.shipped_repertoires import REPERTOIRES

EVIL = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'"
COLUMNS = ("site", "label", "species", "device", "source")


class Tags(HTMLParser):
    """Counts tags and keeps attributes that would run something."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts = 0
        self.running: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        self.running += [name for name, _ in attrs if name.startswith("on")]


def test_text_of_a_table_does_not_run_in_the_report():
    random = np.random.default_rng(0)
    rows, vectors = [], []
    for era in ("1966", "2020"):
        for song in range(24):
            theme = song // 2 % 3
            vectors.append(4 * np.eye(3)[theme] + 0.2 * random.standard_normal(3))
            path = f"/nowhere/{EVIL.replace('/', '_')}{era}{song}.wav"
            rows.append(
                {"path": path, "era": era, "individual": f"{era}{EVIL}{song // 2}"}
                | {"latitude": -34.0 - theme, "longitude": -58.0}
                | {column: f"{EVIL}{theme if column == 'label' else ''}" for column in COLUMNS}
            )
    latents = LatentTable(
        pd.DataFrame(rows), np.asarray(vectors, np.float32), {"checkpoint": EVIL, "method": EVIL}
    )
    page = report_page(compare(latents, CompareSettings(permutations=99, bootstraps=20)))
    assert "alert(1)" in page  # told, as text
    tags = Tags()
    tags.feed(page)
    assert tags.scripts == 2  # the songs' data and the map's own script
    assert tags.running == []


def test_names_in_a_repertoire_do_not_leave_the_folder(tmp_path: Path):
    text = REPERTOIRES["zonotrichia_capensis"].read_text()
    text = text.replace("  rise-fall-broad:", '  "../../../escaped":')
    (tmp_path / "bird.yaml").write_text(text)
    out = tmp_path / "deep" / "out"
    words = [
        str(tmp_path / "bird.yaml"),
        "--out",
        str(out),
        "--songs",
        "24",
        "--engine",
        "wavetable",
    ]
    assert generate_songs.main([*words, "--sample-rate", "22050"]) == 0
    assert "../../../escaped" in (out / "songs.csv").read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bird.yaml", "deep"]
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["out"]
    assert not list(tmp_path.parent.glob("escaped*"))
