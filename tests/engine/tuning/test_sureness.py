"""How sure a network was of each test image: by hand, of a real run, and of files that somebody else touched."""

from __future__ import annotations

from math import log
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.comparison.answers import FILE, Answers, keep, kept
from engine.events import Evaluated, Notice, RunFinished
from engine.execute import execute
from engine.experiment import DatasetChoice, Experiment, MethodChoice
from engine.tuning.sureness import Sureness

QUICK = Experiment(
    dataset=DatasetChoice(name="digits", labels_per_class=5, validation_per_class=5),
    method=MethodChoice(name="scratch", hyperparameters={"epochs": 1}),
)


def two_images() -> Answers:
    """Outputs 0, ln 3 are the probabilities 1/4, 3/4; three outputs alike are a third each."""
    sureness = Sureness(batch=1)
    sureness.take(torch.tensor([[0.0, log(3), -torch.inf]]), torch.tensor([0]))
    sureness.take(torch.zeros(1, 3), torch.tensor([2]))
    return sureness.answers(np.array([7, 9]))


def test_probabilities_and_losses_are_those_worked_out_by_hand() -> None:
    found = two_images()
    assert found.classes.tolist() == [[1, 0, 2], [0, 1, 2]]  # equal ones in the order of the classes
    assert found.probabilities[0] == pytest.approx([0.75, 0.25, 0.0])
    assert found.truth == pytest.approx([0.25, 1 / 3])
    assert found.loss == pytest.approx([log(4), log(3)])
    assert [one for one, _ in found.of(0)] == [1, 0, 2]
    assert found.of(0)[0][1] == pytest.approx(0.75)


def test_only_full_batches_are_timed_and_not_the_first() -> None:
    sureness = Sureness(batch=2)
    for size in (2, 2, 2, 1):
        with sureness.timed(torch.zeros(size, 1)):
            pass
        sureness.take(torch.zeros(size, 3), torch.zeros(size, dtype=torch.int64))
    assert len(sureness.answers(np.arange(7)).seconds) == 2


def test_a_run_keeps_how_sure_it_was_of_the_images_that_it_was_tested_on(tmp_path: Path) -> None:
    events = list(execute(QUICK, tmp_path / "run"))
    assert isinstance(events[-1], RunFinished)
    figure = next(event for event in events if isinstance(event, Evaluated))
    assert figure.ids is not None
    found = kept(tmp_path / "run", figure.ids)
    assert found is not None
    assert np.array_equal(found.classes[:, 0], figure.predicted)
    chance = np.where(found.classes == np.asarray(figure.truth)[:, None], found.probabilities, 0).max(1)
    assert found.truth[chance > 0] == pytest.approx(chance[chance > 0])
    assert (np.diff(found.probabilities, axis=1) <= 0).all()
    assert len(found.seconds) > 0
    assert (found.seconds > 0).all()


@pytest.mark.parametrize("damage", ["none", "cut", "text", "other images", "a name missing"])
def test_a_file_that_is_not_what_was_kept_is_as_good_as_none(tmp_path: Path, damage: str) -> None:
    keep(two_images(), tmp_path)
    ids = np.array([7, 9])
    if damage == "none":
        (tmp_path / FILE).unlink()
    elif damage == "cut":
        (tmp_path / FILE).write_bytes((tmp_path / FILE).read_bytes()[:200])
    elif damage == "text":
        (tmp_path / FILE).write_text("not an archive")
    elif damage == "other images":
        ids = np.array([7, 8])
    else:
        np.savez(tmp_path / FILE, ids=ids)
    assert kept(tmp_path, ids) is None


def test_a_disk_that_refuses_it_does_not_cost_the_run_its_figure(tmp_path: Path) -> None:
    (tmp_path / "run" / FILE).mkdir(parents=True)  # a folder stands where the file would
    events = list(execute(QUICK, tmp_path / "run"))
    assert isinstance(events[-1], RunFinished)
    assert any(isinstance(event, Evaluated) for event in events)
    assert any(isinstance(event, Notice) and "could not be written" in event.text for event in events)
