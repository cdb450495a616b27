"""`make bench`: every speed figure beside a peer measured in the same run -> BENCHMARKS.md."""

import datetime
import importlib
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pandas as pd

from benchmarks import synthesis
from chingolo.command_line.large_pages import restart_with_large_pages
from chingolo.synth.tables.files import atomic_path

OUT = Path(__file__).parents[1] / "BENCHMARKS.md"
PARTS = ("front_end", "training_step", "comparison")
PACKAGES = ("jax", "flax", "numpy", "scipy", "numba", "librosa", "torch", "dcor", "scikit-bio")


def sung() -> pd.DataFrame:
    """The synthesis table in the form of the others; the peer is numba at 20 steps a sample."""
    table = synthesis.measure()
    cost = table["CPU s per song s"]
    peers = table["synthesis"].str.startswith("numba")
    rows = table[~peers]
    return pd.DataFrame(
        {
            "what": rows["synthesis"] + ", CPU s per s of song",
            "Chingolo": cost[~peers],
            "peer": cost[table["synthesis"] == "numba, 20 steps a sample"].iloc[0],
            "named": "numba loop, 20 steps a sample",
        }
    )


def found() -> pd.DataFrame:
    """What `chingolo find` takes for an hour of recording, beside the hour."""
    from benchmarks.detector import speed

    table = speed("zonotrichia_capensis")
    hours = table[table["CPU s per hour"] != ""]
    return pd.DataFrame(
        {
            "what": [f"find, {n} h of 44.1 kHz FLAC, CPU s per hour" for n in hours["hours"]],
            "Chingolo": hours["CPU s per hour"].astype(float),
            "peer": 3600.0,
            "named": "real time",
        }
    )


def machine() -> str:
    """Processor, cores, system."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        names = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        model = names[0].split(":", 1)[1].strip() if names else model
    return f"{model}, {os.cpu_count()} cores, {platform.system()}"


def versions() -> str:
    """Python's and the packages' versions; what is not installed is left out."""
    told = [f"Python {platform.python_version()}"]
    for name in PACKAGES:
        try:
            told.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return ", ".join(told)


def page(table: pd.DataFrame) -> str:
    """BENCHMARKS.md."""
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`: do not edit. CPU time of the whole process, held to one core",
        "where the system allows it, the least of eight runs after one that compiles (comparison:",
        "one run). Memory comes to Chingolo and to the peers in large pages, as `chingolo train`",
        "asks for on Linux. Times over 1 say how many times cheaper Chingolo is than the peer, in",
        "the same run on the same machine.",
        "",
        f"Machine: {machine()}. Date: {datetime.datetime.now(datetime.UTC).date()}.",
        f"Versions: {versions()}.",
        "",
        "| what | Chingolo | peer | times | peer is | command |",
        "| --- | ---: | ---: | ---: | --- | --- |",
    ]
    for row in table.itertuples():
        lines.append(
            f"| {row.what} | {row.Chingolo:.3g} | {row.peer:.3g} | "
            f"{row.peer / row.Chingolo:.2g} | {row.named} | `make bench` |"
        )
    lines += [
        "",
        "Accuracy: `make bench-methods` (encoders), `make bench-statistics` (level and power),",
        "and `python -m benchmarks.detector`.",
    ]
    return "\n".join(lines) + "\n"


def hold_to_one_core() -> None:
    """Threads that share a core slow each other: CPU time would depend on how many there are."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def main() -> None:
    """Measures everything and writes the page."""
    tables = []
    parts = {"synthesis": sung, "detector": found}
    for name in ("synthesis", *PARTS, "detector"):
        print(f"measuring {name} ...", flush=True)
        part = parts.get(name) or importlib.import_module(f"benchmarks.{name}").measure
        try:
            tables.append(part())
        except ModuleNotFoundError as error:
            print(f"  left out: {error.name} is not installed", flush=True)
    text = page(pd.concat(tables))
    with atomic_path(OUT) as temporary:
        temporary.write_text(text)
    print(text)


if __name__ == "__main__":
    hold_to_one_core()
    restart_with_large_pages()  # and from here all libraries, the peers' too, see that one core
    main()
