"""The kinds of procedure a method can be: what runs it, what it costs, what it refuses, what is shown of it.

One table that everything else asks. A method belongs to a family through its base class (`Method.family`). Torch-free:
what does the work is imported when it is called.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Literal

from engine.errors import InvalidExperiment
from engine.events import Event
from engine.experiment import Experiment
from engine.method import Method
from engine.registry import method

IMAGE_SETTINGS = frozenset({"labels_per_class", "shift", "tested_on", "part", "validation_per_class", "leave_out"})


@dataclass(frozen=True, slots=True)
class Cost:
    """seconds_per_epoch: of the phase that costs most, or between two validations in meta-learning. seconds: in all,
    with validation, test and search, without reading the images. memory_bytes: weights, optimiser, images and
    activations. further_fit: seconds of training once more, for a search. fits: how often a search trains before the
    run itself, if no setting is given up early. least_seconds_per_epoch: of the phase that costs least, such as the
    head alone; 0 where there is only one. remark: what makes it cost so, or what else it takes, in a sentence."""

    trainable: int
    parameters: int
    steps: int
    seconds_per_epoch: float
    seconds: float
    memory_bytes: int
    further_fit: float = 0.0
    fits: int = 0
    least_seconds_per_epoch: float = 0.0
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of procedure.

    run: (experiment, method, directory, limits, bookmark) -> events. cost: (experiment, method) -> without a
    search.
    faults: (experiment, method, None where its values do not fit) -> what this kind of procedure refuses; torch-free.
    start: name of the method that the form begins with. under: the family in whose list its methods are shown.
    divides: what is kept apart for the test: images of every class, or whole classes, of which tasks are drawn.
    data_settings: fields of `DatasetChoice` that it reads; instead: what is said of one that it does not.
    shot: the hyperparameter that stands for labels per class. step: what a step is called, "" for one of an epoch.
    view: what a run's page draws: learning curves, or a bench's accuracies over labels per class.
    groups: of its methods, in the order in which they are met in a course; others follow as they come.
    computed: experiment -> what its runs choose to be computed by, besides torch's threads, each with what it may be.
    for_a_time: the minutes may replace the epochs. layered: its methods have a layer table. answers: its saved runs
    tell classes apart, their own or those of a task; others keep a trunk alone. pictured: its runs keep pictures of
    what they make of a few images while they learn. along: they can keep weights along the way.
    needs_labels: it has nothing to learn from images without.
    """

    key: str
    title: str
    run: Callable[..., Generator[Event, None, None]]
    cost: Callable[[Experiment, Method], Cost]
    start: str
    faults: Callable[[Experiment, Method | None], Iterable[InvalidExperiment]] = lambda *_: ()
    under: str = ""
    divides: Literal["images", "classes"] = "images"
    data_settings: frozenset[str] = IMAGE_SETTINGS
    instead: Mapping[str, str] = field(default_factory=dict)
    shot: str = ""
    step: str = ""
    view: Literal["curves", "bench"] = "curves"
    groups: tuple[str, ...] = ()
    computed: Callable[[Experiment], Mapping[str, Sequence[int | str]]] = lambda _: {}
    for_a_time: bool = False
    layered: bool = False
    answers: bool = True
    pictured: bool = False
    along: bool = False
    needs_labels: bool = True


def later(module: str, name: str) -> Callable[..., Any]:
    """This function of this module, which is imported when it is called."""
    return lambda *given: getattr(import_module(module), name)(*given)


FINE_TUNING = Family(
    "finetune", "Fine-tuning",
    run=later("engine.tuning.run", "run_supervised"), cost=later("engine.tuning.timing", "fine_tune_cost"),
    faults=later("engine.preflight.layers", "table_faults"), computed=later("engine.tuning.precision", "possible"),
    start="lp_ft", for_a_time=True, layered=True, along=True,
)  # fmt: skip
META_LEARNING = Family(
    "meta", "Meta-learning",
    run=later("engine.meta.run", "run_meta"), cost=later("engine.meta.cost", "meta_cost"),
    faults=later("engine.preflight.tasks", "precision_faults"),
    computed=later("engine.meta.batch.formulation", "possible"),
    start="protonet", divides="classes", data_settings=frozenset(), shot="shot", step="meta-steps",
    groups=("Gradient-based", "Metric", "Closed form", "Black box", "Bayesian", "Baselines"),
    instead={"labels_per_class": "; the shot says how many labels an episode has"},
)  # fmt: skip
HEAD_BENCH = Family(
    "bench", "Head bench",
    run=later("engine.bench.run", "run_head_bench"), cost=later("engine.bench.cost", "bench_cost"),
    start="head_bench", under="finetune", step="labels per class", view="bench",
)  # fmt: skip
PRETRAINING = Family(
    "pretrain", "Pretraining",
    run=later("engine.pretraining.run", "run_pretraining"), cost=later("engine.pretraining.cost", "pretrain_cost"),
    faults=later("engine.preflight.pretraining", "pretraining_faults"),
    start="simclr", for_a_time=True, answers=False, pictured=True, needs_labels=False,
    data_settings=frozenset({"part", "validation_per_class", "leave_out"}),
    groups=("Compare views", "Rebuild", "Name the change"),
    instead={"labels_per_class": "; it learns from all training examples, without their labels"},
)  # fmt: skip
MULTITASK = Family(
    "multitask", "Multi-task",
    run=later("engine.multitask.run", "run_multitask"), cost=later("engine.multitask.cost", "multitask_cost"),
    faults=later("engine.preflight.multitask", "multitask_faults"),
    start="equal", under="finetune", answers=False,
    data_settings=frozenset({"labels_per_class", "part", "validation_per_class", "leave_out"}),
)  # fmt: skip
ACTING = Family(
    "act", "Reinforcement learning",
    run=later("engine.acting.run", "run_policies"), cost=later("engine.acting.cost", "act_cost"),
    faults=later("engine.preflight.acting", "acting_faults"),
    start="policy_maml", under="meta", divides="classes", data_settings=frozenset(), step="meta-steps", answers=False,
)  # fmt: skip

FAMILIES: dict[str, Family] = {
    one.key: one for one in (FINE_TUNING, META_LEARNING, HEAD_BENCH, PRETRAINING, MULTITASK, ACTING)
}


def named(key: str) -> Family:
    """The family of this key; fine-tuning where this version does not know it (any more)."""
    return FAMILIES.get(key, FINE_TUNING)


def family(experiment: Experiment) -> Family:
    """What kind of procedure this is; raises `InvalidExperiment` when there is no such method."""
    return FAMILIES[method(experiment.method.name).family]
