"""What a run's weights are worth, from a real run to the table: raw pixels beside every start at every label count."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.experiment import MethodChoice
from engine.studies.cells import study_as_json
from engine.studies.worth import worth_of
from storage.store import RunStore
from storage.workspace import Workspace
from tests.terminal.conftest import Command

LABELS = (1, 3)


@pytest.mark.timeout(300)
def test_the_study_of_a_run_goes_to_its_end_with_raw_pixels(tmp_path: Path, warmstart: Command) -> None:
    room = ("--workspace", tmp_path / "room")
    begun = warmstart("run", "--data", "digits", "--classes", 3, "--backbone", "conv4", "--image-size", 16,
                      "--method", "rotation", "--set", "epochs=1", *room)  # fmt: skip
    assert begun.code == 0, begun.err
    with RunStore(Workspace(tmp_path / "room")) as store:
        (run,) = store.runs()
    asked = worth_of(run.experiment, run.uid)
    frozen = [one for one in asked.arms if one.method.name == "linear_probe"][:2]
    short = {"method": MethodChoice(name="linear_probe", hyperparameters={"epochs": 1})}
    quick = [*(one.model_copy(update=short) for one in frozen), asked.arms[-1]]
    assert [one.title for one in quick] == ["This run, frozen", "Random, frozen", "Raw pixels"]
    small = asked.model_copy(update={"arms": tuple(quick), "labels": LABELS, "seeds": (0,)})
    (tmp_path / "worth.json").write_text(json.dumps(study_as_json(small)), encoding="utf-8")
    done = warmstart("study", tmp_path / "worth.json", *room, "--json", "--figure", tmp_path / "worth.png")
    assert done.code == 0, done.err
    (table,) = [line for line in done.objects() if line["event"] == "table"]
    assert table["finished"] == len(quick) * len(LABELS)
    raw = [entry for entry in table["entries"] if entry["arm"] == "Raw pixels"]
    assert [entry["labels"] for entry in raw] == [*LABELS]
    assert all(entry["value"] > 1 / 3 for entry in raw)
    assert (tmp_path / "worth.png").is_file()
    with RunStore(Workspace(tmp_path / "room")) as store:
        kept = [one for one in store.runs() if one.experiment.method.name == "head_bench"]
    assert {one.name for one in kept} == {f"Raw pixels, {label} per class, seed 0" for label in ("1 label", "3 labels")}
