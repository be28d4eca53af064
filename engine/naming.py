"""What a run is called when nobody named it, in the words of the field. Torch-free."""

from __future__ import annotations

from engine.backbones.catalog import backbone
from engine.backbones.kept import OWN, kept
from engine.data.shifts import short
from engine.data.sources import known
from engine.errors import ExperimentError, InvalidExperiment
from engine.experiment import BackboneChoice, Experiment, MethodChoice
from engine.registry import method

NO_NETWORK = "No network"
AT_ONCE = "all at once"  # the usual order of several tasks


def run_name(experiment: Experiment) -> str:
    """For example "LP-FT on Glyphs, target half, 2 labels per class, noise 3, seed 0"; of several tasks the order too,
    where they are not learnt at once."""
    order = experiment.method.hyperparameters.get("order", AT_ONCE) if learns_several(experiment) else AT_ONCE
    return name_before(experiment, "" if order == AT_ONCE else f", {order},")


def learns_several(experiment: Experiment) -> bool:
    """Whether its method learns several tasks on one trunk."""
    try:
        return method(experiment.method.name).family == "multitask"
    except InvalidExperiment:
        return False


def name_before(experiment: Experiment, way: str = "") -> str:
    """What 0.14 called it, without the order of its tasks. way: said after the method."""
    data = experiment.dataset
    labels = data.labels_per_class
    few = f"{labels} label{'' if labels == 1 else 's'} per class" if labels else ""
    said = (data.part or "", few, short(data.shift) if data.shift else "", f"seed {experiment.seed}")
    return ", ".join(
        [
            f"{method_title(experiment.method.name)}{way} on {data_title(experiment)}",
            *(words for words in said if words),
        ]
    )


def method_title(name: str) -> str:
    """The method's title, or its name when there is no such method (any more)."""
    try:
        return method(name).title
    except InvalidExperiment:
        return name


def backbone_title(name: str) -> str:
    """The backbone's title, or its name when there is no such backbone (any more)."""
    try:
        return backbone(name).title
    except ExperimentError:
        return name


def without_network(choice: MethodChoice) -> bool:
    """Whether it asks nothing of a network, whichever is named."""
    try:
        return method(choice.name).without_network(choice.hyperparameters)
    except InvalidExperiment:
        return False


def network_title(experiment: Experiment) -> str:
    """The backbone's title, or that there is none."""
    return NO_NETWORK if without_network(experiment.method) else backbone_title(experiment.backbone.name)


def weights_title(choice: BackboneChoice) -> str:
    """Of weights that a person brought the name of their file, as long as they are kept, with their short code where
    several files are called so; of others their own."""
    known = {one.name: one.title for one in kept(choice.name)} if choice.weights.startswith(OWN) else {}
    title = known.get(choice.weights)
    if title is None:
        return choice.weights
    alone = list(known.values()).count(title) == 1
    return f"“{title}”" if alone else f"“{title}” ({choice.weights.removeprefix(OWN)})"


def data_title(experiment: Experiment) -> str:
    """The data set's title; for a person's own folder or zip its name: "my-photos", "birds v1.2"."""
    choice = experiment.dataset
    source = known(choice.name)
    if source is None:
        return choice.name
    return choice.folder_name or choice.path or source.info.title if source.files else source.info.title
