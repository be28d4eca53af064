"""Finds the methods: every class below `engine/methods/` that has a name. Torch-free."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import ModuleType
from typing import Any, Literal, TypeVar, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from engine.backbones import catalog
from engine.data.dataset import Start
from engine.errors import InvalidExperiment, called
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, explain
from engine.method import ENCODERS, Method, are_trained
from engine.modules import below, in_order, refuse

METHODS = "engine.methods"
M = TypeVar("M", bound=Method)
Kind = Literal["int", "float", "bool", "choice", "text"]
KINDS: dict[object, Kind] = {bool: "bool", int: "int", float: "float", str: "text"}
NOT_IN_FORM = frozenset({"layers"})  # edited in the layer table


@dataclass(frozen=True, slots=True)
class HyperparameterField:
    """One row of the generated form. low and high are None where there is no bound."""

    name: str
    label: str
    kind: Kind
    default: bool | float | str
    low: float | None
    high: float | None
    choices: tuple[str, ...]
    unit: str
    help: str
    log: bool
    fold: str  # heading under which it is folded away, "" where it is not
    off: float | None = None  # the value that turns it off
    least: str = ""  # what its lowest value is called
    only_with: tuple[str, str] | None = None  # another field and its value with which this one counts
    offered: str = ""  # what of the data it is chosen from ("columns", "files"), "" where it is typed
    of: tuple[tuple[str, str], ...] = ()  # choices of data of one kind alone, each with that kind


@cache
def methods() -> tuple[type[Method], ...]:
    """All methods, the usual ones first, later additions by name; raises `ValueError` for a file that adds none."""
    return in_order((method for module in list(below(METHODS)) for method in _methods_in(module)), METHODS)


def _methods_in(module: ModuleType) -> Iterable[type[Method]]:
    """Those that have a name. A file without one is the base of others; all files are imported by then."""
    classes = [value for _, value in inspect.getmembers(module, inspect.isclass) if value.__module__ == module.__name__]
    own = [value for value in classes if issubclass(value, Method)]
    if not any("name" in vars(value) or value.__subclasses__() for value in own):
        refuse(module, "method with a name", METHODS)
    return [value for value in own if "name" in vars(value)]


def method(name: str) -> type[Method]:
    """The method of this name; raises `InvalidExperiment` with the nearest spelling."""
    return called(name, {candidate.name: candidate for candidate in methods()}, "method")


def complete(experiment: Experiment) -> Experiment:
    """The experiment with every hyperparameter filled in and checked; raises `InvalidExperiment`."""
    return with_method(experiment)[0]


def build_method(experiment: Experiment) -> Method:
    """An instance of the experiment's method with its hyperparameters; raises `InvalidExperiment`."""
    chosen = method(experiment.method.name)
    try:
        usual = chosen.usual(are_trained(experiment.backbone.weights))
        return chosen.from_values({**usual, **experiment.method.hyperparameters})
    except ValidationError as error:
        message, advice, name = explain(error)
        raise InvalidExperiment(message, advice, f"hyperparameters.{name}") from None


def build_as(kind: type[M], experiment: Experiment) -> M:
    """`build_method` where the experiment's method can only be of this kind."""
    built = build_method(experiment)
    if not isinstance(built, kind):
        raise TypeError(f"{type(built).__name__} is no {kind.__name__}")
    return built


def with_method(experiment: Experiment) -> tuple[Experiment, Method]:
    """(the experiment with every hyperparameter filled in and checked, its method); raises `InvalidExperiment`."""
    built = build_method(experiment)
    filled = experiment.method.model_copy(update={"hyperparameters": built.hyperparameters.model_dump()})
    return experiment.model_copy(update={"method": filled}), built


def fields(
    chosen: type[Method], blocks: tuple[str, ...] = (), trained: bool = False
) -> tuple[HyperparameterField, ...]:
    """The rows of the method's form, in the order of its hyperparameter model. blocks: names that may be chosen.
    trained: it starts from weights that were trained, for which some defaults differ."""
    rows = _rows(chosen, blocks)  # type: ignore[arg-type]  # mypy does not see that a class can be a key
    usual = chosen.usual(trained)
    return tuple(replace(row, default=usual.get(row.name, row.default)) for row in rows) if usual else rows


@cache
def _rows(chosen: type[Method], blocks: tuple[str, ...]) -> tuple[HyperparameterField, ...]:
    rows = chosen.Hyperparameters.model_fields.items()
    left_out = NOT_IN_FORM | chosen.unused
    return tuple(_field(name, info, blocks) for name, info in rows if name not in left_out)


@cache
def own_fields(kind: type[DatasetChoice]) -> tuple[HyperparameterField, ...]:
    """The rows of the settings that one data set alone has. kind: the class of its choices."""
    return tuple(_field(name, kind.model_fields[name], ()) for name in kind.own())


def reads_pretrained(choice: BackboneChoice) -> bool:
    """Whether it is an encoder of texts with weights that were trained; False where the network is not known."""
    if not are_trained(choice.weights) or not catalog.is_known(choice.name):
        return False
    return catalog.backbone(choice.name).is_encoder


def usual_values(start: Start, name: str, choice: BackboneChoice) -> dict[str, Any]:
    """What the method of this name begins with on data that have this start, with this network and its weights."""
    values = dict(method(name).presets.get(ENCODERS if reads_pretrained(choice) else start.preset, {}))
    return values | (dict(start.values) if name == start.method else {}) | episodes_of(start, name)


def episodes_of(start: Start, name: str) -> dict[str, Any]:
    """What the episodes of the method of this name begin with on such data; nothing where it draws none."""
    own = method(name).Hyperparameters.model_fields
    return {key: value for key, value in start.episodes.items() if key in own}


def followed(values: Mapping[str, Any], before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Values where something else has become usual: what was as usual `before` is so `now`, a person's own stay. Of
    the layer table it is asked block by block."""
    own = {name: value for name, value in values.items() if name not in before or value != before[name]}
    edits, known = own.get("layers"), before.get("layers", {})
    if edits is not None:
        usual = {block: cells for block, cells in now.get("layers", {}).items() if block in edits or block not in known}
        own["layers"] = usual | {block: cells for block, cells in edits.items() if cells != known.get(block)}
    return {**now, **own}


def _field(name: str, info: FieldInfo, blocks: tuple[str, ...]) -> HyperparameterField:
    extra: dict[str, Any] = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    choices = tuple(get_args(info.annotation)) if get_origin(info.annotation) is Literal else ()
    choices = choices or tuple(extra.get("choices", ()))
    if extra.get("or_block"):
        choices = tuple(dict.fromkeys((*choices, *blocks)))
    return HyperparameterField(
        name=name,
        label=extra.get("label") or info.title or name,
        kind="choice" if choices else KINDS[info.annotation],
        default=info.default,
        low=_bound(info, "ge"),
        high=_bound(info, "le"),
        choices=choices,
        unit=extra.get("unit", ""),
        help=info.description or "",
        log=extra.get("log", False),
        fold=extra.get("fold", ""),
        off=extra.get("off"),
        least=extra.get("least", ""),
        only_with=extra.get("only_with"),
        offered=extra.get("offered", ""),
        of=tuple(extra.get("of", {}).items()),
    )


def _bound(info: FieldInfo, side: str) -> float | None:
    return next((getattr(rule, side) for rule in info.metadata if hasattr(rule, side)), None)
