"""What every method has: a name, an idea, a paper, hyperparameters stated once, and what it does to each block.

Torch-free at module level: the window draws forms and pictures from these classes before torch is loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from engine.layers import Treatment

if TYPE_CHECKING:
    import torch

    from engine.backbones.backbone import Backbone
    from engine.meta.task import Task

Classifier = Callable[["torch.Tensor"], "torch.Tensor"]


class HyperparameterModel(BaseModel):
    """Base of a method's hyperparameters: immutable, no unknown names, no NaN."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def hyper(
    default: Any,
    label: str,
    help: str,
    *,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    log: bool = False,
    advanced: bool = False,
    choices: tuple[str, ...] = (),
    or_block: bool = False,
) -> Any:
    """One hyperparameter: default, bounds, unit and one line of help, from which form, command line and docs come.

    choices: of a text; with `or_block` the name of any block of the backbone is one too.
    """
    extra: dict[str, Any] = {"label": label, "unit": unit, "log": log, "advanced": advanced}
    extra |= {"choices": list(choices), "or_block": or_block}
    return Field(default, ge=low, le=high, description=help, json_schema_extra=extra)


class Method:
    """A method as the catalogue shows it. Subclasses are found by `engine.registry`."""

    name: ClassVar[str]
    title: ClassVar[str]
    family: ClassVar[Literal["finetune", "meta"]]
    group: ClassVar[str]  # heading of its card among the family's methods
    idea: ClassVar[str]
    paper: ClassVar[str]
    uses_pretrained: ClassVar[bool] = True
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    searched: ClassVar[tuple[str, ...]] = ()  # hyperparameters that a search chooses unless told otherwise
    Hyperparameters: ClassVar[type[HyperparameterModel]]

    def __init__(self, hyperparameters: HyperparameterModel) -> None:
        self.hyperparameters: Any = hyperparameters

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Any:
        return cls(cls.Hyperparameters.model_validate(dict(values)))

    @classmethod
    def picture(cls, values: Mapping[str, Any], blocks: Sequence[str]) -> dict[str, Treatment]:
        """What happens to each block, for the coloured picture. blocks: in order, "head" last."""
        return cls.from_values(values).treatments(tuple(blocks))

    def treatments(self, blocks: tuple[str, ...]) -> dict[str, Treatment]:
        raise TypeError(f"{type(self).__name__} does not say what happens to each block")


class EpisodeHyperparameters(HyperparameterModel):
    """What every meta-learner shares: the shape of an episode, the length, and how it is tested."""

    way: int = hyper(5, "Way", "Classes in each test episode.", unit="classes", low=2, high=100)
    shot: int = hyper(1, "Shot", "Labelled support images per class.", unit="images", low=1, high=50)
    query: int = hyper(5, "Query", "Query images per class, to learn from or be tested on.", low=1, high=50)
    steps: int = hyper(
        1000, "Meta-steps", "Updates of the shared parameters; 0 tests the weights as they are.", low=0, high=200_000
    )
    meta_batch: int = hyper(1, "Episodes per step", "Episodes averaged in one update.", low=1, high=64)
    learning_rate: float = hyper(
        1e-3, "Outer learning rate", "Step size of Adam on the shared parameters.", low=1e-6, high=1.0, log=True
    )
    validate_every: int = hyper(
        100, "Validate every", "Meta-steps between two validations.", unit="steps", low=1, high=10_000, advanced=True
    )
    validation_episodes: int = hyper(
        100, "Validation episodes", "Fixed episodes behind each validation point.", low=10, high=2000, advanced=True
    )
    test_episodes: int = hyper(
        600, "Test episodes", "Fixed episodes behind the final figure; papers use 600.", low=10, high=10_000
    )


class MetaLearner(Method):
    """Learning to learn from episodes; the loop is `engine.meta.training`."""

    family = "meta"
    group = "Meta-learning"
    uses_pretrained = True
    Hyperparameters: ClassVar[type[HyperparameterModel]] = EpisodeHyperparameters
    frozen_at_test: ClassVar[bool] = False  # True: the test classes may be embedded once for all episodes
    has_head: ClassVar[bool] = True  # False: the network ends in features, there is no layer per class

    @property
    def training_way(self) -> int:
        """Classes per training episode; the test way unless the method trains with more."""
        return int(self.hyperparameters.way)

    @property
    def batch_norm_mode(self) -> str:
        """How query images are normalised at test time, in words, for the protocol of every figure."""
        raise TypeError(f"{type(self).__name__} does not say its batch-norm mode")

    def rate_factor(self, step: int) -> float:
        """Factor on the outer learning rate at this meta-step."""
        return 1.0

    def meta_gradient(self, model: Backbone, tasks: Sequence[Task]) -> dict[str, float]:
        """Leave the outer gradient of these tasks in `.grad`; return {"loss": …, "accuracy": …} on their queries."""
        raise TypeError(f"{type(self).__name__} cannot be meta-trained")

    def adapt(self, model: Backbone, images: torch.Tensor, labels: torch.Tensor, way: int) -> Classifier:
        """Learn from a support set (images [n, C, H, W], labels [n] in 0..way-1); return images -> logits [m, way]."""
        raise TypeError(f"{type(self).__name__} cannot adapt")
