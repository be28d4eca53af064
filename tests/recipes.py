"""The code of CONTRIBUTING.md's recipes, and files that lie in a package of the program for the time of one test."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

REPOSITORY = Path(__file__).resolve().parents[1]


def recipe(name: str) -> str:
    """The code block of this recipe."""
    text = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
    found = re.search(rf"<!-- recipe: {name} -->\n```python\n(.*?)```", text, re.DOTALL)
    assert found, f"no recipe called {name}"
    return found.group(1)


@contextmanager
def among(package: ModuleType, folder: Path, forget: Callable[[], None], **files: str) -> Iterator[None]:
    """Modules of these names and texts in the package; `forget` drops what the program keeps of the package."""
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    package.__path__.append(str(folder))
    forget()
    yield
    package.__path__.remove(str(folder))
    for name in files:
        sys.modules.pop(f"{package.__name__}.{name}", None)
    forget()
