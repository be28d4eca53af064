"""P>M>F: pretrained network, an optional ProtoNet stage, then fine-tuning on each support set at test (Hu et al. 2022,
arXiv 2204.07305).

All three stages classify by the cosine to class means. The rate of the fine-tuning is chosen from 0, 0.0001, 0.001 and
0.01 on a few labelled validation episodes, once per run, since the best one differs from data to data; where it is 0,
images are embedded once for all episodes and nothing is tuned.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

from engine.comparison.wording import compact
from engine.errors import InvalidExperiment
from engine.events import Notice, Preparing
from engine.layers import HEAD, Treatment
from engine.meta.roles import Embeds, Steps
from engine.method import Classifier, Classifiers, HyperparameterModel, hyper
from engine.methods.meta.embedding_based import EmbeddingBased, EmbeddingHyperparameters

if TYPE_CHECKING:
    from torch import Tensor

    from engine.adaptation.prototype_tuning import SupportMaterial
    from engine.backbones.backbone import Backbone
    from engine.meta.learner import MetaLearner
    from engine.meta.task import Task, Tasks

RATES = (0.0, 1e-4, 1e-3, 1e-2)
ON_VALIDATION = "chosen on validation"
SCALE = 10.0  # of the cosines at first; learnt in the ProtoNet stage


class PMFHyperparameters(EmbeddingHyperparameters):
    training_way: int = hyper(
        5, "Way in training", "Classes per episode of the ProtoNet stage.", unit="classes", low=2, high=200
    )
    steps: int = hyper(100, "Meta-steps", "Updates of the ProtoNet stage; 0 leaves it out.", low=0, high=200_000)
    learning_rate: float = hyper(
        1e-4, "Outer learning rate", "Step size of Adam in the ProtoNet stage.", low=1e-6, high=1.0, log=True
    )
    rate: Literal["chosen on validation", "0", "0.0001", "0.001", "0.01"] = hyper(
        "chosen on validation", "Fine-tuning rate", "Step size of Adam on each support set at test; 0 tunes nothing."
    )
    choice_episodes: int = hyper(
        5, "Episodes to choose on", "Validation episodes on which the fine-tuning rate is chosen.", low=1, high=100
    )
    test_steps: int = hyper(50, "Fine-tuning steps", "Steps on each support set.", low=1, high=200)
    tuned: str = hyper(
        "everything", "Fine-tuned", "Everything, or the network from a block on, which is far quicker.",
        choices=("everything", "last"), or_block=True,
    )  # fmt: skip
    copies: int = hyper(
        8, "Changed copies", "Copies of each support image, shifted and turned (texts lose words), shown in turn.",
        low=0, high=50, advanced=True,
    )  # fmt: skip


class PMF(EmbeddingBased):
    name = "pmf"
    order = 290
    title = "P>M>F"
    group = "Pretrain, meta-train, fine-tune"
    idea = "Start from a pretrained network, train it on episodes, then fine-tune it on each support set."
    paper = "Hu et al. 2022, Pushing the Limits of Simple Pipelines for Few-Shot Learning, arXiv 2204.07305"
    differs = (
        "The changed copies of a support image are shifted and turned, and drawn once; the authors draw new "
        "colours and shifts for every step."
    )
    Hyperparameters = PMFHyperparameters
    presets = {
        "Quick: the last block": {"tuned": "last"},
        "Without the ProtoNet stage": {"steps": 0, "tuned": "last"},
        "Paper's values": {"steps": 10_000, "training_way": 5, "query": 15, "halve_every": 4000},
        "Nothing tuned at test": {"rate": "0"},
    }

    def __init__(self, hyperparameters: HyperparameterModel, chosen: float | None = None) -> None:
        """chosen: the rate of the fine-tuning, once it is known; until then nothing is tuned."""
        super().__init__(hyperparameters)
        self.chosen = chosen

    def treatments(self, blocks: tuple[str, ...]) -> dict[str, Treatment]:
        """Where a block is not tuned at test it is at most trained in the ProtoNet stage."""
        start = self.first_tuned(blocks)
        before: Treatment = "trained" if self.hyperparameters.steps else "frozen"
        adapted = {block: before if place < start else "adapted" for place, block in enumerate(blocks)}
        return {block: "adapted" if block == HEAD else treatment for block, treatment in adapted.items()}

    def first_tuned(self, blocks: tuple[str, ...]) -> int:
        """Number of the first block that is tuned at test; raises `InvalidExperiment` for an unknown name."""
        chosen, parts = self.hyperparameters.tuned, [block for block in blocks if block != HEAD]
        if chosen in ("everything", "last"):
            return 0 if chosen == "everything" else len(parts) - 1
        if chosen not in parts:
            raise InvalidExperiment(
                f"There is no block “{chosen}” to tune from.", f"Choose one of: {', '.join(parts)}.",
                "hyperparameters.tuned",
            )  # fmt: skip
        return parts.index(chosen)

    @property
    def meets(self) -> Embeds | Steps:
        return Steps(self.hyperparameters.test_steps, each=False, head=False) if self.chosen else Embeds()

    @property
    def choices(self) -> dict[str, str]:
        """What was chosen before the test, for the protocol."""
        if self.chosen is None:
            return {}
        how = f", {ON_VALIDATION}" if self.hyperparameters.rate == ON_VALIDATION else ""
        steps = f"{self.hyperparameters.test_steps} steps at rate " if self.chosen else "rate "
        return {"fine-tuning": f"{steps}{compact(self.chosen)}{how}"}

    @property
    def trials_before_test(self) -> int:
        tried = len(RATES) - 1 if self.hyperparameters.rate == ON_VALIDATION else 0
        return tried * int(self.hyperparameters.choice_episodes)

    @property
    def choice(self) -> dict[str, Any]:
        return {"chosen": self.chosen}

    def with_choice(self, choice: Mapping[str, Any]) -> PMF:
        return type(self)(self.hyperparameters, choice.get("chosen"))

    def supposed(self) -> PMF:
        given = self.hyperparameters.rate
        return self.with_choice({"chosen": RATES[-1] if given == ON_VALIDATION else float(given)})

    def prepare(self, model: Backbone, way: int) -> None:
        from engine.adaptation.comparing import Scale

        self.first_tuned(tuple(model.blocks))
        model.meta = Scale(SCALE)

    def classify_features(self, model: Backbone, features: Tensor, targets: Tensor, way: int) -> Classifier:
        from engine.adaptation.comparing import class_means
        from engine.adaptation.prototype_tuning import cosine_logits

        centres = class_means(features, targets, way)
        return lambda queries: cosine_logits(queries, centres, model.meta())

    def classifiers(self, model: Backbone, inputs: Tensor, targets: Tensor, way: int, steps: int) -> Classifiers:
        """One classifier, after all `steps`."""
        from engine.adaptation.prototype_tuning import outputs, tuned

        if not self.chosen or not steps:
            yield super().adapt(model, inputs, targets, way)
            return
        support, scale = self._support(model, inputs, targets, way), self._scale(model)
        network = tuned(model, support, scale, self.chosen, steps)
        yield lambda queries: outputs(network, support, network.through(queries, 0, support.cut), scale)

    def adapt(self, model: Backbone, inputs: Tensor, targets: Tensor, way: int) -> Classifier:
        (only,) = self.classifiers(model, inputs, targets, way, self.test_steps)
        return only

    def _scale(self, model: Backbone) -> Tensor:
        """The learnt scale of the cosines, a scalar without gradient."""
        scale: Tensor = model.meta()
        return scale.detach()

    def _support(self, model: Backbone, inputs: Tensor, targets: Tensor, way: int) -> SupportMaterial:
        from engine.adaptation.prototype_tuning import material

        start = self.first_tuned(tuple(model.blocks))
        return material(model, inputs, targets, way, start, self.hyperparameters.copies)

    def settle(self, model: Backbone, tasks: Tasks) -> Generator[Preparing | Notice, None, MetaLearner]:
        """Choose the rate: the most accurate on a few validation episodes, of equals that of the lower loss."""
        if self.hyperparameters.rate != ON_VALIDATION:
            return self.supposed()
        figures = yield from self._tried(model, tasks)
        chosen = max(figures, key=lambda rate: figures[rate])
        told = ", ".join(f"{100 * accuracy:.1f} % at {compact(rate)}" for rate, (accuracy, _) in figures.items())
        count = min(self.hyperparameters.choice_episodes, len(tasks.validation))
        yield Notice(f"Fine-tuning rate {compact(chosen)} is chosen on {count} validation episodes: {told}.")
        return self.with_choice({"chosen": chosen})

    def _tried(self, model: Backbone, tasks: Tasks) -> Generator[Preparing, None, dict[float, tuple[float, float]]]:
        """Yields `Preparing`, returns {rate: (mean accuracy, minus mean loss)}."""
        episodes = tasks.validation[: self.hyperparameters.choice_episodes]
        sums = dict.fromkeys(RATES, (0.0, 0.0))
        for number, item in enumerate(episodes):
            judged = self._at_each_rate(model, tasks.task(item))
            for place, rate in enumerate(RATES):
                yield Preparing("Choosing the fine-tuning rate", (number + place / len(RATES)) / len(episodes))
                accuracy, gain = next(judged)
                sums[rate] = (sums[rate][0] + accuracy / len(episodes), sums[rate][1] + gain / len(episodes))
        return sums

    def _at_each_rate(self, model: Backbone, task: Task) -> Iterator[tuple[float, float]]:
        """(accuracy, minus loss) of the query set at each of the rates."""
        from torch import no_grad

        from engine.adaptation.objective import loss, score
        from engine.adaptation.prototype_tuning import outputs, tuned

        support, scale = self._support(model, task.support_inputs, task.support_targets, task.way), self._scale(model)
        with no_grad():
            queries = model.through(task.query_inputs, 0, support.cut)
        for rate in RATES:
            network = tuned(model, support, scale, rate, self.hyperparameters.test_steps) if rate else model
            logits = outputs(network, support, queries, scale)
            yield float(score(logits, task.query_targets)), -float(loss(logits, task.query_targets))
