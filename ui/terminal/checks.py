"""What is refused before anything is saved, and names of saved runs made exact."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.backbones import catalog
from engine.data.episode_splits import for_tasks, samplers
from engine.data.sources import is_drawn
from engine.data.splits import split_images
from engine.errors import InvalidExperiment, NotHere
from engine.events import CLUSTER
from engine.experiment import Experiment
from engine.families import MULTITASK, family
from engine.machine.places import home
from engine.meta.learner import MetaLearner
from engine.preflight.problems import problems
from engine.registry import build_as
from engine.remote.desk import ClusterDesk
from engine.search.folds import plan
from storage.store import RunStore
from storage.workspace import MIXTURE, Workspace

RUN = "run:"


def check(experiments: Iterable[Experiment]) -> None:
    """Refuse the plan before anything is saved: settings, device, and the data themselves."""
    for experiment in experiments:
        for problem in problems(experiment):
            raise problem
        check_device(experiment)
        check_data(experiment)


def check_computed(experiments: Iterable[Experiment], forced: Mapping[str, int | str]) -> None:
    """Refuse what no run of these is computed by; asks torch, so only where something is forced."""
    if not forced:
        return
    from engine.preflight.computed import compute_faults

    for experiment in experiments:
        check_device(experiment)
        for fault in compute_faults(experiment, forced):
            raise fault


def check_file(faults: Iterable[InvalidExperiment]) -> None:
    """Refuse what would run on no machine, before anything is fetched for it, or it is printed to be kept."""
    for fault in faults:
        if not isinstance(fault, NotHere):
            raise fault


def check_device(experiment: Experiment) -> None:
    if experiment.device == CLUSTER:
        check_cluster()
    elif experiment.device != "cpu":
        from engine.machine.devices import torch_device

        torch_device(experiment.device)


def check_cluster() -> None:
    """That there is one and it answers, before a run is saved that only it may work."""
    desk = ClusterDesk(home())
    try:
        desk.connect()
    finally:
        desk.close()


def check_data(experiment: Experiment) -> None:
    """Read the data set once (the run finds it in memory) and divide it as the run will."""
    from engine.data.sources import load

    if is_drawn(experiment.dataset):
        return  # tasks are drawn, there is nothing to read
    if family(experiment) is MULTITASK:
        from engine.multitask.apart import division_faults

        for fault in division_faults(experiment):
            raise fault
        return
    data = load(experiment.dataset)
    if family(experiment).divides == "classes":
        shape = build_as(MetaLearner, experiment).episodes
        samplers(for_tasks(data, experiment.dataset), experiment.dataset, shape)
    else:
        split = split_images(data, experiment.dataset, experiment.seed)
        if experiment.search is not None:
            counts = [int((data.labels[split.train] == c).sum()) for c in split.classes]
            plan(counts, [data.class_names[c] for c in split.classes], experiment.search.folds)


def with_exact_weights(experiments: Iterable[Experiment], workspace: Workspace) -> tuple[Experiment, ...]:
    """ "run:4" or "run:my best" as weights become "run:<uid>"; raises `StorageError` when there is no such run and
    `WeightsError` when it has another network."""
    experiments = tuple(experiments)
    if not any(experiment.backbone.weights.startswith(RUN) for experiment in experiments):
        return experiments
    with RunStore(workspace) as store:
        return tuple(exact(experiment, store) for experiment in experiments)


def exact(experiment: Experiment, store: RunStore) -> Experiment:
    weights = experiment.backbone.weights
    if not weights.startswith(RUN) or MIXTURE.fullmatch(weights):
        return experiment
    run = store.run(weights.removeprefix(RUN))
    if run.experiment.backbone.name != experiment.backbone.name:
        raise catalog.other_network(experiment.backbone)
    backbone = experiment.backbone.model_copy(update={"weights": RUN + run.uid})
    return experiment.model_copy(update={"backbone": backbone})
