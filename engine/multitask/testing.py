"""The figures of each task at the end, and of a task that was left behind also before the others were learnt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch

from engine.comparison.intervals import balanced_interval
from engine.data.findings import Finding
from engine.data.findings import protocol as noted
from engine.data.hashes import short_hash
from engine.events import Evaluated, Event, Preparing
from engine.experiment import Experiment
from engine.heads.head import scores
from engine.heads.logistic import Logistic
from engine.metrics import HEAD, TASK, TESTED
from engine.multitask.tasks import TaskData
from engine.multitask.titles import BEFORE, WHEN, own_data, tasks_of
from engine.multitask.training import MultiTask, kept_end
from engine.preparation.inputs import Labelled
from engine.tuning.learners import batches
from engine.tuning.testing import conditions, evaluated

PROBE = "new head"


def test(training: MultiTask, experiment: Experiment, found: Sequence[tuple[Finding, ...]]) -> Iterator[Event]:
    """The run's own figure first, the mean over its tasks; then each task's, and what was forgotten. found: of each
    task what must be known of its images."""
    chosen = tasks_of(experiment)
    each: list[Evaluated] = []
    for place in training.learnt:
        yield Preparing(f"Testing “{training.tasks[place].title}”")
        task = training.tasks[place]
        notes = {"weights": weights_words(training), **noted(found[place])}
        of = experiment.model_copy(update={"dataset": own_data(chosen[place], experiment)})
        shared = conditions(task.split, task.data, of) | {TASK: task.title, TESTED: tested(task)}
        each.append(at(figure(training, task), task).given(shared, notes))
    if each:
        yield mean_of(each)
        yield from each
    yield from forgotten(training, dict(zip(training.learnt, each, strict=True)))


def weights_words(training: MultiTask) -> str:
    """Which of the last stage's weights are tested."""
    return "best validation epoch" if training.patience.has_best else f"last epoch ({training.epoch})"


def figure(training: MultiTask, task: TaskData) -> Evaluated:
    """Accuracy on the task's test images, with the network as it is."""
    guess = answers(training, task, task.test)
    return evaluated(task.test.ids, guess, task.test.labels.cpu().numpy(), task.class_names)


def at(one: Evaluated, task: TaskData, **where: str) -> Evaluated:
    return replace(one, at={TASK: task.title, **where})


@torch.no_grad()
def answers(training: MultiTask, task: TaskData, part: Labelled) -> np.ndarray:
    """The class int64 [n] that the task's head gives each image."""
    training.model.eval()
    said = [training.model(training.shape(part.inputs[some]))[:, task.outputs].argmax(1) for some in batches(len(part))]
    return torch.cat(said).cpu().numpy()


def tested(task: TaskData) -> str:
    """A hash of the images that are tested and of what is asked of them."""
    ids = np.sort(task.test.ids)
    return short_hash(task.data.contents[ids].astype("<u8").tobytes(), *task.class_names)


def mean_of(each: Sequence[Evaluated]) -> Evaluated:
    """All tasks weighted alike; of one task its own figure, with each image."""
    if len(each) == 1:
        return replace(each[0], at={})
    right = [(round(one.value * one.n), one.n) for one in each]
    found = balanced_interval(right)
    shared = dict(each[0].conditions)
    shared |= {TASK: ", ".join(one.conditions[TASK] for one in each)}
    shared |= {name: short_hash(*(one.conditions[name] for one in each)) for name in ("data", TESTED)}
    notes = {**together(each), "interval": "95 %, Wilson by the effective number of images, tasks weighted alike"}
    notes |= {"mean of": f"{len(each)} tasks"}
    return Evaluated("test/accuracy", found.value, found.low, found.high, found.n, "images", {}, shared, notes)


def together(each: Sequence[Evaluated]) -> dict[str, str | float]:
    """The notes of all tasks; which task's they are, where not all say the same."""
    found: dict[str, str | float] = {}
    for key in dict.fromkeys(key for one in each for key in one.notes):
        said = {one.conditions[TASK]: one.notes[key] for one in each if key in one.notes}
        alike = len(said) == len(each) and len(set(said.values())) == 1
        words = "; ".join(f"{title}: {value}" for title, value in said.items())
        found[key] = next(iter(said.values())) if alike else words
    return found


def forgotten(training: MultiTask, each: dict[int, Evaluated]) -> Iterator[Event]:
    """Of each task that had learnt before the last stage: its figure at the end of its first, and where the last left
    it out, what a head fitted anew makes of the trunk as it is now."""
    now = {name: value.clone() for name, value in training.model.state_dict().items()}
    for place, told in each.items():
        task, end = training.tasks[place], kept_end(training.ends, place)
        if end is None:
            continue
        yield Preparing(f"Testing what was forgotten of “{task.title}”")
        if place not in training.active:
            yield at(probed(training, task), task, **{HEAD: PROBE}).given(told.conditions, told.notes)
        training.model.load_state_dict(end["network"])
        earlier = {**told.notes, "weights": BEFORE}
        yield at(figure(training, task), task, **{WHEN: BEFORE}).given(told.conditions, earlier)
        training.model.load_state_dict(now)


def probed(training: MultiTask, task: TaskData) -> Evaluated:
    """What logistic regression on the trunk's features of the task's training images says of its test images."""
    known, asked = features(training, task.train), features(training, task.test)
    head = Logistic()
    said = scores(head, known, task.train.labels.cpu().numpy(), len(task.class_names), asked).argmax(1)
    return evaluated(task.test.ids, said, task.test.labels.cpu().numpy(), task.class_names)


@torch.no_grad()
def features(training: MultiTask, part: Labelled) -> np.ndarray:
    """float32 [n, d] in eval mode."""
    training.model.eval()
    found = [training.model.embed(training.shape(part.inputs[some])) for some in batches(len(part))]
    return torch.cat(found).float().cpu().numpy()
