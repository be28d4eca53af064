"""Shifts, halves and validation images from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.data.shifts import KINDS, parse_shift
from engine.experiment import DatasetChoice, Experiment
from storage.store import RunStore
from storage.workspace import Workspace
from ui.command.table import DIVISION, one_experiment

Command = Callable[..., Any]
Refuses = Callable[..., str]
QUICK = ("run", "--data", "digits", "--method", "scratch", "--labels-per-class", "2", "--set", "epochs=2")


def test_the_flags_are_the_settings_of_the_file(warmstart: Command) -> None:
    answer = warmstart(
        *QUICK, "--shift", "noise:4", "--tested-on", "noise:5", "label-shift", "inversion:1", "--part", "target",
        "--validation-per-class", "6", "--dry-run",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    data = json.loads(answer.out)["experiment"]["dataset"]
    assert data["shift"] == {"kind": "noise", "severity": 4}
    assert data["tested_on"] == [
        {"kind": "noise", "severity": 5}, {"kind": "label shift", "severity": 3}, {"kind": "inversion", "severity": 1},
    ]  # fmt: skip
    assert (data["part"], data["validation_per_class"]) == ("target half", 6)


def test_without_the_flags_nothing_is_shifted(warmstart: Command) -> None:
    data = json.loads(warmstart(*QUICK, "--dry-run").out)["experiment"]["dataset"]
    assert (data["shift"], data["tested_on"], data["part"], data["validation_per_class"]) == (None, [], None, None)


def test_the_help_names_every_shift() -> None:
    named = next(flag.help for flag in one_experiment() if flag.name == "shift").partition("KIND one of ")[2]
    assert [parse_shift(name).kind for name in named.split(", ")] == list(KINDS)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--shift", "nois:3"), "There is no shift called “nois”. Did you mean “noise”?"),
        (("--shift", "noise:9"), "“9” is no severity of a shift. Give a number from 1 to 5, such as noise:3."),
        (("--tested-on", "blur:1", "snow:2"), "There is no shift called “snow”. Choose one of noise, blur"),
        (("--part", "third"), "--part: invalid choice: 'third'"),
        (("--validation-per-class", "0"), "“dataset.validation_per_class” must be greater than or equal to 1"),
        (("--data", "mnist"), "MNIST is not on this machine. Download it (12 MB), or pick a"),
    ],
)
def test_a_mistake_in_them(refuses: Refuses, flags: tuple[str, ...], said: str) -> None:
    assert said in refuses("run", *flags)


def test_a_preset_already_says_its_shift(refuses: Refuses) -> None:
    assert "--shift cannot be used with it." in refuses("run", "demo", "--shift", "noise:3")
    assert "--tested-on cannot be used with it." in refuses("run", "demo", "--tested-on", "noise:3")


def test_a_shifted_run_says_so_in_its_name_and_tests_on_the_others(warmstart: Command, own_workspace: Path) -> None:
    answer = warmstart(*QUICK, "--shift", "noise:2", "--tested-on", "blur:4")
    assert answer.code == 0, answer.err
    with RunStore(Workspace(own_workspace)) as store:
        (run,) = store.runs()
        results = store.results(run.id)
    assert run.name == "From scratch on Handwritten digits, 2 labels per class, noise 2, seed 0"
    assert {"test/accuracy", "test/accuracy, blur 4"} <= {result.name for result in results}
    shown = warmstart("show", "1").out
    for words in ("Shift", "Gaussian noise, severity 2", "Also tested on", "Gaussian blur, severity 4"):
        assert words in shown


def test_mnist_is_listed(warmstart: Command) -> None:
    assert "MNIST" in warmstart("list", "datasets").out


def test_what_the_test_leaves_out_and_a_list_are_written_as_they_are_read(warmstart: Command) -> None:
    data = DatasetChoice(name="digits", leave_out="look-alikes", listed="bytes-0123")
    words = [word for flag in DIVISION for word in flag.words(Experiment(dataset=data))]
    assert words == ["--leave-out", "look-alikes", "--listed", "bytes-0123"]
    answer = warmstart(*QUICK, *words, "--dry-run")
    assert answer.code == 0, answer.err
    found = json.loads(answer.out)["experiment"]["dataset"]
    assert (found["leave_out"], found["listed"]) == ("look-alikes", "bytes-0123")
