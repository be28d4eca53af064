"""Measures in the background what the run that is set up will cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from engine.errors import InvalidExperiment
from engine.experiment import Experiment
from engine.families import family
from ui.new_experiment.start_section import StartSection
from ui.parts import Parts

if TYPE_CHECKING:
    from engine.families import Cost

MEASURE_AFTER = 700  # milliseconds of quiet


class Costs(QObject):
    """experiments: what is set up, one for each seed; it may raise `InvalidExperiment`. is_wrong: whether it cannot be
    started as it is."""

    def __init__(
        self, parts: Parts, launch: StartSection, experiments: Callable[[], Sequence[Experiment]],
        is_wrong: Callable[[], bool], parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._parts, self._launch, self._experiments, self._is_wrong = parts, launch, experiments, is_wrong
        self._soon = QTimer(self, singleShot=True, interval=MEASURE_AFTER)
        self._soon.timeout.connect(self._measure)

    def measure_soon(self) -> None:
        self._soon.start()

    def _measure(self) -> None:
        if not self._parts.live.is_engine_ready:
            self._launch.cost.say("Known when PyTorch is loaded.")
        elif self._parts.queue.is_busy():
            self._launch.cost.forget("Not measured while a run is training.")
            self._soon.start()  # look again until the machine is free
        elif self._is_wrong():
            self._launch.cost.forget("Known once the problems are solved.")
        else:
            self._time_a_step()

    def _time_a_step(self) -> None:
        self._launch.cost.say("Timing a step…")
        try:
            wanted = self._experiments()
        except InvalidExperiment:
            return

        def measure(cancelled: object) -> Cost:
            from engine.preflight.cost import estimate

            return estimate(wanted[0])

        runs, meta = len(wanted), family(wanted[0]).divides == "classes"
        self._parts.background.run(
            measure,
            lambda cost: self._launch.cost.show_cost(cost, runs, self._launch.free_bytes(), meta),
            self._parts.background.saying(self._launch.cost.forget, "The cost could not be measured."),
            key="cost",
        )
