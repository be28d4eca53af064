"""The rooms of the house: who may import whom, and what must open before torch is loaded."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import pkgutil
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]

TORCH_FREE = [
    "main",
    "ui.terminal",
    "storage",
    "engine.data",
    "engine.registry",
    "engine.methods",
    "engine.backbones.catalog",
    "engine.backbones.nets",
    "engine.plan",
    "engine.comparison",
    "engine.preflight.problems",
    "engine.experiment",
    "engine.events",
    "engine.remote",
    "engine.work",
]


def test_imports_keep_to_the_layers() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    answer = subprocess.run([*command, "--no-cache"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def modules_of(name: str) -> list[str]:
    """The module itself and everything below it."""
    spec = importlib.util.find_spec(name)
    assert spec is not None, f"{name} is not there"
    if spec.submodule_search_locations is None:
        return [name]
    below = pkgutil.walk_packages(spec.submodule_search_locations, name + ".")
    return [name, *(module.name for module in below)]


WATCH = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
    heavy = [module for module in ("torch", "torchvision", "PySide6", "pyqtgraph") if module in sys.modules]
    if heavy:
        sys.exit(f"{name} imports {', '.join(heavy)}")
"""


def test_what_opens_before_torch_and_qt_imports_neither() -> None:
    names = [module for name in TORCH_FREE for module in modules_of(name)]
    command = [sys.executable, "-c", WATCH, *names]
    answer = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert len(names) > 40


def test_the_packages_themselves_import_nothing() -> None:
    for name in ("engine", "storage", "ui", "resources"):
        code = f"import sys; before = set(sys.modules); import {name}; print(sorted(set(sys.modules) - before))"
        answer = subprocess.run(
            [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
        )
        assert answer.stdout.strip() == f"['{name}']"


@cache
def definitions(path: Path) -> list[tuple[type[ast.AST], str, int, bool]]:
    """Kind, name and lines of the file and of all that is defined in it, and whether it stands at its top."""
    text = path.read_text(encoding="utf-8")
    found: list[tuple[type[ast.AST], str, int, bool]] = [(ast.Module, "the file", text.count("\n"), True)]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            found.append((type(node), node.name, lines, node.col_offset == 0))
    return found


LARGEST = {ast.Module: 300, ast.ClassDef: 250, ast.FunctionDef: 40, ast.AsyncFunctionDef: 40}  # lines


@pytest.mark.parametrize("room", ["engine", "storage", "ui"])
def test_no_file_class_or_function_is_too_long_to_read(room: str) -> None:
    for path in (REPOSITORY / room).rglob("*.py"):
        for kind, name, lines, _ in definitions(path):
            assert lines <= LARGEST[kind], f"{path.relative_to(REPOSITORY)}: {name} has {lines} lines"


WITHOUT_TYPE = {"engine": 56, "storage": 8, "ui": 76}  # lines with `Any`, which a change may make fewer
COMES_IN = re.compile(r"(dict|Mapping)\[str, Any\]|\bctx: Any|^from typing .*")  # decoded JSON; autograd's context


@pytest.mark.parametrize("room", list(WITHOUT_TYPE))
def test_any_stands_where_data_come_in_and_hardly_elsewhere(room: str) -> None:
    lines = (line for path in (REPOSITORY / room).rglob("*.py") for line in path.read_text("utf-8").splitlines())
    found = [line for line in lines if re.search(r"\bAny\b", COMES_IN.sub("", line))]
    assert len(found) <= WITHOUT_TYPE[room], f"{len(found)} lines, such as {found[-1].strip()}"


def test_a_benchmark_imports_what_there_is() -> None:
    """Also inside its functions, which no other check reads."""
    missing = []
    for path in sorted((REPOSITORY / "benchmarks").glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
        for node in (node for node in found if (node.module or "").partition(".")[0] in ("engine", "storage", "ui")):
            assert node.module is not None
            names = vars(importlib.import_module(node.module))
            submodules = (f"{node.module}.{alias.name}" for alias in node.names if alias.name not in names)
            missing += [f"{path.name}: {name}" for name in submodules if not is_module(name)]
    assert missing == []


def is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def test_no_two_classes_have_one_name() -> None:
    where: dict[str, list[str]] = {}
    for path in (file for room in ("engine", "storage", "ui") for file in (REPOSITORY / room).rglob("*.py")):
        for kind, name, _, is_at_top in definitions(path):
            if kind is ast.ClassDef and is_at_top:
                where.setdefault(name, []).append(str(path.relative_to(REPOSITORY)))
    assert {name: files for name, files in where.items() if len(files) > 1} == {}
