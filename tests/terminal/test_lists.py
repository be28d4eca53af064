"""`list`, `show`, `--help`, `--version`: quick, complete, the same for people and for programs."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine import registry
from engine.comparison.wording import count, percent, size
from engine.events import RunStarted, RunStopped
from engine.experiment import parse_experiment
from engine.machine.environment import environment
from engine.plan import parse_plan, presets
from storage.record import record
from storage.store import RunStore
from storage.workspace import Workspace
from tests.new_runs import new_run
from ui.command.arguments import COMMANDS, LISTS
from ui.terminal.output import plain

Command = Callable[..., Any]


@pytest.mark.parametrize("what", LISTS)
def test_every_list_has_a_table_and_json_lines(warmstart: Command, what: str) -> None:
    table, lines = warmstart("list", what), warmstart("list", what, "--json")
    assert (table.code, lines.code) == (0, 0)
    assert table.out.strip()
    if what != "runs":
        assert lines.objects()


def test_an_empty_list_says_what_to_do(warmstart: Command) -> None:
    assert "demo" in warmstart("list", "runs").out
    assert warmstart("list", "runs", "--json").out == ""


def test_methods_come_with_every_hyperparameter(warmstart: Command) -> None:
    listed = {item["name"]: item for item in warmstart("list", "methods", "--json").objects()}
    assert set(listed) == {method.name for method in registry.methods()}
    rates = [field for field in listed["maml"]["hyperparameters"] if field["name"] == "inner_rate"]
    assert rates[0]["help"]
    assert rates[0]["low"] > 0


def test_a_listed_preset_is_an_experiment_file(warmstart: Command) -> None:
    for item, plan in zip(warmstart("list", "presets", "--json").objects(), presets(), strict=True):
        assert parse_plan(item, plan.name).experiments == plan.experiments


def test_runs_are_listed_by_tag_and_without_the_archive(warmstart: Command, tmp_path: Path) -> None:
    with RunStore(Workspace(tmp_path / "kept")) as store:
        runs = [store.create(new_run(parse_experiment({}), name)) for name in ("first", "second", "third")]
        for run in runs:
            list(record(store, run.id, iter([RunStarted(1, 1, 1, environment=environment()), RunStopped(0)])))
        store.tag([runs[0].id, runs[1].id], ["Paper"])
        store.tag([runs[0].id], ["odd"])
        store.note_cell(runs[0].id, "test", "look again")
        store.archive([runs[1].id])

    def listed(*flags: str) -> list[str]:
        answer = warmstart("list", "runs", "--json", *flags, "--workspace", tmp_path / "kept")
        return [found["name"] for found in answer.objects()]

    assert listed() == ["third", "first"]
    assert listed("--archived") == ["third", "second", "first"]
    assert listed("--tag", "paper") == ["first"]
    assert listed("--tag", "paper", "--archived") == ["second", "first"]
    assert listed("--tag", "paper", "--tag", "odd") == ["first"]
    assert "--archived" in warmstart("list", "runs", "--tag", "unknown", "--workspace", tmp_path / "kept").out
    assert "Paper odd" in warmstart("list", "runs", "--workspace", tmp_path / "kept").out
    said = warmstart("show", "first", "--workspace", tmp_path / "kept").out
    assert "Tags: Paper odd" in said
    assert "Note on test: look again" in said
    assert f"Python {platform.python_version()}, torch " in " ".join(said.split())
    (found,) = warmstart("show", "second", "--json", "--workspace", tmp_path / "kept").objects()
    assert "torch" in found["made_with"]["packages"]
    assert (found["tags"], found["archived"], found["cell_notes"]) == (["Paper"], True, {})


def test_help_teaches(program: Command) -> None:
    answer = program("--help")
    assert answer.code == 0
    for words in (*COMMANDS, "python main.py run few-shot", "--workspace", "Exit codes"):
        assert words in answer.out
    assert "--dry-run" in program("run", "--help").out


def test_version(program: Command) -> None:
    answer = program("--version")
    assert answer.code == 0
    assert answer.out.startswith("Warmstart ")


HEAVY = "print('\\nheavy:', [m for m in ('torch', 'PySide6') if m in sys.modules])"
QUICK = [("--help",), ("list", "methods"), ("list", "datasets"), ("list", "runs"), ("run", "demo", "--dry-run")]


@pytest.mark.parametrize("arguments", QUICK)
def test_quick_commands_load_neither_torch_nor_qt(program: Command, arguments: tuple[str, ...]) -> None:
    answer = program(*arguments, before=f"import atexit\natexit.register(lambda: {HEAVY})")
    assert answer.code == 0, answer.err
    assert answer.out.rstrip().endswith("heavy: []")


def test_output_to_a_closed_pipe_is_no_error(program: Command) -> None:
    closed = "import os\nr, w = os.pipe(); os.dup2(w, 1); os.close(r); os.close(w)"
    answer = program("list", "methods", before=closed)
    assert (answer.code, answer.err) == (0, "")


def test_figures_in_words() -> None:
    assert percent(0.7834) == "78.3 %"
    assert percent(float("nan")) == "–"
    assert [size(n) for n in (12, 1200, 46_830_571)] == ["12 bytes", "1.2 kB", "47 MB"]
    assert [count(1, "classes"), count(1, "runs"), count(2048, "classes")] == ["1 class", "1 run", "2,048 classes"]
    assert plain({"a": float("nan"), "b": (1, True, None), "c": sys}) == {
        "a": None,
        "b": [1, True, None],
        "c": str(sys),
    }


@pytest.mark.parametrize(("what", "option", "of"), [
    ("methods", ("--all",), "backbones"), ("datasets", ("--all", "vit"), "backbones"),
    ("presets", ("--archived",), "runs"), ("backbones", ("--tag", "a"), "runs"),
])  # fmt: skip
def test_an_option_of_another_list_is_refused(
    what: str, option: tuple[str, ...], of: str, refuses: Callable[..., str]
) -> None:
    assert f"{option[0]} is of {of}, and these are {what}" in refuses("list", what, *option)
