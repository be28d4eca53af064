"""An experiment as plain data: all that is needed to run it again. Frozen, validated, JSON both ways."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Annotated, Any, Literal, Self

from pydantic import (
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    SerializationInfo,
    SerializeAsAny,
    SerializerFunctionWrapHandler,
    ValidationError,
    field_validator,
    model_serializer,
    model_validator,
)

from engine.errors import InvalidExperiment, shown
from engine.frozen import TOLD, Frozen, as_before
from engine.given import MOST_COUNT, MOST_MINUTES, MOST_SEED, MOST_TASKS, MOST_TESTS
from engine.search_choice import RangeChoice as RangeChoice
from engine.search_choice import SearchChoice as SearchChoice
from engine.search_choice import Strategy as Strategy

Seed = Annotated[int, Field(ge=0, le=MOST_SEED)]
Count = Annotated[int, Field(ge=1, le=MOST_COUNT)]
Split = Literal["stratified", "given", "random-classes", "by-alphabet", "by-region", "in-each-group"]
Precision = Literal["float32", "bfloat16", "automatic"]
Preparation = Literal["plain", "own"]
Kept = Literal["best and last", "along the way"]
LabelSet = Literal["classes", "groups", "first half", "second half", "which half"]
ImageShift = Literal["noise", "blur", "contrast", "brightness", "pixelate", "jpeg", "inversion"]
TextShift = Literal["typos", "case", "dropped words", "no punctuation", "cut"]
ShiftKind = Literal[ImageShift, "label shift", TextShift]


class Shift(Frozen):
    """How images or texts (or labels) differ from those the weights were trained on."""

    kind: ShiftKind = Field(description="of images noise to inversion, of texts typos to cut; of both label shift")
    severity: int = Field(3, ge=1, le=5, description="1 is hardly seen, 5 hardly recognised")


# What every choice of data once carried, whichever data set it was of. It is still written, so that what is saved, and
# what is hashed from it, is the same text in every version; where it means nothing it is left out when read.
ONCE_OF_ALL: dict[str, Any] = {"vary_frequency": False, "distance": 1.0}
# What later versions added, which is written only where it is used: an experiment keeps its hash.
ADDED: dict[str, Any] = {"leave_out": None, "listed": None, "labels": "as found", "class_level": 0, "group_level": 0}


class DatasetChoice(Frozen):
    """Which data, and how they are divided: what all data sets share.

    A data set with settings of its own has a class of its own (`engine.data.dataset.DataSet.Choice`), which is made
    where its name is given, as with `pathlib.Path`.
    """

    name: str = Field("glyphs", description="a data set's name; `list datasets` says which there are")
    path: str | None = Field(None, description="folder or zip that it is read from, unless it comes with the program")
    classes: int | None = Field(
        None, ge=2, le=MOST_COUNT, description="use only the first N classes of the split seed's order"
    )
    labels_per_class: Count | None = Field(None, description="labelled training examples per class; all if empty")
    split: Split | None = Field(None, description="how examples or classes are divided; the method's own way if empty")
    split_seed: Seed = Field(0, description="seed of the division into parts")
    part: Literal["source half", "target half"] | None = Field(None, description="use one half of each class's images")
    validation_per_class: Count | None = Field(None, description="most validation examples per class; all if empty")
    shift: Shift | None = Field(None, description="shift of every example: training, validation and test")
    tested_on: tuple[Shift, ...] = Field(
        (), max_length=MOST_TESTS, description="shifts of further test sets, never trained on"
    )
    leave_out: Literal["copies", "look-alikes"] | None = Field(
        None,
        description="test without what is a copy of training examples, or also without those that look alike",
    )
    listed: str | None = Field(
        None,
        description="use exactly what a folder held when its fingerprint was this, as far as it is there",
    )

    def __new__(cls, **given: Any) -> Self:
        own: type[Self] = cls._of(given.get("name"))
        return super().__new__(own)

    @model_validator(mode="wrap")
    @classmethod
    def _as_its_data_set(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(data, dict):
            return handler(data)
        own: type[Self] = cls._of(data.get("name"))
        foreign = ONCE_OF_ALL.keys() - own.model_fields
        data = {key: value for key, value in data.items() if key not in foreign or not _unread(own, key, value)}
        return handler(data) if own is cls else own.model_validate(data)

    @model_serializer(mode="wrap")
    def _as_before(self, serialise: SerializerFunctionWrapHandler, info: SerializationInfo) -> dict[str, Any]:
        own: dict[str, Any] = serialise(self)
        if info.exclude_defaults or info.context == TOLD:
            body = own
        else:
            used = {name: value for name, value in own.items() if name not in ADDED or value != ADDED[name]}
            body = ONCE_OF_ALL | used
        order = dict.fromkeys((*DatasetChoice.model_fields, *ONCE_OF_ALL, *body))
        return {name: body[name] for name in order if name in body}

    @classmethod
    def _of(cls, name: object) -> type[Any]:
        """The class of this data set's choices."""
        if cls is not DatasetChoice or name is None:
            return cls
        sources = import_module("engine.data.sources")  # looked for, not imported: the data sets are above this
        found = sources.known(name)
        return UnknownChoice if found is None else found.Choice

    @classmethod
    def own(cls) -> tuple[str, ...]:
        """Names of the settings that this data set alone has."""
        return tuple(name for name in cls.model_fields if name not in DatasetChoice.model_fields)

    def own_values(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in self.own())

    @property
    def labelled(self) -> bool:
        """Whether its examples have labels at all."""
        return True

    @property
    def folder_name(self) -> str:
        """ "photos.v2" of the folder photos.v2 and of photos.v2.zip, on any system; "" without a path."""
        name = (self.path or "").replace("\\", "/").rstrip("/").rpartition("/")[2]
        return name[:-4] if name.lower().endswith(".zip") else name


def _unread(own: type[DatasetChoice], key: str, value: object) -> bool:
    """Whether this of `ONCE_OF_ALL` says nothing of such data: where they are known a distance never did."""
    return value == ONCE_OF_ALL[key] or (key == "distance" and own is not UnknownChoice)


class UnknownChoice(DatasetChoice):
    """Of a data set that this version does not have (any more): a run of it is listed with what it was set to."""

    model_config = ConfigDict(extra="allow")


class BackboneChoice(Frozen):
    """Which network, and which weights it starts from."""

    name: str = "conv4"
    weights: str = Field("random", description="random, a name from the catalogue, or run:<uid> of a saved run")
    head: Literal["new", "kept"] = Field("new", description="a new head, or the one that came with run:<uid>")
    image_size: int | None = Field(None, ge=8, le=1024, description="pixels on a side; the backbone's own if empty")
    preparation: Preparation = Field(
        "plain", description="images resized bilinearly and wholly, or resized and cut as the weights state it"
    )
    what_it_keeps: Literal["not measured", "each epoch"] = Field(
        "not measured", description="how well it still tells the classes of run:<uid>, after each epoch"
    )

    @model_serializer(mode="wrap")
    def _as_before(self, serialise: SerializerFunctionWrapHandler, info: SerializationInfo) -> dict[str, Any]:
        added = {"preparation": "plain", "what_it_keeps": "not measured"}
        return as_before(serialise(self), added, info.context == TOLD)


class MethodChoice(Frozen):
    """Which method, with the hyperparameters that differ from its defaults or all of them."""

    name: str = "lp_ft"
    hyperparameters: dict[str, Any] = Field(default_factory=dict)


class TaskChoice(Frozen):
    """One of several tasks that a network learns: images and what is asked of them.

    labels: the classes themselves, the group each belongs to (an alphabet), the classes of one half alone, or which
    half a class is in. dataset: other images than the experiment's own.
    """

    labels: LabelSet = Field("classes", description="what is asked of the data")
    dataset: SerializeAsAny[DatasetChoice] | None = Field(None, description="its own data; the experiment's if empty")


HALVES = (TaskChoice(labels="first half"), TaskChoice(labels="second half"))  # what several tasks are unless told


class Budget(Frozen):
    """When to stop at the latest, whatever the method's own length is."""

    minutes: float | None = Field(
        None, gt=0, le=MOST_MINUTES, description="stop training after this many minutes and evaluate"
    )
    instead_of_epochs: bool = Field(False, description="train until the minutes are over, however many epochs that is")


BESIDES: dict[str, Any] = {"device": True, "checkpoints": True, "backbone": {"what_it_keeps"}}  # change no figure


class Experiment(Frozen):
    """Everything needed to run again on another machine.

    `device` says where a run is worked, not what is run, and is left out of what is hashed; so are `checkpoints` and
    `backbone.what_it_keeps`, by which it is looked at. `precision` stays in: bfloat16 rounds otherwise; what automatic
    came to is recorded with the run, and a repeat goes by that. `dataset.path` stays in too: images are identified by
    their fingerprint, which is known only once they were read; unlike folders would be one configuration.
    """

    dataset: SerializeAsAny[DatasetChoice] = DatasetChoice()
    backbone: BackboneChoice = BackboneChoice()
    method: MethodChoice = MethodChoice()
    budget: Budget = Budget()
    search: SearchChoice | None = None
    seed: Seed = 0
    device: str = Field("cpu", description="cpu, cuda:0, cuda:1, …, cuda:all, mps; or cluster")
    precision: Precision = "float32"
    checkpoints: Kept = Field("best and last", description="weights that are kept of a run; also those along the way")
    tasks: tuple[TaskChoice, ...] = Field(
        (), max_length=MOST_TASKS, description="what several tasks at once are; both halves of the classes if empty"
    )

    @field_validator("tasks")
    @classmethod
    def _halves_are_usual(cls, tasks: tuple[TaskChoice, ...]) -> tuple[TaskChoice, ...]:
        return () if tasks == HALVES else tasks

    @model_serializer(mode="wrap")
    def _as_before(self, serialise: SerializerFunctionWrapHandler, info: SerializationInfo) -> dict[str, Any]:
        body = {name: value for name, value in serialise(self).items() if name != "tasks" or self.tasks}
        return as_before(body, {"checkpoints": "best and last"}, info.context == TOLD)

    def canonical(self) -> str:
        """JSON with sorted keys and no white space: equal experiments give equal text."""
        return self._text({})

    def configuration(self) -> str:
        """As `canonical`, without where it runs and what is looked at meanwhile: equal text is the same experiment."""
        return self._text(BESIDES)

    def digest(self, source: str = "") -> str:
        """10 hexadecimal digits of the configuration and of what else decides its result: the key of its source."""
        return hashlib.sha256((self.configuration() + source).encode()).hexdigest()[:10]

    def group_hash(self) -> str:
        """Hash of the configuration but for the seed: runs that share it are seeds of one configuration."""
        return hashlib.sha256(self._text({**BESIDES, "seed": True}).encode()).hexdigest()[:16]

    def _text(self, without: dict[str, Any]) -> str:
        return json.dumps(self.model_dump(mode="json", exclude=without), sort_keys=True, separators=(",", ":"))

    def with_seed(self, seed: int) -> Experiment:
        """Raises `InvalidExperiment` where the number can be no seed."""
        return self.model_copy(update={"seed": checked_seed(seed)})


def checked_seed(seed: int) -> int:
    if 0 <= seed <= MOST_SEED:
        return seed
    raise InvalidExperiment(f"The seed is {seed}.", f"Give a whole number from 0 to {MOST_SEED}.", "seed")


def parse_experiment(data: object) -> Experiment:
    """Build an `Experiment` from decoded JSON; raises `InvalidExperiment` with one sentence for the first fault."""
    try:
        return Experiment.model_validate(data)
    except ValidationError as error:
        raise InvalidExperiment(*explain(error)) from None


def explain(error: ValidationError) -> tuple[str, str, str]:
    """(message, advice, field) for the first fault of a pydantic error, in words a person can act on."""
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"]) or "experiment"
    given = first.get("input")
    said = "" if isinstance(given, dict | list) else f" (given: {shown(repr(given))})"
    if first["type"] == "extra_forbidden":
        return f"“{field}” is not a known setting.", "Remove it or check its spelling.", field
    reason = first["msg"].replace("Input should be", "must be").replace("Value error, ", "")
    return f"“{field}” {reason}{said}.", "Correct this value and try again.", field


@dataclass(frozen=True, slots=True)
class NewRun:
    """What is saved of a run before it works. family: key of its kind of procedure. name: the method and the data when
    empty. study_id, cell: the study that the run belongs to, and its place there. forced: what it is to be computed by,
    as the values of a `Formulation`."""

    experiment: Experiment
    family: str
    name: str = ""
    plan: str = ""
    study_id: int | None = None
    cell: str = ""
    forced: Mapping[str, int | str] = field(default_factory=dict)
