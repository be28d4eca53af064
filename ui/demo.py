"""The demo in the window: its arms in line, their live curves as they run, and the comparison at the end."""

from __future__ import annotations

from PySide6.QtCore import QObject

from engine.events import LIVE_STATES, RunState
from engine.plan import Plan
from storage.rows import RunRow
from ui.parts import Parts

COMPARABLE = (RunState.FINISHED, RunState.STOPPED)


def start_demo(parts: Parts, plan: Plan) -> None:
    """Put the plan's runs in line and follow them to the end."""
    Demo(parts, plan).start()  # kept alive by `parts.live`


class Demo(QObject):
    """Shows each run when it begins, and Compare with all that were tested when the last one has ended."""

    def __init__(self, parts: Parts, plan: Plan) -> None:
        super().__init__(parts.live)
        self._parts = parts
        self._plan = plan
        self._states: dict[int, RunState] = {}
        parts.live.state.connect(self._follow)

    def start(self) -> None:
        self._parts.submit(self._plan.experiments, plan=self._plan.name, then=self._submitted)

    def _submitted(self, rows: list[RunRow]) -> None:
        for row in rows:
            run = self._parts.live.buffer(row.id)
            self._states[row.id] = run.state if run else RunState.QUEUED
        self._parts.toasts.show(f"{self._plan.title} {self._plan.description}", seconds=12)
        self._parts.navigator.open("runs", rows[0].id)

    def _follow(self, run_id: int, state: RunState) -> None:
        if run_id not in self._states:
            return
        begins = state is RunState.RUNNING and self._states[run_id] is RunState.QUEUED
        self._states[run_id] = state
        if begins:
            self._parts.navigator.open("runs", run_id)
        if not any(state in LIVE_STATES for state in self._states.values()):
            self._finish()

    def _finish(self) -> None:
        """All have ended: compare those with a result, and leave the window to the person."""
        self._parts.live.state.disconnect(self._follow)
        tested = [run_id for run_id, state in self._states.items() if state in COMPARABLE]
        if len(tested) > 1:
            self._parts.navigator.open("compare", tested)
        self.deleteLater()
