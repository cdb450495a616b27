"""`chingolo search`: which front end, encoder, method and views hear invented units best."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from chingolo.command_line.command import Command
from chingolo.synth.tables.bounds import Bounds
from chingolo.train.search.settings import BEST, TRIALS, SearchSettings


@dataclass(frozen=True)
class SearchConfig:
    """Teaches encoders with invented units of the syrinx, and asks them for others.

    All are heard through random recorders; asked is whether the nearest sound, through another
    recorder, is of the same unit.
    """

    out: Path = Path("runs/search")
    """Folder of the search: every trial, and the best encoder."""

    trials: Annotated[int, Bounds(1)] = 30
    """Encoders that are tried in the end."""

    resume: bool = False
    """Go on with the search of that folder, to so many trials."""

    settings: SearchSettings = field(default_factory=SearchSettings)


def search_encoders(config: SearchConfig) -> None:
    """Searches, and prints the best."""
    from chingolo.train.search.study import search

    best = search(
        config.out,
        config.settings,
        trials=config.trials,
        resume=config.resume,
        tell=lambda line: print(line, flush=True),
    )
    songbird = "refused" if best["songbird"] is None else f"{best['songbird']:.3f}"
    print(
        f"best of {best['trials']}: right {best['right']:.3f} (standard error "
        f"{best['standard_error']:.3f}); what songbird has: {songbird}"
    )
    words = " ".join(best["set"])
    if best["shrink"] is None:
        print(f"$ chingolo train SONGS --set {words}")
    else:
        print(f"a layer in closed form, shrinkage {best['shrink']:.3g}: {words}")
    print(f"{config.out / TRIALS}, {config.out / BEST}; `chingolo embed {config.out} SONGS`")


COMMAND = Command(
    "search",
    "which encoder hears invented units best",
    SearchConfig,
    search_encoders,
    large_pages=True,
)
main = COMMAND.main


if __name__ == "__main__":
    raise SystemExit(main())
