"""`study` on the command line: a study killed in the middle goes on where it was and gives the same table."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.events import RunState
from storage.store import RunStore
from storage.workspace import Workspace
from tests.terminal.conftest import REPOSITORY, Command

SOURCE = {"name": "conv4", "weights": "omniglot-supervised", "image_size": 16}


def probe(title: str, **hyperparameters: Any) -> dict[str, Any]:
    method = {"name": "linear_probe", "hyperparameters": {"epochs": 2, **hyperparameters}}
    return {"title": title, "backbone": SOURCE, "method": method}


def study(**changes: Any) -> dict[str, Any]:
    """Head-only probes on a few digits: a tenth of a second each."""
    return {
        "title": "Many",
        "dataset": {"name": "digits", "classes": 3, "validation_per_class": 2},
        "arms": [probe("Probe"), probe("Weak probe", weight_decay=0.1), probe("One epoch", epochs=1)],
        "labels": [1, 2],
        "seeds": [0, 1, 2, 3, 4],
        "learning_rates": [0.01, 0.1],
        **changes,
    }


def saved(path: Path, data: dict[str, Any]) -> Path:
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


def table(answer_lines: list[dict[str, Any]]) -> dict[str, Any]:
    (found,) = [line for line in answer_lines if line["event"] == "table"]
    return {name: value for name, value in found.items() if name not in ("study", "id")}


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is a matter of POSIX systems")
def test_a_study_of_24_runs_killed_in_the_middle_gives_the_same_table(tmp_path: Path, warmstart: Command) -> None:
    file = saved(tmp_path / "many.json", study(seeds=[0, 1]))
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    done_before = kill_after(file, killed, runs=8)
    with RunStore(Workspace(killed)) as store:
        before = {run.id: (run.ended, run.state) for run in store.runs() if run.state is RunState.FINISHED}
        uid = store.studies()[0].uid
    assert 8 <= len(before) < 24
    continued = warmstart("study", "continue", uid, "--workspace", killed, "--json")
    uninterrupted = warmstart("study", file, "--workspace", whole, "--json")
    assert continued.code == uninterrupted.code == 0, continued.err
    assert table(continued.objects()) == table(uninterrupted.objects())
    assert table(continued.objects())["finished"] == 24
    with RunStore(Workspace(killed)) as store:
        runs = store.runs()
        assert [run.state for run in runs] == [RunState.FINISHED] * 24  # the interrupted ones were put in line again
        assert {run.id: (run.ended, run.state) for run in runs if run.id in before} == before
    assert len({line["run"] for line in continued.objects() if line["event"] == "cell"}) == 24 - len(before)
    assert done_before <= len(before)


def kill_after(file: Path, workspace: Path, runs: int) -> int:
    """Start the study as a process of its own and kill it while a run works; returns how many it said had ended."""
    command = [sys.executable, "main.py", "study", str(file), "--workspace", str(workspace), "--json"]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ended = 0
        while ended < runs:
            ended += json.loads(process.stdout.readline())["event"] == "cell"
        process.send_signal(signal.SIGKILL)
    return ended


def test_a_study_is_shown_listed_and_kept(tmp_path: Path, warmstart: Command) -> None:
    small = study(title="Small", arms=[probe("Probe"), probe("Weak probe", weight_decay=0.1)], labels=[1], seeds=[0, 1],
                  learning_rates=[])  # fmt: skip
    done = warmstart("study", saved(tmp_path / "small.json", small))
    assert done.code == 0, done.err
    assert "4 of 4  Weak probe, seed 1: " in done.out
    assert "test accuracy" in done.out.lower()
    listed = warmstart("study", "list")
    assert "Small" in listed.out
    assert "4 of 4 runs" in listed.out
    shown = warmstart("study", "show", "Small", "--json").objects()[0]
    assert [entry["arm"] for entry in shown["entries"]] == ["Probe", "Weak probe"]
    assert all(len(entry["scores"]) == 2 for entry in shown["entries"])
    again = warmstart("study", "continue", "1", "--json")
    assert [line["event"] for line in again.objects()] == ["study", "table"]  # nothing is run again


def test_a_study_of_numbers_is_run_and_told_in_errors(tmp_path: Path, warmstart: Command) -> None:
    values = {"steps": 2, "meta_batch": 2, "query": 5, "validation_episodes": 10, "test_episodes": 10}
    arms = [
        {"title": title, "backbone": {"name": "sine_mlp", "weights": "random"},
         "method": {"name": name, "hyperparameters": values}}
        for title, name in (("MAML", "maml"), ("FOMAML", "fomaml"), ("Pretrained", "joint"))
    ]  # fmt: skip
    asked = {"title": "Curves", "dataset": {"name": "sinusoid"}, "arms": arms, "labels": [2, 5], "seeds": [0, 1]}
    done = warmstart("study", saved(tmp_path / "curves.json", asked), "--json")
    assert done.code == 0, done.err
    entries = table(done.objects())["entries"]
    assert {entry["metric"] for entry in entries} == {"test/error"}
    assert all(len(entry["scores"]) == 2 and 0 < entry["value"] <= 25 for entry in entries)
    shown = warmstart("study", "show", "Curves").out
    assert "5 points per task" in shown
    assert "%" not in shown.replace("95 % interval", "")


def test_failed_cells_are_told_and_tried_once_more(tmp_path: Path, warmstart: Command) -> None:
    arms = [probe("Probe"), {**probe("Gone"), "backbone": {"name": "conv4", "weights": "run:nosuchrun"}}]
    broken = study(arms=arms, labels=[1], seeds=[0], learning_rates=[])
    with RunStore(Workspace(tmp_path).open()) as store:
        from engine.studies.study import completed, parse_study

        row = store.create_study("Broken", completed(parse_study(broken)).canonical())
    first = warmstart("study", "continue", row.uid, "--workspace", tmp_path)
    assert first.code == 1
    assert "Gone, seed 0: failed. " in first.out
    warmstart("study", "continue", row.uid, "--workspace", tmp_path)
    with RunStore(Workspace(tmp_path)) as store:
        states = [run.state for run in store.study_runs(row.id)]
    assert states == [RunState.FINISHED, RunState.FAILED, RunState.FAILED]


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"labels": [1, 500]}, "500 labels per class are asked for, but"),
        ({"arms": []}, "“arms”"),
        ({"arms": [probe("a"), probe("a")]}, "has two arms called “a”"),
        ({"arms": [{"title": "a", "backbone": {"weights": "source"}}]}, "“a” starts from the source"),
        ({"arms": [{"title": "a", "method": {"name": "lp_fit"}}]}, "There is no method called “lp_fit”"),
        ({"seeds": [1, 1]}, "“seeds” has 1 twice"),
        ({"shifts": [{"kind": "fog"}]}, "“shifts.0.kind”"),
        ({"dataset": {"name": "digits", "classes": 11}}, "11 classes are asked for, but"),
    ],
)
def test_a_wrong_study_is_refused_before_anything_runs(
    tmp_path: Path, refuses: Command, changes: dict[str, Any], words: str
) -> None:
    assert words in refuses("study", saved(tmp_path / "wrong.json", study(**changes)))
    with RunStore(Workspace(os.environ["WARMSTART_WORKSPACE"]).open()) as store:
        assert store.studies() == store.runs() == []


def test_the_name_and_the_key_are_checked(refuses: Command, warmstart: Command, tmp_path: Path) -> None:
    assert "There is no study called “nothing”" in refuses("study", "nothing")
    assert "There is no study “7”" in refuses("study", "show", "7")
    assert "needs a study" in refuses("study", "continue")
    printed = warmstart("run", saved(tmp_path / "s.json", study()), "--dry-run")
    assert len(json.loads(printed.out)["arms"]) == 3


def test_its_figure_is_drawn_and_its_time_told(tmp_path: Path, warmstart: Command, photos: Path) -> None:
    """A picture and its numbers; on other data the same arms, under a title that says so; the time before anything is
    run."""
    file = saved(tmp_path / "s.json", study(seeds=[0], learning_rates=[], figure="labels"))
    figure, numbers = tmp_path / "new" / "figure.png", tmp_path / "figure.csv"
    answer = warmstart("study", file, "--workspace", tmp_path / "w", "--data", photos, "--figure", figure)
    assert answer.code == 0, answer.err
    assert "Many (photos)" in answer.out
    assert figure.read_bytes().startswith(b"\x89PNG")
    assert figure.stat().st_size > 5000
    assert warmstart("study", "show", 1, "--workspace", tmp_path / "w", "--figure", numbers).code == 0
    heads, *rows = numbers.read_text().splitlines()
    assert heads.startswith("arm,column,value")
    assert len(rows) == 3 * 2
    dry = warmstart("study", file, "--dry-run")
    assert json.loads(dry.out)["dataset"]["name"] == "digits"
    assert re.search(r"^6 runs, about .+ on this machine, one after the other$", dry.err, re.MULTILINE)


def test_a_figure_and_data_that_cannot_be_are_refused(tmp_path: Path, refuses: Command) -> None:
    file = saved(tmp_path / "s.json", study())
    assert "does not end in .png, .svg, .pdf, .csv" in refuses("study", file, "--figure", "a.gif")
    assert "neither a data set nor a folder" in refuses("study", file, "--data", "nowhere")
    assert "Leave --data out" in refuses("study", "show", 1, "--data", "digits", "--workspace", tmp_path / "w")
