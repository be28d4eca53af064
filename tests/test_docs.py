"""The documents stay true: commands that exist, files that are there, one test command for people and for CI."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from engine.studies.study import study_presets
from ui.command.arguments import COMMANDS, LISTS, parse
from ui.command.joining import INSTALL
from ui.terminal.study import WORDS

REPOSITORY = Path(__file__).resolve().parents[1]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
FOLDERS = r"engine|storage|ui|resources|tests|benchmarks|docs|\.ci"
DOCUMENTS = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md")


def marked(text: str, marker: str) -> str:
    """The code block under `<!-- marker -->`."""
    found = re.search(rf"<!-- {re.escape(marker)} -->\n```\w*\n(.*?)```", text, re.DOTALL)
    assert found, f"no block called {marker}"
    return found.group(1).strip()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_file_that_a_document_names_exists(name: str) -> None:
    text = (REPOSITORY / name).read_text(encoding="utf-8")
    recipes = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    named = re.findall(
        r"`((?:engine|storage|ui|resources|tests|benchmarks|docs|\.ci)/[\w./-]*|[\w-]+\.(?:py|toml|md))`", recipes
    )
    linked = re.findall(r"\]\(([\w./-]+)\)", text)
    new_here = {
        "engine/methods/tuning/last_block.py",
        "engine/data/sets/stripes.py",
        "engine/backbones/nets/conv2.py",
        "ui/pages/tally.py",
    }  # made by following the recipes
    missing = [path for path in [*named, *linked] if path not in new_here and not (REPOSITORY / path).exists()]
    assert not missing
    assert named or linked


def readme_examples() -> list[str]:
    return [line.split("  ")[0] for line in re.findall(r"^ {4}(warmstart.*)$", README, re.MULTILINE)]


@pytest.mark.parametrize("line", readme_examples())
def test_the_examples_of_the_readme_are_understood(line: str) -> None:
    chosen = parse(shlex.split(line)[1:])
    assert chosen.command in (None, *COMMANDS)
    if chosen.command == "list":
        assert chosen.what in LISTS
    if chosen.command == "study" and chosen.what not in WORDS:
        assert chosen.what in {study.name for study in study_presets()}


def test_both_commands_make_their_own_environment() -> None:
    for name in ("demo command", "test command"):
        command = marked(README, name)
        assert command.startswith("python3 -m venv .venv && .venv/bin/python -m pip install -e ")
        assert "\n" not in command


def test_ci_runs_the_test_command_of_the_readme() -> None:
    script = (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8")
    function = script[script.index("readme_command()") : script.index("install_qt_libraries()")]
    for name in ("test command", "qt packages"):
        extracted = subprocess.run(
            ["bash", "-c", f'{function}\nreadme_command "{name}"'],
            cwd=REPOSITORY, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert extracted.stdout.strip() == marked(README, name)
        assert f'"{name}"' in script


def test_every_file_and_folder_below_a_package_is_explained() -> None:
    text = (REPOSITORY / "ARCHITECTURE.md").read_text(encoding="utf-8")
    found = [path for root in ("engine", "ui") for path in (REPOSITORY / root).iterdir()]
    names = [f"{path.parent.name}/{path.name}{'/' if path.is_dir() else ''}" for path in found if path.name[0] != "_"]
    assert len(names) > 40
    assert not [name for name in names if f"`{name}`" not in text]


def test_the_picture_of_the_rooms_is_drawn_from_the_code() -> None:
    drawn = subprocess.run(
        [sys.executable, "-c", "import sys; sys.path += ['docs', '.']; import rooms; print(rooms.drawn(), end='')"],
        cwd=REPOSITORY, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert drawn.stdout == (REPOSITORY / "docs" / "rooms.svg").read_text(encoding="utf-8"), "run python docs/rooms.py"


def test_the_readme_names_every_package_that_the_window_may_miss() -> None:
    source = (REPOSITORY / "ui" / "window" / "qt_check.py").read_text(encoding="utf-8")
    wanted = set(re.findall(r'"lib[\w.-]+\.so\.\d+": "([\w.-]+)"', source))
    assert wanted <= set(marked(README, "qt packages").split())


def test_no_registry_host_or_machine_path_in_the_documents() -> None:
    for path in [*DOCUMENTS, ".ci/run", "pyproject.toml", "CHANGELOG.md"]:
        text = (REPOSITORY / path).read_text(encoding="utf-8")
        assert not re.search(r"https?://(?!arxiv)|(?<!\w)/(?:home|root|work|opt)/", text), path


def test_other_machines_are_told_to_install_it_in_one_way() -> None:
    document = (REPOSITORY / "docs" / "several-machines.md").read_text(encoding="utf-8")
    assert marked(document, "install command") == INSTALL
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(re.findall(r'"\.\[(\w+)\]"', document)) <= set(project["optional-dependencies"])
