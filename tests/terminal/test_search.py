"""--search from the command line: the experiment it makes, faults in a sentence, a search saved with its trials."""

from __future__ import annotations

import json

import pytest

from engine.errors import InvalidExperiment
from engine.experiment import Experiment, RangeChoice, SearchChoice
from ui.command.arguments import parse
from ui.command.flags import plan_from


def experiment(*flags: str) -> Experiment:
    (made,) = plan_from(parse(["run", "--data", "digits", *flags])).experiments
    return made


def test_flags_become_a_search() -> None:
    assert experiment().search is None
    assert experiment("--search").search == SearchChoice(trials=20, folds=5)
    wanted = experiment("--search", "7", "--folds", "3", "--search-over", "learning_rate", "weight_decay").search
    assert wanted == SearchChoice(trials=7, folds=3, parameters=("learning_rate", "weight_decay"))


def test_strategy_minutes_and_ranges() -> None:
    flags = ("--search", "--search-strategy", "sweep", "--search-minutes", "2.5")
    ranges = ("--search-range", "learning_rate=1e-4:1e-2:5:log", "weight_decay=:0.5")
    wanted = experiment(*flags, *ranges).search
    assert wanted is not None
    assert (wanted.strategy, wanted.minutes) == ("sweep", 2.5)
    assert wanted.ranges == {
        "learning_rate": RangeChoice(low=1e-4, high=1e-2, log=True, values=5), "weight_decay": RangeChoice(high=0.5)
    }  # fmt: skip


@pytest.mark.parametrize("words", ["learning_rate", "learning_rate=1", "learning_rate=a:b", "=1:2", "a=1:2:3:cube", ""])
def test_what_is_no_range_is_said(words: str) -> None:
    with pytest.raises(InvalidExperiment, match="is no range"):
        experiment("--search", "--search-range", words)


def test_faults_are_sentences() -> None:
    with pytest.raises(InvalidExperiment, match="--folds says how to search, but nothing is searched"):
        experiment("--folds", "3")
    with pytest.raises(InvalidExperiment, match=r"“search.trials” must be greater than or equal to 1 \(given: 0\)"):
        experiment("--search", "0")


def test_the_experiment_file_holds_the_search(capsys: pytest.CaptureFixture[str]) -> None:
    from ui.terminal.run import run_from_command_line

    run_from_command_line(parse(["run", "--data", "digits", "--search", "3", "--dry-run"]))
    assert json.loads(capsys.readouterr().out)["experiment"]["search"]["trials"] == 3
