"""Every registered method and head has a value worked out on paper or published: a test marked `anchors` with its name
("protonet", of a head "head:ridge"). A new one fails here until it has one."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from engine.heads.catalog import HEADS
from engine.registry import methods

TESTS = Path(__file__).resolve().parents[1]
NAMES = [*(kind.name for kind in methods()), *(f"head:{head.name}" for head in HEADS)]


@cache
def anchored() -> frozenset[str]:
    """The names in every `@pytest.mark.anchors(...)` on a test of the engine."""
    found: set[str] = set()
    for file in TESTS.rglob("test_*.py"):
        for function in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(function, ast.FunctionDef) and function.name.startswith("test_"):
                for mark in function.decorator_list:
                    if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.anchors":
                        found |= {str(ast.literal_eval(name)) for name in mark.args}
    return frozenset(found)


@pytest.mark.parametrize("name", NAMES)
def test_it_has_an_anchor(name: str) -> None:
    assert name in anchored(), f"mark a test of values worked out on paper with @pytest.mark.anchors({name!r})"


def test_no_anchor_is_for_something_that_is_gone() -> None:
    assert anchored() <= set(NAMES)
