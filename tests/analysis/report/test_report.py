"""The report: what stands in it, that it is the same each time, and that it works in a browser."""

import io
import json
import re
import shutil
from pathlib import Path

import librosa
import numpy as np
import pandas as pd
import pytest
import soundfile

from chingolo.analysis.compare import compare
from chingolo.analysis.report.elements.media import collect_media
from chingolo.analysis.report.elements.pictures import sound_mp3, spectrogram
from chingolo.analysis.report.elements.section import Section, text
from chingolo.analysis.report.report import report_page, write_report
from chingolo.analysis.report.sections.registry import SECTIONS
from chingolo.analysis.results import results_text
from chingolo.analysis.settings import CompareSettings
from chingolo.analysis.space.copies.embed_copies import with_copies
from chingolo.analysis.space.latent_table import LatentTable
from chingolo.synth.spectra.front_end import front_end_of

SETTINGS = CompareSettings(permutations=99, bootstraps=50, same_recorder=True)


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> LatentTable:
    """48 songs of 24 birds, three themes as three tones; the file of one song is missing."""
    folder = tmp_path_factory.mktemp("songs")
    generator = np.random.default_rng(0)
    rows, vectors = [], []
    time = np.arange(11025) / 22050
    for era in ("1966", "2020"):
        for song in range(24):
            theme = song // 2 % 3
            vectors.append(4 * np.eye(3)[theme] + 0.2 * generator.standard_normal(3))
            path = folder / f"{era}_{song}.wav"
            wave = 0.3 * np.sin(2 * np.pi * (3000 + 1500 * theme) * time)
            if era == "1966" or song:
                soundfile.write(path, wave + 0.001 * generator.standard_normal(11025), 22050)
            rows.append(
                {
                    "path": str(path),
                    "era": era,
                    "individual": f"{era} {song // 2}",
                    "label": f"</script><b>{theme}",
                    "latitude": -34.0 - theme,
                    "longitude": -58.0,
                }
            )
    return LatentTable(pd.DataFrame(rows), np.asarray(vectors, np.float32), {"checkpoint": "abc"})


def test_page_is_whole_and_asks_nothing_of_a_network(table):
    page = report_page(compare(table, SETTINGS))
    assert not re.search(r"(?:src|href)=\"(?!data:)", page)
    assert "https:" not in page
    assert "@import" not in page
    assert "{{" not in page
    assert "<b>" not in page
    for title in ("Themes", "Statistics", "Places", "What was controlled", "Methods", "seed 0"):
        assert title in page
    assert "The audio of 1 song is missing" in page
    data = json.loads(page.split('id="songs">')[1].split("</script>")[0])
    assert len(data["x"]) == 48
    assert data["thumb"].count(-1) == 1
    assert set(data["groups"]) >= {"era", "theme", "cluster", "label"}


def test_same_inputs_and_seed_give_the_same_bytes(table, tmp_path):
    for name in ("one", "two"):
        write_report(compare(table, SETTINGS), tmp_path / name)
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names == sorted(
        [
            ".written.json",
            "map.pdf",
            "map.png",
            "report.html",
            "results.json",
            "songs.csv",
            "themes.pdf",
            "themes.png",
        ]
    )
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_results_hold_the_keys_that_others_rely_on(table):
    results = json.loads(
        results_text(compare(with_copies(table, table.z[:, None]), SETTINGS).results)
    )
    for key in ["verdict", "reasons", "unit", "block", "novel", "effort", "table_check", "drift"]:
        assert key in results
    for claim in ("repertoire", "drift"):
        told = "verdict p effect reasons tests placebo sensitivity"
        assert set(results["claims"][claim]) == set(told.split())
    assert results["claims"]["repertoire"]["placebo"]["recorders"] == 1
    for test, keys in {
        "composition": "value",
        "energy": "distance",
        "mmd": "distance",
        "classifier": "auc",
        "permanova": "r2",
    }.items():
        assert {"expected", "p", "p_spread", "claim", keys} <= set(results["tests"][test])
    told = "n noise_fraction dbcv stability ari ami v_measure"
    assert set(told.split()) <= set(results["clusters"])
    for theme in results["themes"]:
        assert {"name", "historical", "modern", "status"} <= set(theme)
        assert {"share", "interval"} <= set(theme["historical"])
    assert {"value", "interval"} <= set(results["turnover"]["morisita_horn"])
    assert {"value", "interval"} <= set(results["turnover"]["chao_jaccard"])


@pytest.fixture
def browser(tmp_path: Path):
    selenium = pytest.importorskip("selenium.webdriver")
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("no Chromium here")
    options = selenium.ChromeOptions()
    options.binary_location = chromium
    for argument in (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1100,900",
        f"--user-data-dir={tmp_path / 'profile'}",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    window = selenium.Chrome(options=options, service=selenium.ChromeService(driver))
    yield window
    window.quit()


def test_hover_shows_the_spectrogram_and_click_plays_it(table, tmp_path, browser):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import Select, WebDriverWait

    write_report(compare(table, SETTINGS), tmp_path / "report")
    browser.get((tmp_path / "report" / "report.html").as_uri())
    canvas = browser.find_element(By.ID, "map")
    data = json.loads(browser.find_element(By.ID, "songs").get_attribute("textContent"))
    width, height = canvas.size["width"], canvas.size["height"]

    def at(song: int) -> tuple[int, int]:
        x = 20 + data["x"][song] * (width - 40) - width / 2
        y = 20 + (1 - data["y"][song]) * (height - 40) - height / 2
        return round(x), round(y)

    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", canvas)
    tip = browser.find_element(By.ID, "tip")
    assert not tip.is_displayed()
    ActionChains(browser).move_to_element_with_offset(canvas, *at(5)).perform()
    assert tip.is_displayed()
    shown = int(canvas.get_attribute("data-song"))
    assert data["text"][shown] in tip.text
    bright = browser.execute_script(
        "const c = document.querySelector('#tip canvas');"
        "return Math.max(...c.getContext('2d').getImageData(0, 0, c.width, c.height).data"
        ".filter((_, i) => i % 4 === 0))"
    )
    assert bright > 150
    ActionChains(browser).click().perform()
    WebDriverWait(browser, 10).until(lambda _: canvas.get_attribute("data-playing"))
    assert int(canvas.get_attribute("data-playing")) == int(canvas.get_attribute("data-song"))

    picker = Select(browser.find_element(By.ID, "colour"))
    for option in [option.text for option in picker.options]:
        picker.select_by_visible_text(option)
        assert browser.find_elements(By.CSS_SELECTOR, "#legend button")
    browser.find_element(By.ID, "nearer").click()
    browser.find_element(By.CSS_SELECTOR, "[data-row]").click()

    assert [line for line in browser.get_log("browser") if line["level"] == "SEVERE"] == []
    asked = set()
    for line in browser.get_log("performance"):
        message = json.loads(line["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            asked.add(message["params"]["request"]["url"].split(":", 1)[0])
    # the browser's own empty first tab is at chrome:
    assert asked <= {"file", "data", "chrome"}


def test_page_fits_a_phone(table, tmp_path, browser):
    write_report(compare(table, SETTINGS), tmp_path / "report")
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 390, "height": 800, "deviceScaleFactor": 2, "mobile": True},
    )
    browser.get((tmp_path / "report" / "report.html").as_uri())
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 390


def test_a_section_entered_on_one_line_stands_on_the_page(table, monkeypatch):
    comparison = compare(table, SETTINGS)
    before = report_page(comparison)
    media = collect_media(comparison)
    for section in SECTIONS.values():
        told = bool(section.title and section.page(comparison, media))
        assert before.count(f"<h2>{text(section.title)}</h2>") == int(told)
    toys = {
        "toy": Section("A toy", lambda comparison, media: f"<p>{comparison.results['songs']}</p>"),
        "mute": Section("Never told", lambda comparison, media: ""),
    }
    known = {name: SECTIONS[name] for name in SECTIONS}
    monkeypatch.setattr(SECTIONS, "_entries", known | toys)
    page = report_page(comparison)
    assert "<h2>A toy</h2><p>48</p>" in page
    assert "Never told" not in page


def test_songs_are_pictured_as_the_encoder_hears_them():
    time = np.arange(24_000) / 48_000
    high = {"sample_rate": 48_000, "f_min": 2000.0, "f_max": 20_000.0, "checkpoint": "abc"}
    ear = front_end_of(high)
    level = spectrogram(np.sin(2 * np.pi * 14_000 * time).astype(np.float32), ear)
    bands = librosa.mel_frequencies(ear.n_mels + 2, fmin=2000.0, fmax=20_000.0)[1:-1]
    assert abs(bands[level.mean(axis=1).argmax()] / 14_000 - 1) < 0.03
    assert soundfile.read(io.BytesIO(sound_mp3(time.astype(np.float32), 16_000)))[1] == 22_050
