"""Options that nothing would read are refused in one line, before anything is read or made."""

import pytest

from chingolo.__main__ import COMMANDS

CASES = [
    *(
        f"find none.wav {one}"
        for one in ("--name x", "--sample-rate 48000", "--channels 1", "--format s16")
    ),
    "compare l.parquet --out o --clusters 4",
    "compare l.parquet --out o --clusterer kmeans --min-cluster-size 3",
    "compare l.parquet --out o --recorders 5",
    "compare l.parquet --out o --recorders-drawn 50",
    "compare l.csv --out o --type-column t --clusterer kmeans",
    "compare l.csv --out o --type-column t --map-method umap",
    "compare l.csv --out o --type-column t --label-column nope",
    "compare l.csv --out o --type-column t --same-recorder",
    "fit s.csv --out o --spread dialect",
    "fit s.csv --out o --channel wide",
    "train s.csv --group-column nocol",
    "train s.csv --probe-column nocol",
    "train --synthetic zonotrichia_capensis --host 3",
    "train --synthetic zonotrichia_capensis --hosts 2",
    "train s.csv --set synthetic_share=0.5",
    "train s.csv --set pool=4",
    "train s.csv --set renew_every=2",
    "train --synthetic zonotrichia_capensis --set synthetic_share=0.5",
    "train-detector s.csv --set synthetic_share=0.2",
    "embed run s.csv --min-cluster-size 3",
    "find r.wav --force",
]


@pytest.mark.parametrize("words", CASES)
def test_it_is_refused(words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name, *rest = words.split()
    assert COMMANDS[name].main(rest) == 2
    told = capsys.readouterr().err.strip()
    assert "\n" not in told
    option = next(one for one in reversed(rest) if one.startswith("--"))
    assert option in told
    assert not list(tmp_path.iterdir())
