"""What a run is made with, as the machine that works it tells."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path

import pytest

from engine.events import RunStarted
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.machine.environment import commit, environment


def test_a_run_says_what_it_is_made_with_when_it_starts(tmp_path: Path) -> None:
    steps = {"steps": 1, "validation_episodes": 10, "test_episodes": 10, "validate_every": 1}
    sines = Experiment(
        dataset=DatasetChoice(name="sinusoid"), backbone=BackboneChoice(name="sine_mlp"),
        method=MethodChoice(name="maml", hyperparameters=steps),
    )  # fmt: skip
    said = list(execute(sines, tmp_path / "run"))
    (started,) = (event for event in said if isinstance(event, RunStarted))
    assert started.environment == environment()
    assert started.environment["packages"]["numpy"] == metadata.version("numpy")
    assert json.loads(json.dumps(started.environment)) == started.environment


HEAD = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({".git/HEAD": HEAD}, HEAD[:12]),
        ({".git/HEAD": "ref: refs/heads/main\n", ".git/refs/heads/main": HEAD}, HEAD[:12]),
        ({".git/HEAD": "ref: refs/heads/main\n", ".git/packed-refs": f"# pack\n{HEAD} refs/heads/main\n"}, HEAD[:12]),
        (
            {".git": "gitdir: kept/worktrees/one\n", "kept/worktrees/one/HEAD": "ref: refs/heads/one\n",
             "kept/worktrees/one/commondir": "../..\n", "kept/refs/heads/one": HEAD},
            HEAD[:12],
        ),
        ({".git/HEAD": "ref: refs/heads/unborn\n"}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_the_commit_that_runs_is_read_of_the_checkout(tmp_path: Path, files: dict[str, str], found: str | None) -> None:
    for name, words in files.items():
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(words)
    assert commit(tmp_path) == found
