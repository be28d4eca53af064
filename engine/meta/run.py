"""A meta-learning run from the experiment to the test figures over fixed tasks."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine.artifacts.bookmark import Bookmark
from engine.artifacts.checkpoints import Checkpoints, kept
from engine.artifacts.saved import keep_settled
from engine.artifacts.weights import build_backbone, load_meta
from engine.backbones.backbone import Backbone, batch_norms, parameter_count
from engine.comparison.intervals import episode_interval
from engine.comparison.wording import interval_text, points
from engine.data.episodes import list_hash
from engine.data.findings import protocol as noted
from engine.data.sources import is_regression
from engine.errors import InvalidExperiment
from engine.events import Evaluated, Event, Notice, Preparing, RunStarted
from engine.experiment import Experiment
from engine.machine.devices import torch_device
from engine.machine.draws import own_draws
from engine.machine.limits import Limits, heeding, last_words
from engine.meta.exam import Exam
from engine.meta.learner import MetaLearner, learnt
from engine.meta.outside import none_of_these
from engine.meta.results import figure, hardness, over_steps, settled, with_hardness
from engine.meta.task import ImageTasks, Tasks
from engine.meta.tasks.curves import curve_tasks
from engine.meta.tasks.gallery import show_tasks
from engine.meta.tasks.image_tasks import read_image_tasks
from engine.meta.training import MetaTraining
from engine.metrics import SHOTS, STEPS
from engine.provenance.noted import findings, notices, write_down
from engine.provenance.seen import KEY
from engine.tuning.testing import UNSEEN

QUERIES = "query images"  # of the conditions
TOGETHER = "classified together (transductive), as many of each class"


def run_meta(
    experiment: Experiment, method: MetaLearner, directory: Path, limits: Limits, bookmark: Bookmark
) -> Iterator[Event]:
    """Read, build, meta-train, meta-test. Raises `ExperimentError` for what a person can mend."""
    device = torch_device(experiment.device)
    tasks = yield from heeding(limits, read_tasks(experiment, method, device))
    if tasks.divided is not None:
        bookmark.require("images", tasks.conditions["data"])
        write_down(experiment, method, *tasks.divided, directory)
        tasks.findings = findings(experiment, method, *tasks.divided, directory.parent)
    model = build(experiment, method, tasks, directory.parent).to(device)
    checkpoints = Checkpoints(directory, bookmark)
    training = MetaTraining(model, method, tasks, checkpoints, limits, seed=experiment.seed)
    settings = method.hyperparameters
    examples = method.trains.size if method.trains.share == 1 else settings.meta_batch * tasks.examples
    chosen = yield from heeding(limits, training.choose_way())
    yield RunStarted(settings.steps, settings.validate_every, examples, facts(model, tasks))
    yield from bookmark.once((*remarks(experiment, method, tasks), *chosen))
    limits.start()
    exam = Exam(method, model, tasks, checkpoints, limits)
    with tasks.read_ahead():
        if not exam.begun:
            yield from kept(training, checkpoints)
            exam.begin(training.step, checkpoints.best, training.gradient.crew.threads)
        yield from exam.events(test(experiment, exam))
        yield from show_tasks(exam.method, model, tasks, tasks.test, "test", exam.step, directory)
    yield from checkpoints.insist()
    if type(method).settle is not MetaLearner.settle:
        keep_settled(exam.method, model, directory)
    yield from last_words(limits, exam.step, settings.steps, f"{exam.step:,} of {settings.steps:,} meta-steps")


def remarks(experiment: Experiment, method: MetaLearner, tasks: Tasks) -> Iterator[Notice]:
    """What a person should know before it begins."""
    yield from notices(tasks.findings)
    if left := tasks.facts.get("left out"):
        yield Notice(f"{left}.", "warning")
    if remark := method.remark(experiment.backbone.weights):
        yield Notice(remark, "warning")


def read_tasks(experiment: Experiment, method: MetaLearner, device: torch.device) -> Generator[Preparing, None, Tasks]:
    """Yields `Preparing`, returns where training tasks come from and the fixed lists of validation and test."""
    source = curve_tasks if is_regression(experiment.dataset) else read_image_tasks
    return (yield from source(experiment, method, device))


def build(experiment: Experiment, method: MetaLearner, tasks: Tasks, runs: Path) -> Backbone:
    """The backbone with one output per way, or without a head for a method that works on features."""
    outputs = tasks.outputs if method.meets.head else None
    choice = experiment.backbone if method.meets.head else experiment.backbone.model_copy(update={"head": "new"})
    model = build_backbone(choice, outputs, experiment.seed, runs, method.uses_pretrained)
    with own_draws(experiment.seed):
        method.prepare(model, training_classes(tasks) if method.trains.share else tasks.outputs)
    if experiment.backbone.head == "kept" and method.brings_more:
        load_meta(model, experiment.backbone, runs)
    return model


def training_classes(tasks: Tasks) -> int:
    """Classes in a minibatch's labels; raises `InvalidExperiment` where the data come as separate tasks only."""
    if tasks.minibatches is None:
        raise InvalidExperiment(
            "This method learns from minibatches of all training classes, but these data come as separate tasks.",
            "Choose a method that learns from tasks, or data in classes.", "method",
        )  # fmt: skip
    return tasks.minibatches.classes


def facts(model: Backbone, tasks: Tasks) -> dict[str, Any]:
    learning = sum(parameter.numel() for parameter in learnt(model))
    counts = {"trainable parameters": learning, "parameters": parameter_count(model)}
    return {**tasks.facts, **counts}


def test(experiment: Experiment, exam: Exam) -> Iterator[Event]:
    """Every figure with what holds for all of them."""
    conditions, notes = protocol(experiment, exam.method, exam.tasks, exam.weights)
    if next(batch_norms(exam.model), None) is None:
        conditions["batch norm"] = "none in the network"
    for event in figures(exam):
        yield event.given(conditions, notes) if isinstance(event, Evaluated) else event


def figures(exam: Exam) -> Iterator[Event]:
    """The figure after the method's own steps, then after each other number of them on the same tasks, then at other
    shots on lists of their own."""
    method, tasks = exam.method, exam.tasks
    steps = max(method.test_steps, getattr(method.hyperparameters, "over_steps", 0))
    scores = yield from exam.scores(method, tasks.test, "Testing", steps)
    hard = hardness(tasks)
    for found in over_steps(scores, method.test_steps, tasks.target):
        yield with_hardness(found, hard)
    yield from beside_twin(exam, scores[:, -1])
    yield from over_unseen(exam)
    yield from over_shots(exam)
    yield from none_of_these(exam.model, tasks)


def over_unseen(exam: Exam) -> Iterator[Event]:
    """The figure on episodes of the classes alone that the weights had not met before, where they had met others."""
    tasks = exam.tasks
    if tasks.further_test is None:
        return
    for classes in (one.unseen for one in tasks.findings if one.unseen is not None and len(one.unseen)):
        try:
            items, episodes = tasks.further_test(None, classes)
        except InvalidExperiment:
            yield Notice(f"The {len(classes)} test classes new to the weights are too few for episodes.", "warning")
            continue
        scores = yield from exam.scores(exam.method, items, "Testing on new classes")
        words = {"episodes": f"{episodes}, of {len(classes)} classes", "test list": list_hash(items)}
        yield figure(scores[:, -1], tasks.target, UNSEEN).given(words, {KEY: "nothing"})


def over_shots(exam: Exam) -> Iterator[Event]:
    """The figure at each further number of shots that is asked for; one that does not fit the classes is left out."""
    method, tasks = exam.method, exam.tasks
    if tasks.further_test is None:
        return
    own = method.hyperparameters
    asked = () if own.over_shots == "off" else map(int, own.over_shots.split(","))
    for shot in (shot for shot in asked if shot != own.shot):  # its own is tested anyway
        try:
            items, episodes = tasks.further_test(shot, None)
        except InvalidExperiment as error:
            yield Notice(f"{shot} shots are left out of the curve. {error.message}", "warning")
            continue
        scores = yield from exam.scores(method, items, f"Testing with {shot}-shot")
        yield figure(scores[:, -1], tasks.target, {SHOTS: shot}).given({"episodes": episodes}, {SHOTS: shot})


def protocol(
    experiment: Experiment, method: MetaLearner, tasks: Tasks, weights: str
) -> tuple[dict[str, str], dict[str, str | float]]:
    """What it takes to believe the figures: (conditions, notes)."""
    conditions = {
        **tasks.conditions,
        "split seed": str(experiment.dataset.split_seed),
        "batch norm": method.batch_norm_mode,
        **({QUERIES: TOGETHER} if method.meets.together else {}),
    }
    notes: dict[str, str | float] = {**noted(tasks.findings), "weights": weights, **method.choices}
    notes |= {"support set": "read in order: another order gives other answers"} if method.meets.in_order else {}
    notes |= {STEPS: method.test_steps} if method.meets.each else {}
    return conditions, notes | ({SHOTS: method.hyperparameters.shot} if isinstance(tasks, ImageTasks) else {})


def beside_twin(exam: Exam, own: np.ndarray) -> Iterator[Event]:
    """The figure of a transductive method's inductive twin, each query image for itself, and what the others bring.
    own: the method's scores on the same episodes."""
    twin, tasks = exam.method.twin, exam.tasks
    if twin is None:
        return
    plain = (yield from exam.scores(twin, tasks.test, "Testing the inductive twin"))[:, -1]
    gain = episode_interval(settled(own, tasks.target) - settled(plain, tasks.target))
    found = figure(plain, tasks.target, {"method": "inductive twin"})
    yield found.given(
        {QUERIES: "each for itself"},
        {"gained by the others": f"{points(gain.value, found.metric)}, {interval_text(gain, found.metric)}"},
    )
