"""The front door: `chingolo COMMAND ...` runs the command of that name."""

import sys

from chingolo.command_line.command import Command, reader_may_leave
from chingolo.command_line.large_pages import restart_with_large_pages
from chingolo.synth.tables.registry import Registry

COMMANDS: Registry[Command] = Registry(
    "command",
    {
        "demo": "chingolo.scripts.whole_way.demo:COMMAND",
        "report": "chingolo.scripts.whole_way.report_recordings:COMMAND",
        "generate": "chingolo.scripts.generate_songs:COMMAND",
        "sing": "chingolo.scripts.workbench.sing_themes:COMMAND",
        "fit": "chingolo.scripts.fit_songs:COMMAND",
        "convert": "chingolo.scripts.convert_table:COMMAND",
        "find": "chingolo.scripts.find_songs:COMMAND",
        "train": "chingolo.scripts.train_encoder:COMMAND",
        "train-detector": "chingolo.scripts.workbench.train_detector:COMMAND",
        "search": "chingolo.scripts.workbench.search_encoders:COMMAND",
        "embed": "chingolo.scripts.embed_songs:COMMAND",
        "probe": "chingolo.scripts.probe_labels:COMMAND",
        "compare": "chingolo.scripts.compare_eras:COMMAND",
    },
)


def main() -> None:
    """Runs one command and exits with its status."""
    with reader_may_leave():
        sys.exit(_main())


def _main() -> int:
    words = sys.argv[1:]
    if not words or words[0] in ("-h", "--help"):
        print("usage: chingolo COMMAND ...   (chingolo COMMAND --help tells its options)\n")
        wide = max(map(len, COMMANDS)) + 2
        print("\n".join(f"  {name:<{wide}}{each.about}" for name, each in COMMANDS.items()))
        return 0
    if words[0] not in COMMANDS:
        print(f"chingolo: no command '{words[0]}'; one of {COMMANDS.names()}", file=sys.stderr)
        return 2
    command = COMMANDS[words[0]]
    if command.large_pages:
        restart_with_large_pages()
    return command.main(words[1:])


if __name__ == "__main__":
    main()
