"""The repertoires that come with the project.

A further one is a file under `synth/score/repertoires/` and its line in `REPERTOIRES`; the sets do
not change.
"""

from pathlib import Path

from chingolo.synth.tables.registry import Registry

FOLDER = Path(__file__).with_name("repertoires")

REPERTOIRES: Registry[Path] = Registry(
    "repertoire",
    {
        "emberiza_citrinella": FOLDER / "emberiza_citrinella.yaml",
        "zonotrichia_capensis": FOLDER / "zonotrichia_capensis.yaml",
        "zonotrichia_two_eras": FOLDER / "zonotrichia_two_eras.yaml",
    },
)

REPERTOIRE_SETS: Registry[tuple[str, ...]] = Registry(
    "repertoire set",
    {
        "shipped-1": ("emberiza_citrinella", "zonotrichia_capensis", "zonotrichia_two_eras"),
    },
)
"""Names and their order, which draws depend on; a set never changes, a new one gets a new name."""
