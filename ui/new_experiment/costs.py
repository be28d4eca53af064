"""What the run that is set up will cost, measured in the background and shown before Start."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QWidget

from engine.comparison.wording import brief, duration, size, thousands
from engine.errors import InvalidExperiment
from engine.events import CLUSTER
from engine.experiment import Experiment
from engine.families import family
from ui.parts import Parts
from ui.widgets.card import Card
from ui.widgets.layouts import in_column, in_row
from ui.widgets.text import Elided, Text, TextPlace

if TYPE_CHECKING:
    from engine.families import Cost

KEY = "cost"
MEASURE_AFTER = 700  # milliseconds of quiet
ROWS = ("Trained parameters", "Steps", "Time per epoch", "Time in all", "Memory")
UNITS = (("s", 1.0), ("min", 60.0), ("h", 3600.0))  # with their seconds
SHORT = {"Trained parameters": "Trained", "Time per epoch": "Per epoch", "Time in all": "In all"}  # in the card


class CostCard(Card):
    """Shows a cost, or in words why there is none yet. Old figures stay, greyed, while new ones are measured."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Cost")
        self.body.addWidget(Text("Cost", bold=True))
        self.values: dict[str, Text] = {}
        self.titles: dict[str, Text] = {}
        rows = []
        for title in ROWS:
            value = self.values[title] = Elided("–")
            value.setAlignment(Qt.AlignmentFlag.AlignRight)
            self.titles[title] = Text(SHORT.get(title, title), role="muted", wrap=False)
            rows.append(in_row(self.titles[title], (value, 1), gap=8))
        self.body.addLayout(in_column(*rows, gap=4))
        self._usual = ""
        self.state = TextPlace("", "small", "muted", lines=2)
        self.body.addWidget(self.state)
        self.say("Known once the engine is loaded.")

    def say(self, words: str) -> None:
        """Why the figures are missing or old; they are greyed meanwhile."""
        self.state.setText(words or self._usual)
        for value in self.values.values():
            value.set_role("faint" if words else "text")

    def set_usual(self, words: str) -> None:
        """What is said while the figures stand."""
        before, self._usual = self._usual, words
        if self.state.text() == before:
            self.state.setText(words)

    def forget(self, words: str) -> None:
        """There is no cost for what is set up now."""
        for value in self.values.values():
            value.setText("–")
        self.say(words)

    def show_cost(self, cost: Cost, runs: int, free: int | None, meta: bool) -> None:
        """runs: how many seeds. free: bytes free on the device, None if unknown."""
        every = cost.trainable == cost.parameters
        shares = f"all {brief(cost.trainable)}" if every else f"{brief(cost.trainable)} of {brief(cost.parameters)}"
        shares = shares if cost.parameters else "–"
        in_all = duration(cost.seconds * runs)
        room = size(cost.memory_bytes)
        epoch = per_epoch(cost)
        figures = (shares, thousands(cost.steps * runs), epoch, in_all, room)
        for title, words in zip(ROWS, figures, strict=True):
            self.values[title].setText(words)
        short = free is not None and cost.memory_bytes > 0.9 * free
        self.titles["Memory"].setToolTip(f"needed, of {size(free)} free now" if free else "needed")
        self.titles["Time per epoch"].setText("Per validation" if meta else SHORT["Time per epoch"])
        phases = "of the phase that costs least and of that which costs most" if " to " in epoch else ""
        self.titles["Time per epoch"].setToolTip("from one validation to the next" if meta else phases)
        self.say("")
        if cost.remark:
            self.state.setText(cost.remark)
        if cost.fits:
            self.state.setText(
                f"With {thousands(cost.fits)} fits of the search, fewer where settings are given up early."
            )
        self.values["Memory"].set_role("bad" if short else "text")
        self.setAccessibleDescription("; ".join(f"{t}: {w}" for t, w in zip(ROWS, figures, strict=True)))


def per_epoch(cost: Cost) -> str:
    """ "9 s", or "1 to 9 s" where an epoch of one phase takes longer than of another: short enough for the card."""
    least, most = cost.least_seconds_per_epoch, cost.seconds_per_epoch
    if not least or most is None or duration(least) == duration(most):
        return duration(most)
    if most < 0.95:
        return f"{max(1, round(1000 * least))} to {duration(most)}"
    unit, size = next((unit, size) for unit, size in UNITS if most < 60 * size or unit == "h")
    return f"{_short(least / size)} to {_short(most / size)} {unit}"


def _short(number: float) -> str:
    """Two figures."""
    return f"{max(0.1, number):.1f}" if number < 9.95 else str(round(number))


class Costs(QObject):
    """experiments: what is set up, one for each seed; it may raise `InvalidExperiment`. is_wrong: whether it cannot be
    started as it is. free: bytes free on the chosen device."""

    def __init__(
        self, parts: Parts, card: CostCard, experiments: Callable[[], Sequence[Experiment]],
        is_wrong: Callable[[], bool], free: Callable[[], int | None], parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._parts, self._card, self._experiments = parts, card, experiments
        self._is_wrong, self._free = is_wrong, free
        self._asked: Sequence[Experiment] | None = None  # what the store is asked about
        self._again: Callable[[], None] = nothing  # what stands there, once more: with the places that are known now
        parts.machines.changed.connect(lambda: self._again())
        self._soon = QTimer(self, singleShot=True, interval=MEASURE_AFTER)
        self._soon.timeout.connect(self._measure)

    def measure_soon(self) -> None:
        self._parts.background.cancel(KEY)  # what was asked of the form as it was
        self._asked, self._again = None, nothing
        self._soon.start()

    def _measure(self) -> None:
        if not self._parts.live.is_engine_ready:
            self._card.say("Known when PyTorch is loaded.")
        elif self._parts.queue.here():
            self._card.forget("Not measured while a run is training.")
            self._soon.start()  # look again until the machine is free
        elif self._is_wrong():
            self._card.forget("Known once the problems are solved.")
        else:
            self._time_a_step()

    def _time_a_step(self) -> None:
        self._card.say("Timing a step…")
        try:
            wanted = self._experiments()
        except InvalidExperiment:
            return

        if wanted[0].device == CLUSTER:
            group = wanted[0].group_hash()
            self._asked = wanted
            self._parts.library.read(lambda store: store.took_elsewhere(group), lambda took: self._told(wanted, took))
        else:
            self._tell(wanted)

    def _told(self, wanted: Sequence[Experiment], took: tuple[float, str] | None) -> None:
        if self._asked is wanted:  # else it is about what was set up before
            self._tell(wanted, took)

    def _tell(self, wanted: Sequence[Experiment], took: tuple[float, str] | None = None) -> None:
        """took: seconds that a run of these settings took on the cluster, and the machine."""
        timed = wanted[0].model_copy(update={"device": "cpu"}) if wanted[0].device == CLUSTER else wanted[0]

        def measure(cancelled: object) -> Cost:
            from engine.preflight.cost import estimate

            return estimate(timed)

        def show(measured: Cost) -> None:
            self._again, cost = partial(show, measured), measured
            if timed is not wanted[0]:
                cost = elsewhere(measured, len(wanted), len(self._parts.machines.now.places or ()), took)
            self._card.show_cost(cost, len(wanted), self._free(), family(timed).divides == "classes")

        failed = self._parts.background.saying(self._card.forget, "The cost could not be measured.")
        self._parts.background.run(measure, show, failed, key=KEY)


def nothing() -> None:
    """There is nothing to be shown once more."""


def elsewhere(cost: Cost, runs: int, places: int, took: tuple[float, str] | None) -> Cost:
    """What each of these runs costs on the cluster: as long as one of its settings took there, else as long as on this
    machine's processor, which is said. places: runs at a time; 0 where that is not known."""
    said = "Timed here: the cluster's machines differ."
    if took is not None:
        share = took[0] / cost.seconds if cost.seconds else 1.0
        cost = replace(
            cost, seconds=took[0], seconds_per_epoch=cost.seconds_per_epoch * share,
            least_seconds_per_epoch=cost.least_seconds_per_epoch * share,
        )  # fmt: skip
        said = f"As the last such run took on {took[1] or 'the cluster'}."
    beside = min(runs, places)
    if beside > 1:
        turns = -(-runs // places)
        return replace(cost, seconds=cost.seconds * turns / runs, remark=f"{said} {beside} at a time.")
    return replace(cost, remark=said)
