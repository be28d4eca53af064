"""What every way to learn several tasks on one trunk shares: the order they are learnt in, and the options. Torch-free.

A method says how the gradients of the tasks become one; where only one task learns there is nothing to weigh.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import SerializerFunctionWrapHandler, model_serializer

from engine.frozen import as_before
from engine.layers import Treatment
from engine.machine.extras import Extra
from engine.method import REGULAR, SCHEDULE, STOPPING, HyperparameterModel, Method, hyper
from engine.tuning.method import Augment
from engine.tuning.schedules import Schedule

if TYPE_CHECKING:
    from engine.multitask.balance import Weighting

Order = Literal[
    "all at once", "one after the other", "the other way round", "first alone", "last alone", "at once, then first"
]
SUMS, GRADIENTS = "Several tasks, weighted", "Several tasks, by gradients"
TORCHJD = {"torchjd": "torchjd>=0.18,<0.19"}


class MultiTaskHyperparameters(HyperparameterModel):
    """Options of every weighing."""

    epochs: int = hyper(
        30, "Epochs", "Of each stage; an epoch is over when the largest task was seen once.", low=1, high=2000
    )
    order: Order = hyper(
        "all at once", "Order of the tasks",
        "All at once, or as stages of as many steps each; a task that is over is not seen again.",
    )  # fmt: skip
    learning_rate: float = hyper(
        1e-3, "Learning rate", "Step size of AdamW at its peak, anew in each stage.", low=1e-6, high=0.1, log=True
    )
    batch_size: int = hyper(32, "Batch size", "Images of each task in a step.", low=1, high=1024)
    schedule: Schedule = hyper("cosine", "Schedule", "How the rate goes over a stage.", fold=SCHEDULE)
    weight_decay: float = hyper(
        1e-4, "Weight decay", "Pull of the weights towards zero.", low=0.0, high=1.0, log=True, fold=REGULAR
    )
    conflicts_every: int = hyper(
        10, "Conflicts measured every",
        "After how many steps the gradients of the tasks are compared, block by block; it changes no weight.",
        unit="steps", low=0, high=1000, off=0, advanced=True,
    )  # fmt: skip
    augmentation: Augment = hyper(
        "none", "Augmentation", "Changes that leave the class as it is, drawn anew for every image and step."
    )
    patience: int = hyper(
        0, "Patience",
        "End a stage after this many epochs without a better mean validation accuracy of its tasks, and go on from its "
        "best weights.",
        unit="epochs", low=0, high=1000, off=0, fold=STOPPING,
    )  # fmt: skip

    @model_serializer(mode="wrap")
    def _as_before(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what 0.14 added where it is not used: an experiment keeps its hash."""
        return as_before(serialise(self), {"augmentation": "none", "patience": 0})


class MultiTaskMethod(Method):
    """Several tasks on one trunk: a subclass makes its `Weighting`."""

    family = "multitask"
    becomes: ClassVar[tuple[Treatment, Treatment]] = ("trained", "new")
    Hyperparameters = MultiTaskHyperparameters
    presets = {"Usual values": {}}
    backward_passes: ClassVar[Literal["one", "one and heads", "each"]] = "one"
    needs: ClassVar[Extra | None] = None  # packages that it alone needs

    @property
    def epochs(self) -> int:
        """Of one stage."""
        return int(self.hyperparameters.epochs)

    def stages(self, tasks: int) -> tuple[tuple[int, ...], ...]:
        """The places of the tasks that learn in each stage."""
        every, one, last = tuple(range(tasks)), (0,), (tasks - 1,)
        alone = tuple((place,) for place in every)
        return {
            "all at once": (every,), "one after the other": alone, "the other way round": alone[::-1],
            "first alone": (one,), "last alone": (last,), "at once, then first": (every, one),
        }[self.hyperparameters.order]  # fmt: skip

    def balance(self, tasks: int, seed: int) -> Weighting:
        """A new one for so many tasks."""
        raise TypeError(f"{type(self).__name__} does not say how tasks are weighed")
