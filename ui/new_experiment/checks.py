"""Checks in the background what is set up, and puts each fault beside what it is about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from engine.errors import InvalidExperiment
from engine.experiment import Experiment
from engine.preflight.problems import problems
from ui.new_experiment.start_section import OWN_FIELDS

if TYPE_CHECKING:
    from ui.pages.new_experiment import NewExperimentPage

CHECK_AFTER = 120  # milliseconds of quiet


class Checks(QObject):
    """`check_soon` after a change; `judge` once the images were read. run: does work in the background."""

    def __init__(self, page: NewExperimentPage, run: Callable[..., object]) -> None:
        super().__init__(page)
        self._page, self._run = page, run
        self._faults: list[InvalidExperiment] = []
        self._checked: Experiment | None = None
        self._soon = QTimer(self, singleShot=True, interval=CHECK_AFTER)
        self._soon.timeout.connect(self._check)

    def check_soon(self) -> None:
        self._checked = None
        self._soon.start()

    def is_settled(self) -> bool:
        """True when the data is read and what is set up now has been checked."""
        return self._checked is not None and not self._page.data.preview.is_reading

    def is_wrong(self) -> bool:
        return bool(self._faults or self._page.data.preview.fault)

    def _check(self) -> None:
        try:
            wanted = self._page.experiment()
        except InvalidExperiment as fault:
            self._show(None, [fault])
            return
        self._run(lambda cancelled: problems(wanted), lambda found: self._show(wanted, found), key="preflight")

    def _show(self, checked: Experiment | None, found: Sequence[InvalidExperiment]) -> None:
        self._checked, self._faults = checked, list(found)
        self._page.launch.warn_of(None if found else checked)
        self.judge()

    def judge(self) -> None:
        """Put each fault beside its input and turn Start on or off."""
        page, by_field = self._page, dict[str, str]()
        for fault in self._faults:
            by_field.setdefault(fault.field or "device", str(fault))
        page.method.show_problems(_under("hyperparameters", by_field))
        page.method.problem.say(by_field.get("method", ""))
        page.backbone.problem.say(*_under("backbone", by_field).values())
        preview = page.data.preview
        page.data.problem.say(preview.fault, *_under("dataset", by_field).values())
        own = next((by_field[field] for field in OWN_FIELDS if field in by_field), "")
        sentences = [preview.fault, preview.episode_fault, *by_field.values()]
        reason = next((words for words in sentences if words), "")
        waits = not reason and (preview.is_reading or self._checked is None)
        if waits:
            reason = "The images are still being read." if preview.is_reading else "Checking…"
        page.launch.allow(reason, own, waits)


def _under(part: str, by_field: dict[str, str]) -> dict[str, str]:
    """The problems of one part of the experiment, by the name under it: "dataset.classes" -> "classes"."""
    found = {field: words for field, words in by_field.items() if field == part or field.startswith(f"{part}.")}
    return {field.partition(".")[2]: words for field, words in found.items()}
