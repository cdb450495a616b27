"""The design of the folders: which way imports run, and what the public functions tell."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ORDER = ("synth", "train", "analysis", "scripts")
FILES = [path for package in ORDER for path in sorted((ROOT / package).rglob("*.py"))]


def package_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0]


def imported(tree: ast.AST) -> set[str]:
    """Top-level names that a file imports, inside functions too."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide the direction"
            names.add((node.module or "").split(".")[0])
    return names


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_one_way(path: Path):
    later = ORDER[ORDER.index(package_of(path)) + 1 :]
    names = imported(ast.parse(path.read_text()))
    assert not names & set(later)
    assert not names & {"tests", "benchmarks", "docs", "pickle", "dill", "joblib"}


def calls(tree: ast.AST) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_that_is_read_runs_code(path: Path):
    for call in calls(ast.parse(path.read_text())):
        name = ast.unparse(call.func)
        words = {word.arg: ast.unparse(word.value) for word in call.keywords}
        assert name not in ("eval", "exec", "pd.read_pickle", "os.system", "yaml.unsafe_load")
        assert words.get("allow_pickle", "False") == "False"
        assert words.get("shell", "False") == "False"
        if name == "yaml.load":
            assert words.get("Loader") == "LineLoader"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_public_functions_are_annotated_and_documented(path: Path):
    tree = ast.parse(path.read_text())
    told = []
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef | ast.ClassDef) or node.name.startswith("_"):
            continue
        if not ast.get_docstring(node):
            told.append(f"{node.name}: no docstring")
        if isinstance(node, ast.FunctionDef):
            arguments = [*node.args.args, *node.args.kwonlyargs]
            bare = [argument.arg for argument in arguments if argument.annotation is None]
            told += [f"{node.name}: {name} has no annotation" for name in bare]
    assert not told
