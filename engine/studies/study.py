"""A study: one question asked with a grid of arms, label counts, shifts and seeds. Plain data, JSON both ways.

`engine/studies/cells.py` says which runs it takes, `engine/studies/table.py` what they show.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    Field,
    SerializeAsAny,
    SerializerFunctionWrapHandler,
    ValidationError,
    field_validator,
    model_serializer,
)

import resources
from engine.data.shifts import first_repeated
from engine.data.sources import target_of
from engine.data.target import CLASSES, Target
from engine.errors import InvalidExperiment, called
from engine.experiment import (
    BackboneChoice,
    Budget,
    Count,
    DatasetChoice,
    Experiment,
    MethodChoice,
    Precision,
    SearchChoice,
    Seed,
    Shift,
    TaskChoice,
    checked_seed,
    explain,
)
from engine.frozen import Frozen, as_before
from engine.given import MOST_TASKS, read_json
from engine.registry import complete

PRESETS = Path(resources.__path__[0]) / "studies"
DISTANCE = "distance"  # the setting of a data set that `distances` varies
SOURCE = "source"  # as an arm's weights: those of the study's own source run
Figure = Literal["labels", "shift", "arm", "tasks"]
LabelsOf = Literal["own data", "every task's data"]
Condition = Shift | float | None  # under which all arms are run: a shift, a distance of the regions, or neither
ADDED = {"labels_of": "own data"}  # by later versions, and written only where it is used: a study keeps its text
T = TypeVar("T")


class Source(Frozen):
    """What is trained first, once per split. dataset: the study's own where there is none. The study's source learns
    from the source half of every class and without a shift; what comes before one arm alone from all training images of
    its data, which may be the target's own."""

    dataset: SerializeAsAny[DatasetChoice] | None = None
    backbone: BackboneChoice = BackboneChoice()
    method: MethodChoice = MethodChoice(name="scratch")

    @model_serializer(mode="wrap")
    def _as_before(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return as_before(serialise(self), {"dataset": None})


class StudyArm(Frozen):
    """One thing to compare. Its backbone's weights may be "source": those of `first`, or of the study's source."""

    title: str = Field(min_length=1, max_length=60)
    backbone: BackboneChoice = BackboneChoice()
    method: MethodChoice = MethodChoice()
    search: SearchChoice | None = None
    first: Source | None = Field(None, description="what is trained before it and gives its weights")

    @model_serializer(mode="wrap")
    def _as_before(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return as_before(serialise(self), {"first": None})

    @property
    def starts_from_source(self) -> bool:
        return self.backbone.weights == SOURCE


class Study(Frozen):
    """All that is needed to do the study again.

    Every arm is run with every label count, condition and seed; for a meta-learner the label count is the shot. Given
    `learning_rates`, it is run at each of them, and for each seed the one with the best validation figure counts.
    `dataset.tested_on` adds test sets that nobody trains on. With `splits_follow_seed` each seed also divides the
    images anew.
    """

    name: str = ""
    title: str = Field(min_length=1, max_length=120)
    description: str = Field("", description="the question, and what to look for")
    dataset: SerializeAsAny[DatasetChoice] = DatasetChoice()
    arms: tuple[StudyArm, ...] = Field(min_length=1, max_length=20)
    labels: tuple[Count | None, ...] = Field((None,), min_length=1, max_length=20)
    shifts: tuple[Shift | None, ...] = Field((None,), min_length=1, max_length=20)
    distances: tuple[Annotated[float, Field(ge=0, le=3)], ...] = Field(
        (), max_length=20, description="of test regions from training regions, instead of shifts"
    )
    seeds: tuple[Seed, ...] = Field((0, 1, 2, 3, 4), min_length=1, max_length=100)
    learning_rates: tuple[Annotated[float, Field(gt=0, le=1)], ...] = Field((), max_length=10)
    splits_follow_seed: bool = False
    source: Source | None = None
    tasks: tuple[TaskChoice, ...] = Field(
        (), max_length=MOST_TASKS, description="of arms that learn several; both halves of the classes if empty"
    )
    labels_of: LabelsOf = Field(
        "own data", description="whose examples the label counts limit, where tasks have data of their own"
    )
    figure: Figure = "arm"
    device: str = "cpu"
    precision: Precision = "float32"
    budget: Budget = Budget()

    @model_serializer(mode="wrap")
    def _as_before(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        body: dict[str, Any] = serialise(self)
        return as_before(body, ADDED if self.tasks else {**ADDED, "tasks": body.get("tasks")})

    @field_validator("labels", "shifts", "distances", "seeds", "learning_rates")
    @classmethod
    def _nothing_twice(cls, values: tuple[T, ...]) -> tuple[T, ...]:
        if (again := first_repeated(values)) is not None:
            raise ValueError(f"has {again} twice")
        return values

    @field_validator("arms")
    @classmethod
    def _titles_differ(cls, arms: tuple[StudyArm, ...]) -> tuple[StudyArm, ...]:
        if (again := first_repeated([arm.title for arm in arms])) is not None:
            raise ValueError(f"has two arms called “{again}”")
        return arms

    @field_validator("source")
    @classmethod
    def _source_starts_by_itself(cls, source: Source | None) -> Source | None:
        if source is not None and source.backbone.weights == SOURCE:
            raise ValueError("cannot start from itself")
        return source

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The distances, or the shifts where there are none."""
        return self.distances or self.shifts

    @property
    def target(self) -> Target:
        """What its tasks ask for."""
        return target_of(self.dataset)

    def canonical(self) -> str:
        """JSON with sorted keys and no white space."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))

    def with_seeds(self, seeds: Sequence[int]) -> Study:
        """The same study with these seeds; raises `InvalidExperiment` where one can be none."""
        return self.model_copy(update={"seeds": tuple(checked_seed(seed) for seed in seeds)})


def distance(dataset: DatasetChoice) -> float | None:
    """Of test regions from training regions; None for data that have no such setting."""
    return getattr(dataset, DISTANCE, None)


def labels_words(labels: int | None, target: Target = CLASSES) -> str:
    """ "5 labels per class", "all labels"; of tasks that ask for numbers "5 points per task"."""
    if labels is None:
        return "all labels"
    one, of = target.labels
    return f"{labels} {one}{'' if labels == 1 else 's'} per {of}"


def parse_study(data: object, name: str = "") -> Study:
    """A study from decoded JSON; `name` where it has none. Raises `InvalidExperiment` with one sentence."""
    if not isinstance(data, dict):
        raise InvalidExperiment("This is not a study.", "A study is a JSON object with a title and a list of arms.")
    try:
        study = Study.model_validate({"name": name, "title": name, **data})
    except ValidationError as error:
        raise InvalidExperiment(*explain(error)) from None
    needs = [arm.title for arm in study.arms if arm.starts_from_source and arm.first is None]
    for arm in study.arms:
        if arm.first is not None and not arm.starts_from_source:
            raise InvalidExperiment(
                f"“{arm.title}” has something trained first, but does not start from it.",
                f"Set its weights to “{SOURCE}”.", "arms",
            )  # fmt: skip
    if needs and study.source is None:
        raise InvalidExperiment(
            f"“{needs[0]}” starts from the source, but the study has none.",
            "Add a source, or give the arm other weights.", "source",
        )  # fmt: skip
    if study.distances and study.shifts != (None,):
        raise InvalidExperiment(
            "The study has both shifts and distances.",
            "Keep the shifts for fine-tuning, or the distances for regions.", "shifts",
        )  # fmt: skip
    if study.source is not None and not needs:
        raise InvalidExperiment(
            "The study has a source, but no arm starts from it.",
            f"Set the weights of an arm to “{SOURCE}”, or remove the source.", "source",
        )  # fmt: skip
    return study


def load_study(path: Path) -> Study:
    """The study in a JSON file; raises `InvalidExperiment` when it cannot be read or understood."""
    return parse_study(read_json(path), path.stem)


@cache
def study_presets() -> tuple[Study, ...]:
    """The bundled studies, by title."""
    return tuple(sorted(map(load_study, PRESETS.glob("*.json")), key=lambda study: study.title))


def names_study(text: str) -> bool:
    """True for the name of a bundled study, or of a file that holds one."""
    if text in {study.name for study in study_presets()}:
        return True
    try:
        found = read_json(Path(text))
        return isinstance(found, dict) and "arms" in found  # neither a plan nor an experiment has them
    except InvalidExperiment:
        return False


def study_preset(name: str) -> Study:
    """The bundled study of this name; raises `InvalidExperiment` with the nearest spelling."""
    return called(name, {study.name: study for study in study_presets()}, "study")


def completed(study: Study) -> Study:
    """The study with every hyperparameter written out, so that it means the same in later versions.

    Raises `InvalidExperiment` for an unknown method or a value out of bounds, with the arm's name.
    """
    update: dict[str, Any] = {"arms": tuple(_completed_arm(arm) for arm in study.arms)}
    if study.source is not None:
        update["source"] = _completed_source(study.source)
    return study.model_copy(update=update)


def _completed_source(source: Source) -> Source:
    return source.model_copy(
        update={"method": complete(Experiment(backbone=source.backbone, method=source.method)).method}
    )


def _completed_arm(arm: StudyArm) -> StudyArm:
    try:
        first = None if arm.first is None else _completed_source(arm.first)
        whole = complete(Experiment(backbone=arm.backbone, method=arm.method))
        return arm.model_copy(update={"method": whole.method, "first": first})
    except InvalidExperiment as fault:
        raise InvalidExperiment(f"{arm.title}: {fault.message}", fault.advice, "arms") from None
