"""Checks in the background what is set up, and puts each fault beside what it is about."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QTimer

from engine.errors import InvalidExperiment
from engine.experiment import Experiment
from engine.families import MULTITASK, family
from ui.background import Background
from ui.new_experiment.backbone_section import BackboneSection
from ui.new_experiment.data_section import DataSection
from ui.new_experiment.method_section import MethodSection
from ui.new_experiment.start_section import OWN_FIELDS, StartSection

CHECK_AFTER = 120  # milliseconds of quiet
KEY = "preflight"  # of the check in the background
BROKEN = "What is set up could not be checked. It can be started; if that fails, the run says why."


class Checks(QObject):
    """`check_soon` after a change; `judge` once the images were read. A check that breaks is no reason not to start.

    sections: where faults are told. experiment: what is set up now.
    """

    def __init__(
        self,
        sections: tuple[DataSection, BackboneSection, MethodSection, StartSection],
        experiment: Callable[[], Experiment],
        background: Background,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._data, self._backbone, self._method, self._launch = sections
        self._experiment, self._background = experiment, background
        self._faults: list[InvalidExperiment] = []
        self._checked: Experiment | None = None
        self._has_checked, self._is_checking = False, False
        self._then: Callable[[], object] | None = None
        self._launch.left.connect(self.leave)
        self._data.refused.connect(self.leave)
        self._soon = QTimer(self, singleShot=True)
        self._soon.timeout.connect(self._check)

    def check_soon(self) -> None:
        self._background.cancel(KEY)  # what was asked of the form as it was
        self._checked, self._is_checking = None, True
        self._soon.start(CHECK_AFTER if self._has_checked else 0)  # at first nobody types

    def once_checked(self, then: Callable[[], object]) -> None:
        """Do this when it is known what is wrong with what is set up now: at once, or when it is read and checked; only
        the last one, and what is changed meanwhile counts. Another experiment is none of it: see `leave`."""
        self._then = then
        self._do_if_checked()

    def _do_if_checked(self) -> None:
        reads = self._is_reading() and (self._data.looking.is_at_work or not self._faults)
        self._launch.show_waiting(reads and self._then is not None)
        if self._then is not None and not self._is_checking and not reads:
            then, self._then = self._then, None
            then()

    def leave(self) -> None:
        """What waits for the checks is not to be done any more."""
        self._then = None
        self._do_if_checked()

    def is_settled(self) -> bool:
        """True when the data is read and what is set up now has been checked."""
        return self._checked is not None and not self._is_reading()

    def _is_reading(self) -> bool:
        return self._data.looking.is_at_work or self._data.preview.is_reading

    def is_wrong(self) -> bool:
        return bool(self._faults or self._data.preview.fault)

    def _check(self) -> None:
        try:
            wanted = self._experiment()
        except InvalidExperiment as fault:
            self._show(None, [fault])
            return
        self._background.run(
            lambda cancelled: _problems(wanted), lambda found: self._show(wanted, found),
            self._background.saying(lambda words: self._pass_over(wanted, words), BROKEN), KEY,
        )  # fmt: skip

    def _pass_over(self, wanted: Experiment, words: str) -> None:
        """The check itself failed: nobody is kept from starting by that."""
        self._show(wanted, [])
        self._launch.warn(words)

    def _show(self, checked: Experiment | None, found: Sequence[InvalidExperiment]) -> None:
        self._checked, self._faults, self._has_checked, self._is_checking = checked, list(found), True, False
        self._launch.warn_of(None if found else checked)
        self.judge()

    def judge(self) -> None:
        """Put each fault beside its input and turn Start on or off."""
        by_field = dict[str, str]()
        for fault in self._faults:
            by_field.setdefault(fault.field or "device", str(fault))
        self._method.show_problems(_under("hyperparameters", by_field))
        self._method.problem.say(by_field.get("method", ""))
        self._backbone.problem.say(*_under("backbone", by_field).values())
        preview = self._data.preview
        self._data.problem.say(preview.fault, *_under("dataset", by_field).values(), by_field.get("tasks", ""))
        own = next((by_field[field] for field in OWN_FIELDS if field in by_field), "")
        sentences = [preview.fault, preview.episode_fault, *by_field.values()]
        reason = next((words for words in sentences if words), "")
        reads = self._is_reading()
        waits = self._data.looking.is_at_work or (not reason and (reads or self._checked is None))
        if waits:
            reason = "The data are still being read." if reads else "Checking…"
        self._launch.allow(reason, own, waits)
        self._do_if_checked()


def _problems(experiment: Experiment) -> list[InvalidExperiment]:
    """Runs in a background thread, which also loads what the checks need: the form is there before."""
    from engine.preflight.problems import problems

    found = problems(experiment)
    if found or family(experiment) is not MULTITASK:
        return found
    from engine.multitask.apart import division_faults

    return division_faults(experiment)


def _under(part: str, by_field: dict[str, str]) -> dict[str, str]:
    """The problems of one part of the experiment, by the name under it: "dataset.classes" -> "classes"."""
    found = {field: words for field, words in by_field.items() if field == part or field.startswith(f"{part}.")}
    return {field.partition(".")[2]: words for field, words in found.items()}
