"""Hyperparameters chosen by cross-validation on the training images, then the ordinary run with them."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine.artifacts.bookmark import Bookmark, State
from engine.artifacts.checkpoints import Checkpoints
from engine.backbones.backbone import digest
from engine.errors import Diverged
from engine.events import Evaluated, Event, Notice, Preparing, ResumePoint, RunStopped, TrialCompleted
from engine.experiment import Experiment
from engine.machine.devices import torch_device
from engine.machine.limits import Limits, heeding
from engine.registry import build_as, complete
from engine.search.fits import FoldFits, fold_fits
from engine.search.folds import divide
from engine.search.proposals import Proposal, Proposals
from engine.search.space import labels_of, with_values, words_of
from engine.search.trials import COMPLETE, FAILED, PRUNED, choose
from engine.tuning.material import Material, read_material, watching
from engine.tuning.method import FineTuneMethod
from engine.tuning.precision import settle, settled
from engine.tuning.run import (
    checkpoints_of,
    data_notices,
    facts,
    left_out_notice,
    prepared,
    started,
    train_and_test,
    with_findings,
)

TIME_SHARE = 0.8  # of a time budget; the rest is for the run with the chosen values
KEY = "search"  # of its state among all that a resume point holds


def run_searched(
    experiment: Experiment, method: FineTuneMethod, directory: Path, limits: Limits, bookmark: Bookmark
) -> Generator[Event, None, None]:
    """Search, then train on all training images with the chosen values and test. Raises `ExperimentError`."""
    device = torch_device(experiment.device)
    material = yield from heeding(limits, read_material(experiment, device))
    material = with_findings(material, experiment, method, directory)
    material = yield from heeding(limits, watching(material, experiment, directory.parent))
    plain = prepared(with_values(experiment, {}), method, material, Checkpoints(directory), limits)
    precision = yield from heeding(limits, settle(plain, experiment, bookmark.choices))
    search = Search(settled(experiment, plain), material, directory.parent, limits, bookmark)
    bookmark.require("images", material.data.fingerprint)
    bookmark.require("first weights", digest(plain.initial))
    yield started(plain, experiment, material, facts(plain, material) | search.facts())
    yield from bookmark.once((*precision, *data_notices(material)))
    yield from bookmark.once(left_out_notice(plain))
    yield from search.events()
    if limits.asked_to_stop and not search.over:
        yield search.outcome()
        yield RunStopped(0, "by hand during the search")
        return
    chosen = complete(search.chosen())
    method = build_as(FineTuneMethod, chosen)
    checkpoints = checkpoints_of(experiment, directory, bookmark)
    training = prepared(chosen, method, material, checkpoints, search.limits_left())
    for said in train_and_test(training, chosen, material):
        yield said.given(notes=search.notes()) if isinstance(said, Evaluated) else said


class Search:
    """Tries settings fold by fold; afterwards `chosen` is the experiment with the best of them.

    bookmark: keeps the trials and the finished folds of the one under way, which are not tried again.
    """

    def __init__(
        self, experiment: Experiment, material: Material, runs: Path, limits: Limits, bookmark: Bookmark | None = None
    ) -> None:
        assert experiment.search is not None
        self.experiment, self.material, self.runs, self.bookmark = experiment, material, runs, bookmark or Bookmark()
        self.choice = experiment.search
        self.labels = labels_of(experiment.method.name)
        given = material.train.labels.cpu().numpy()
        self.folds = divide(given, material.class_names, self.choice.folds, experiment.seed)
        self.proposals = Proposals(experiment, len(self.folds))
        self._of_run, self._limits = limits, limits.within(self._minutes())
        self.trials: list[TrialCompleted] = []
        self.over = False
        self._scores: list[float] = []  # of the finished folds of the trial under way
        self._used = self._spent = 0.0  # seconds: of an earlier part of the search; of the trial under way
        if self.bookmark.found is not None and KEY in self.bookmark.found:
            self._load_state(self.bookmark.found[KEY])

    def _minutes(self) -> float | None:
        budget = self.experiment.budget.minutes
        given = [self.choice.minutes, None if budget is None else TIME_SHARE * budget]
        return min((minutes for minutes in given if minutes is not None), default=None)

    def state(self) -> State:
        return {
            "trials": [asdict(trial) for trial in self.trials], "scores": self._scores, "spent": self._spent,
            "used": self._used if self.over else self._limits.used, "over": self.over,
        }  # fmt: skip

    def _load_state(self, state: State) -> None:
        self.trials = [TrialCompleted(**{**kept, "scores": tuple(kept["scores"])}) for kept in state["trials"]]
        self._scores, self._spent = list(state["scores"]), state["spent"]
        self._used, self.over = state["used"], state["over"]
        for trial in () if self.over else self.trials:
            self.proposals.replay(trial)
        self._keep()

    def _keep(self) -> None:
        """The points of the training that follows hold what the search has found."""
        if self.over:
            self.bookmark.besides[KEY] = self.state()

    def _point(self, now: bool = False) -> Iterator[ResumePoint]:
        return self.bookmark.at(0, lambda: {KEY: self.state()}, now)

    def facts(self) -> dict[str, Any]:
        """What the window shows beside the search."""
        return {"searched": [one.name for one in self.proposals.ranges], "folds": self.folds.description}

    def events(self) -> Iterator[Event]:
        """One `TrialCompleted` per setting, until all are tried or the limits are reached, and what came out."""
        if self.over:
            return
        self._limits.start(self._used)
        yield from self._point(now=True)
        same_blocks = not any(one.choices for one in self.proposals.ranges)
        plain, choices = with_values(self.experiment, {}), self.bookmark.choices
        embedding = fold_fits(plain, self.material, self.runs, same_blocks, choices)
        fits = yield from heeding(self._limits, embedding)
        while len(self.trials) < self.proposals.count and not self._limits.reached:
            yield from self._trial(fits)
        if self._of_run.asked_to_stop:
            yield from self._point(now=True)
            return
        yield self.outcome()
        self._used, self.over = self._limits.used, True
        self._keep()

    def _trial(self, fits: FoldFits) -> Generator[Event, None, None]:
        """Try one setting; one that the limits cut short leaves no trial behind."""
        begin = self._limits.used - self._spent
        proposal = self.proposals.ask()
        experiment = complete(with_values(self.experiment, proposal.values))
        try:
            state = yield from self._folds(fits, experiment, proposal, begin)
        except Diverged:
            state = FAILED
        if not state:
            return
        self.proposals.tell(proposal, self._scores, state)
        seconds = self._limits.used - begin
        self.trials.append(TrialCompleted(len(self.trials), proposal.values, tuple(self._scores), state, seconds))
        self._scores, self._spent = [], 0.0
        yield self.trials[-1]
        yield from self._point()

    def _folds(
        self, fits: FoldFits, experiment: Experiment, proposal: Proposal, begin: float
    ) -> Generator[Preparing | ResumePoint, None, str]:
        """Find the accuracy of each fold; returns the state, or "" when the limits came first. Those that are known
        when the trial goes on are reported again, as they were."""
        for end in range(1, len(self._scores) + 1):
            proposal.is_behind(self._scores[:end], len(self.folds))
        for place in range(len(self._scores), len(self.folds)):
            score = yield from self._fit(fits, experiment, place)
            if score is None:
                return ""
            self._scores.append(score)
            if proposal.is_behind(self._scores, len(self.folds)):
                return PRUNED
            self._spent = self._limits.used - begin
            if place + 1 < len(self.folds):
                yield from self._point()
        return COMPLETE

    def _fit(self, fits: FoldFits, experiment: Experiment, place: int) -> Generator[Preparing, None, float | None]:
        number, count, fold = len(self.trials), self.proposals.count, self.folds.parts[place]
        text = f"Setting {number + 1} of {count}, fold {place + 1} of {len(self.folds)}"
        share = 1 / (count * len(self.folds))
        begin = (number * len(self.folds) + place) * share
        yield Preparing(text, begin)
        minutes = self._minutes() if self._of_run.only_time else None  # of it every fit gets an equal part
        limits = self._limits.within(minutes and minutes * share, self._of_run.only_time, lambda: self._limits.reached)
        return (yield from fits.score(experiment, fold, limits, text, begin, share))

    # What came out

    def chosen(self) -> Experiment:
        """The experiment with the best values; raises `Diverged` when every setting did.

        As it was given when the time was up before a setting had been tried on all folds.
        """
        found = choose(self.trials)
        if found is None and self.trials and all(trial.state == FAILED for trial in self.trials):
            raise Diverged(
                f"Training diverged with every one of the {len(self.trials)} settings.",
                "Check the data, or search other hyperparameters.",
            )
        return with_values(self.experiment, found.trial.values if found else {})

    def outcome(self) -> Notice:
        """The search in one message."""
        found, tried = choose(self.trials), f"{len(self.trials)} of {self.proposals.count} settings"
        if found is None:
            return Notice(f"The search ended after {tried}, none of them on all folds: nothing was chosen.", "warning")
        early = "" if len(self.trials) == self.proposals.count else ", ended early"
        words = words_of(found.trial.values, self.labels)
        return Notice(f"Searched {tried}{early}: {words}. {found.sentence()}")

    def notes(self) -> dict[str, str]:
        """What every figure says of how its hyperparameters came about."""
        found = choose(self.trials)
        if found is None:
            return {"chosen values": "as given; the search found none in its time"}
        by = f"best of {len(self.trials)} settings, {self.folds.description}, judged after the last epoch"
        return {"chosen values": f"{words_of(found.trial.values, self.labels)} ({by})"}

    def limits_left(self) -> Limits:
        """What the search left of the time budget."""
        minutes = self.experiment.budget.minutes
        left = None if minutes is None else max(minutes - self._used / 60, 1e-3)
        return self._of_run.within(left, self._of_run.only_time)
