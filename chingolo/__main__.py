"""The front door: `chingolo COMMAND ...` runs the script of that name."""

import importlib
import sys

from chingolo.scripts.command_line.large_pages import restart_with_large_pages

COMMANDS = {
    "demo": (
        "chingolo.scripts.demo",
        "the whole story on a generated example -> runs/demo/report.html",
    ),
    "generate": (
        "chingolo.scripts.generate_songs",
        "a repertoire -> synthetic songs and their song table",
    ),
    "fit": (
        "chingolo.scripts.fit_songs",
        "recordings -> gestures, re-synthesised songs, surrogates",
    ),
    "convert": (
        "chingolo.scripts.convert_table",
        "song table <-> Raven selections <-> Audacity labels",
    ),
    "find": (
        "chingolo.scripts.find_songs",
        "long recordings or a live stream -> the songs in them",
    ),
    "train": ("chingolo.scripts.train_encoder", "song tables -> a trained encoder"),
    "train-detector": ("chingolo.scripts.train_detector", "scenes -> a finder of songs"),
    "embed": ("chingolo.scripts.embed_songs", "a trained encoder and song tables -> latent table"),
    "probe": (
        "chingolo.scripts.probe_labels",
        "how well an encoder tells the classes of a collection",
    ),
    "compare": ("chingolo.scripts.compare_eras", "a latent table with two eras -> report"),
}

TRAINING = ("demo", "train", "train-detector")


def main() -> None:
    """Runs one command and exits with its status."""
    words = sys.argv[1:]
    if not words or words[0] in ("-h", "--help"):
        print("usage: chingolo COMMAND ...   (chingolo COMMAND --help tells its options)\n")
        print("\n".join(f"  {name:<15} {text}" for name, (_, text) in COMMANDS.items()))
        sys.exit(0)
    if words[0] not in COMMANDS:
        print(f"chingolo: no command '{words[0]}'; one of {', '.join(COMMANDS)}", file=sys.stderr)
        sys.exit(2)
    if words[0] in TRAINING:
        restart_with_large_pages()
    script = importlib.import_module(COMMANDS[words[0]][0])
    sys.exit(script.main(words[1:]))


if __name__ == "__main__":
    main()
