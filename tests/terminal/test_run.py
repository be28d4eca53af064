"""Runs from the command line: real data, real training, saved while shown; stopping and failing included."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from engine.errors import StorageError
from engine.events import RunState
from engine.experiment import Experiment
from storage.store import RunRow, RunStore
from storage.workspace import Workspace
from tests.new_runs import new_run

REPOSITORY = Path(__file__).resolve().parents[2]
Command = Callable[..., Any]
FEW = ("--data", "digits", "--classes", "3", "--labels-per-class", "2", "--image-size", "16")
QUICK = ("run", *FEW, "--method", "scratch", "--set", "epochs=2")


def saved(root: Path) -> list[RunRow]:
    with RunStore(Workspace(root)) as store:
        return store.runs()


def test_a_run_from_flags_is_saved_and_shown(warmstart: Command, own_workspace: Path) -> None:
    answer = warmstart(*QUICK, "--name", "first try")
    assert answer.code == 0, answer.err
    assert "test accuracy" in answer.out
    (run,) = saved(own_workspace)
    assert (run.name, run.state, run.experiment.method.hyperparameters["epochs"]) == ("first try", RunState.FINISHED, 2)

    shown = warmstart("show", "first try")
    assert shown.code == 0
    for words in ("Run 1: first try", "finished", "Labels per class", "test accuracy", "images"):
        assert words in shown.out

    listed = warmstart("list", "runs")
    assert "first try" in listed.out
    (as_object,) = warmstart("list", "runs", "--json").objects()
    assert as_object["uid"] == run.uid
    assert as_object["test"]["value"] == pytest.approx(run.test.value if run.test else None)


def test_every_file_that_was_left_out_is_named(warmstart: Command, tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for number in range(4):
            Image.new("L", (8, 8), 60 * number).save(tmp_path / "pets" / name / f"{number}.png")
    for number in range(12):
        (tmp_path / "pets" / "cat" / f"{number:02}.heic").write_bytes(b"\0\0\0\x18ftypheic")
    arguments = ("run", "--data", tmp_path / "pets", "--method", "scratch", "--set", "epochs=1")
    sentence = "12 files left out of the data set: cat/00.heic (HEIC, which is not read here), "
    said = [event["text"] for event in warmstart(*arguments, "--json").objects() if event["event"] == "notice"]
    assert any(text.startswith(sentence) and text.endswith(" and 2 more.") for text in said)
    shown = warmstart("show", "1").out
    assert "Left out of the data set: 12 files" in shown
    assert "cat/11.heic: HEIC, which is not read here" in shown
    (as_object,) = warmstart("show", "1", "--json").objects()
    assert [one["path"] for one in as_object["left_out"]] == [f"cat/{number:02}.heic" for number in range(12)]


def test_json_lines_tell_the_whole_run(warmstart: Command) -> None:
    answer = warmstart(*QUICK, "--seeds", "2", "--json")
    assert answer.code == 0, answer.err
    events = answer.objects()
    kinds = [event["event"] for event in events]
    assert kinds[0] == "created"
    assert kinds.count("run_finished") == kinds.count("evaluated") == 2
    assert {"run_started", "metrics", "epoch_completed", "summary"} <= set(kinds)
    assert [set(event["scores"]) for event in events if event["event"] == "arm"] == [{"0"}, {"1"}]
    assert events[-1]["text"].startswith("These are 2 seeds of one configuration")


def test_two_arms_are_compared_with_a_verdict(warmstart: Command) -> None:
    for epochs in (1, 2):
        assert warmstart(*QUICK[:-2], "--set", f"epochs={epochs}", "--seeds", "2").code == 0
    answer = warmstart("compare", 1, 2, 3, 4)
    assert answer.code == 0, answer.err
    assert "From scratch, epochs 1" in answer.out
    assert "Epochs" in answer.out
    assert "2 seeds" in answer.out
    verdicts = [line for line in warmstart("compare", 1, 2, 3, 4, "--json").objects() if line["event"] == "verdict"]
    assert len(verdicts) == 1
    assert verdicts[0]["pairs"] == 2


def test_an_experiment_file_says_the_same_as_the_flags(warmstart: Command, tmp_path: Path) -> None:
    written = warmstart(*QUICK, "--dry-run")
    assert written.code == 0
    path = tmp_path / "mine.json"
    path.write_text(written.out)
    again = warmstart("run", path, "--dry-run")
    assert json.loads(again.out) == json.loads(written.out)
    assert warmstart("run", path, "--json").code == 0


def test_a_folder_of_photos(warmstart: Command, photos: Path, own_workspace: Path) -> None:
    answer = warmstart("run", "--data", photos, "--set", "epochs=1", "--set", "probe_epochs=2")
    assert answer.code == 0, answer.err
    (run,) = saved(own_workspace)
    assert run.experiment.dataset.path == str(photos)
    assert "photos" in warmstart("list", "runs").out


def test_a_run_that_fails_exits_with_1(warmstart: Command, own_workspace: Path) -> None:
    with RunStore(Workspace(own_workspace)) as store:
        store.create(new_run(Experiment(), "never trained"))
    answer = warmstart("run", "--data", "digits", "--method", "linear_probe", "--weights", "run:never trained")
    assert answer.code == 1, answer
    assert "Run 2 failed:" in answer.err
    assert "Traceback" not in answer.err
    assert saved(own_workspace)[0].state is RunState.FAILED


def test_the_weights_of_a_saved_run_are_named_by_number(warmstart: Command, own_workspace: Path) -> None:
    assert warmstart(*QUICK, "--name", "source", "--seeds", "2").code == 0
    assert warmstart("run", *FEW, "--weights", "run:1", "--set", "epochs=1", "--set", "probe_epochs=1").code == 0
    newest, second, first = saved(own_workspace)
    assert [first.name, second.name] == ["source, seed 0", "source, seed 1"]
    assert newest.experiment.backbone.weights == f"run:{first.uid}"


def test_a_device_that_is_not_there(refuses: Callable[..., str], own_workspace: Path) -> None:
    assert "no device “cuda:99”" in refuses(*QUICK, "--device", "cuda:99")


def press_ctrl_c_twice_while_training(root: Path) -> tuple[int, str]:
    """Start a long run as a program and press Ctrl+C while it trains; returns the exit code and the errors."""
    command = [sys.executable, "main.py", *QUICK[:-2], "--set", "epochs=2000", "--json", "--workspace", str(root)]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        next(line for line in process.stdout if json.loads(line)["event"] == "metrics")
        process.send_signal(signal.SIGINT)
        next(line for line in process.stderr if "Press Ctrl+C again" in line)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=200)
        return process.returncode, err


def test_a_second_ctrl_c_leaves_at_once(own_workspace: Path) -> None:
    code, errors = press_ctrl_c_twice_while_training(own_workspace)
    (run,) = saved(own_workspace)
    assert (code, errors) == (130, "")
    assert run.state in (RunState.INTERRUPTED, RunState.STOPPED)  # stopped if it was quicker than the second press
    assert run.step > 0


@pytest.mark.parametrize("given", [("run", "--data", "digits", "--method", "full_ft"), ("run", "digits-enough-labels")])
def test_seed_is_one_run_with_that_seed(warmstart: Command, given: tuple[str, ...]) -> None:
    plan = json.loads(warmstart(*given, "--seed", 20240101, "--dry-run").out)
    bodies = plan.get("experiments") or [plan.get("experiment", plan)]
    assert {body["seed"] for body in bodies} == {20240101}
    assert len({json.dumps(body, sort_keys=True) for body in bodies}) == len(bodies)


def test_seed_of_a_study_is_its_only_seed(warmstart: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.studies.expected.study_seconds", lambda study: 60.0)  # else every step is timed
    assert json.loads(warmstart("study", "which-block", "--seed", 7, "--dry-run").out)["seeds"] == [7]
    assert json.loads(warmstart("study", "which-block", "--seeds", 3, "--dry-run").out)["seeds"] == [0, 1, 2]


@pytest.mark.parametrize("lost", ["the end", "everything"])
def test_a_run_whose_end_cannot_be_saved_is_no_success(
    warmstart: Command, own_workspace: Path, lost: str, caplog: pytest.LogCaptureFixture
) -> None:
    with RunStore(Workspace(own_workspace)) as store:
        when = "OF state ON run WHEN NEW.state = 'finished'" if lost == "the end" else "ON run WHEN NEW.step > 0"
        store._connection.execute(f"CREATE TRIGGER full BEFORE UPDATE {when} BEGIN SELECT RAISE(ABORT, 'no'); END")
    answer = warmstart(*QUICK)
    assert answer.code == 1, answer
    said = "could not be saved" if lost == "the end" else "cannot be saved"
    assert said in answer.out
    assert "Traceback" not in answer.err


def test_a_database_that_is_taken_away_ends_in_words(warmstart: Command, own_workspace: Path) -> None:
    from ui.terminal.display import LogLines
    from ui.terminal.interrupts import Interrupts
    from ui.terminal.run import queue_in, work_one

    class TakesItAway(LogLines):
        def say(self, text: str) -> None:
            (own_workspace / "warmstart.db").unlink(missing_ok=True)

    body = {"dataset": {"name": "digits", "labels_per_class": 2}, "method": {"name": "scratch"}}
    gone = pytest.raises(StorageError, match="was removed or replaced")
    experiment, workspace = Experiment.model_validate(body), Workspace(own_workspace)
    with (
        RunStore(workspace) as store,
        TakesItAway() as display,
        Interrupts() as interrupts,
        gone,
        queue_in(workspace, "thread") as queue,
    ):
        work_one(queue, store, store.create(new_run(experiment)), display, interrupts, "")
