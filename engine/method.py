"""What every method has: a name, an idea, a paper, hyperparameters stated once, and what it does to each block.

Torch-free at module level: the window draws forms and pictures from these classes before torch is loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field

from engine.layers import HEAD, Treatment

if TYPE_CHECKING:
    import torch

Classifier = Callable[["torch.Tensor"], "torch.Tensor"]
Classifiers = Iterator[Classifier]  # after 0, 1, … inner steps


def are_trained(weights: str) -> bool:
    """Whether the weights of this name were trained; False while none are chosen."""
    return weights not in ("", "random")


# Headings under which a form folds away what is rarely changed; what belongs to none of them is under the last.
SCHEDULE, REGULAR, STOPPING = "Optimiser and schedule", "Regularisation", "When to stop"
ADVANCED = "Advanced"
ENCODERS = "Texts: a pretrained encoder"  # the preset of such a network


class HyperparameterModel(BaseModel):
    """Base of a method's hyperparameters: immutable, no unknown names, no NaN."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)


def hyper(
    default: Any, label: str, help: str, *, unit: str = "", low: float | None = None, high: float | None = None,
    log: bool = False, advanced: bool = False, fold: str = "", choices: tuple[str, ...] = (), or_block: bool = False,
    off: float | None = None, only_with: tuple[str, str] | None = None, of: Mapping[str, str] | None = None,
) -> Any:  # fmt: skip
    """One hyperparameter: default, bounds, unit and one line of help, from which form, command line and docs come.

    choices: of a text; with `or_block` the name of any block of the backbone is one too.
    off: the value that turns it off; the help says so.
    advanced: rarely changed, and folded away by a form; fold: under which heading, such as `REGULAR`.
    only_with: another hyperparameter and the value of it with which this one counts.
    of: choices that can be asked of data of one kind alone, each with that kind.
    """
    extra: dict[str, Any] = {"label": label, "unit": unit, "log": log, "only_with": only_with}
    extra["fold"] = fold or (ADVANCED if advanced else "")
    extra |= {"choices": list(choices), "or_block": or_block, "off": off, "of": dict(of or {})}
    if off is not None:
        help = f"{help.removesuffix('.')}; {off:g} is off."
    return Field(default, ge=low, le=high, description=help, json_schema_extra=extra)


Values = TypeVar("Values", covariant=True)


class HasValues(Protocol[Values]):
    """A class with a model of its hyperparameters, whichever it is."""

    @property
    def Hyperparameters(self) -> type[Values]: ...


class Method:
    """A method as the catalogue shows it. Subclasses are found by `engine.registry`."""

    name: ClassVar[str]
    title: ClassVar[str]
    family: ClassVar[str]  # key of the kind of procedure it is, in `engine.families`; its base class says it
    group: ClassVar[str]  # heading of its card among the family's methods
    order: ClassVar[int] = 1000  # its place in lists, the usual methods first
    idea: ClassVar[str]
    paper: ClassVar[str]
    differs: ClassVar[str] = ""  # what is not as in the paper or its authors' code, in words
    uses_pretrained: ClassVar[bool] = True
    keeps_network: ClassVar[bool] = True  # False: each set of test images has one of its own, and none of these is kept
    suits: ClassVar[frozenset[str]] = frozenset({"classification"})  # kinds of task it can learn; also "regression"
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    changes: ClassVar[str] = "augmentation"  # the hyperparameter beside which a form shows how images are changed
    unused: ClassVar[frozenset[str]] = frozenset()  # inherited hyperparameters that it does not read; not in its form
    searched: ClassVar[tuple[str, ...]] = ()  # hyperparameters that a search chooses unless told otherwise
    becomes: ClassVar[tuple[Treatment, Treatment]]  # what happens to the blocks, and to the head
    Hyperparameters: ClassVar[type[HyperparameterModel]]

    def __init__(self, hyperparameters: HyperparameterModel) -> None:
        self._values = hyperparameters

    @property
    def hyperparameters(self: HasValues[Values]) -> Values:
        """An instance of the class's own `Hyperparameters`."""
        return cast("Values", vars(self)["_values"])

    @classmethod
    def usual(cls, trained: bool) -> Mapping[str, Any]:
        """Values that are usual instead of those of its model. trained: it starts from weights that were trained."""
        return {}

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Self:
        return cls(cls.Hyperparameters.model_validate(dict(values)))

    @property
    def keeps_head(self) -> bool:
        """Whether a saved run of it has more than a trunk to go on from."""
        return True

    @classmethod
    def without_network(cls, values: Mapping[str, Any]) -> bool:
        """Whether with these values nothing of a network is asked."""
        return False

    @classmethod
    def source(cls) -> str:
        """The paper, and what is done otherwise here."""
        return f"{cls.paper}. {cls.differs}" if cls.differs else cls.paper

    @classmethod
    def picture(cls, values: Mapping[str, Any], blocks: Sequence[str]) -> dict[str, Treatment]:
        """What happens to each block, for the coloured picture. blocks: in order, "head" last."""
        return cls.from_values(values).treatments(tuple(blocks))

    def treatments(self, blocks: tuple[str, ...]) -> dict[str, Treatment]:
        return {block: self.becomes[block == HEAD] for block in blocks}
