"""Real runs on a small set of texts, by every network that reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.events import RunFailed
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.meta.learner import MetaLearner
from engine.registry import method as find
from tests.engine.methods.fitting import fitting

SMALL = {
    "way": 2, "shot": 2, "training_way": 2, "steps": 2, "validation_episodes": 10, "test_episodes": 10,
    "inner_steps": 1, "test_steps": 1,
}  # fmt: skip


def table(path: Path, each: int = 12) -> Path:
    """A CSV of texts with their classes, as `tests.texts` has them."""
    from tests.texts import text_set

    data = text_set(each=each)
    rows = [f'"{text}",{data.class_names[label]}' for text, label in zip(data.texts, data.labels, strict=True)]
    path.write_text("\n".join(["text,label", *rows]) + "\n", encoding="utf-8")
    return path


def experiment(data: Path, backbone: str, method: str = "full_ft", pieces: int = 16, **values: Any) -> Experiment:
    kind = find(method)
    usual = fitting(kind, SMALL) if issubclass(kind, MetaLearner) else {"epochs": 15, "learning_rate": 0.005}
    return Experiment(
        dataset=DatasetChoice.model_validate({"name": "texts", "path": str(data)}),
        backbone=BackboneChoice(name=backbone, weights="random", image_size=pieces),
        method=MethodChoice(name=method, hyperparameters={**usual, **values}),
    )


def run(folder: Path, data: Path, backbone: str, method: str = "full_ft", **values: Any) -> Path:
    """The folder of a finished run."""
    found = execute(experiment(data, backbone, method, **values), folder)
    failed = [event for event in found if isinstance(event, RunFailed)]
    assert not failed, failed
    return folder
