"""The picture of a few tasks: what is written, how it follows from the outputs, and the curve over shots."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.events import CheckpointSaved, Evaluated, Metrics, Notice
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.meta.tasks.gallery import FILE, answers

SMALL = BackboneChoice(image_size=16)
SHORT = {"steps": 2, "validate_every": 1, "validation_episodes": 10, "test_episodes": 10}


def run(method: str, folder: Path, **more: object) -> list:
    choice = MethodChoice(name=method, hyperparameters={**SHORT, **more})
    return list(execute(Experiment(dataset=DatasetChoice(name="glyphs"), backbone=SMALL, method=choice), folder))


def test_answers_are_the_softmax_in_the_order_of_the_slots() -> None:
    outputs = torch.log(torch.tensor([[0.7, 0.3], [0.5, 0.5], [0.2, 0.8], [float("nan"), 0.5]]))
    slots, sure, entropy = answers(outputs, 2)
    assert slots == [[0, 0], [1, -1]]
    assert np.allclose(sure, [[0.7, 0.5], [0.8, 0.0]])
    expected = -(0.7 * math.log(0.7) + 0.3 * math.log(0.3))
    assert np.allclose(entropy[0], [expected, math.log(2)], atol=1e-4)
    assert entropy[1][1] == 0.0


@pytest.mark.parametrize("method", ["maml", "protonet"])
def test_a_run_keeps_a_picture_of_its_tasks(method: str, tmp_path: Path) -> None:
    """Of the first four test tasks at the end: its shares of right answers are their scores."""
    more = {"meta_batch": 1} if method == "maml" else {"training_way": 5}
    events = run(method, tmp_path / "run", **more)
    said = [event for event in events if isinstance(event, CheckpointSaved) and event.kind == "tasks"]
    assert [event.step for event in said] == [1, 2, 2]
    found = json.loads((tmp_path / "run" / FILE).read_text())
    assert (found["step"], found["split"], found["kind"], len(found["tasks"])) == (2, "test", "images", 4)
    for task in found["tasks"]:
        assert np.shape(task["support"]) == (5, 1)
        assert np.shape(task["query"]) == np.shape(task["after"]) == np.shape(task["sure"]) == (5, 5)
        assert np.min(task["sure"]) >= 0.2 - 1e-4
        assert np.max(task["entropy"]) <= math.log(5) + 1e-4
        assert 0 <= task["hardness"] <= 1
    figures = {event.name: event for event in events if isinstance(event, Evaluated)}
    assert np.allclose(shares(found, "after"), figures["test/accuracy"].scores[:4])
    if method == "maml":
        assert np.allclose(shares(found, "before"), figures["test/accuracy, 0 inner steps"].scores[:4])
    else:
        assert all(task["before"] is None for task in found["tasks"])
    assert not list((tmp_path / "run").glob("*.part"))


def shares(found: dict, when: str) -> list[float]:
    """Right answers of each task; row w of a task belongs to slot w."""
    return [float(np.mean(np.asarray(task[when]) == np.arange(5)[:, None])) for task in found["tasks"]]


def test_the_test_goes_over_shots_and_leaves_out_what_does_not_fit(tmp_path: Path) -> None:
    """Glyphs have 30 images of each class: 20 support and 15 query images do not fit."""
    events = run("protonet", tmp_path / "run", steps=0, query=15, training_way=5, over_shots="1, 2, 5, 10, 20")
    figures = [event for event in events if isinstance(event, Evaluated)]
    assert [event.name for event in figures] == [
        "test/accuracy", "test/accuracy, 2-shot", "test/accuracy, 5-shot", "test/accuracy, 10-shot",
    ]  # fmt: skip
    assert [event.protocol["episodes"].split(",")[0] for event in figures] == [
        "5-way 1-shot", "5-way 2-shot", "5-way 5-shot", "5-way 10-shot",
    ]  # fmt: skip
    assert figures[2].value > figures[0].value
    notices = [event.text for event in events if isinstance(event, Notice)]
    assert any(text.startswith("20 shots are left out of the curve.") and "30" in text for text in notices)
    assert not any(isinstance(event, Metrics) for event in events)
