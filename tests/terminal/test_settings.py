"""--set with cells of the layer table, the time limit, and methods listed by group."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from engine.experiment import Budget, parse_experiment
from ui.command.settings import settings_from

Command = Callable[..., Any]
Refuses = Callable[..., str]
BLOCKS = ("stem", "stage1", "head")


def test_cells_of_the_layer_table_are_gathered_by_block() -> None:
    pairs = ["epochs=3", "layers.stem.rate=0", "layers.stage1.rate=0.1", "layers.stage1.trains=norms",
             "layers.head.fresh=true"]  # fmt: skip
    assert settings_from(pairs, "full_ft", BLOCKS) == {
        "epochs": 3,
        "layers": {"stem": {"rate": 0.0}, "stage1": {"rate": 0.1, "trains": "norms"}, "head": {"fresh": True}},
    }


def test_a_choice_that_looks_like_a_number_stays_a_word() -> None:
    assert settings_from(["most_labels=5", "repeats=3"], "head_bench", BLOCKS) == {"most_labels": "5", "repeats": 3}


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("layers.stage9.rate=1", "no block called “stage9”. Did you mean “stage3”?"),
        ("layers.stage1.rat=1", "no column “rat”. Did you mean “rate”?"),
        ("layers.stage1=1", "“layers.stage1” names no cell of the layer table. Write it as layers.BLOCK.COLUMN=VALUE."),
        ("layers.stage1.rate=-1", "Block stage1: “rate” must be greater than or equal to 0 (given: -1)."),
        ("layers.stage1.trains=nrms", "Block stage1: “trains” must be"),
    ],
)
def test_a_cell_that_does_not_exist_is_answered_with_the_nearest(refuses: Refuses, setting: str, said: str) -> None:
    assert said in refuses("run", "--backbone", "resnet_small", "--method", "full_ft", "--set", setting)


def test_a_method_without_a_table_says_so(refuses: Refuses) -> None:
    assert "no setting “layers.conv1.rate”" in refuses("run", "--method", "maml", "--set", "layers.conv1.rate=1")


def test_a_table_that_cannot_work_is_refused(refuses: Refuses) -> None:
    frozen = [word for n in (1, 2, 3, 4) for word in ("--set", f"layers.conv{n}.rate=0")]
    said = refuses("run", "--data", "digits", "--method", "full_ft", *frozen, "--set", "layers.head.rate=0")
    assert "every block is frozen" in said


def test_a_time_instead_of_epochs(warmstart: Command, refuses: Refuses) -> None:
    shown = warmstart("run", "--data", "digits", "--minutes", "2", "--instead-of-epochs", "--dry-run")
    body = json.loads(shown.out)
    experiment = parse_experiment(body.get("experiment", body["experiments"][0] if "experiments" in body else body))
    assert experiment.budget == Budget(minutes=2, instead_of_epochs=True)
    assert "minutes" in refuses("run", "--data", "digits", "--instead-of-epochs")


def test_methods_are_listed_by_group(warmstart: Command) -> None:
    groups = {item["name"]: item["group"] for item in warmstart("list", "methods", "--json").objects()}
    assert (groups["surgical"], groups["bitfit"], groups["maml"]) == ("Some layers", "Few parameters", "Gradient-based")
    table = warmstart("list", "methods").out
    assert all(group in table for group in set(groups.values()))
