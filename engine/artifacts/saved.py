"""A saved run as a thing: its experiment, its network as it was tested, and what that says of other images."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from pydantic import ValidationError
from torch import Tensor

from engine.artifacts.bookmark import read_state, write_state
from engine.artifacts.checkpoints import COMPUTED
from engine.artifacts.weights import build_backbone, read_weights, refuse_odd, tests_last
from engine.backbones import catalog
from engine.backbones.backbone import Backbone, changed
from engine.backbones.precision import rounded
from engine.data.files.read_as import PLAIN, ReadAs
from engine.data.labelled_set import LabelledSet
from engine.data.target import NUMBERS, asked
from engine.errors import InvalidExperiment, StorageError, WeightsError
from engine.events import Formulation
from engine.experiment import Experiment
from engine.families import MULTITASK, family
from engine.machine.devices import torch_device
from engine.machine.draws import own_draws
from engine.method import Classifier, Method
from engine.preparation.inputs import Inputs, Preparer, images, normaliser
from engine.provenance import read_as, seen
from engine.registry import build_method, complete
from engine.registry import method as find

BENCH = "bench"  # the family of methods that keep no network
SETTLED = "settled.safetensors"  # what a meta-learner chose before its test, beside its weights
TOGETHER = 64  # images at a time, as in a run's own test: of other numbers the kernels round otherwise
State = Mapping[str, Tensor]


def refuse_answerless(experiment: Experiment) -> None:
    """Raises `WeightsError` for a run that has no network of its own that tells classes apart, or a head for each of
    several tasks: it opens as one of them (`engine.multitask.alone`)."""
    if not (chosen := find(experiment.method.name)).keeps_network:
        raise WeightsError(
            f"{chosen.title} changed the network anew for each set of test images, and kept none of these.",
            "Open the run that its weights came from.",
        )
    kind = family(experiment)
    if kind is MULTITASK and len(experiment.tasks) != 1:
        raise WeightsError(
            "This run has a head for each of several tasks.",
            "One of them can be tried on Try it and exported; in the terminal predict and export have --task.",
        )
    if not kind.answers and kind is not MULTITASK:
        raise WeightsError(
            "This run keeps no head and tells no classes apart.",
            "Start a fine-tuning or a head bench from its weights.",
        )


@dataclass(frozen=True, eq=False)
class InputReader:
    """How inputs come to a network. Images or texts: a `LabelledSet`, all of it, or rows as
    `engine.preparation.inputs.images` gives them; numbers: float [n, d]. stated: how images come to it, where the
    weights that it was begun with need not be known here."""

    experiment: Experiment
    device: torch.device
    stated: Preparer | None = None

    @property
    def form(self) -> Preparer:
        """How images come to it; of a network that reads numbers nobody asks."""
        return self.stated or normaliser(self.experiment.backbone)

    def __call__(self, inputs: Tensor | LabelledSet) -> Inputs:
        """As they lie in memory or on the disk, to be prepared batch by batch."""
        if isinstance(inputs, Tensor):
            return inputs.to(self.device)
        return images(inputs, np.arange(len(inputs.labels)), self.form, self.device)

    def prepared(self, inputs: Tensor) -> Tensor:
        """As the network wants them, float."""
        return inputs if of_numbers(self.experiment) else self.form(inputs)


@runtime_checkable
class LearnsTasks(Protocol):
    """A method that meets a task by its support set, and may have chosen something before its test."""

    @property
    def trials_before_test(self) -> int: ...
    def prepare(self, model: Backbone, way: int) -> None: ...
    def adapt(self, model: Backbone, inputs: Tensor, targets: Tensor, way: int) -> Classifier: ...
    def fixed_way(self, model: Backbone) -> int | None: ...
    @property
    def choice(self) -> Mapping[str, Any]: ...
    def with_choice(self, choice: Mapping[str, Any]) -> Method: ...
    def supposed(self) -> Method: ...


@dataclass(frozen=True, eq=False)
class Adapted:
    """A meta-learner that has met a support set. Inputs are predicted all at once: how one is answered may depend on
    the others (batch norm by the query images, transduction)."""

    classify: Classifier
    reader: InputReader
    values: bool

    def predict(self, inputs: Tensor | LabelledSet) -> Tensor:
        """Probabilities float32 [n, way], the softmax of what the method gives, or values [n, outputs]."""
        found = self.classify(self.reader.prepared(self.reader(inputs)[:])).detach().float()
        return found if self.values else found.softmax(1)


@dataclass(frozen=True, eq=False)
class SavedModel:
    """network: in eval mode, with the weights that the run was tested with. read_as: how image files are read for it.
    class_names: what its outputs stand for;
    empty for a meta-learner, whose classes come with each support set, and where they are not known."""

    experiment: Experiment
    method: Method
    network: Backbone
    class_names: tuple[str, ...]
    reader: InputReader
    bf16: bool = False
    read_as: ReadAs = PLAIN

    @classmethod
    def open(
        cls, folder: Path, experiment: Experiment | None = None, class_names: tuple[str, ...] = (),
        settled: Mapping[str, Any] | None = None, device: str = "cpu", computed: Mapping[str, Any] | None = None,
    ) -> SavedModel:  # fmt: skip
        """From a run's own folder alone, whatever it started from.

        experiment, class_names, settled (the method's `choice` at its test), computed (`Formulation.told` of what it
        was computed by): of a run whose folder does not tell them, as one that was saved before runs wrote them down.
        Raises `StorageError` where there is no run or it is not
        known what it chose, `WeightsError` where its weights are missing or damaged, or where it kept none, as a head
        bench does.
        """
        experiment = complete(experiment or experiment_of(folder))
        method = build_method(experiment)
        refuse_answerless(experiment)
        state = read_weights(tested_file(folder, method))
        network = fitting(experiment, method, state).to(torch_device(device)).eval()
        method = settled_as(method, network, folder, settled)
        names = class_names or seen.classes_of(folder)
        reader = InputReader(experiment, torch_device(device))
        bf16 = in_bfloat16(experiment, folder, computed)
        return cls(experiment, method, network, names, reader, bf16, read_as.read(folder))

    @property
    def reads_numbers(self) -> bool:
        return of_numbers(self.experiment)

    @property
    def what(self) -> str:
        """What it reads, in words: "images", "texts"; of one that reads numbers nobody asks."""
        return self.reader.form.what

    def predict(self, inputs: Tensor | LabelledSet) -> Tensor:
        """Probabilities float32 [n, classes]. Raises `InvalidExperiment` for a meta-learner, which has to adapt."""
        return self.seen(inputs)[1].softmax(1)

    @torch.no_grad()
    def seen(self, inputs: Tensor | LabelledSet) -> tuple[Tensor, Tensor]:
        """Features float32 [n, d], and what the network gives for each class before it becomes a probability [n,
        classes]. Raises `InvalidExperiment` for a meta-learner."""
        self.refuse_tasks()
        values, found = self.reader(inputs), []
        for start in range(0, max(1, len(values)), TOGETHER):
            found.append(self.forward(values[start : start + TOGETHER]))
        features, logits = zip(*found, strict=True)
        return torch.cat(features), torch.cat(logits)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """The same of one batch as it lies on the device, with a gradient where one is kept."""
        with rounded(self.network, self.bf16):
            features = self.network.embed(self.reader.prepared(pixels))
            return features.float(), self.network.head(features).float()

    def refuse_tasks(self) -> None:
        if isinstance(self.method, LearnsTasks):
            raise InvalidExperiment("A meta-learner has no classes of its own.", "Let it adapt to a support set first.")

    def adapt(self, inputs: Tensor, targets: Tensor) -> Adapted:
        """Learn from a support set: inputs as `InputReader` has them, targets int64 [n] in 0 .. way - 1, each at least
        once, or values float [n, outputs]. Raises `InvalidExperiment` for a method that learns no tasks, or of another
        way than its head has."""
        if not isinstance(self.method, LearnsTasks):
            raise InvalidExperiment(f"{self.method.title} learns no tasks.", "Open a run of a meta-learner.")
        values = asked(targets) == NUMBERS
        way = targets.shape[1] if values else int(targets.max()) + 1
        head = self.method.fixed_way(self.network) or way
        if way != head:
            raise InvalidExperiment(f"This network tells {head} classes apart, not {way}.", f"Give it {head} classes.")
        shown = self.reader.prepared(self.reader(inputs)[:])
        classify = self.method.adapt(self.network, shown, targets.to(shown.device), way)
        return Adapted(classify, self.reader, values)


def experiment_of(folder: Path) -> Experiment:
    """As the run wrote it down; raises `StorageError`."""
    try:
        return Experiment.model_validate_json((folder / "experiment.json").read_text(encoding="utf-8"))
    except (OSError, ValidationError) as error:
        raise StorageError(
            f"The folder {folder} does not say which experiment it is of.", "Choose the folder of a saved run."
        ) from error


def in_bfloat16(experiment: Experiment, folder: Path, computed: Mapping[str, Any] | None) -> bool:
    """Whether the run was: what "automatic" came to is in its record, and was float32 where none is left."""
    if experiment.precision != "automatic":
        return experiment.precision == "bfloat16"
    with suppress(OSError, ValueError):
        computed = json.loads((folder / COMPUTED).read_text(encoding="utf-8"))
    with suppress(LookupError, TypeError, ValueError):
        return Formulation.heard(computed or {}).values["precision"] == "bfloat16"
    return False


def tested_file(folder: Path, method: Method) -> Path:
    """The weights that the run was tested with; raises `WeightsError`."""
    names = ("last",) if tests_last(method) else ("best", "last")
    for file in (folder / f"{name}.safetensors" for name in names):
        if file.is_file():
            return file
    why = ": a head bench compares heads on frozen features and keeps none" if method.family == BENCH else ""
    raise WeightsError(f"The folder of run {folder.name} has no weights{why}.", "Open a run that trained a network.")


def fitting(experiment: Experiment, method: Method, state: State) -> Backbone:
    """The network that has these weights, with them; raises `WeightsError` where they are another's."""
    shapes = {key: value.shape for key, value in state.items()}
    for model in candidates(experiment, method, state):
        own = model.state_dict()
        if {key: value.shape for key, value in own.items()} == shapes:
            refuse_odd(state, own)
            model.load_state_dict(state)
            return model
    raise catalog.other_network(experiment.backbone)


def candidates(experiment: Experiment, method: Method, state: State) -> Iterator[Backbone]:
    """The network without a head or with as many outputs as the saved one, and with what a meta-learner learns besides.
    That depends on the training classes where it is a head of theirs, which some first dimension of it then tells."""
    outputs = len(state["head.bias"]) if "head.bias" in state else None
    if not isinstance(method, LearnsTasks):
        yield build_backbone(experiment.backbone, outputs, experiment.seed, pretrained=False)
        return
    likely = 1 if of_numbers(experiment) else experiment.method.hyperparameters["way"]
    sizes = (len(value) for key, value in state.items() if key.startswith("meta.") and value.dim())
    for count in dict.fromkeys((outputs or likely, likely, *sizes)):
        with own_draws():
            model = build_backbone(experiment.backbone, outputs, experiment.seed, pretrained=False)
            method.prepare(model, count)
        yield model


def of_numbers(experiment: Experiment) -> bool:
    return catalog.backbone(experiment.backbone.name).form.kind == "numbers"


def settled_as(method: Method, network: Backbone, folder: Path, handed: Mapping[str, Any] | None) -> Method:
    """The method with what it chose before its test; raises `StorageError` where nothing tells it."""
    if not isinstance(method, LearnsTasks):
        return method
    if (folder / SETTLED).is_file():
        kept = read_state(folder / SETTLED)
        network.load_state_dict(kept["network"], strict=False)
        return method.with_choice(kept["method"])
    if handed is not None:
        return method.with_choice(handed)
    if method.trials_before_test:
        raise StorageError(f"What run {folder.name} chose before its test is not known.", "Run it again.")
    return method.supposed()


def keep_settled(method: Method, model: Backbone, folder: Path) -> None:
    """Write what the method chose before its test and what it changed of the written weights; raises
    `ExperimentError`."""
    assert isinstance(method, LearnsTasks)
    network = changed(model.state_dict(), read_weights(tested_file(folder, method)))
    write_state({"method": dict(method.choice), "network": network}, folder / SETTLED)
