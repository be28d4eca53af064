"""Which settings a search tries, and when it gives one up.

Bayesian and random searches try the person's own values first. Then Optuna's TPE (Bergstra et al. 2011) follows what
the trials before have shown, and a random search (Bergstra & Bengio 2012) nothing. A sweep tries every combination of a
few values each. The median rule gives up what is behind after some folds (Golovin et al. 2017).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import optuna

from engine.errors import StorageError
from engine.events import TrialCompleted
from engine.experiment import Experiment
from engine.search.space import Range, Value, combinations, planned, space
from engine.search.trials import COMPLETE, FAILED

FIRST_TRIALS = 4  # settings that are tried on every fold before any is given up

optuna.logging.set_verbosity(optuna.logging.WARNING)


@dataclass(frozen=True)
class Proposal:
    """One setting. values: hyperparameter -> what to try."""

    values: dict[str, Value]
    asked: optuna.Trial

    def is_behind(self, scores: Sequence[float], folds: int) -> bool:
        """Whether to give it up after these accuracies of its first folds."""
        self.asked.report(sum(scores) / len(scores), len(scores) - 1)
        return len(scores) < folds and self.asked.should_prune()


class Proposals:
    """`count` settings at most, one after the other: `ask`, then `tell` before the next. folds: of every setting."""

    def __init__(self, experiment: Experiment, folds: int) -> None:
        assert experiment.search is not None
        self.ranges, self.count, self._folds = space(experiment), planned(experiment), folds
        self._study = optuna.create_study(
            sampler=_sampler(experiment, self.count), pruner=_pruner(experiment, folds), direction="maximize"
        )
        if experiment.search.strategy == "sweep":
            for values in combinations(self.ranges):
                self._study.enqueue_trial(values)
        else:
            own = experiment.method.hyperparameters
            self._study.enqueue_trial({one.name: one.nearest(own[one.name]) for one in self.ranges})

    def ask(self) -> Proposal:
        asked = self._study.ask()
        return Proposal({one.name: suggested(asked, one) for one in self.ranges}, asked)

    def tell(self, proposal: Proposal, scores: Sequence[float], state: str) -> None:
        """A setting that diverged counts as one that was given up with accuracy 0."""
        if state == COMPLETE:
            self._study.tell(proposal.asked, sum(scores) / len(scores))
            return
        if state == FAILED:
            proposal.asked.report(0.0, len(scores))
        self._study.tell(proposal.asked, state=optuna.trial.TrialState.PRUNED)

    def replay(self, trial: TrialCompleted) -> None:
        """Propose and be told what was tried before, so that what follows is what would have followed; raises
        `StorageError` when something else is proposed, as by another version of Optuna."""
        proposal = self.ask()
        if proposal.values != dict(trial.values):
            raise StorageError(
                "The search proposes other settings than it did when it began.", "Run it again from the start."
            )
        for end in range(1, len(trial.scores) + 1):
            proposal.is_behind(trial.scores[:end], self._folds)
        self.tell(proposal, trial.scores, trial.state)


def _sampler(experiment: Experiment, count: int) -> optuna.samplers.BaseSampler:
    assert experiment.search is not None
    if experiment.search.strategy == "bayesian":
        return optuna.samplers.TPESampler(seed=experiment.seed, n_startup_trials=max(3, min(10, count // 3)))
    return optuna.samplers.RandomSampler(seed=experiment.seed)


def _pruner(experiment: Experiment, folds: int) -> optuna.pruners.BasePruner:
    if experiment.search is None or not experiment.search.pruning:
        return optuna.pruners.NopPruner()
    return optuna.pruners.MedianPruner(n_startup_trials=FIRST_TRIALS, n_warmup_steps=max(1, folds // 5))


def suggested(asked: optuna.Trial, one: Range) -> Value:
    """Optuna's proposal for one hyperparameter, in the type its method has."""
    if one.choices:
        return asked.suggest_categorical(one.name, one.choices)
    if one.whole:
        return asked.suggest_int(one.name, math.ceil(one.low), math.floor(one.high), log=one.log)
    return asked.suggest_float(one.name, one.low, one.high, log=one.log)
