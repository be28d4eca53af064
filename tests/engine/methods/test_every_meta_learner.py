"""Every meta-learner against the contract, whoever wrote it; and methods that break it, which the contract sees."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from engine.backbones.backbone import Backbone
from engine.comparison.arms import arm, disagreements
from engine.data.target import CLASSES, NUMBERS
from engine.experiment import Experiment
from engine.meta.learner import MetaLearner, Outcome
from engine.meta.results import figure
from engine.meta.roles import MetaRun
from engine.meta.run import QUERIES, protocol
from engine.meta.task import Task
from engine.method import Classifier
from engine.methods.meta.embedding_based import EmbeddingBased
from engine.methods.meta.protonet import nearest_prototype
from engine.registry import methods
from tests.engine.methods import contract
from tests.engine.methods.contract import Case, cases_of
from tests.engine.methods.going_on import it_goes_on_from_what_is_kept
from tests.engine.methods.learning import follows_the_labels

KINDS = [kind for kind in methods() if issubclass(kind, MetaLearner)]
OF_CLASSES = [kind for kind in KINDS if "classification" in kind.suits]
Check = Callable[[Case], None]
CHECKS: tuple[Check, ...] = (*contract.CHECKS, it_goes_on_from_what_is_kept)


def hold(kind: type[MetaLearner], check: Check) -> None:
    for case in cases_of(kind):
        try:
            check(case)
        except Exception as error:
            error.add_note(f"in the case {case.title}")
            raise


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_contract(kind: type[MetaLearner], check: Check) -> None:
    hold(kind, check)


@pytest.mark.parametrize("kind", OF_CLASSES, ids=lambda kind: kind.name)
def test_it_follows_the_labels(kind: type[MetaLearner]) -> None:
    follows_the_labels(Case(kind, "classification"))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_its_figure_compares_with_others_on_the_same_tasks(kind: type[MetaLearner]) -> None:
    """No word a method says of itself stands against it, except where its query images help one another."""
    for case in cases_of(kind):
        target, experiment = NUMBERS if case.suits == "regression" else CLASSES, Experiment()
        own, notes = protocol(experiment, case.method(), contract.Said(), "")
        plain = {name: own[name] for name in ("split seed", "batch norm", QUERIES) if name in own}
        found = figure(np.array([0.2, 0.4, 0.6]), target)
        shown = found.given(own, notes), found.given(plain)
        assert disagreements(*(arm("", [(experiment, one)]) for one in shown)) == [], case.title


class Odd(EmbeddingBased):
    """As somebody may write one: nearest class mean, with a learnt weight for every feature."""

    name, title, idea, paper = "odd", "Odd", "Weigh the features.", "None"

    def prepare(self, model: Backbone, way: int) -> None:
        model.meta = nn.Linear(model.features, 1, bias=False)

    def classify_features(self, model: Backbone, features: Tensor, targets: Tensor, way: int) -> Classifier:
        weights = model.meta.weight[0].exp()  # type: ignore[union-attr, operator]
        nearest = nearest_prototype(features * weights, targets, way)
        return lambda queries: nearest(queries * weights)


class ByPlace(Odd):
    """Takes the classes for given one after the other, whatever the labels say."""

    def classify_features(self, model: Backbone, features: Tensor, targets: Tensor, way: int) -> Classifier:
        return super().classify_features(model, features, torch.arange(way).repeat_interleave(len(targets) // way), way)


class FirstClass(Odd):
    """Likes the first class better."""

    def classify_features(self, model: Backbone, features: Tensor, targets: Tensor, way: int) -> Classifier:
        fair = super().classify_features(model, features, targets, way)
        return lambda queries: fair(queries) + torch.eye(way)[0]


class SilentlyTransductive(Odd):
    """Centres each query set on its mean and does not say so."""

    def classify_features(self, model: Backbone, features: Tensor, targets: Tensor, way: int) -> Classifier:
        fair = super().classify_features(model, features, targets, way)
        return lambda queries: fair(queries - queries.mean(0))


class SaysMore(Odd):
    """Says that it looks at all queries, and does not."""

    batch_norm_mode = "transductive (query batch)"  # type: ignore[assignment]


class Wearing(Odd):
    """Leaves something of every task in the network."""

    def adapt(self, model: Backbone, inputs: Tensor, targets: Tensor, way: int) -> Classifier:
        with torch.no_grad():
            next(model.parameters()).add_(1e-6)
        return super().adapt(model, inputs, targets, way)


class HalfTrained(Odd):
    """Forgets the first block in its optimiser."""

    def optimiser(self, model: Backbone) -> torch.optim.Optimizer:
        return torch.optim.Adam(
            [{"params": [*model.blocks["two"].parameters(), *model.meta.parameters()], "factor": 1}]
        )


class Remembering(Odd):
    """Keeps a number from task to task, on itself."""

    seen = 0.0

    def query_loss(self, model: Backbone, task: Task, run: MetaRun) -> Outcome:
        found = super().query_loss(model, task, run)
        self.seen = self.seen + 1.0
        return Outcome(found.loss * self.seen, found.outputs)


class Tiring(Odd):
    """Counts its steps where they are kept, and learns less with each."""

    def query_loss(self, model: Backbone, task: Task, run: MetaRun) -> Outcome:
        run.kept["taken"] = run.kept.get("taken", 0) + 1
        found = super().query_loss(model, task, run)
        return Outcome(found.loss / run.kept["taken"] ** 2, found.outputs)


class TiringInSecret(Odd):
    """Counts them on the network, where nobody looks."""

    def query_loss(self, model: Backbone, task: Task, run: MetaRun) -> Outcome:
        model.taken = getattr(model, "taken", 0) + 1  # type: ignore[assignment]
        found = super().query_loss(model, task, run)
        return Outcome(found.loss / model.taken**2, found.outputs)  # type: ignore[operator]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_an_odd_method_that_keeps_the_contract_passes(check: Check) -> None:
    hold(Odd, check)


def test_what_a_method_counts_is_kept() -> None:
    hold(Tiring, it_goes_on_from_what_is_kept)


@pytest.mark.parametrize(
    "broken,check",
    [
        (ByPlace, contract.the_order_of_the_support_set_matters_only_where_the_figure_says_so),
        (ByPlace, follows_the_labels),
        (FirstClass, contract.the_names_of_the_classes_do_not_matter),
        (SilentlyTransductive, contract.an_answer_depends_on_other_queries_only_where_the_figure_says_so),
        (SaysMore, contract.an_answer_depends_on_other_queries_only_where_the_figure_says_so),
        (Wearing, contract.meeting_a_task_leaves_the_network_as_it_was),
        (HalfTrained, contract.what_learns_is_what_is_told),
        (Remembering, contract.a_run_leaves_the_method_as_it_was),
        (Remembering, contract.nor_does_it_matter_in_training),
        (TiringInSecret, it_goes_on_from_what_is_kept),
    ],
)
def test_a_method_that_breaks_the_contract_is_seen(broken: type[MetaLearner], check: Check) -> None:
    with pytest.raises(AssertionError):
        check(Case(broken, "classification"))
