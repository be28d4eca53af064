"""Hyperparameters chosen by cross-validation on the training images (Optuna), then the ordinary run with them.

The first setting is the one the person gave; Optuna's TPE (Bergstra et al. 2011) proposes the others between the
method's own bounds, and the median rule gives up what is behind after some folds (Golovin et al. 2017).
"""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna

from engine.bookmark import Bookmark
from engine.checkpoints import Checkpoints
from engine.devices import torch_device
from engine.errors import Diverged
from engine.events import Evaluated, Event, Notice, Preparing, RunStopped, TrialCompleted
from engine.experiment import Experiment
from engine.fold_fits import FoldFits, fold_fits
from engine.folds import Fold, divide
from engine.limits import Limits, heeding
from engine.material import Material, read_material
from engine.methods.fine_tune import FineTuneMethod
from engine.registry import build_method, complete
from engine.search_space import Range, labels_of, space, with_values, words_of
from engine.supervised import data_notices, facts, left_out_notice, prepared, started, train_and_test, with_findings
from engine.trials import COMPLETE, FAILED, PRUNED, Choice, choose

TIME_SHARE = 0.8  # of a time budget; the rest is for the run with the chosen values
FIRST_TRIALS = 4  # settings that are tried on every fold before any is given up

optuna.logging.set_verbosity(optuna.logging.WARNING)


def run_searched(
    experiment: Experiment, method: FineTuneMethod, directory: Path, limits: Limits, bookmark: Bookmark
) -> Iterator[Event]:
    """Search, then train on all training images with the chosen values and test. Raises `ExperimentError`."""
    device = torch_device(experiment.device)
    material = yield from heeding(limits, read_material(experiment, device))
    material = with_findings(material, experiment, method, directory)
    search = Search(experiment, material, directory.parent, limits)
    plain = prepared(with_values(experiment, {}), method, material, Checkpoints(directory), limits)
    yield started(plain, experiment, material, facts(plain, material) | search.facts())
    yield from data_notices(material)
    yield from left_out_notice(plain)
    yield from search.events()
    yield search.outcome()
    if limits.asked_to_stop:
        yield RunStopped(0)
        return
    chosen = complete(search.chosen())
    checkpoints = Checkpoints(directory, bookmark)
    training = prepared(chosen, build_method(chosen), material, checkpoints, search.limits_left())
    for said in train_and_test(training, chosen, material):
        yield replace(said, protocol={**said.protocol, **search.protocol()}) if isinstance(said, Evaluated) else said


class Search:
    """Tries settings fold by fold; afterwards `chosen` is the experiment with the best of them."""

    def __init__(self, experiment: Experiment, material: Material, runs: Path, limits: Limits) -> None:
        assert experiment.search is not None
        self.experiment, self.material, self.runs = experiment, material, runs
        self.choice = experiment.search
        self.ranges = space(experiment)
        self.labels = labels_of(experiment.method.name)
        given = material.train.labels.cpu().numpy()
        self.folds = divide(given, material.class_names, self.choice.folds, experiment.seed)
        minutes = experiment.budget.minutes
        self._asked = lambda: limits.asked_to_stop
        self._limits = Limits(self._asked, None if minutes is None else TIME_SHARE * minutes)
        self._only_time = limits.only_time
        self._begin = time.monotonic()
        self._study = self._new_study()
        self.trials: list[TrialCompleted] = []

    def _new_study(self) -> optuna.Study:
        early = max(1, len(self.folds) // 5)
        sampler = optuna.samplers.TPESampler(
            seed=self.experiment.seed, n_startup_trials=max(3, min(10, self.choice.trials // 3))
        )
        pruner = optuna.pruners.MedianPruner(n_startup_trials=FIRST_TRIALS, n_warmup_steps=early)
        study = optuna.create_study(
            sampler=sampler, pruner=pruner if self.choice.pruning else optuna.pruners.NopPruner(), direction="maximize"
        )
        values = self.experiment.method.hyperparameters
        study.enqueue_trial({one.name: one.nearest(values[one.name]) for one in self.ranges})
        return study

    def facts(self) -> dict[str, Any]:
        """What the window shows beside the search."""
        return {"searched": [one.name for one in self.ranges], "folds": self.folds.description}

    def events(self) -> Iterator[Event]:
        """One `TrialCompleted` per setting, until all are tried or the limits are reached."""
        self._begin = time.monotonic()
        self._limits.start()
        same_blocks = not any(one.choices for one in self.ranges)
        embedding = fold_fits(with_values(self.experiment, {}), self.material, self.runs, same_blocks)
        fits = yield from heeding(self._limits, embedding)
        for number in range(self.choice.trials):
            yield from self._trial(fits, number)
            if self._limits.reached:
                return

    def _trial(self, fits: FoldFits, number: int) -> Generator[Event, None, None]:
        """Try one setting; one that the limits cut short leaves no trial behind."""
        begin = time.monotonic()
        asked = self._study.ask()
        values = {one.name: suggested(asked, one) for one in self.ranges}
        experiment = complete(with_values(self.experiment, values))
        scores: list[float] = []
        try:
            state = yield from self._folds(fits, experiment, asked, scores)
        except Diverged:
            state = FAILED
        if state:
            self._tell(asked, scores, state)
            trial = TrialCompleted(number, values, tuple(scores), state, time.monotonic() - begin)
            self.trials.append(trial)
            yield trial

    def _folds(
        self, fits: FoldFits, experiment: Experiment, asked: optuna.Trial, scores: list[float]
    ) -> Generator[Preparing, None, str]:
        """Add the accuracy of each fold to `scores`; returns the state, or "" when the limits came first."""
        for place, fold in enumerate(self.folds.parts):
            score = yield from self._fit(fits, experiment, fold, place, asked.number)
            if score is None:
                return ""
            scores.append(score)
            asked.report(sum(scores) / len(scores), place)
            if place + 1 < len(self.folds) and asked.should_prune():
                return PRUNED
        return COMPLETE

    def _fit(
        self, fits: FoldFits, experiment: Experiment, fold: Fold, place: int, number: int
    ) -> Generator[Preparing, None, float | None]:
        text = f"Setting {number + 1} of {self.choice.trials}, fold {place + 1} of {len(self.folds)}"
        share = 1 / (self.choice.trials * len(self.folds))
        begin = (number * len(self.folds) + place) * share
        yield Preparing(text, begin)
        limits = Limits(lambda: self._limits.reached, self._minutes_of_a_fit(share), self._only_time)
        return (yield from fits.score(experiment, fold, limits, text, begin, share))

    def _minutes_of_a_fit(self, share: float) -> float | None:
        """Every fit gets an equal part of the time where the time replaces the epochs."""
        minutes = self.experiment.budget.minutes
        return TIME_SHARE * minutes * share if self._only_time and minutes else None

    def _tell(self, asked: optuna.Trial, scores: list[float], state: str) -> None:
        """A setting that diverged counts as one that was given up with accuracy 0."""
        if state == COMPLETE:
            self._study.tell(asked, sum(scores) / len(scores))
            return
        if state == FAILED:
            asked.report(0.0, len(scores))
        self._study.tell(asked, state=optuna.trial.TrialState.PRUNED)

    # What came out

    def found(self) -> Choice | None:
        return choose(self.trials)

    def chosen(self) -> Experiment:
        """The experiment with the best values; raises `Diverged` when every setting did.

        As it was given when the time was up before a setting had been tried on all folds.
        """
        found = self.found()
        if found is None and self.trials and all(trial.state == FAILED for trial in self.trials):
            raise Diverged(
                f"Training diverged with every one of the {len(self.trials)} settings.",
                "Check the images, or search other hyperparameters.",
            )
        return with_values(self.experiment, found.trial.values if found else {})

    def outcome(self) -> Notice:
        """The search in one message."""
        found, tried = self.found(), f"{len(self.trials)} of {self.choice.trials} settings"
        if found is None:
            return Notice(f"The search ended after {tried}, none of them on all folds: nothing was chosen.", "warning")
        early = "" if len(self.trials) == self.choice.trials else ", ended early"
        words = words_of(found.trial.values, self.labels)
        return Notice(f"Searched {tried}{early}: {words}. {found.sentence()}")

    def protocol(self) -> dict[str, str]:
        """What every figure says of how its hyperparameters came about."""
        found = self.found()
        if found is None:
            return {"chosen values": "as given; the search found none in its time"}
        by = f"best of {len(self.trials)} settings, {self.folds.description}, judged after the last epoch"
        return {"chosen values": f"{words_of(found.trial.values, self.labels)} ({by})"}

    def limits_left(self) -> Limits:
        """What the search left of the time budget."""
        minutes = self.experiment.budget.minutes
        if minutes is None:
            return Limits(self._asked)
        left = max(minutes - (time.monotonic() - self._begin) / 60, 1e-3)
        return Limits(self._asked, left, self._only_time)


def suggested(asked: optuna.Trial, one: Range) -> Any:
    """Optuna's proposal for one hyperparameter, in the type its method has."""
    if one.choices:
        return asked.suggest_categorical(one.name, one.choices)
    if one.whole:
        return asked.suggest_int(one.name, math.ceil(one.low), math.floor(one.high), log=one.log)
    return asked.suggest_float(one.name, one.low, one.high, log=one.log)
