"""The design of the folders: which way imports run, how much a folder holds, what functions tell.

The order of the folders is that of docs/architecture.md, the page that a newcomer reads.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("synth", "train", "analysis", "scripts")
FILES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
FRONT = ROOT / "chingolo"
FILES += sorted([*FRONT.glob("*.py"), *(FRONT / "command_line").glob("*.py")])
MOST_ENTRIES, MOST_LINES = 12, 320

by_path = pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))


def folders(*packages: str) -> list[Path]:
    """Every folder of these packages that is no cache."""
    found = [
        folder
        for package in packages
        for folder in [ROOT / package, *sorted((ROOT / package).rglob("*"))]
        if folder.is_dir() and "__pycache__" not in folder.parts
    ]
    assert len(found) > len(packages)
    return found


def entries(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.iterdir()) if path.name != "__pycache__"]


def rooms() -> list[str]:
    """The rooms of docs/architecture.md, from the ground up, such as `synth/voice`."""
    page = (ROOT / "docs" / "architecture.md").read_text()
    return [
        name.removesuffix("/").removesuffix(".py")
        for name in re.findall(
            r"^\| `((?:synth|train|analysis|chingolo)/\w+(?:/|\.py))` \|", page, re.M
        )
    ]


def imported(tree: ast.AST) -> set[str]:
    """Dotted names that a file imports, inside functions too, and entries of registries."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide the direction"
            module = node.module or ""
            names |= {module} | {f"{module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            entry = re.fullmatch(r"(chingolo(?:\.\w+)+):\w+", node.value)
            names |= {entry[1]} if entry else set()
    return names


def as_file(name: str) -> Path | None:
    """The file of a module `chingolo.synth.voice.render`; None for other names."""
    if not name.startswith("chingolo."):
        return None
    parts = name.split(".")[1:]
    below = FRONT if parts[0] in ("__main__", "command_line") else ROOT
    path = below.joinpath(*parts).with_suffix(".py")
    return path if path.is_file() else None


GRAPH = {
    path: {
        file
        for name in imported(ast.parse(path.read_text()))
        if (file := as_file(name)) is not None
    }
    for path in FILES
}


def circle(edges: dict[str, set[str]]) -> list[str]:
    """The nodes of a circle; none where there is none."""
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_the_page_names_every_room_once():
    told = rooms()
    there = {
        f"{package}/{path.stem}"
        for package in PACKAGES[:3]
        for path in entries(ROOT / package)
        if path.name != "__init__.py"
    }
    assert len(told) == len(set(told))
    assert set(told) == there | {"chingolo/command_line"}
    order = [(*PACKAGES[:3], "chingolo").index(room.split("/")[0]) for room in told]
    assert order == sorted(order)


def room_of(path: Path) -> str:
    """The room of a file, `scripts` for a command, `front door` for what knows the commands."""
    parts = path.relative_to(ROOT).parts
    if parts[0] == "scripts":
        return "scripts"
    return "front door" if path.parent == FRONT else "/".join([parts[0], Path(parts[1]).stem])


@by_path
def test_imports_run_downwards(path: Path):
    told = {room: number for number, room in enumerate([*rooms(), "scripts", "front door"])}
    here = told.get(room_of(path), -1)  # that of a package, which may import nothing
    for file in GRAPH[path]:
        there = told[room_of(file)]
        assert there <= here, f"{path.relative_to(ROOT)} imports {file.relative_to(ROOT)} above it"


@by_path
def test_imports_name_the_one_package(path: Path):
    tops = {name.split(".")[0] for name in imported(ast.parse(path.read_text()))}
    assert not tops & {*PACKAGES, "tests", "benchmarks", "docs", "pickle", "dill", "joblib"}


def test_files_import_each_other_in_no_circle():
    assert not circle({str(path): {str(file) for file in files} for path, files in GRAPH.items()})


@pytest.mark.parametrize("folder", folders(*PACKAGES), ids=lambda path: str(path.relative_to(ROOT)))
def test_entries_of_a_folder_import_each_other_in_no_circle(folder: Path):
    edges: dict[str, set[str]] = defaultdict(set)

    def entry(path: Path) -> str | None:
        return path.relative_to(folder).parts[0] if path.is_relative_to(folder) else None

    for path, files in GRAPH.items():
        for file in files:
            one, two = entry(path), entry(file)
            if one is not None and two is not None and one != two:
                edges[one].add(two)
    assert not circle(edges)


@pytest.mark.parametrize(
    "folder", folders(*PACKAGES, "tests"), ids=lambda path: str(path.relative_to(ROOT))
)
def test_a_folder_can_be_taken_in_at_a_glance(folder: Path):
    assert len(entries(folder)) <= MOST_ENTRIES


@by_path
def test_a_file_can_be_held_in_the_head(path: Path):
    assert len(path.read_text().splitlines()) <= MOST_LINES


@pytest.mark.parametrize("folder", folders(*PACKAGES), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_folder_says_what_it_is(folder: Path):
    if any(path.suffix == ".py" for path in entries(folder)):
        tree = ast.parse((folder / "__init__.py").read_text())
        assert ast.get_docstring(tree)
        assert len(tree.body) == 1


def test_tests_mirror_the_folders():
    for folder in folders("tests"):
        twin = ROOT / folder.relative_to(ROOT / "tests")
        assert twin.is_dir(), f"{folder} has no twin"
    for package in PACKAGES[:3]:
        for folder in entries(ROOT / package):
            if folder.is_dir():
                tests = ROOT / "tests" / folder.relative_to(ROOT)
                assert list(tests.rglob("test_*.py")), f"no test of {folder.relative_to(ROOT)}"


@by_path
def test_nothing_is_entered_twice(path: Path):
    """Of two entries of one name in a registry, or any other mapping, the first would be lost."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Dict):
            keys = [key.value for key in node.keys if isinstance(key, ast.Constant)]
            assert len(keys) == len(set(keys)), f"line {node.lineno}"


def calls(tree: ast.AST) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


@by_path
def test_nothing_that_is_read_runs_code(path: Path):
    for call in calls(ast.parse(path.read_text())):
        name = ast.unparse(call.func)
        words = {word.arg: ast.unparse(word.value) for word in call.keywords}
        assert name not in ("eval", "exec", "pd.read_pickle", "os.system", "yaml.unsafe_load")
        assert words.get("allow_pickle", "False") == "False"
        assert words.get("shell", "False") == "False"
        if name == "yaml.load":
            assert words.get("Loader") == "LineLoader"


def bare_arguments(function: ast.FunctionDef) -> Iterable[str]:
    arguments = [*function.args.args, *function.args.kwonlyargs]
    return [argument.arg for argument in arguments if argument.annotation is None]


@by_path
def test_public_functions_are_annotated_and_documented(path: Path):
    tree = ast.parse(path.read_text())
    told = []
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef | ast.ClassDef) or node.name.startswith("_"):
            continue
        if not ast.get_docstring(node):
            told.append(f"{node.name}: no docstring")
        if isinstance(node, ast.FunctionDef):
            told += [f"{node.name}: {name} has no annotation" for name in bare_arguments(node)]
    assert not told
