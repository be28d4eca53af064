"""What a run will cost, told by its family and with what a search adds. Shown before Start."""

from __future__ import annotations

from dataclasses import replace

from engine.data.sources import load
from engine.data.splits import split_images
from engine.experiment import Experiment
from engine.families import Cost, family
from engine.machine.devices import computing
from engine.registry import with_method
from engine.search.folds import plan
from engine.search.space import planned


def estimate(experiment: Experiment) -> Cost:
    """Build the network with random weights and time real steps of it: about a second, a few for a vision transformer.

    Raises `ExperimentError` when the experiment cannot be run as it stands.
    """
    experiment, method = with_method(experiment)
    with computing():
        found = family(experiment).cost(experiment, method)
    return _searched(found, experiment)


def _searched(cost: Cost, experiment: Experiment) -> Cost:
    """With what a search trains at most before the run itself; raises `InvalidExperiment` for too few images."""
    if experiment.search is None:
        return cost
    data = load(experiment.dataset)
    split = split_images(data, experiment.dataset, experiment.seed)
    counts = [int((data.labels[split.train] == c).sum()) for c in split.classes]
    folds, _ = plan(counts, [data.class_names[c] for c in split.classes], experiment.search.folds)
    fits = planned(experiment) * folds
    return replace(cost, seconds=cost.seconds + fits * cost.further_fit, fits=fits)
