"""What every meta-learner has: episodes, an outer gradient per task, and how it meets a new task.

Torch-free at module level, like `engine/method.py`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from engine.data.episode_splits import EpisodeShape
from engine.layers import Treatment
from engine.meta.roles import Embeds, Episodes, MetaRun, Minibatches, Steps
from engine.method import Classifier, Classifiers, HyperparameterModel, Method, hyper

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from engine.adaptation.adapting import Adaptation
    from engine.backbones.backbone import Backbone
    from engine.events import Notice, Preparing
    from engine.meta.task import Task, Tasks


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
    within: Literal["as the data says", "any classes", "one group"] = hyper(
        "as the data says", "Classes of an episode",
        "From anywhere, or all of one group: one region, one alphabet, one domain.", advanced=True,
    )  # fmt: skip
    rotations: Literal["as the data says", "on", "off"] = hyper(
        "as the data says", "Quarter turns as classes", "In training, each class counts four times, once per turn.",
        advanced=True,
    )  # fmt: skip
    slots: Literal["shuffled", "fixed"] = hyper(
        "shuffled", "Label slots in training",
        "Fixed: a class always has the same label, so that a network can learn the classes by heart.", advanced=True,
    )  # fmt: skip
    training_shot: int = hyper(
        0, "Shot in training", "Support examples per class while meta-training; 0 is as many as at test.",
        low=0, high=50, advanced=True,
    )  # fmt: skip
    over_shots: Literal["off", "1, 2, 5", "1, 2, 5, 10, 20"] = hyper(
        "off", "Shots of the curve", "Test at these shots too, on as many episodes each: accuracy against shots.",
        advanced=True,
    )  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """One task's query set after learning from its support set. loss: scalar, differentiable down to the model's
    parameters. outputs: [n, way] logits or [n, 1] predictions, without gradient."""

    loss: Tensor
    outputs: Tensor


@dataclass(frozen=True)
class TaskGradient:
    """gradients: one per parameter of `learnt(model)`, in that order; None where there is none. figures: {"loss": …,
    "accuracy": …} of the query set as scalar tensors, or whatever else the method tells of a task."""

    gradients: Sequence[Tensor | None]
    figures: dict[str, Tensor]


@dataclass(frozen=True)
class WholeBatch:
    """A meta-batch as one. loss: scalar, differentiable down to the model's parameters. figures: as of a
    `TaskGradient`, means over the tasks."""

    loss: Tensor
    figures: dict[str, Tensor]


class MetaLearner(Method):
    """Learning to learn from tasks; the loop is `engine.meta.training`.

    A subclass says `query_loss` (or, where the outer gradient is not one of a loss, `task_gradient`), and `adapt` or
    `classifiers`. What it learns besides the network (inner rates, a relation module, …) it puts into `model.meta`.
    Methods may be called from several threads at once, each with a replica of the model that shares its parameters:
    what a run has to keep is in its `MetaRun`, and a method stays as it was made.
    """

    family = "meta"
    group = "Meta-learning"
    Hyperparameters = EpisodeHyperparameters
    becomes: ClassVar[tuple[Treatment, Treatment]] = "trained", "adapted"
    refresh_batches: ClassVar[int] = 8  # tasks or minibatches whose images `refresh` is given

    @property
    def trains(self) -> Episodes | Minibatches:
        """How it learns."""
        return Episodes()

    @property
    def meets(self) -> Embeds | Steps:
        """How it meets a task."""
        raise TypeError(f"{type(self).__name__} does not say how it meets a task")

    @property
    def brings_more(self) -> bool:
        """Whether `prepare` gives the model something that is learnt besides the network."""
        return type(self).prepare is not MetaLearner.prepare

    @property
    def keeps_head(self) -> bool:
        return self.meets.head or self.brings_more

    @property
    def episodes(self) -> EpisodeShape:
        """The shape of its episodes."""
        own = self.hyperparameters
        return EpisodeShape(
            own.way, own.shot, own.query, self.training_way, self.training_shot, own.within, own.rotations, own.slots
        )

    @property
    def training_way(self) -> int:
        """Classes per training episode; the test way unless the method trains with more."""
        return int(self.hyperparameters.way)

    @property
    def training_shot(self) -> int:
        """Support images per class of a training episode; those of the test unless the method trains with more."""
        return int(self.hyperparameters.training_shot or self.hyperparameters.shot)

    @property
    def test_steps(self) -> int:
        """Inner steps on a new task; 0 for a method that has none."""
        return self.meets.count

    def remark(self, weights: str) -> str:
        """What a person should know of these settings with weights of this name, "" where there is nothing."""
        return ""

    @property
    def twin(self) -> MetaLearner | None:
        """The same network with an answer that does not depend on the other query images, to be tested beside it."""
        return None

    @property
    def choice(self) -> Mapping[str, Any]:
        """What `settle` chose, to be kept."""
        return {}

    def with_choice(self, choice: Mapping[str, Any]) -> MetaLearner:
        """The method that `settle` gave when it chose this."""
        return self

    def supposed(self) -> MetaLearner:
        """The costliest that `settle` may give, to tell before a run what it will cost."""
        return self

    @property
    def choices(self) -> Mapping[str, str]:
        """What `settle` chose, in words, for the protocol."""
        return {}

    @property
    def trials_before_test(self) -> int:
        """Test episodes' worth of work that `settle` takes."""
        return 0

    @property
    def batch_norm_mode(self) -> str:
        """How query images are normalised at test time, in words, for the protocol of every figure."""
        raise TypeError(f"{type(self).__name__} does not say its batch-norm mode")

    def prepare(self, model: Backbone, way: int) -> None:
        """Give the model what is learnt besides it, as `model.meta`. way: outputs of a task; of a method that learns
        from minibatches all training classes."""

    def optimiser(self, model: Backbone) -> torch.optim.Optimizer:
        """The outer optimiser. Each group's "factor" multiplies the outer learning rate."""
        import torch

        return torch.optim.Adam([{"params": learnt(model), "factor": 1.0}], fused=True)

    def inner_rates(self, model: Backbone) -> dict[str, float]:
        """Block -> the inner rate that was learnt for it (a mean over its parameters); empty where none is learnt."""
        return {}

    def rate_factor(self, run: MetaRun) -> float:
        """Factor on the outer learning rate at the next meta-step."""
        return 1.0

    def query_loss(self, model: Backbone, task: Task, run: MetaRun) -> Outcome:
        """Learn from the task's support set and return the loss on its query set."""
        raise TypeError(f"{type(self).__name__} cannot be meta-trained")

    def task_gradient(self, model: Backbone, task: Task, run: MetaRun) -> TaskGradient:
        """The outer gradient of one task."""
        import torch

        from engine.adaptation.objective import figures

        outcome = self.query_loss(model, task, run)
        gradients = torch.autograd.grad(outcome.loss, learnt(model), allow_unused=True)
        return TaskGradient(gradients, figures(outcome.outputs, task.query_targets, outcome.loss))

    @property
    def embeds_first(self) -> bool:
        """Whether `query_loss` is `from_features` of all of a task's images embedded together, and nothing more."""
        return False

    def from_features(self, model: Backbone, features: Tensor, task: Task) -> Outcome:
        """What becomes of the embedded support and then the query images of a task [n, features]."""
        raise TypeError(f"{type(self).__name__} does not embed first")

    def joins(self, task: Task) -> bool:
        """Whether a meta-batch of such tasks is one loss, `in_one`, and not one task after the other."""
        return False

    def in_one(self, model: Backbone, tasks: Sequence[Task], run: MetaRun) -> WholeBatch:
        """The loss of all these tasks at once."""
        raise TypeError(f"{type(self).__name__} does not join tasks")

    def clip(self, model: Backbone) -> None:
        """Limit the outer gradient in `.grad`."""

    def in_training(self, model: Backbone, run: MetaRun) -> Adaptation | None:
        """All that `task_gradient` does, as a value that can be carried out for many tasks at once; None where it is
        not one."""
        return None

    def at_test(self, model: Backbone, steps: int) -> Adaptation | None:
        """The same of `classifiers`."""
        return None

    def adapt(self, model: Backbone, inputs: Tensor, targets: Tensor, way: int) -> Classifier:
        """Learn from a support set (inputs [n, …], targets [n]); return inputs -> outputs [m, way]."""
        *_, last = self.classifiers(model, inputs, targets, way, self.test_steps)
        return last

    def fixed_way(self, model: Backbone) -> int | None:
        """Outputs of every task, where what was learnt has a layer or a label slot for each; None where any number
        will do."""
        return getattr(model.head, "out_features", None)

    def classifiers(self, model: Backbone, inputs: Tensor, targets: Tensor, way: int, steps: int) -> Classifiers:
        """The classifier after 0, 1, …, `steps` inner steps; a single one for a method that takes none."""
        yield self.adapt(model, inputs, targets, way)

    def refresh(self, model: Backbone, batches: Iterable[Tensor]) -> None:
        """Before it is judged: take from training images [n, …], in batches, what training did not keep."""
        from engine.backbones.backbone import refresh_statistics

        if not self.trains.keeps_statistics:
            refresh_statistics(model, batches)

    def settle(self, model: Backbone, tasks: Tasks) -> Generator[Preparing | Notice, None, MetaLearner]:
        """Once before the test: choose on validation tasks what is to be chosen there; returns the method that is
        tested."""
        yield from ()
        return self

    def embed(self, model: Backbone, inputs: Tensor) -> Tensor:
        """What a method that `Embeds` embeds once for all tasks: [n, …]."""
        return model.embed(inputs)

    def classify_features(self, model: Backbone, features: Tensor, targets: Tensor, way: int) -> Classifier:
        """`adapt` on what `embed` gave before, with or without gradient: embedded queries [m, …] -> logits [m, way]."""
        raise TypeError(f"{type(self).__name__} does not work on embedded images")

    def classify_episodes(self, model: Backbone, support: Tensor, targets: Tensor, query: Tensor, way: int) -> Tensor:
        """Logits [e, m, way] of embedded queries [e, m, …] for several episodes with support [e, n, …] and the same
        targets [n]: one after the other unless the method does it at once."""
        import torch

        pairs = zip(support, query, strict=True)
        return torch.stack([self.classify_features(model, known, targets, way)(new) for known, new in pairs])


def learnt(model: Backbone) -> list[Tensor]:
    """The parameters that the outer loop trains, in the model's order."""
    return [parameter for parameter in model.parameters() if parameter.requires_grad]
