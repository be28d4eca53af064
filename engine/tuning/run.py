"""A fine-tuning run from the experiment to the test figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.artifacts.bookmark import Bookmark
from engine.artifacts.checkpoints import Checkpoints, kept
from engine.artifacts.weights import build_backbone
from engine.backbones.backbone import Backbone, digest, parameter_count
from engine.events import Evaluated, Event, Notice, RunStarted
from engine.experiment import Experiment
from engine.layers import HEAD, too_late, trunk
from engine.machine.devices import torch_device
from engine.machine.limits import Limits, heeding, last_words
from engine.parallel.leading import together
from engine.parallel.passes import ALONE, Passes
from engine.preparation.held import read_ahead
from engine.provenance.noted import findings, notices, write_down
from engine.tuning.at_test import way
from engine.tuning.material import Material, read_material, watching
from engine.tuning.method import FineTuneMethod
from engine.tuning.precision import settle
from engine.tuning.testing import test
from engine.tuning.timing import plan_of
from engine.tuning.trainable import count_trainable, nothing_to_train
from engine.tuning.training import FineTuning


def run_supervised(
    experiment: Experiment, method: FineTuneMethod, directory: Path, limits: Limits, bookmark: Bookmark
) -> Iterator[Event]:
    """Read, build, train, test. Raises `ExperimentError` for what a person can mend."""
    with together(experiment) as passes:
        yield from _supervised(experiment, method, directory, limits, bookmark, passes)


def _supervised(
    experiment: Experiment, method: FineTuneMethod, directory: Path, limits: Limits, bookmark: Bookmark, passes: Passes
) -> Iterator[Event]:
    material = yield from heeding(limits, read_material(experiment, torch_device(experiment.device)))
    material = with_findings(material, experiment, method, directory)
    material = yield from heeding(limits, watching(material, experiment, directory.parent))
    training = prepared(experiment, method, material, checkpoints_of(experiment, directory, bookmark), limits, passes)
    precision = yield from heeding(limits, settle(training, experiment, bookmark.choices))
    yield started(training, experiment, material, facts(training, material))
    yield from bookmark.once((*precision, *data_notices(material)))
    yield from bookmark.once(left_out_notice(training))
    yield from train_and_test(training, experiment, material)


def checkpoints_of(experiment: Experiment, directory: Path, bookmark: Bookmark) -> Checkpoints:
    """What keeps the weights that the experiment asks for."""
    return Checkpoints(directory, bookmark, along=experiment.checkpoints == "along the way")


def started(training: FineTuning, experiment: Experiment, material: Material, known: Mapping[str, Any]) -> RunStarted:
    """The run's plan. known: what the window shows beside it."""
    sizes = len(material.class_names), len(material.train), len(material.validation)
    plan = plan_of(experiment, training.method, *sizes) if training.total_steps else ()
    minutes = training.limits.minutes if training.limits.only_time else None
    return RunStarted(
        training.total_steps, training.steps_per_epoch, training.batch_size, known, plan, minutes=minutes or 0.0
    )


def with_findings(material: Material, experiment: Experiment, method: FineTuneMethod, directory: Path) -> Material:
    """The material with what must be known of it; what the run learns from is written into its folder."""
    of = (experiment, method, material.data, material.split)
    write_down(*of, directory)
    return replace(material, findings=findings(*of, directory.parent))


def prepared(
    experiment: Experiment, method: FineTuneMethod, material: Material, checkpoints: Checkpoints, limits: Limits,
    passes: Passes = ALONE,
) -> FineTuning:  # fmt: skip
    """The network with its weights and all that is needed to train it; raises `StorageError` where the run began with
    other images or weights."""
    model = build(experiment, method, material.class_names, checkpoints.directory.parent)
    model = model.to(material.train.device)
    training = tuning(experiment, method, model, material, checkpoints, limits, passes)
    checkpoints.bookmark.require("images", material.data.fingerprint)
    checkpoints.bookmark.require("weights", digest(training.initial))
    return training


def train_and_test(training: FineTuning, experiment: Experiment, material: Material) -> Iterator[Event]:
    """Train to the end or to the limits, keep the weights, test those that were chosen."""
    limits, method, bookmark = training.limits, training.method, training.checkpoints.bookmark
    folder = training.checkpoints.directory
    if bookmark.found is not None and "model" in bookmark.found:
        training.load_state(bookmark.found)
    yield from bookmark.once(training.first_look())
    limits.start(training.used)
    with read_ahead(*material.inputs):
        yield from kept(training, training.checkpoints)
        yield from untaught_head(training, experiment)
        weights = select_weights(training.model, method, training.checkpoints, training.epoch)
        notes = {"mixup": f"of {training.mixed()}"} if training.mixed() else {}
        how = way(training.model, method, len(material.test), experiment.seed)
        for said in test(training.model, material, experiment, weights, training.bf16, folder, how):
            yield said.given(notes=notes) if isinstance(said, Evaluated) else said
        if material.watch is not None:
            yield from (said.given(notes={"weights": weights}) for said in material.watch.figures(training.model))
    yield from training.checkpoints.insist()
    total = training.step if training.stopped_early else training.total_steps
    done = f"{training.step // training.steps_per_epoch:,} of {method.epochs:,} epochs"
    yield from last_words(limits, training.step, total, done, training.stopped_early)


def build(experiment: Experiment, method: FineTuneMethod, classes: tuple[str, ...], runs: Path) -> Backbone:
    """The network with its pretrained weights, but for the blocks that the table wants fresh. classes: by name, as a
    kept head knows them."""
    choice, outputs = experiment.backbone, len(classes)
    model = build_backbone(choice, outputs, experiment.seed, runs, method.uses_pretrained, classes)
    table = method.table(model.block_names)
    fresh = [block for block in trunk(model.block_names) if table[block].fresh]
    if fresh and method.uses_pretrained:
        random = build_backbone(choice, outputs, experiment.seed, runs, pretrained=False)
        for block in fresh:
            model.block(block).load_state_dict(random.block(block).state_dict())
    return model


def tuning(
    experiment: Experiment, method: FineTuneMethod, model: Backbone, material: Material, checkpoints: Checkpoints,
    limits: Limits, passes: Passes = ALONE,
) -> FineTuning:  # fmt: skip
    return FineTuning(
        model, method, material.train, material.validation, material.shape, checkpoints, limits,
        seed=experiment.seed, bf16=experiment.precision == "bfloat16", background=material.background,
        watch=material.watch, passes=passes,
    )  # fmt: skip


def facts(training: FineTuning, material: Material) -> dict[str, Any]:
    """What the window shows beside a run."""
    model, what = training.model, material.data.what
    return {
        "classes": len(material.split.classes),
        f"training {what}": len(material.train),
        f"validation {what}": len(material.validation),
        f"test {what}": len(material.test),
        "trainable parameters": count_trainable(model, training.method, training.limits.only_time),
        "parameters": parameter_count(model),
        "head parameters": parameter_count(model.block(HEAD)),
        "split": material.split.description,
        "data": material.data.fingerprint,
    }


def data_notices(material: Material) -> Iterator[Notice]:
    if not len(material.validation):
        yield Notice(f"There are no validation {material.data.what}: the last epoch is tested.", "warning")
    yield from notices(material.findings)


def left_out_notice(training: FineTuning) -> Iterator[Notice]:
    """Blocks that the table lets learn and that will not, and what mixup does not blend."""
    if "features" in training.mixed():
        yield Notice(f"Mixup blends {training.mixed()}: while the head learns alone, images are read once.")
    method, table = training.method, training.table
    late = () if training.limits.only_time or not method.stages() else too_late(table, method.epochs)
    if late:
        blocks, never = listed(late), "it never learns" if len(late) == 1 else "they never learn"
        yield Notice(f"The turn of {blocks} comes after the last of {method.epochs} epochs: {never}.", "warning")
    if empty := nothing_to_train(training.model, table):
        yield Notice(f"Nothing learns in {listed(empty)}, which has none of what is to be trained.", "warning")


def untaught_head(training: FineTuning, experiment: Experiment) -> Iterator[Notice]:
    """Where a run ended before its new head had a turn."""
    stages = training.method.stages()
    if stages and stages[0].in_pairs and training.epoch <= stages[0].epochs and experiment.backbone.head == "new":
        yield Notice("It ended while pairs were learnt from: the head is random and its answers are chance.", "warning")


def listed(names: Sequence[str]) -> str:
    """ "conv1", "conv1 and conv2", "conv1, conv2 and conv3"."""
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def select_weights(model: Backbone, method: FineTuneMethod, checkpoints: Checkpoints, epoch: int) -> str:
    """Load the weights to be tested into the model and say which they are."""
    if not method.stages():
        return "as they came"
    if method.hyperparameters.tested == "last epoch" or checkpoints.best is None:
        return f"last epoch ({epoch})"
    model.load_state_dict(checkpoints.best)
    return "best validation epoch"
