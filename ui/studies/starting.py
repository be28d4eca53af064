"""What arms of a study start from, and the values that are usual there. No Qt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from engine import registry
from engine.backbones import catalog
from engine.data.dataset import Start
from engine.data.sources import bands, kind_of, known
from engine.errors import InvalidExperiment
from engine.experiment import BackboneChoice, DatasetChoice, MethodChoice
from engine.method import ENCODERS, Method
from engine.studies.study import Study, StudyArm

RANDOM = "random"
FROM_NOTHING = {"weights": RANDOM, "head": "new"}
START_ARMS = (("Linear probe", "linear_probe"), ("LP-FT", "lp_ft"), ("Full fine-tuning", "full_ft"))


def beginning() -> Study:
    """What a study of one's own begins with."""
    backbone = catalog.as_pretrained(BackboneChoice(name="conv4", weights=catalog.default_weights("conv4")))
    arms = tuple(StudyArm(title=title, backbone=backbone, method=MethodChoice(name=name)) for title, name in START_ARMS)
    return Study(title="My study", dataset=DatasetChoice(name="digits", validation_per_class=10), arms=arms,
                 labels=(2, 5, 10), seeds=(0, 1, 2), figure="labels")  # fmt: skip


def reads(choice: BackboneChoice, data: DatasetChoice) -> bool:
    """Whether the network can read such data; true of one that is not known, which the checks name."""
    with suppress(InvalidExperiment):
        return catalog.backbone(choice.name).form.takes(kind_of(data), bands(data))
    return True


def begun_with(data: DatasetChoice) -> BackboneChoice:
    """The network that such data are begun with, and its first pretrained weights where there are any."""
    start = found.start if (found := known(data.name)) is not None else Start()
    name = catalog.begins(start.backbone, start.rather)
    return catalog.as_pretrained(BackboneChoice(name=name, weights=catalog.default_weights(name)))


def start_of(method: type[Method], chosen: BackboneChoice) -> BackboneChoice:
    """What an arm of this method starts from where this is chosen; one that learns from nothing has random weights."""
    return chosen if method.uses_pretrained else chosen.model_copy(update=FROM_NOTHING)


def ways(method: type[Method], start: BackboneChoice) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Values to begin an arm with: those that are usual from this start, without a title, and other presets."""
    encoder = registry.reads_pretrained(start)
    suiting = {title: own for title, own in method.presets.items() if title != ENCODERS or encoder}
    begun: Mapping[str, Any] = registry.usual_values(Start(), method.name, start)
    begun = begun or next(iter(suiting.values()), {})
    yield "", begun
    yield from ((title, own) for title, own in suiting.items() if own != begun)


def moved(arm: StudyArm, chosen: BackboneChoice) -> StudyArm:
    """The arm on another network, with its own values where they are not what is usual on the one it had."""
    start, values = chosen, arm.method.hyperparameters
    with suppress(InvalidExperiment):  # of a method that this version does not know; the checks name it
        start = start_of(registry.method(arm.method.name), chosen)
        before, now = (registry.usual_values(Start(), arm.method.name, one) for one in (arm.backbone, start))
        values = registry.followed(values, before, now)
    method = arm.method.model_copy(update={"hyperparameters": values})
    return arm.model_copy(update={"backbone": start, "first": None, "method": method})


def fitted(arm: StudyArm, data: DatasetChoice, chosen: BackboneChoice) -> StudyArm:
    """The arm as it is where its network reads such data, else on this one; random weights stay random."""
    if reads(arm.backbone, data):
        return arm
    random = arm.backbone.weights == RANDOM
    return moved(arm, chosen.model_copy(update=FROM_NOTHING) if random else chosen)


def plain(value: Any) -> Any:
    """Models as the dictionaries that validation reads, so that every field is checked again."""
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return value.model_dump() if hasattr(value, "model_dump") else value
