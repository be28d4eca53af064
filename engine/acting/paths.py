"""A few fixed goals as a picture: where the policy goes without noise, before and after each step towards the goal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from torch import Tensor

from engine.acting.goal_tasks import GoalTasks, wished_path
from engine.backbones.backbone import Backbone
from engine.events import CheckpointSaved, Notice
from engine.machine.files import write_text

KIND, FILE = "tasks", "tasks.json"  # as the tasks of meta-learners are kept
SHOWN, STEPS, DIGITS = 4, 3, 4  # goals, steps at least, and digits behind the point


def show_paths(
    model: Backbone, tasks: GoalTasks, goals: Tensor, split: str, step: int, directory: Path
) -> Iterator[CheckpointSaved | Notice]:
    """Write the paths to the first few goals into the run's folder. split: "validation" or "test", for the window."""
    found = {"step": step, "split": split, "kind": "paths", "tasks": paths(model, tasks, goals[:SHOWN])}
    try:
        write_text(directory / FILE, json.dumps(found))
    except OSError as error:
        yield Notice(f"The picture of the tasks was not saved: {(error.strerror or str(error)).lower()}.", "warning")
    else:
        yield CheckpointSaved(KIND, FILE, step)


def paths(model: Backbone, tasks: GoalTasks, goals: Tensor) -> list[dict[str, Any]]:
    """Of each goal {"goal": [x, y], "paths": [{"steps", "return", "x", "y"}]}; the return is the mean over tries."""
    steps = max(STEPS, tasks.method.hyperparameters.test_steps)
    found: list[dict[str, Any]] = [{"goal": rounded(goal), "paths": []} for goal in goals]
    for number, (parameters, tries) in enumerate(tasks.adapted(model, goals, steps)):
        ways = wished_path(model, parameters, len(goals))
        for one, way, reached in zip(found, ways, tries.returns, strict=True):
            x, y = way.unbind(1)
            one["paths"].append(
                {"steps": number, "return": round(float(reached), DIGITS), "x": rounded(x), "y": rounded(y)}
            )
    return found


def rounded(values: Tensor) -> list[float]:
    """As JSON. values: [n]."""
    return [round(value, DIGITS) for value in values.tolist()]
