"""Encoders that installed packages bring, by the names of their entry points."""

from importlib.metadata import EntryPoint, entry_points

from chingolo.analysis.space.outside.outside_encoder import (
    CheckedEncoder,
    check_encoder,
    guarded,
)
from chingolo.synth.tables.files import InputError

GROUP = "chingolo.encoders"
"""Group of the entry points."""


def installed_encoders() -> tuple[str, ...]:
    """Names of the encoders that installed packages bring."""
    return tuple(sorted({entry.name for entry in entry_points(group=GROUP)}))


def load_outside(name: str) -> CheckedEncoder:
    """Loads and tries an encoder that an installed package brings.

    Args:
        name: of its entry point.

    Raises:
        InputError: if there is none, two packages bring one, or it cannot be loaded or used.
    """
    found = {
        (_package(entry), entry.value): entry for entry in entry_points(group=GROUP, name=name)
    }
    if not found:
        raise InputError(
            f"no installed package brings an encoder '{name}'; there are "
            f"{', '.join(installed_encoders()) or 'none'}"
        )
    if len(found) > 1:
        told = " and ".join(sorted(f"{package} ({value})" for package, value in found))
        raise InputError(f"encoder '{name}' is brought by {told}; uninstall one of them")
    ((package, _), entry) = next(iter(found.items()))
    with guarded(f"encoder '{name}' of {package}"):
        encoder = entry.load()()
    checked = check_encoder(encoder, package=package)
    if checked.name != name:
        raise InputError(
            f"encoder '{name}' of {package} calls itself '{checked.name}'; expected one name"
        )
    return checked


def _package(entry: EntryPoint) -> str:
    dist = entry.dist
    return f"{dist.name} {dist.version}" if dist is not None else "an unknown package"
