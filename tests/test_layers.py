"""Who may import whom: the layout's promise, read from the sources."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OURS = ("bot", "memory", "actions")
# Package -> the packages of ours that it may import besides itself.
ALLOWED = {
    "bot/mistakes.py": (),
    "bot/flows": ("bot.mistakes",),
    "bot/offering": ("bot.mistakes",),
    "memory": (),
    "actions": ("bot.offering", "bot.flows", "memory"),
}


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _ours(path: Path) -> set[str]:
    return {name for name in _imports(path) if name.split(".")[0] in OURS}


def _sources(place: str) -> list[Path]:
    return [ROOT / place] if place.endswith(".py") else list((ROOT / place).rglob("*.py"))


def _within(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


@pytest.mark.parametrize("folder", ALLOWED)
def test_a_package_imports_only_what_its_layer_allows(folder):
    """Pure packages import nothing of ours but the record of a mistake; actions know offering, flows and memory."""
    itself = folder.removesuffix(".py").replace("/", ".")
    allowed = (itself, *ALLOWED[folder])
    wrong = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in _sources(folder)
        for name in _ours(path)
        if not _within(name, allowed) and not any(package.startswith(name + ".") for package in allowed)
    }
    assert wrong == set()


def test_only_the_entry_points_import_the_composition_root():
    """Everything else gets its parts handed in."""
    importers = {
        path.relative_to(ROOT).as_posix()
        for package in OURS
        for path in (ROOT / package).rglob("*.py")
        if any(_within(name, ("bot.app",)) for name in _imports(path))
    }
    assert importers - {"bot/app.py"} == {"bot/serving.py", "bot/rasa/stock.py"}


def test_nothing_is_read_from_the_environment_outside_the_settings():
    """Settings come from one module; switches that Rasa and NumPy read for themselves are the exception."""
    readers = {
        path.relative_to(ROOT).as_posix()
        for package in OURS
        for path in (ROOT / package).rglob("*.py")
        if "environ" in path.read_text(encoding="utf-8")
    }
    assert readers == {"bot/__init__.py", "bot/settings.py", "bot/logs.py", "bot/rasa/without_tensorflow.py"}
