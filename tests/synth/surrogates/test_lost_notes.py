from pathlib import Path

import numpy as np
import pytest

from chingolo.scripts import train_detector, train_encoder
from chingolo.synth.score.repertoire import Repertoire
from chingolo.synth.score.repertoire_file import load_repertoire
from chingolo.synth.spectra.front_end import FrontEnd
from chingolo.synth.surrogates.lost_notes import refuse_lost_notes
from chingolo.synth.surrogates.pairs import draw_pairs
from chingolo.synth.tables.files import InputError
from chingolo.train.data.synthetic_pairs import pair_source

HIGH = """
species: s
source: t
bird: zebra_finch
notes:
  low: {points: [[0, 2], [0.1, 2]]}
  high: {points: [[0, 7], [0.1, 7]]}
themes:
  deep: {share: 0, song: [low]}
  shrill: {share: 0, song: [low, high]}
populations:
  - {era: a, site: x, individuals: 3, shares: {deep: 1}}
  - {era: b, site: x, individuals: 1, shares: {deep: 1, shrill: 1}}
"""


@pytest.fixture
def high(tmp_path: Path) -> Repertoire:
    (tmp_path / "high.yaml").write_text(HIGH)
    return load_repertoire(str(tmp_path / "high.yaml"))


def test_a_rate_that_loses_notes_is_refused_before_training(
    high: Repertoire, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """7 kHz needs 14.7 kHz and more: 0.475 of the rate is delivered whole."""
    refuse_lost_notes(high, 14_800)
    refuse_lost_notes(high, 8000, {"deep"})
    with pytest.raises(InputError, match=r"'shrill': notes of up to 7000 Hz are lost"):
        refuse_lost_notes(high, 14_700)
    with pytest.raises(InputError, match="'shrill'"):
        pair_source(high, (), FrontEnd(sample_rate=8000, f_max=4000.0))

    repertoire = str(tmp_path / "high.yaml")
    settings = ["--set", "front_end.sample_rate=12000", "front_end.f_max=6000"]
    for command in (train_encoder, train_detector):
        words = ["--synthetic", repertoire, "--out", str(tmp_path / "run"), "--steps", "1"]
        assert command.main([*words, *settings]) == 2
        error = capsys.readouterr().err.strip()
        assert "theme 'shrill': notes of up to 7000 Hz" in error
        assert len(error.splitlines()) == 1
    assert not (tmp_path / "run").exists()


def test_shares_of_populations_serve_where_themes_have_none(high: Repertoire):
    """Three birds of one theme, and one that sings either: 3.5 to 0.5."""
    assert high.theme_shares == (0.875, 0.125)
    pairs = draw_pairs(
        high,
        seed=0,
        count=16,
        sample_rate=22_050,
        clip_s=0.2,
        recorders=(None,),  # type: ignore[arg-type]
    )
    assert np.isfinite(pairs.first).all()
    assert set(pairs.theme) <= {0, 1}
