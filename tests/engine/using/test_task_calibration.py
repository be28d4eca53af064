"""How sure a meta-learner may be: fitted on validation tasks, measured on test tasks, and answered so by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.artifacts.saved import SavedModel
from engine.comparison.temperature import temperature_of
from engine.errors import DataError, InvalidExperiment
from engine.events import RunFailed
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.heads.catalog import HEADS
from engine.using import calibration as kept
from engine.using.answering import Answering, open_answering
from engine.using.bins import Bins
from engine.using.by_hand import UNMEASURED, of_run
from engine.using.task_calibration import calibrated_tasks
from tests.engine.using.conftest import bars, ended
from tests.engine.using.hands import asked, bins

FEW = {"steps": 0, "validation_episodes": 30, "test_episodes": 30, "query": 5, "way": 3}


def learnt(folder: Path, method: str, dataset: DatasetChoice | None = None, **values: object) -> Path:
    """The folder of a run of a meta-learner."""
    experiment = Experiment(
        dataset=dataset or DatasetChoice(name="glyphs"),
        backbone=BackboneChoice(
            name="conv4", weights="omniglot-protonet" if method != "maml" else "random", image_size=16
        ),
        method=MethodChoice(name=method, hyperparameters=FEW | values),
    )
    failed = [event for event in execute(experiment, folder) if isinstance(event, RunFailed)]
    assert not failed, failed
    return folder


def shares(folder: Path, shown: Bins) -> np.ndarray:
    by = open_answering(Answering(run=folder.name), folder.parent)
    return by.answers(shown, asked(2))[-1]


@pytest.mark.parametrize(
    ("method", "values"), [("protonet", {}), ("ridge", {}), ("maml", {"inner_steps": 2, "test_steps": 2})],
    ids=["protonet", "ridge", "maml"],
)  # fmt: skip
def test_it_is_fitted_on_validation_tasks_and_changes_shares_but_no_answer(
    tmp_path: Path, method: str, values: dict[str, object]
) -> None:
    folder = learnt(tmp_path / "runs" / "abc", method, **values)
    before = shares(folder, bins(2, 2, 2))
    found = ended(calibrated_tasks(SavedModel.open(folder), folder))
    assert found.fitted_on == found.after.error.n == 30 * 3 * 5
    assert found.rests_on == "calibrated on 30 validation tasks, 3 classes with 1 example"
    assert found.after.error.value <= found.before.error.value + 0.02
    again = kept.read(folder)
    assert again is not None
    assert again.temperature == found.temperature
    after = shares(folder, bins(2, 2, 2))
    assert (after.argmax(1) == before.argmax(1)).all()
    wanted = torch.from_numpy(before).log().div(found.temperature).softmax(1).numpy()
    assert after == pytest.approx(wanted, abs=1e-4)


def test_the_temperature_is_that_of_all_queries_of_the_validation_tasks(tmp_path: Path) -> None:
    """By hand: each validation task met by `SavedModel.adapt`."""
    from engine.meta.run import read_tasks

    folder = learnt(tmp_path / "runs" / "abc", "protonet")
    model = SavedModel.open(folder)
    tasks = ended(read_tasks(model.experiment, model.method, torch.device("cpu")))  # type: ignore[arg-type]
    logits, labels = [], []
    for item in tasks.validation:
        task = tasks.task(item)
        embedded = [model.network.embed(one).detach() for one in (task.support_inputs, task.query_inputs)]
        means = torch.stack([embedded[0][task.support_targets == place].mean(0) for place in range(3)])
        logits.append(-torch.cdist(embedded[1], means).square().numpy())
        labels.append(task.query_targets.numpy())
    found = ended(calibrated_tasks(model, folder))
    assert found.temperature == pytest.approx(temperature_of(np.concatenate(logits), np.concatenate(labels)), rel=1e-3)


def test_images_that_changed_since_are_refused_and_other_runs_too(tmp_path: Path, trained: Path) -> None:
    photos = bars(tmp_path / "photos", classes=9, images=8)
    dataset = DatasetChoice(name="folder", path=str(photos))
    folder = learnt(tmp_path / "meta" / "abc", "protonet", dataset, way=2, training_way=2, query=2)
    ended(calibrated_tasks(SavedModel.open(folder), folder))
    for place in photos.iterdir():
        (place / "0.png").write_bytes((place / "1.png").read_bytes())
    with pytest.raises(DataError, match="not those that this run learnt from"):
        ended(calibrated_tasks(SavedModel.open(folder), folder))
    with pytest.raises(InvalidExperiment, match="learnt no tasks"):
        ended(calibrated_tasks(SavedModel.open(trained), trained))


def test_what_was_not_measured_is_said_so(tmp_path: Path) -> None:
    folder = learnt(tmp_path / "runs" / "abc", "protonet")
    model = SavedModel.open(folder)
    assert of_run(model, HEADS[0], "it").words == UNMEASURED
    found = ended(calibrated_tasks(model, folder))
    said = of_run(model, HEADS[0], "it", found).words
    assert "calibrated on 30 validation tasks" in said
    assert "another shape was not measured" in said
